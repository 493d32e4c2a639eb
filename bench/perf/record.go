package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// The record and the bodies are those of test/cost/bench_test.go.

const record = `{"id":"call_1","session_id":"sess_1","agent_id":"9b2f3c1e-0000-4000-8000-000000000001",` +
	`"agent_type":"sales","phone_number":"+919876543210","direction":"outbound","status":"completed","duration_seconds":180,` +
	`"duration_minutes":3.0,"started_at":"2025-01-15T10:27:00Z","ended_at":"2025-01-15T10:30:00Z","sentiment":"positive",` +
	`"call_summary":"The customer asked for a callback on Monday and wants the offer by mail.","call_end_reason":"agent_ended",` +
	`"ended_by":"agent","details_collection":{"status":"partial","score":0.75,"collected_details":["full_name","email"],` +
	`"collected_values":{"full_name":"Rahul Sharma","email":"rahul@example.com"}},` +
	`"recording_url":"https://storage.example.com/recordings/call_1.wav","metadata":{"customer_name":"Rahul"},` +
	`"ai_cost":0.02,"telephony_cost":0.05,"total_cost":0.07`

const (
	pageCalls  = 100
	utterances = 20
)

func recordAnswer() string {
	return `{"success":true,"data":` + record + `},"request_id":"req_abc123","timestamp":"2025-01-01T12:00:00Z"}`
}

// pageAnswer is a page of calls with transcripts.
func pageAnswer() string {
	said := make([]string, utterances)
	for i := range said {
		said[i] = fmt.Sprintf(`{"role":%q,"content":"I would like to know more about it.","timestamp":"10:27:%02d"}`, []string{"agent", "user"}[i%2], i)
	}
	call := record + `,"transcript":[` + strings.Join(said, ",") + `]}`
	return `{"success":true,"data":[` + strings.Repeat(call+",", pageCalls-1) + call +
		`],"total":100,"page":1,"page_size":100,"has_more":false,"request_id":"req_1","timestamp":"2025-01-01T12:00:00Z"}`
}

// rawCall is what a hand-written client would decode into: the same fields, with the standard
// library's types.
type rawCall struct {
	ID              string         `json:"id"`
	SessionID       string         `json:"session_id"`
	AgentID         string         `json:"agent_id"`
	AgentType       string         `json:"agent_type"`
	PhoneNumber     string         `json:"phone_number"`
	SourceNumber    string         `json:"source_number"`
	Direction       string         `json:"direction"`
	Status          string         `json:"status"`
	StartedAt       *time.Time     `json:"started_at"`
	EndedAt         *time.Time     `json:"ended_at"`
	CreatedAt       *time.Time     `json:"created_at"`
	DurationSeconds *float64       `json:"duration_seconds"`
	DurationMinutes *float64       `json:"duration_minutes"`
	Sentiment       string         `json:"sentiment"`
	Summary         string         `json:"call_summary"`
	EndReason       string         `json:"call_end_reason"`
	EndedBy         string         `json:"ended_by"`
	Details         *rawDetails    `json:"details_collection"`
	Transcript      []rawUtterance `json:"transcript"`
	RecordingURL    string         `json:"recording_url"`
	Metadata        map[string]any `json:"metadata"`
	Variables       map[string]any `json:"variables"`
	AICost          *float64       `json:"ai_cost"`
	TelephonyCost   *float64       `json:"telephony_cost"`
	TotalCost       *float64       `json:"total_cost"`
	Handover        bool           `json:"handover"`
}

type rawDetails struct {
	Status           string         `json:"status"`
	Score            *float64       `json:"score"`
	CollectedDetails []string       `json:"collected_details"`
	CollectedValues  map[string]any `json:"collected_values"`
}

type rawUtterance struct {
	Role      string `json:"role"`
	Content   string `json:"content"`
	Timestamp string `json:"timestamp"`
}

type rawEnvelope[T any] struct {
	Success   *bool  `json:"success"`
	Data      T      `json:"data"`
	RequestID string `json:"request_id"`
	Timestamp string `json:"timestamp"`
}

// callParams are about 1 KB as JSON.
var callParams = func() voiceagent.CallCreateParams {
	metadata := make(map[string]any)
	for i := range 16 {
		metadata[fmt.Sprintf("field_%02d", i)] = strings.Repeat("x", 40)
	}
	return voiceagent.CallCreateParams{
		AgentID: "9b2f3c1e-0000-4000-8000-000000000001", From: "+15550100000", To: "+919876543210", Metadata: metadata,
	}
}()

type rawCallBody struct {
	AgentID  string         `json:"agent_id"`
	From     string         `json:"source_number"`
	To       string         `json:"phone_number"`
	Metadata map[string]any `json:"metadata,omitempty"`
}

var callBody = rawCallBody{callParams.AgentID, callParams.From, callParams.To, callParams.Metadata}

// campaignParams hold 2,000 contacts, about 2 MB as JSON.
var campaignParams = func() voiceagent.CampaignCreateParams {
	contacts := make([]voiceagent.Contact, 2000)
	for i := range contacts {
		contacts[i] = voiceagent.Contact{"phone": fmt.Sprintf("+9198765%05d", i), "name": "Asha Rao", "notes": strings.Repeat("n", 950)}
	}
	return voiceagent.CampaignCreateParams{Name: "January", AgentID: "agent_1", From: "+15550100000", Contacts: contacts}
}()

type rawCampaignBody struct {
	Name        string               `json:"name"`
	AgentID     string               `json:"agent_id"`
	From        string               `json:"phone_number"`
	PhoneColumn string               `json:"phone_column"`
	Contacts    []voiceagent.Contact `json:"contacts"`
}

var campaignBody = rawCampaignBody{campaignParams.Name, campaignParams.AgentID, campaignParams.From, "phone", campaignParams.Contacts}

// campaignSize is the length of the 2 MB as encoding/json writes them.
var campaignSize = func() int {
	encoded, err := json.Marshal(campaignBody)
	if err != nil {
		panic(err) // it holds nothing but texts
	}
	return len(encoded)
}()
