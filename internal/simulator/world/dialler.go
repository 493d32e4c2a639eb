package world

import (
	"slices"
	"time"
)

// dialler has the account's campaigns.
type dialler struct {
	list []*Campaign // oldest first
	byID map[string]*Campaign
	live []*Campaign // those to which something can still happen
}

func (d *dialler) init() { d.byID = make(map[string]*Campaign) }

func (d *dialler) add(c *Campaign) {
	d.list = append(d.list, c)
	d.byID[c.ID] = c
	d.live = append(d.live, c)
}

// Launch gives a campaign, which has the particulars, its id, and lets it begin.
func (w *World) Launch(c *Campaign, now time.Time) {
	c.ID = UUID(Dice(w.cfg.Seed, "campaign", uint64(len(w.dialler.list))))
	c.Created, c.Updated = now, now
	c.Done = make(map[string]int)
	c.state = CampaignPending
	if c.Scheduled && c.Begin.After(now) {
		c.state = CampaignScheduled
	} else {
		c.Begin = now.Add(startDelay)
	}
	c.plan()
	w.dialler.add(c)
}

// next is the campaign that dials first; nil when none is about to.
func (d *dialler) next() *Campaign {
	var first *Campaign
	for _, c := range d.live {
		if !c.next.IsZero() && (first == nil || c.next.Before(first.next)) {
			first = c
		}
	}
	return first
}

// advance lets happen, in the order of their times, all that happens up to now: calls end, which
// frees slots, and campaigns dial.
func (w *World) advance(now time.Time) {
	for {
		end, ending := w.calls.pending.next()
		ending = ending && !end.After(now)
		c := w.dialler.next()
		switch dials := c != nil && !c.next.After(now); {
		// At the same moment an end goes first: the order must not depend on chance.
		case ending && (!dials || !end.After(c.next)):
			w.settle(w.calls.pending.pop())
		case dials:
			w.dialContact(c)
		default:
			return
		}
	}
}

// settle does what follows from the end of a call.
func (w *World) settle(one *Call) {
	if c := one.Campaign; c != nil {
		c.settle(one)
		w.dialler.retire(c)
	}
	if w.cfg.Ended != nil {
		w.cfg.Ended(one)
	}
}

// dialContact makes the call that the campaign planned.
func (w *World) dialContact(c *Campaign) {
	at := c.next
	i := c.take()
	who := &c.Contacts[i]
	who.attempts++
	c.Active++
	c.state, c.Updated, c.ready = CampaignInProgress, at, at
	if c.Started.IsZero() {
		c.Started = at
	}
	w.Dial(&Call{
		AgentID: c.AgentID, AgentType: c.AgentType, Source: c.Source,
		Number: who.Number, Metadata: who.Metadata,
		Campaign: c, contact: i, Attempt: who.attempts,
	}, at)
	c.plan()
}

// retire forgets a campaign that is over. Its record stays.
func (d *dialler) retire(c *Campaign) {
	if c.over() {
		d.live = slices.DeleteFunc(d.live, func(other *Campaign) bool { return other == c })
	}
}

// Next is when something happens next by itself; false when nothing will.
func (w *World) Next() (time.Time, bool) {
	at, ok := w.calls.pending.next()
	if c := w.dialler.next(); c != nil && (!ok || c.next.Before(at)) {
		return c.next, true
	}
	return at, ok
}
