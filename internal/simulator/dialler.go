package simulator

import (
	"slices"
	"time"
)

// dialler has the account's campaigns.
type dialler struct {
	list []*campaign // oldest first
	byID map[string]*campaign
	live []*campaign // those to which something can still happen
}

func (d *dialler) init() { d.byID = make(map[string]*campaign) }

func (d *dialler) add(c *campaign) {
	d.list = append(d.list, c)
	d.byID[c.id] = c
	d.live = append(d.live, c)
}

// next is the campaign that dials first; nil when none is about to.
func (d *dialler) next() *campaign {
	var first *campaign
	for _, c := range d.live {
		if !c.next.IsZero() && (first == nil || c.next.Before(first.next)) {
			first = c
		}
	}
	return first
}

// advance lets happen, in the order of their times, all that happens up to
// now: calls end, which frees slots, and campaigns dial.
func (s *Simulator) advance(now time.Time) {
	for {
		end, ending := s.calls.pending.next()
		ending = ending && !end.After(now)
		c := s.dialler.next()
		switch dials := c != nil && !c.next.After(now); {
		// At the same moment an end goes first. It matters to nobody, but
		// there must be one order.
		case ending && (!dials || !end.After(c.next)):
			s.settle(s.calls.pending.pop())
		case dials:
			s.dialContact(c)
		default:
			return
		}
	}
}

// settle does what follows from the end of a call.
func (s *Simulator) settle(one *call) {
	if c := one.campaign; c != nil {
		c.settle(one)
		s.dialler.retire(c)
	}
	s.courier.ended(s, one)
}

// dialContact makes the call that the campaign planned.
func (s *Simulator) dialContact(c *campaign) {
	at := c.next
	i := c.take()
	who := &c.contacts[i]
	who.attempts++
	c.active++
	c.status, c.updated, c.ready = CampaignInProgress, at, at
	if c.started.IsZero() {
		c.started = at
	}
	s.dial(&call{
		agentID: c.agentID, agentType: c.agentType, number: who.number, metadata: who.metadata,
		campaign: c, contact: i, attempt: who.attempts,
	}, at)
	c.plan()
}

// retire forgets a campaign that is over. Its record stays.
func (d *dialler) retire(c *campaign) {
	if c.over() {
		d.live = slices.DeleteFunc(d.live, func(other *campaign) bool { return other == c })
	}
}

// nextEvent is when something happens next by itself; false when nothing will.
func (s *Simulator) nextEvent() (time.Time, bool) {
	at, ok := s.calls.pending.next()
	if c := s.dialler.next(); c != nil && (!ok || c.next.Before(at)) {
		return c.next, true
	}
	return at, ok
}
