package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/bench/internal/bars"
)

const command = "go -C bench run ./follow -write"

// page is docs/follow.md.
func page(all []outcome) string {
	return "<!-- Made by " + command + ". Don't edit it. -->\n\n# Following calls\n\n" +
		"What it takes to place calls and to know when each has ended. All are placed at once, and take one and a half to two and a half minutes. " +
		"An answer takes 50 ms. A call that has ended has a transcript of 20 turns in the list. " +
		"The requests are those of the placing, too. On virtual time, so it is the same on each machine, up to the order in which goroutines run.\n\n" +
		"![Requests a call, and how late its end is known, with Watch and with a loop](follow.svg)\n\n" +
		table(all) + "\n" +
		"`Watch` takes at most a fifth of the limit, and leaves the rest to the placing. [Watching](lists.md#watching) tells how it works. " +
		"A client looks until five ends were handed to `Deliver`: \"later\" is after that. " +
		"The loop takes whatever it gets, so on a small plan the placing waits for the looking.\n\n```sh\n" + command + "\n```\n"
}

func table(all []outcome) string {
	var b strings.Builder
	b.WriteString("| plan | calls | how | requests a call | KiB a call | placed in | end known after, mean | 99 of 100 | most | 429s |\n|" + strings.Repeat(" --- |", 10) + "\n")
	for _, o := range all {
		fmt.Fprintf(&b, "| %v | %d | %s | %.2f | %.1f | %v | %v | %v | %v | %d |\n", o.plan, o.calls, o.how,
			o.each(), float64(o.bytes)/float64(o.calls)/1024, rounded(o.placing), rounded(o.mean()),
			rounded(o.late[len(o.late)*99/100]), rounded(o.late[len(o.late)-1]), o.refused)
	}
	return b.String()
}

func rounded(d time.Duration) time.Duration {
	if d > time.Minute {
		return d.Round(time.Second)
	}
	return d.Round(100 * time.Millisecond)
}

// plot draws the larger numbers of calls on the Pro plan.
func plot(all []outcome) string {
	const late = 10 * time.Second
	names := map[way]string{watch: "Watch", deliver: "and Deliver", later: "later", naive: "Get every 2 s"}
	var panels []bars.Panel
	for i := 0; i < len(all); i += len(names) {
		if o := &all[i]; o.plan != voiceagent.PlanPro || o.calls < 200 {
			continue
		}
		requests := bars.Panel{Title: fmt.Sprintf("%d calls: requests a call", all[i].calls), Unit: 1}
		ends := bars.Panel{Title: fmt.Sprintf("%d calls: how late an end is known, mean", all[i].calls), Unit: late.Seconds()}
		for _, o := range all[i : i+len(names)] {
			ours := o.how != naive
			requests.Bars = append(requests.Bars, bars.Bar{Name: names[o.how], Value: o.each(), Label: fmt.Sprintf("%.2f", o.each()), Ours: ours})
			ends.Bars = append(ends.Bars, bars.Bar{Name: names[o.how], Value: o.mean().Seconds(), Label: rounded(o.mean()).String(), Ours: ours})
		}
		panels = append(panels, requests, ends)
	}
	return bars.Draw("What following calls costs on the Pro plan",
		"Following calls on the Pro plan. The lines: one request a call, which places it; ten seconds", panels)
}
