package voiceagenttest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// callRecord is a call as GET /calls shows it. What a dialect can write in more ways than one is
// any: nil leaves it out.
type callRecord struct {
	ID        string `json:"id,omitempty"`
	SessionID any    `json:"session_id,omitempty"`
	AgentID   any    `json:"agent_id,omitempty"`
	AgentType string `json:"agent_type"`
	Source    any    `json:"source_number,omitempty"`
	Phone     any    `json:"phone_number,omitempty"`
	Direction any    `json:"direction,omitempty"`
	Status    string `json:"status"`

	CreatedAt       *stamp   `json:"created_at,omitempty"`
	StartedAt       stamp    `json:"started_at"`
	EndedAt         stamp    `json:"ended_at"`
	DurationSeconds *int     `json:"duration_seconds"`
	DurationMinutes *float64 `json:"duration_minutes"`

	Sentiment  *string         `json:"sentiment"`
	Summary    *string         `json:"call_summary"`
	EndReason  *string         `json:"call_end_reason"`
	EndedBy    *string         `json:"ended_by"`
	Details    *details        `json:"details_collection"`
	Transcript []utterance     `json:"transcript"`
	Recording  *string         `json:"recording_url"`
	Handover   *bool           `json:"handover,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"`

	AICost        *float64 `json:"ai_cost"`
	TelephonyCost *float64 `json:"telephony_cost"`
	TotalCost     *float64 `json:"total_cost"`
}

// details is what the agent was told by the person.
type details struct {
	Status    string            `json:"status"`
	Score     float64           `json:"score"`
	Collected []string          `json:"collected_details"`
	Values    map[string]string `json:"collected_values"`
}

// utterance is one entry of a transcript, under either pair of names.
type utterance struct {
	Role      string `json:"role,omitempty"`
	Content   string `json:"content,omitempty"`
	Speaker   string `json:"speaker,omitempty"`
	Text      string `json:"text,omitempty"`
	Timestamp string `json:"timestamp"`
}

// call is c as GET by id shows it at some time.
func (d *Dialect) call(c *world.Call, now time.Time, t times) callRecord {
	r := t.record(c, now)
	r.ID = c.ID
	r.SessionID, r.AgentID, r.Direction = d.session(c, now), d.agentID(&c.AgentID), d.direction(&c.Direction)
	r.Phone, r.Source, r.Metadata = d.number(c), d.source(c), d.metadata(c)
	r.StartedAt = t.begun(c.Created)
	if d.StartedLate && !c.Begun(now) {
		r.StartedAt = stamp{}
	}
	if !d.OmitCreatedAt {
		r.CreatedAt = new(t.begun(c.Created))
	}
	if d.NullNumbers {
		r.DurationSeconds, r.DurationMinutes = nil, nil
		r.AICost, r.TelephonyCost, r.TotalCost = nil, nil, nil
	}
	if d.SpeakerText {
		for i, u := range r.Transcript {
			r.Transcript[i] = utterance{Speaker: u.Role, Text: u.Content, Timestamp: u.Timestamp}
		}
	}
	if !now.Before(c.Ended()) {
		r.Handover = new(c.Fate.Manner%16 == 0)
	}
	return r
}

// listed is c as a list shows it.
func (d *Dialect) listed(c *world.Call, now time.Time, t times) callRecord {
	r := d.call(c, now, t)
	switch d.ListRef {
	case CallRefID:
		r.SessionID = nil
	case CallRefSessionID:
		r.ID = ""
	}
	return r
}

// record is c as a webhook shows it: the documented record, which lacks the id and a few more keys
// of the list.
func (t times) record(c *world.Call, now time.Time) callRecord {
	r := callRecord{
		SessionID: &c.Session, AgentID: &c.AgentID, AgentType: c.AgentType,
		Phone: (&Dialect{}).number(c), Direction: &c.Direction, Status: c.Status(now),
		StartedAt: t.at(c.Created), EndedAt: t.at(time.Time{}),
		Metadata: c.Metadata,
	}
	if now.Before(c.Ended()) {
		return r
	}
	r.EndedAt = t.at(c.Ended())
	reason, by := c.HowEnded()
	r.EndReason = &reason
	if by != "" {
		r.EndedBy = &by
	}
	seconds, minutes := c.Seconds(), c.Minutes()
	r.DurationSeconds, r.DurationMinutes = &seconds, &minutes
	ai, telephony := c.Costs()
	r.AICost, r.TelephonyCost, r.TotalCost = &ai, &telephony, new(c.Cost())
	t.tell(&r, c)
	return r
}

// tell adds what was said to the record of an answered call.
func (t times) tell(r *callRecord, c *world.Call) {
	if c.Fate.Answered == 0 {
		return
	}
	r.Recording = new("https://storage.levrage.ai/recordings/" + c.Session + ".wav")
	if c.Fate.Outcome == world.StatusVoicemail {
		r.Summary = new("The call reached a voicemail box.")
		r.Transcript = t.transcript(c, "agent", "Hello, I will try again later.")
		return
	}
	name := firstNames[c.Fate.Manner%uint64(len(firstNames))]
	r.Sentiment = new([]string{"positive", "neutral", "negative"}[c.Fate.Manner/8%3])
	r.Summary = new(fmt.Sprintf("%s was asked for their details and a good time to talk.", name))
	r.Transcript = t.transcript(c,
		"agent", "Hello, am I speaking with the account holder?",
		"user", "Yes, this is "+name+".",
		"agent", "Thank you. When may we call you back?",
		"user", "Tomorrow in the morning.",
	)
	d := details{Status: "partial", Score: 0.75, Collected: []string{"full_name"}, Values: map[string]string{"full_name": name}}
	if c.Collects() {
		d.Status, d.Score = "complete", 1
		d.Collected = append(d.Collected, "callback")
		d.Values["callback"] = "tomorrow morning"
	}
	r.Details = &d
}

var firstNames = []string{"Rahul", "Asha", "Vikram", "Meera", "Arjun", "Priya", "Kabir", "Anita"}

// transcript spreads turns, pairs of role and content, over the talk. Its times are times of day,
// as in the documented example.
func (t times) transcript(c *world.Call, turns ...string) []utterance {
	n := len(turns) / 2
	start := c.Created.Add(c.Fate.Answered)
	talk := c.Fate.Ended - c.Fate.Answered
	list := make([]utterance, n)
	for i := range list {
		at := start.Add(talk * time.Duration(i) / time.Duration(n))
		list[i] = utterance{Role: turns[2*i], Content: turns[2*i+1], Timestamp: t.at(at).at.Format(time.TimeOnly)}
	}
	return list
}
