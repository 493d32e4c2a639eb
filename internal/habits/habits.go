// Package habits lists server behaviours that differ from the simulator's default, for the tests of
// several modules.
package habits

import (
	"fmt"
	"slices"
	"time"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// A Habit is one thing that a server does in another way.
type Habit struct {
	Name   string
	Server []voiceagenttest.Option
	Beyond bool // it lists later than the settle time of 30 s: nothing is promised
}

type (
	d = voiceagenttest.Dialect

	// collection is a list of habits that grows.
	collection []Habit
)

func (c *collection) add(name string, dialect d, server ...voiceagenttest.Option) {
	server = append([]voiceagenttest.Option{voiceagenttest.WithDialect(dialect)}, server...)
	*c = append(*c, Habit{Name: name, Server: server})
}

func (c *collection) beyond() { (*c)[len(*c)-1].Beyond = true }

// Lists returns all habits of lists and records, each by itself.
func Lists() []Habit {
	var c collection
	c.whatIsListed()
	c.namesAndTimes()
	c.forms()
	return c
}

// whatIsListed adds when, in which order and on which pages a list shows its records.
func (c *collection) whatIsListed() {
	add, beyond := c.add, c.beyond

	add("plain", d{})
	for _, late := range []time.Duration{time.Second, 3 * time.Second, 10 * time.Second, 20 * time.Second} {
		add(fmt.Sprintf("listed %v late", late), d{ListDelay: late})
	}
	add("listed 1 to 25 s late", d{ListDelay: time.Second, ListDelayMost: 25 * time.Second})
	add("listed 1 to 60 s late", d{ListDelay: time.Second, ListDelayMost: time.Minute})
	beyond()
	add("listed a minute late", d{ListDelay: time.Minute})
	beyond()
	add("found by id 5 s late", d{GetDelay: 5 * time.Second})
	add("listed when ended, in 21 s", d{ListEndedOnly: true})
	add("listed when ended, in 39 s", d{ListEndedOnly: true},
		voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Completed }))
	beyond()

	add("oldest first", d{Order: voiceagenttest.OrderOldest})
	add("random order", d{Order: voiceagenttest.OrderRandom})
	add("without a time last", d{Order: voiceagenttest.OrderNullsLast, StartedLate: true, OmitCreatedAt: true})
	add("not begun last", d{Order: voiceagenttest.OrderNullsLast, StartedLate: true})
	add("filters ignored", d{Filters: voiceagenttest.FiltersIgnored})
	add("times ignored", d{Filters: voiceagenttest.FiltersTimesIgnored})
	add("filters refused", d{Filters: voiceagenttest.FiltersRefused})
	add("filtered into nothing", d{Filters: voiceagenttest.FiltersEmpty})
	add("pages of 10", d{PageCap: 10})
	add("pages of 50", d{PageCap: 50})
	add("no paging keys", d{Paging: voiceagenttest.PagingNone})
	add("no has_more", d{Paging: voiceagenttest.PagingNoHasMore})
	add("total alone", d{Paging: voiceagenttest.PagingTotalOnly})
	add("pages of 10, no paging keys", d{PageCap: 10, Paging: voiceagenttest.PagingNone})
	for _, status := range []int{403, 404, 500} {
		add(fmt.Sprintf("lists answer %d", status), d{ListStatus: status})
	}
}

// namesAndTimes adds how records are named, and what their times say.
func (c *collection) namesAndTimes() {
	add := c.add
	add("POST names id", d{CallRef: voiceagenttest.CallRefID})
	add("POST names session_id", d{CallRef: voiceagenttest.CallRefSessionID})
	add("list names id", d{ListRef: voiceagenttest.CallRefID})
	add("list names session_id", d{ListRef: voiceagenttest.CallRefSessionID})
	add("POST names id, list session_id", d{CallRef: voiceagenttest.CallRefID, ListRef: voiceagenttest.CallRefSessionID})
	add("session_id None", d{SessionNone: true})
	add("session_id None alone", d{SessionNone: true, CallRef: voiceagenttest.CallRefSessionID, ListRef: voiceagenttest.CallRefSessionID})

	add("times with a fraction", d{Times: voiceagenttest.TimeFractionZ})
	add("times without an offset", d{Times: voiceagenttest.TimeNaive})
	add("whole times without offset", d{Times: voiceagenttest.TimeNaiveWhole})
	add("times with an offset", d{Times: voiceagenttest.TimeOffset})
	add("Unix times", d{Times: voiceagenttest.TimeUnix})
	add("times of India, no offset", d{Times: voiceagenttest.TimeNaiveIST})
	add("times cut to minutes", d{Times: voiceagenttest.TimeMinutes})
	add("times null", d{Times: voiceagenttest.TimeNull})
	add("no created_at", d{OmitCreatedAt: true})
	add("started_at late", d{StartedLate: true})
	add("started_at late, no created_at", d{StartedLate: true, OmitCreatedAt: true})
	for _, skew := range []time.Duration{-time.Minute, -5 * time.Second, 5 * time.Second, time.Minute} {
		add(fmt.Sprintf("Date %v off", skew), d{DateSkew: skew})
	}
	for _, skew := range []time.Duration{-7 * time.Minute, 7 * time.Minute} {
		add(fmt.Sprintf("server's clock %v off", skew), d{}, voiceagenttest.WithClockSkew(skew))
	}
}

// forms adds in which forms a record has what was sent.
func (c *collection) forms() {
	add := c.add
	add("number masked", d{Numbers: voiceagenttest.NumberMasked})
	add("number's last four", d{Numbers: voiceagenttest.NumberLast4})
	add("number national", d{Numbers: voiceagenttest.NumberNational})
	add("number bare", d{Numbers: voiceagenttest.NumberBare})
	add("number with 00", d{Numbers: voiceagenttest.NumberZeros})
	add("number with spaces", d{Numbers: voiceagenttest.NumberSpaced})
	add("number null", d{Numbers: voiceagenttest.NumberNull})
	add("number missing", d{Numbers: voiceagenttest.NumberMissing})
	add("number as JSON", d{Numbers: voiceagenttest.NumberJSON})
	add("agent_id missing", d{AgentIDs: voiceagenttest.AgentIDMissing})
	add("agent_id null", d{AgentIDs: voiceagenttest.AgentIDNull})
	add("agent_id in capitals", d{AgentIDs: voiceagenttest.AgentIDUpper})
	add("OUTBOUND", d{Directions: voiceagenttest.DirectionUpper})
	add("outbound-api", d{Directions: voiceagenttest.DirectionAPI})
	add("direction missing", d{Directions: voiceagenttest.DirectionMissing})
	add("metadata as strings", d{Metadata: voiceagenttest.MetadataStrings})
	add("metadata as text", d{Metadata: voiceagenttest.MetadataText})
	add("metadata with campaign_id null", d{Metadata: voiceagenttest.MetadataCampaignNull})
	add("metadata missing", d{OmitMetadata: true})
	add("source echoed", d{Source: voiceagenttest.SourceEchoed})
	add("source of a pool", d{Source: voiceagenttest.SourcePool})
	add("source national", d{Source: voiceagenttest.SourceNational})
}

// ForKills returns the habits under which processes are killed: all of which something is promised,
// or six of them.
func ForKills(all bool) []Habit {
	six := []string{
		"listed 3s late", "random order", "filters ignored", "times without an offset", "number masked",
		"agent_id missing",
	}
	return slices.DeleteFunc(Lists(), func(h Habit) bool {
		return h.Beyond || !all && !slices.Contains(six, h.Name)
	})
}
