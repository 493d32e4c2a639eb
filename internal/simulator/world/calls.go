package world

import (
	"sort"
	"time"
)

// calls are all calls ever made.
type calls struct {
	list []*Call          // oldest first
	byID map[string]*Call // by id and by session id
	// dialled is how often each number was called, which also numbers the draws of its fates.
	dialled  map[string]Rings
	repeated int // numbers for which Rings.Repeated is true
	pending  endings
}

// Rings is how often a number was dialled.
type Rings struct {
	All     int
	Retries int // those that the retry_config of a campaign asked for
}

// Repeated reports whether the number was dialled again though no retry_config asked for it.
func (r Rings) Repeated() bool { return r.All-r.Retries > 1 }

func (c *calls) init() {
	c.byID = make(map[string]*Call)
	c.dialled = make(map[string]Rings)
}

// Call is one call. It never changes: what it is at some time follows from that time alone, so it
// can be read without the lock.
type Call struct {
	// The particulars.
	AgentID   string
	AgentType string
	Direction string
	Source    string // as it was sent
	Number    string // of the other party; "" for a web call
	Metadata  []byte // as it was sent; this package does not read it

	// Its place among the others.
	ID, Session string
	serial      int // in the order of creation
	Campaign    *Campaign
	contact     int // index in the campaign
	Attempt     int
	Seeded      bool // made up, not dialled

	Created time.Time
	Fate    Fate
}

// The directions of a call.
const (
	DirectionOutbound = "outbound"
	DirectionInbound  = "inbound"
	DirectionWeb      = "web"
)

// Ended is when the call ends, or ended.
func (c *Call) Ended() time.Time { return c.Created.Add(c.Fate.Ended) }

// Status is the state of the call at some time.
func (c *Call) Status(now time.Time) string {
	since := now.Sub(c.Created)
	switch {
	case since >= c.Fate.Ended:
		return c.Fate.Outcome
	case c.Fate.Answered > 0 && since >= c.Fate.Answered:
		return StatusInProgress
	case since >= c.Fate.Ringing:
		return StatusRinging
	default:
		return StatusInitiated
	}
}

// Begun reports whether the call was answered or has ended.
func (c *Call) Begun(now time.Time) bool {
	since := now.Sub(c.Created)
	return since >= c.Fate.Ended || c.Fate.Answered > 0 && since >= c.Fate.Answered
}

// Dial rings a phone: it completes c, which has the particulars, and keeps it.
func (w *World) Dial(c *Call, now time.Time) {
	nth := w.calls.count(c)
	if c.Campaign == nil {
		c.Attempt = nth + 1
	}
	r := Dice(w.cfg.Seed, c.Number, uint64(nth))
	c.ID, c.Session = UUID(r), UUID(r)
	c.Direction = DirectionOutbound
	c.Created = now
	var forced string
	if w.cfg.Outcome != nil {
		forced = w.cfg.Outcome(c.Number, c.Attempt)
	}
	c.Fate = drawFate(r, forced)
	w.calls.keep(c)
	w.calls.pending.push(c)
}

// count notes that the number of one is dialled, and returns how often it was before.
func (c *calls) count(one *Call) int {
	before := c.dialled[one.Number]
	now := Rings{All: before.All + 1, Retries: before.Retries}
	if one.Campaign != nil && one.Attempt > 1 {
		now.Retries++
	}
	c.dialled[one.Number] = now
	if now.Repeated() && !before.Repeated() {
		c.repeated++
	}
	return before.All
}

func (c *calls) keep(one *Call) {
	one.serial = len(c.list)
	c.list = append(c.list, one)
	c.byID[one.ID] = one
	c.byID[one.Session] = one
}

// Between cuts list, which is in the order of creation, down to the calls created from since to
// until, both included, as [Clock.Wall] showed it. A zero time is no bound.
func (w *World) Between(list []*Call, since, until time.Time) []*Call {
	if !since.IsZero() {
		list = list[sort.Search(len(list), func(i int) bool {
			return !w.Clock.Shown(list[i].Created).Before(since)
		}):]
	}
	if !until.IsZero() {
		list = list[:sort.Search(len(list), func(i int) bool {
			return w.Clock.Shown(list[i].Created).After(until)
		})]
	}
	return list
}
