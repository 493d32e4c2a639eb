package simulator

import (
	"encoding/json"
	"slices"
	"sort"
	"time"
)

// calls are all calls ever made.
type calls struct {
	list []*call          // oldest first
	byID map[string]*call // by id and by session id
	// dialled is how often a number was called, which numbers the draws of
	// its fates.
	dialled map[string]uint64
	pending endings
}

func (c *calls) init() {
	c.byID = make(map[string]*call)
	c.dialled = make(map[string]uint64)
}

// call is one call. It never changes: what it is at some time follows from
// that time alone, so it can be read without the lock.
type call struct {
	id, session string
	serial      int // in the order of creation
	agentID     string
	agentType   string
	direction   string
	number      string // of the other party; "" for a web call
	metadata    json.RawMessage
	campaign    *campaign
	contact     int // index in the campaign
	attempt     int
	seeded      bool // made up by SeedCalls, not dialled
	created     time.Time
	fate        fate
}

// The directions of a call.
const (
	DirectionOutbound = "outbound"
	DirectionInbound  = "inbound"
	DirectionWeb      = "web"
)

func (c *call) ended() time.Time { return c.created.Add(c.fate.ended) }

// status is the state of the call at some time.
func (c *call) status(now time.Time) string {
	since := now.Sub(c.created)
	switch {
	case since >= c.fate.ended:
		return c.fate.outcome
	case c.fate.answered > 0 && since >= c.fate.answered:
		return StatusInProgress
	case since >= c.fate.ringing:
		return StatusRinging
	default:
		return StatusInitiated
	}
}

// dial rings a phone: it completes c, which has the particulars, and keeps it.
func (s *Simulator) dial(c *call, now time.Time) {
	nth := s.calls.dialled[c.number]
	s.calls.dialled[c.number]++
	if c.campaign == nil {
		c.attempt = int(nth) + 1
	}
	r := dice(s.cfg.Seed, c.number, nth)
	c.id, c.session = uuid(r), uuid(r)
	c.direction = DirectionOutbound
	c.created = now
	var forced string
	if s.cfg.Outcome != nil {
		forced = s.cfg.Outcome(c.number, c.attempt)
	}
	c.fate = drawFate(r, forced)
	s.calls.keep(c)
	s.calls.pending.push(c)
}

func (c *calls) keep(one *call) {
	one.serial = len(c.list)
	c.list = append(c.list, one)
	c.byID[one.id] = one
	c.byID[one.session] = one
}

// Dial is one time that a phone rang.
type Dial struct {
	Number     string
	CallID     string
	SessionID  string
	CampaignID string // "" for a single call
	// Attempt is 1 for the first call to a contact of a campaign and more
	// for those that its retry_config asked for. Single calls to one number
	// count up in the same way.
	Attempt int
	Time    time.Time
}

// Dials returns every call that was dialled, oldest first. Calls made up by
// [Simulator.SeedCalls] aren't among them.
func (s *Simulator) Dials() []Dial {
	s.mu.Lock()
	s.step()
	list := s.calls.list
	s.mu.Unlock()
	var dials []Dial
	for _, c := range list {
		if c.seeded {
			continue
		}
		d := Dial{Number: c.number, CallID: c.id, SessionID: c.session, Attempt: c.attempt, Time: c.created}
		if c.campaign != nil {
			d.CampaignID = c.campaign.id
		}
		dials = append(dials, d)
	}
	return dials
}

// Dialed returns the numbers that were dialled, oldest first, once for each
// time that the phone rang.
func (s *Simulator) Dialed() []string {
	var numbers []string
	for _, d := range s.Dials() {
		numbers = append(numbers, d.Number)
	}
	return numbers
}

// between cuts list, which is in the order of creation, down to the calls
// created from since to until, both included, by the server's clock. A zero
// time is no bound.
func (s *Simulator) between(list []*call, since, until time.Time) []*call {
	if !since.IsZero() {
		list = list[sort.Search(len(list), func(i int) bool { return !s.clock.shown(list[i].created).Before(since) }):]
	}
	if !until.IsZero() {
		list = list[:sort.Search(len(list), func(i int) bool { return s.clock.shown(list[i].created).After(until) })]
	}
	return list
}

// newest picks a page out of list, newest first, and counts what matches. A
// nil filter matches all and looks at nothing but the page.
func newest(list []*call, p paging, filter func(*call) bool) (chosen []*call, total int) {
	if filter == nil {
		total = len(list)
		from, to := p.bounds(total)
		chosen = slices.Clone(list[total-to : total-from])
		slices.Reverse(chosen)
		return chosen, total
	}
	for _, c := range slices.Backward(list) {
		if !filter(c) {
			continue
		}
		if total >= p.start() && total < p.end() {
			chosen = append(chosen, c)
		}
		total++
	}
	return chosen, total
}
