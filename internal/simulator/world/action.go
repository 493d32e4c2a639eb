package world

import (
	"slices"
	"time"
)

// Action is something that can be done to a campaign.
type Action struct {
	from []string // the states that allow it
	to   string
}

// running are the states of a campaign that dials.
var running = []string{CampaignPending, CampaignInProgress}

// The actions.
var (
	Pause  = Action{from: running, to: CampaignPaused}
	Resume = Action{from: []string{CampaignPaused}, to: CampaignInProgress}
	Stop   = Action{from: append(slices.Clone(running), CampaignPaused), to: CampaignStopped}
	Cancel = Action{from: []string{CampaignScheduled}, to: CampaignCancelled}
)

// Act does something to a campaign. It reports whether the campaign's state allowed it.
func (w *World) Act(c *Campaign, a Action, now time.Time) bool {
	if !slices.Contains(a.from, c.Status(now)) {
		return false
	}
	c.become(a.to, now)
	w.dialler.retire(c)
	return true
}

// become puts the campaign into another state. Calls that are going on end by themselves.
func (c *Campaign) become(status string, now time.Time) {
	c.state, c.Updated, c.ready = status, now, now
	if status == CampaignStopped || status == CampaignCancelled {
		c.Ended = now
		c.retries = nil
	}
	c.plan()
}
