package simulator

import (
	"encoding/json"
	"time"
)

// campaignRecord is a campaign as answers show it.
type campaignRecord struct {
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Description *string `json:"description,omitempty"`
	Status      string  `json:"status"`
	AgentID     string  `json:"agent_id"`
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

// campaign is c as answers show it. The simulator must be locked.
func (d Dialect) campaign(c *campaign, now time.Time, t times) campaignRecord {
	r := campaignRecord{
		ID: c.id, Name: c.name, Status: c.statusAt(now), AgentID: c.agentID, Source: c.source,
		CreatedAt: t.at(c.created), UpdatedAt: t.at(c.updated),
		StartTime: t.at(c.started), EndTime: t.at(c.ended),
		Blackouts:    c.blackouts,
		RetryEnabled: c.retry.enabled, MaxRetries: c.retry.max, Concurrency: c.concurrency,
		Valid: len(c.contacts), Skipped: c.skipped,
		Completed: c.done[StatusCompleted], Failed: c.done[StatusFailed],
		NoAnswer: c.done[StatusNoAnswer], Voicemail: c.done[StatusVoicemail],
		PendingRetries: len(c.retries),
	}
	if c.description != "" {
		r.Description = new(c.description)
	}
	if c.scheduled {
		r.Schedule = &stamp{c.begin, d.Times} // as it was sent
	}
	if c.hours.calling != nil {
		r.DailyStart, r.DailyEnd = new(c.daily[0]), new(c.daily[1])
	}
	if !d.NullNumbers {
		r.TotalCost = new(c.cost)
		if c.attempts > 0 {
			r.PickupRate = new(percent(c.answered, c.attempts))
		}
		if c.answered > 0 {
			r.CollectionRate = new(percent(c.collected, c.answered))
		}
	}
	d.total(&r, false)
	return r
}

// total names the number of contacts as the dialect does.
func (d Dialect) total(r *campaignRecord, inList bool) {
	n := r.Valid + r.Skipped
	r.Total, r.TotalContacts = nil, nil
	if d.Totals == TotalsShort || d.Totals == TotalsMixed && inList {
		r.Total = &n
	} else {
		r.TotalContacts = &n
	}
}

func percent(part, whole int) float64 {
	return round(100*float64(part)/float64(whole), 2)
}
