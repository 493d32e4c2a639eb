package dial

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"
)

// Counts is how far all campaigns together are, as the API last said.
type Counts struct {
	Total          int      `json:"total"`             // contacts in campaigns that are known to exist
	Unknown        int      `json:"unknown,omitempty"` // contacts in campaigns of which it isn't known if they exist
	Done           int      `json:"done"`              // contacts that won't be called again
	Completed      int      `json:"completed"`
	NoAnswer       int      `json:"no_answer"`
	Voicemail      int      `json:"voicemail"`
	Failed         int      `json:"failed"`
	PendingRetries int      `json:"pending_retries"`
	PickupRate     *float64 `json:"pickup_rate,omitempty"` // percent; the mean of campaigns, weighted by done contacts
	Cost           *float64 `json:"cost,omitempty"`        // the currency is unknown; one client calls it credits

	states map[string]int // campaigns in each state
}

func countUp(parts []Part) Counts {
	all := Counts{states: map[string]int{}}
	var rates, weights, cost float64
	rated, priced := false, false
	for _, part := range parts {
		c := part.campaign
		if c == nil {
			all.states["unknown"]++
			all.Unknown += part.Contacts
			continue
		}
		done := min(c.Completed+c.NoAnswer+c.Voicemail+c.Failed, part.Contacts)
		all.Total += part.Contacts
		all.Done += done
		all.Completed += c.Completed
		all.NoAnswer += c.NoAnswer
		all.Voicemail += c.Voicemail
		all.Failed += c.Failed
		all.PendingRetries += c.PendingRetries
		all.states[shown(c.Status)]++
		if c.PickupRate != nil {
			weight := float64(max(done, 1))
			rates, weights, rated = rates+*c.PickupRate*weight, weights+weight, true
		}
		if c.TotalCost != nil {
			cost, priced = cost+*c.TotalCost, true
		}
	}
	if rated {
		all.PickupRate = new(math.Round(rates/weights*10) / 10)
	}
	if priced {
		all.Cost = new(math.Round(cost*1e4) / 1e4)
	}
	return all
}

// shown is a text of the server's as it may stand on a screen: on one line, and without characters
// that would control the terminal.
func shown[T ~string](text T) string {
	return strings.Join(strings.FieldsFunc(string(text), func(r rune) bool { return !unicode.IsPrint(r) }), " ")
}

// campaigns returns how many campaigns there are in each state.
func (c Counts) campaigns() string {
	n := 0
	var states []string
	for _, state := range slices.Sorted(maps.Keys(c.states)) {
		n += c.states[state]
		states = append(states, fmt.Sprintf("%d %s", c.states[state], state))
	}
	return count(n, "campaign") + ": " + strings.Join(states, ", ")
}

// calls returns how the calls ended.
func (c Counts) calls() string {
	comma := func(n int) string { return humanize.Comma(int64(n)) }
	return fmt.Sprintf("completed %s, no answer %s, voicemail %s, failed %s, pending retries %s",
		comma(c.Completed), comma(c.NoAnswer), comma(c.Voicemail), comma(c.Failed), comma(c.PendingRetries))
}

// rates returns the pickup rate and the cost, as far as the API reports them.
func (c Counts) rates() string {
	var texts []string
	if c.PickupRate != nil {
		texts = append(texts, fmt.Sprintf("pickup rate %.1f%%", *c.PickupRate))
	}
	if c.Cost != nil {
		texts = append(texts, "cost "+humanize.FormatFloat("#,###.##", *c.Cost)+" (currency unknown)")
	}
	return strings.Join(texts, ", ")
}

// pace estimates the time left from what was done while somebody watched.
type pace struct {
	began time.Time
	done  int // when it began
}

// left returns the time that the rest takes; false when too little was seen to say.
func (p pace) left(c Counts) (time.Duration, bool) {
	elapsed, done := time.Since(p.began), c.Done-p.done
	if done < 5 || elapsed < 5*time.Second || c.Done >= c.Total {
		return 0, false
	}
	return time.Duration(float64(elapsed) * float64(c.Total-c.Done) / float64(done)), true
}

// about writes a time that isn't exact: seconds, or minutes, or hours and minutes.
func about(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("about %d s", max(1, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("about %d min", int(d.Round(time.Minute).Minutes()))
	}
	d = d.Round(10 * time.Minute)
	return fmt.Sprintf("about %d h %d min", int(d.Hours()), int(d.Minutes())%60)
}
