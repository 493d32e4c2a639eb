package simulator

import (
	"encoding/json"
	"slices"
	"time"
)

// The states of a campaign.
const (
	CampaignScheduled  = "scheduled"
	CampaignPending    = "pending"
	CampaignInProgress = "in_progress"
	CampaignPaused     = "paused"
	CampaignStopped    = "stopped"
	CampaignCancelled  = "cancelled"
	CampaignCompleted  = "completed"
)

// startDelay is how long a new campaign is pending.
const startDelay = time.Second

// campaign is one campaign. What it was asked to do never changes; the rest is
// guarded by the simulator's lock.
type campaign struct {
	id, name    string
	description string
	agentID     string
	agentType   string
	source      string
	hours       hours
	daily       [2]string // daily_start_time, daily_end_time as sent
	blackouts   json.RawMessage
	retry       retryConfig
	concurrency int
	created     time.Time
	begin       time.Time // nothing is dialled before
	scheduled   bool      // begin was asked for
	contacts    []contact
	skipped     int // contacts whose number can't be dialled

	status  string
	updated time.Time
	started time.Time // when the first contact was dialled
	ended   time.Time
	fresh   int       // index of the next contact that was never dialled
	retries []retry   // in the order in which they are due
	active  int       // calls going on
	ready   time.Time // the last event: nothing is dialled before it
	next    time.Time // when it dials next; zero when something must happen first
	again   bool      // next is for the first of retries

	done      map[string]int // contacts that are finished, by outcome
	attempts  int            // calls that ended
	answered  int
	collected int
	cost      float64
}

// contact is somebody to call.
type contact struct {
	number   string
	metadata json.RawMessage
	attempts int
}

// retry is a contact to be dialled again.
type retry struct {
	contact int
	due     time.Time
}

type retryConfig struct {
	enabled  bool
	statuses []string
	interval time.Duration
	max      int
	anytime  bool // doesn't respect the calling hours
}

// wants says whether a contact whose attempts-th call ended so is called again.
func (r retryConfig) wants(outcome string, attempts int) bool {
	return r.enabled && attempts <= r.max && slices.Contains(r.statuses, outcome)
}

// statusAt is the state at a time: a schedule comes due by itself.
func (c *campaign) statusAt(now time.Time) string {
	if c.status == CampaignScheduled && !now.Before(c.begin) {
		return CampaignPending
	}
	return c.status
}

// dials says whether the campaign's state lets it dial.
func (c *campaign) dials() bool {
	switch c.status {
	case CampaignScheduled, CampaignPending, CampaignInProgress:
		return true
	default:
		return false
	}
}

// over says whether nothing can happen to the campaign any more.
func (c *campaign) over() bool {
	switch c.status {
	case CampaignStopped, CampaignCancelled, CampaignCompleted:
		return c.active == 0
	default:
		return false
	}
}

// plan works out when the campaign dials next. It is called after each event.
func (c *campaign) plan() {
	c.next = time.Time{}
	if !c.dials() || c.active >= c.concurrency {
		return
	}
	if c.fresh < len(c.contacts) {
		c.consider(c.begin, false)
	}
	if len(c.retries) > 0 {
		c.consider(c.retries[0].due, true)
	}
}

// consider makes a contact that is due the next one if it comes before what is
// planned so far.
func (c *campaign) consider(due time.Time, again bool) {
	if due.Before(c.ready) {
		due = c.ready
	}
	if !again || !c.retry.anytime {
		var ok bool
		if due, ok = c.hours.next(due); !ok {
			return
		}
	}
	if c.next.IsZero() || due.Before(c.next) {
		c.next, c.again = due, again
	}
}

// take returns the contact that is planned next.
func (c *campaign) take() int {
	if c.again {
		i := c.retries[0].contact
		c.retries = c.retries[1:]
		return i
	}
	c.fresh++
	return c.fresh - 1
}

// settle takes note that a call ended.
func (c *campaign) settle(one *call) {
	at := one.ended()
	c.active--
	c.ready, c.updated = at, at
	c.attempts++
	c.cost = round(c.cost+one.cost(), 4)
	if one.fate.outcome == StatusCompleted {
		c.answered++
	}
	if one.collects() {
		c.collected++
	}
	if c.retry.wants(one.fate.outcome, one.attempt) && c.status != CampaignStopped {
		// The interval is the same for all, so they come due in order.
		c.retries = append(c.retries, retry{one.contact, at.Add(c.retry.interval)})
	} else {
		c.done[one.fate.outcome]++
	}
	if c.active == 0 && c.fresh == len(c.contacts) && len(c.retries) == 0 && c.status != CampaignStopped {
		c.status, c.ended = CampaignCompleted, at
	}
	c.plan()
}
