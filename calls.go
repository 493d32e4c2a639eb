package voiceagent

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"math"
	"net/url"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// CallsService places and reads phone calls.
type CallsService struct{ c *Client }

// The API places a call at /call and lists calls at /calls.
const (
	placeCallRoute = "/call"
	callsRoute     = "/calls"
	callRoute      = "/calls/{call_id}"
)

// CallStatus is the state of a call. Only some values are documented; compare with what you receive.
type CallStatus string

// Known states. completed is documented for calls; no_answer, voicemail and failed for campaigns; the rest is inferred.
const (
	CallInitiated  CallStatus = "initiated"
	CallRinging    CallStatus = "ringing"
	CallInProgress CallStatus = "in_progress"
	CallCompleted  CallStatus = "completed"
	CallNoAnswer   CallStatus = "no_answer"
	CallVoicemail  CallStatus = "voicemail"
	CallFailed     CallStatus = "failed"
	CallBusy       CallStatus = "busy"
	CallCancelled  CallStatus = "cancelled"
)

// Terminal tells if a call in this state has ended. A state that the client doesn't know is taken as not ended.
func (s CallStatus) Terminal() bool {
	switch s {
	case CallCompleted, CallNoAnswer, CallVoicemail, CallFailed, CallBusy, CallCancelled, "canceled":
		return true
	}
	return false
}

// CallDirection tells who began a call.
type CallDirection string

// Known directions: outbound is documented, the others are seen in use.
const (
	CallOutbound CallDirection = "outbound"
	CallInbound  CallDirection = "inbound"
	CallWeb      CallDirection = "web"
)

// Call is one phone call. Any field may be missing (the API documents them only for webhooks); keys that the client doesn't know are
// in Extra.
type Call struct {
	ID              string             `json:"id"`
	SessionID       string             `json:"session_id"`
	AgentID         string             `json:"agent_id"`
	AgentType       string             `json:"agent_type"`
	PhoneNumber     string             `json:"phone_number"` // the other party's; "" for web calls
	SourceNumber    string             `json:"source_number"`
	Direction       CallDirection      `json:"direction"`
	Status          CallStatus         `json:"status"`
	StartedAt       Timestamp          `json:"started_at"`
	EndedAt         Timestamp          `json:"ended_at"`
	CreatedAt       Timestamp          `json:"created_at"`
	DurationSeconds *float64           `json:"duration_seconds"`
	DurationMinutes *float64           `json:"duration_minutes"`
	Sentiment       string             `json:"sentiment"` // positive is documented; neutral and negative inferred
	Summary         string             `json:"call_summary"`
	EndReason       string             `json:"call_end_reason"`
	EndedBy         string             `json:"ended_by"`
	Details         *DetailsCollection `json:"details_collection"`
	Transcript      []TranscriptEntry  `json:"transcript"`
	RecordingURL    string             `json:"recording_url"`
	Metadata        map[string]any     `json:"metadata"`
	Variables       map[string]any     `json:"variables"`
	AICost          *float64           `json:"ai_cost"` // the costs' currency is unknown; one client calls them credits
	TelephonyCost   *float64           `json:"telephony_cost"`
	TotalCost       *float64           `json:"total_cost"`
	Handover        bool               `json:"handover"`

	Extra map[string]json.RawMessage `json:",embed"`
}

// Ref returns the id to use for this call: ID, or SessionID where there is no ID. Which of them the API wants is unknown; webhooks
// have just the session id.
func (c *Call) Ref() string {
	if c.ID != "" {
		return c.ID
	}
	return c.SessionID
}

// Ended tells if the call is over: by its state, or because it has a time at which it ended.
func (c *Call) Ended() bool { return c.Status.Terminal() || !c.EndedAt.IsZero() }

// Duration returns the length of the call; 0 where the API doesn't say.
func (c *Call) Duration() time.Duration {
	if c.DurationSeconds == nil {
		return 0
	}
	switch ns := *c.DurationSeconds * float64(time.Second); { // what a number out of range is converted to depends on the processor
	case ns >= math.MaxInt64:
		return math.MaxInt64
	case ns <= math.MinInt64:
		return math.MinInt64
	default:
		return time.Duration(ns)
	}
}

// tidy removes what stands for nothing: web calls have the text "None" for a number (seen in use).
func (c *Call) tidy() {
	if strings.EqualFold(c.PhoneNumber, "none") {
		c.PhoneNumber = ""
	}
}

// DetailsCollection is what an agent found out during a call.
type DetailsCollection struct {
	Status           string         `json:"status"` // "partial" is documented
	Score            *float64       `json:"score"`  // 0 to 1 in the vendor's page, 0 to 10 in another client: not interpreted
	CollectedDetails []string       `json:"collected_details"`
	CollectedValues  map[string]any `json:"collected_values"`

	Extra map[string]json.RawMessage `json:",embed"`
}

// TranscriptEntry is one utterance. Webhooks spell its keys role and content (documented), lists speaker and text (seen in use); both
// are read. (The tag also is this package's own.)
type TranscriptEntry struct {
	Role      string    `json:"role" also:"speaker"` // "agent" or "user"
	Content   string    `json:"content" also:"text"`
	Timestamp Timestamp `json:"timestamp"` // often a clock time alone
}

