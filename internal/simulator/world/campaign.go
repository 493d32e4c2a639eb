package world

import (
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

// Campaign is one campaign. What it was asked to do never changes; the world's lock guards the
// rest.
type Campaign struct {
	// What it was asked to do.
	Name        string
	Description string
	AgentID     string
	AgentType   string
	Source      string
	Hours       Hours
	Blackouts   []byte // as they were sent; this package does not read them
	Retry       Retry
	Concurrency int
	Begin       time.Time // nothing is dialled before
	Scheduled   bool      // Begin was asked for
	Contacts    []Contact
	Skipped     int // contacts whose number can't be dialled

	// What has become of it.
	ID               string
	Created, Updated time.Time
	Started          time.Time // when the first contact was dialled
	Ended            time.Time
	Active           int            // calls going on
	Done             map[string]int // contacts that are finished, by outcome
	Cost             float64

	// What it does next.
	state   string
	fresh   int       // index of the next contact that was never dialled
	retries []repeat  // in the order in which they are due
	ready   time.Time // the last event: nothing is dialled before it
	next    time.Time // when it dials next; zero when something must happen first
	again   bool      // next is for the first of retries

	// For the rates.
	attempts  int // calls that ended
	answered  int
	collected int
}

// Contact is somebody to call.
type Contact struct {
	Number   string
	Metadata []byte
	attempts int
}

// repeat is a contact to be dialled again.
type repeat struct {
	contact int
	due     time.Time
}

// Retry says whom a campaign calls again.
type Retry struct {
	Enabled  bool
	Statuses []string
	Interval time.Duration
	Max      int
	Anytime  bool // doesn't respect the calling hours
}

// wants reports whether a contact whose attempts-th call ended so is called again.
func (r Retry) wants(outcome string, attempts int) bool {
	return r.Enabled && attempts <= r.Max && slices.Contains(r.Statuses, outcome)
}

// Status is the state at some time: a schedule comes due by itself.
func (c *Campaign) Status(now time.Time) string {
	if c.state == CampaignScheduled && !now.Before(c.Begin) {
		return CampaignPending
	}
	return c.state
}

// dials reports whether the campaign's state lets it dial.
func (c *Campaign) dials() bool {
	switch c.state {
	case CampaignScheduled, CampaignPending, CampaignInProgress:
		return true
	default:
		return false
	}
}

// over reports whether nothing can happen to the campaign any more.
func (c *Campaign) over() bool {
	switch c.state {
	case CampaignStopped, CampaignCancelled, CampaignCompleted:
		return c.Active == 0
	default:
		return false
	}
}

// plan works out when the campaign dials next. It is called after each event.
func (c *Campaign) plan() {
	c.next = time.Time{}
	if !c.dials() || c.Active >= c.Concurrency {
		return
	}
	if c.fresh < len(c.Contacts) {
		c.consider(c.Begin, false)
	}
	if len(c.retries) > 0 {
		c.consider(c.retries[0].due, true)
	}
}

// consider makes a contact that is due the next one if it comes before what is planned so far.
func (c *Campaign) consider(due time.Time, again bool) {
	if due.Before(c.ready) {
		due = c.ready
	}
	if !again || !c.Retry.Anytime {
		var ok bool
		if due, ok = c.Hours.next(due); !ok {
			return
		}
	}
	if c.next.IsZero() || due.Before(c.next) {
		c.next, c.again = due, again
	}
}

// take returns the contact that is planned next.
func (c *Campaign) take() int {
	if c.again {
		i := c.retries[0].contact
		c.retries = c.retries[1:]
		return i
	}
	c.fresh++
	return c.fresh - 1
}

// settle takes note that a call ended.
func (c *Campaign) settle(one *Call) {
	at := one.Ended()
	c.Active--
	c.ready, c.Updated = at, at
	c.attempts++
	c.Cost = round(c.Cost+one.Cost(), 4)
	if one.Fate.Outcome == StatusCompleted {
		c.answered++
	}
	if one.Collects() {
		c.collected++
	}
	if c.Retry.wants(one.Fate.Outcome, one.Attempt) && c.state != CampaignStopped {
		// The interval is the same for all, so they come due in order.
		c.retries = append(c.retries, repeat{one.contact, at.Add(c.Retry.Interval)})
	} else {
		c.Done[one.Fate.Outcome]++
	}
	rest := len(c.Contacts) - c.fresh + len(c.retries)
	if c.Active == 0 && rest == 0 && c.state != CampaignStopped {
		c.state, c.Ended = CampaignCompleted, at
	}
	c.plan()
}

// Waiting is how many contacts are to be dialled again.
func (c *Campaign) Waiting() int { return len(c.retries) }
