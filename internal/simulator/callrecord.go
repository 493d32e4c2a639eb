package simulator

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// callRecord is a call as GET /calls shows it.
type callRecord struct {
	ID        string  `json:"id,omitempty"`
	SessionID string  `json:"session_id"`
	AgentID   string  `json:"agent_id"`
	AgentType string  `json:"agent_type"`
	Phone     *string `json:"phone_number,omitempty"`
	Direction string  `json:"direction"`
	Status    string  `json:"status"`

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

// call is c as the calls endpoints show it at some time.
func (d Dialect) call(c *call, now time.Time, t times) callRecord {
	r := c.record(now, t)
	r.ID = c.id
	if !d.OmitCreatedAt {
		r.CreatedAt = new(t.at(c.created))
	}
	if d.OmitMetadata {
		r.Metadata = nil
	}
	if c.number == "" && d.WebPhoneMissing {
		r.Phone = nil
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
	if !now.Before(c.ended()) {
		r.Handover = new(c.fate.manner%16 == 0)
	}
	return r
}

// record is c as a webhook shows it: the documented record, which lacks the id
// and a few more keys of the list.
func (c *call) record(now time.Time, t times) callRecord {
	r := callRecord{
		SessionID: c.session, AgentID: c.agentID, AgentType: c.agentType,
		Phone: new(c.number), Direction: c.direction, Status: c.status(now),
		StartedAt: t.at(c.created), EndedAt: t.at(time.Time{}),
		Metadata: c.metadata,
	}
	if c.number == "" {
		r.Phone = new("None") // what the API is seen to answer for web calls
	}
	if now.Before(c.ended()) {
		return r
	}
	r.EndedAt = t.at(c.ended())
	reason, by := c.howEnded()
	r.EndReason = &reason
	if by != "" {
		r.EndedBy = &by
	}
	seconds := c.seconds()
	minutes := round(float64(seconds)/60, 2)
	r.DurationSeconds, r.DurationMinutes = &seconds, &minutes
	ai, telephony := c.costs()
	r.AICost, r.TelephonyCost, r.TotalCost = &ai, &telephony, new(round(ai+telephony, 4))
	c.tell(&r, t)
	return r
}

// seconds is how long the call took from the dialling, as in the documented
// example; nothing when nobody answered.
func (c *call) seconds() int {
	if c.fate.answered == 0 {
		return 0
	}
	return int(c.fate.ended / time.Second)
}

func (c *call) costs() (ai, telephony float64) {
	minutes := float64(c.seconds()) / 60
	return round(minutes*0.02, 4), round(minutes*0.05, 4)
}

func (c *call) cost() float64 {
	ai, telephony := c.costs()
	return round(ai+telephony, 4)
}

func (c *call) howEnded() (reason, by string) {
	switch c.fate.outcome {
	case StatusCompleted:
		if c.fate.manner%3 == 0 {
			return "user_ended", "user"
		}
		return "agent_ended", "agent"
	case StatusVoicemail:
		return "voicemail_detected", "agent"
	case StatusNoAnswer:
		return "no_answer", ""
	default:
		return "carrier_error", ""
	}
}

// collects says whether the agent learned all that it asked for.
func (c *call) collects() bool {
	return c.fate.outcome == StatusCompleted && c.fate.manner%4 != 0
}

// tell adds what was said to the record of an answered call.
func (c *call) tell(r *callRecord, t times) {
	if c.fate.answered == 0 {
		return
	}
	r.Recording = new("https://storage.levrage.ai/recordings/" + c.session + ".wav")
	if c.fate.outcome == StatusVoicemail {
		r.Summary = new("The call reached a voicemail box.")
		r.Transcript = c.transcript(t, "agent", "Hello, I will try again later.")
		return
	}
	name := firstNames[c.fate.manner%uint64(len(firstNames))]
	r.Sentiment = new([]string{"positive", "neutral", "negative"}[c.fate.manner/8%3])
	r.Summary = new(fmt.Sprintf("%s was asked for their details and a good time to talk.", name))
	r.Transcript = c.transcript(t,
		"agent", "Hello, am I speaking with the account holder?",
		"user", "Yes, this is "+name+".",
		"agent", "Thank you. When may we call you back?",
		"user", "Tomorrow in the morning.",
	)
	d := details{Status: "partial", Score: 0.75, Collected: []string{"full_name"}, Values: map[string]string{"full_name": name}}
	if c.collects() {
		d.Status, d.Score = "complete", 1
		d.Collected = append(d.Collected, "callback")
		d.Values["callback"] = "tomorrow morning"
	}
	r.Details = &d
}

var firstNames = []string{"Rahul", "Asha", "Vikram", "Meera", "Arjun", "Priya", "Kabir", "Anita"}

// transcript spreads turns, pairs of role and content, over the talk. Its
// times are times of day, as in the documented example.
func (c *call) transcript(t times, turns ...string) []utterance {
	n := len(turns) / 2
	start := c.created.Add(c.fate.answered)
	talk := c.fate.ended - c.fate.answered
	list := make([]utterance, n)
	for i := range list {
		at := start.Add(talk * time.Duration(i) / time.Duration(n))
		list[i] = utterance{Role: turns[2*i], Content: turns[2*i+1], Timestamp: t.at(at).at.Format(time.TimeOnly)}
	}
	return list
}

func round(v float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(v*scale) / scale
}
