package voiceagenttest

import (
	"encoding/json"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// campaignRecord is a campaign as answers show it.
type campaignRecord struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description *string `json:"description,omitempty"`
	Status      string  `json:"status"`
	AgentID     any     `json:"agent_id,omitempty"` // nil leaves it out
	Source      string  `json:"phone_number"`

	CreatedAt  stamp           `json:"created_at"`
	UpdatedAt  stamp           `json:"updated_at"`
	StartTime  stamp           `json:"start_time"`
	EndTime    stamp           `json:"end_time"`
	Schedule   *stamp          `json:"schedule_time,omitempty"`
	DailyStart *string         `json:"daily_start_time"`
	DailyEnd   *string         `json:"daily_end_time"`
	Blackouts  json.RawMessage `json:"blackout_periods,omitempty"`

	RetryEnabled bool `json:"retry_enabled"`
	MaxRetries   int  `json:"max_retries"`
	Concurrency  int  `json:"max_concurrent_calls"`

	Total          *int `json:"total,omitempty"`
	TotalContacts  *int `json:"total_contacts,omitempty"`
	Valid          int  `json:"valid_contacts"`
	Skipped        int  `json:"skipped_contacts"`
	Completed      int  `json:"completed"`
	Failed         int  `json:"failed"`
	NoAnswer       int  `json:"no_answer"`
	Voicemail      int  `json:"voicemail"`
	PendingRetries int  `json:"pending_retries"`

	PickupRate     *float64 `json:"pickup_rate"`
	CollectionRate *float64 `json:"collection_rate"`
	TotalCost      *float64 `json:"total_cost"`
}

// campaign is c as answers show it. The world must be locked.
func (d *Dialect) campaign(c *world.Campaign, now time.Time, t times) campaignRecord {
	r := campaignRecord{
		ID: c.ID, Name: c.Name, Status: c.Status(now), AgentID: d.agentID(&c.AgentID), Source: c.Source,
		CreatedAt: t.begun(c.Created), UpdatedAt: t.begun(c.Updated),
		StartTime: t.begun(c.Started), EndTime: t.at(c.Ended),
		Blackouts:    c.Blackouts,
		RetryEnabled: c.Retry.Enabled, MaxRetries: c.Retry.Max, Concurrency: c.Concurrency,
		Valid: len(c.Contacts), Skipped: c.Skipped,
		Completed: c.Done[world.StatusCompleted], Failed: c.Done[world.StatusFailed],
		NoAnswer: c.Done[world.StatusNoAnswer], Voicemail: c.Done[world.StatusVoicemail],
		PendingRetries: c.Waiting(),
	}
	if c.Description != "" {
		r.Description = new(c.Description)
	}
	if c.Scheduled {
		r.Schedule = &stamp{c.Begin, d.Times} // as it was sent
	}
	if c.Hours.Calling != nil {
		r.DailyStart, r.DailyEnd = new(timeOfDay(c.Hours.Calling.Start)), new(timeOfDay(c.Hours.Calling.End))
	}
	if !d.NullNumbers {
		r.TotalCost = new(c.Cost)
		if rate, ok := c.PickupRate(); ok {
			r.PickupRate = &rate
		}
		if rate, ok := c.CollectionRate(); ok {
			r.CollectionRate = &rate
		}
	}
	d.total(&r, false)
	return r
}

// total names the number of contacts as the dialect does.
func (d *Dialect) total(r *campaignRecord, inList bool) {
	n := r.Valid + r.Skipped
	r.Total, r.TotalContacts = nil, nil
	if d.Totals == TotalsShort || d.Totals == TotalsMixed && inList {
		r.Total = &n
	} else {
		r.TotalContacts = &n
	}
}
