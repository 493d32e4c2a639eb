package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

const command = "go -C bench run ./perf -write"

// page is docs/performance.md.
func page(results []result, how effort, took time.Duration) string {
	var b strings.Builder
	b.WriteString("<!-- Made by " + command + ". Don't edit it. -->\n\n# Performance, beside other clients\n\n")
	b.WriteString("The same work, done by this client, by hand-written `net/http` with `encoding/json`, and by other clients, " +
		"in one process: against a transport in memory, where only the client's own work counts, and against a server over loopback, " +
		"where much of the time goes to the sockets and to the server, which everybody pays. " +
		"Over a real network an answer takes tens of milliseconds, and most of these differences can't be felt.\n\n")
	fmt.Fprintf(&b, "A number is the median of %d rounds or more. In each round every client has its turn of about %v, one after the other, after a garbage collection. "+
		"A ratio is that of two medians, the client's and the hand-written one's; less is better, but for requests per second. "+
		"The machine isn't quiet, so two runs differ: the column \"half of the rounds\" tells how far the ratios of single rounds lie apart. "+
		"Bytes and allocations hardly depend on the machine.\n\n", fewestRounds(results), how.turn)
	if newJSON {
		b.WriteString("This is Go 1.27, whose encoding/json is much faster than that of [Go 1.26](performance.md). " +
			"A limit of 1.00 is met if it lies within the half of the rounds.\n\n")
	} else {
		b.WriteString("This is Go 1.26. [Go 1.27](" + newJSONName + ".md) has a page of its own, as its encoding/json is much faster.\n\n")
	}
	b.WriteString("![Time of each client, relative to hand-written net/http](" + docName() + ".svg)\n\n")
	b.WriteString("## Targets of this client\n\n" + targets(results) + "\n" + summary(results) + "\n\n")
	b.WriteString("## What was measured\n\n" + tables(results) + "\n")
	b.WriteString("## Following calls\n\n![Requests a call, and how late its end is known, with Watch and with a loop](follow.svg)\n\n" +
		"The table is on [a page of its own](follow.md).\n\n")
	b.WriteString("## What is compared\n\n" +
		"- Everybody encodes the same body and decodes the same answer into a struct of the same fields, 26 for a call. " +
		"The others take `string`, `*time.Time` and `*float64`; this client has types of its own for times and keeps keys that it doesn't know.\n" +
		"- A library does more for a request than hand-written `net/http`. This client asks its rate limiter, checks the parameters and is ready to retry.\n" +
		"- Bytes and allocations are those in memory. Over loopback the server's are in the same process and can't be told apart.\n" +
		"- Over loopback all go through one transport, which keeps enough idle connections for all goroutines. With 64 goroutines this client uses the one that it comes with.\n")
	fmt.Fprintf(&b, "- The body of 2 MB has 2,000 contacts, %s bytes. Three attempts: two answers of 500, then 200, without waits; a policy takes them out. This client is told to repeat without looking first (`OutcomeRetry`), as the others do. "+
		"For bytes, this client is compared with the encoded size.\n", number(float64(campaignSize)))
	b.WriteString("- A library is asked for the generic request that it has, as it has no methods for this API:\n\n" +
		"| client | module | version | how |\n| --- | --- | --- | --- |\n")
	for _, s := range results[0].sides {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", s.name, s.module, clients.Version(s.module), s.uses)
	}
	fmt.Fprintf(&b, "\n%s, %s/%s, %d cores, %s, in %s:\n\n```sh\n%s\n```\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		time.Now().UTC().Format(time.DateOnly), took.Round(time.Second), command)
	return b.String()
}

// summary says in words what isn't met, and where another client does better.
func summary(results []result) string {
	met, all := 0, 0
	var missed, faster []string
	for _, r := range results {
		if r.limit != nil {
			all++
			if r.meets() {
				met++
			} else {
				missed = append(missed, r.name+" "+r.place())
			}
		}
		if r.attempts > 1 {
			continue
		}
		for i, s := range r.sides {
			if i != ours && r.against(i, timeOf).ratio < r.against(ours, timeOf).ratio {
				faster = append(faster, fmt.Sprintf("%s (%s %s)", s.name, r.name, r.place()))
			}
		}
	}
	text := fmt.Sprintf("%d of %d are met.", met, all)
	if missed != nil {
		text += " Not met: " + strings.Join(missed, "; ") + "."
	}
	if faster != nil {
		return text + " Faster than this client in this run: " + strings.Join(faster, "; ") + "."
	}
	return text + " No other was faster than this client in this run."
}

func fewestRounds(results []result) int {
	fewest := len(results[0].samples[ours])
	for _, r := range results {
		fewest = min(fewest, len(r.samples[ours]))
	}
	return fewest
}
