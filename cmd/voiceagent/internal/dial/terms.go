package dial

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/voiceagent-go/voiceagent"
)

// Terms are what a person says yes to: who calls how many people, when, and for which account.
type Terms struct {
	File                                    string
	Rows, Contacts, Bad, Repeated, Excluded int
	Listed                                  int // numbers in the lists of those who aren't called; also of others

	Params    *voiceagent.CampaignCreateParams // of each campaign
	Campaigns int
	Account   string // where the requests go, and with which key
	OwnTime   *OwnTime
}

// String is what a person is shown before the question, in whole lines.
func (t Terms) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s, %s, %d bad", t.File, count(t.Rows, "row"), count(t.Contacts, "contact"), t.Bad)
	if t.Repeated > 0 {
		fmt.Fprintf(&b, ", %s of a number left out", count(t.Repeated, "repetition"))
	}
	if t.Listed > 0 {
		fmt.Fprintf(&b, ", %s excluded (%s in the lists)", grouped(t.Excluded), count(t.Listed, "number"))
	} else if t.Excluded > 0 {
		fmt.Fprintf(&b, ", %s excluded", grouped(t.Excluded))
	}
	b.WriteString("\n")
	campaigns, each := "1 campaign", ""
	if t.Campaigns > 1 {
		campaigns = fmt.Sprintf("%d campaigns of up to %s", t.Campaigns, humanize.Comma(batchSize))
		each = fmt.Sprintf(", %d in each campaign", max(t.Params.MaxConcurrentCalls, 1))
	}
	fmt.Fprintf(&b, "%s named %q; %s at a time%s\n", campaigns, t.Params.Name, count(t.atATime(), "call"), each)
	fmt.Fprintf(&b, "agent %s; from %s; account: %s\n", t.Params.AgentID, t.Params.From, t.Account)
	b.WriteString(t.begins() + "; " + t.hours() + "; " + t.retries() + "\n")
	b.WriteString(t.OwnTime.String())
	return b.String()
}

// atATime is how many calls all campaigns together make at a time, at most.
func (t Terms) atATime() int {
	return max(t.Params.MaxConcurrentCalls, 1) * max(t.Campaigns, 1) // the API takes 1 for none (documented)
}

func (t Terms) begins() string {
	if at := t.Params.ScheduleAt; !at.IsZero() {
		return "scheduled for " + at.Format(momentLayout)
	}
	return "begins at once"
}

func (t Terms) hours() string {
	text := "at any hour"
	if h := t.Params.CallingHours; h != nil {
		text = "within " + h.Start + "-" + h.End
	}
	for i, blackout := range t.Params.Blackouts {
		text += []string{", not within ", " and "}[min(i, 1)] + blackout.Start + "-" + blackout.End
	}
	if text == "at any hour" {
		return text
	}
	return text + " (in which zone the API doesn't say, probably India's)"
}

func (t Terms) retries() string {
	r := t.Params.Retry
	if r == nil {
		return "no retries"
	}
	statuses := make([]string, len(r.OnStatuses))
	for i, status := range r.OnStatuses {
		statuses[i] = string(status)
	}
	text := "retries after " + strings.Join(statuses, ", ")
	if r.MaxRetries > 0 {
		text += ", up to " + count(r.MaxRetries, "time")
	} else {
		text += ", as often as the API does by itself"
	}
	if r.IntervalValue > 0 {
		text += fmt.Sprintf(", %d %s apart", r.IntervalValue, r.IntervalUnit)
	}
	return text
}

// Question asks for a yes to the terms.
func (t Terms) Question() string {
	return t.question("Call " + count(t.Contacts, "contact"))
}

// question names what may be missed in the lines before it.
func (t Terms) question(call string) string {
	text := fmt.Sprintf("%s from %s, %d at a time", call, t.Params.From, t.atATime())
	if at := t.Params.ScheduleAt; !at.IsZero() {
		text += ", from " + at.Format(momentLayout) + " on"
	}
	if o := t.OwnTime; o.Outside > 0 {
		text += fmt.Sprintf(", for %s of %s outside 9:00 to 21:00 of their own time", grouped(o.Outside), count(o.Numbers, "number"))
	}
	return text + "?"
}

const momentLayout = "Mon 2 Jan 2006 15:04 -07:00"

func grouped(n int) string { return humanize.Comma(int64(n)) }