// UnmarshalJSON implements [json.Unmarshaler] for both spellings.
func (e *TranscriptEntry) UnmarshalJSON(data []byte) error {
	var wire struct {
		Role      string    `json:"role"`
		Speaker   string    `json:"speaker"`
		Content   string    `json:"content"`
		Text      string    `json:"text"`
		Timestamp Timestamp `json:"timestamp"`
	}
	if err := envelope.Unmarshal(data, &wire); err != nil {
		return err
	}
	*e = TranscriptEntry{Role: cmp.Or(wire.Role, wire.Speaker), Content: cmp.Or(wire.Content, wire.Text), Timestamp: wire.Timestamp}
	return nil
}

// CallCreateParams describes a call to place. AgentID, From and To are required.
// Source: make-call page (documented).
type CallCreateParams struct {
	AgentID  string         `json:"agent_id"`
	From     string         `json:"source_number"`      // the number to call from; any form, as the API takes more than E.164
	To       string         `json:"phone_number"`       // the number to call, E.164: "+919876543210"
	Metadata map[string]any `json:"metadata,omitempty"` // for the agent to use in the conversation

	Extra map[string]any `json:",embed"` // keys that the client doesn't know
}

func (p *CallCreateParams) request() request {
	r := post(placeCallRoute).with(&struct {
		AgentID string         `json:"agent_id"`
		From    string         `json:"source_number"`
		To      string         `json:"phone_number"`
		Extra   map[string]any `json:",embed"`
	}{p.AgentID, p.From, p.To, p.Extra}, p.Extra)
	if len(p.Metadata) > 0 {
		r = r.add("metadata", p.Metadata)
	}
	return r
}

func (p *CallCreateParams) check() error {
	var bad problems
	bad.required("agent_id", p.AgentID)
	bad.required("source_number", p.From)
	if !isE164(p.To) {
		bad.add("phone_number", "%s is not E.164: write it with a plus, the country code and no spaces, like +919876543210",
			maskNumber(p.To))
	}
	return bad.err("POST", placeCallRoute)
}

// Create places a call: POST /call. The person's phone rings, so when the answer is lost the call is looked for, and not placed again. If it isn't
// found either the error satisfies errors.Is(err, [ErrOutcomeUnknown]); see [WithUnknownOutcome].
//
// A number that isn't E.164 is a [*ValidationError] before anything is sent. Which keys the answer has is unknown: use [Call.Ref].
//
// Source: https://docs.levrage.ai/api-reference/api-reference/calls/make-call-v-1-call-post (documented).
func (s *CallsService) Create(ctx context.Context, params CallCreateParams, opts ...RequestOption) (*Call, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	return tidied(create(ctx, s.c, params.request(), callFinder{s, &params}, opts))
}

// Get returns a call by its [Call.Ref]: GET /calls/{call_id}. One that doesn't exist is a [*NotFoundError].
//
// Source: inferred; no page names it, nor which of the two ids it takes.
func (s *CallsService) Get(ctx context.Context, id string, opts ...RequestOption) (*Call, error) {
	if err := checkID("GET", callRoute, "call_id", id); err != nil {
		return nil, err
	}
	return tidied(fetch[Call](ctx, s.c, get(callRoute).to(id), opts))
}

func tidied(call *Call, err error) (*Call, error) {
	if call != nil {
		call.tidy()
	}
	return call, err
}

// CallListParams selects a page of calls. The zero value is the first page of 20, unfiltered.
type CallListParams struct {
	Page      int           // from 1
	PageSize  int           // 1 to 100
	Status    CallStatus    // documented
	Direction CallDirection // seen in use
	AgentID   string        // the name of the query key is inferred
	Since     time.Time     // from_date, seen in use
	Until     time.Time     // to_date, inferred
	Extra     url.Values    // keys that the client doesn't know
}

// filter adds what selects the calls.
func (p *CallListParams) filter(query url.Values) url.Values {
	setIf(query, "status", string(p.Status))
	setIf(query, "direction", string(p.Direction))
	setIf(query, "agent_id", p.AgentID)
	setIf(query, "from_date", wireTime(p.Since))
	setIf(query, "to_date", wireTime(p.Until))
	return query
}

// List returns a page of calls: GET /calls.
//
// Source: pagination guide (documented); see [CallListParams] for the filters.
func (s *CallsService) List(ctx context.Context, params CallListParams, opts ...RequestOption) (*Page[Call], error) {
	query, err := listQuery(callsRoute, params.Page, params.PageSize, params.Extra)
	if err != nil {
		return nil, err
	}
	page, err := fetchPage[Call](ctx, s.c, get(callsRoute).where(params.filter(query)), opts)
	if err != nil {
		return nil, err
	}
	for i := range page.Data {
		page.Data[i].tidy()
	}
	return page, nil
}

// All iterates over the calls that match, from Page on, with [CallsService.List]. It ends after the first error.
func (s *CallsService) All(ctx context.Context, params CallListParams, opts ...RequestOption) iter.Seq2[*Call, error] {
	return all(params.Page, func(page int) (*Page[Call], error) {
		params := params
		params.Page, params.PageSize = page, sizeOr(params.PageSize, maxPageSize)
		return s.List(ctx, params, opts...)
	}, (*Call).Ref)
}

// Watch polls a call with [CallsService.Get] and yields it each time it has changed, first as it is now, and last when it has ended. An
// error that the retry policy can't ride out is yielded and ends it.
func (s *CallsService) Watch(ctx context.Context, id string, params WatchParams, opts ...RequestOption) iter.Seq2[*Call, error] {
	return watch(ctx, s.c, params, func() (*Call, error) { return s.Get(ctx, id, opts...) }, (*Call).Ended)
}
