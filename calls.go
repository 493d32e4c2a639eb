package voiceagent

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"math"
	"net/url"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/check"
	"github.com/voiceagent-go/voiceagent/internal/envelope"
	"github.com/voiceagent-go/voiceagent/internal/follow"
	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// CallsService places and reads phone calls.
type CallsService struct{ c *Client }

// The API places a call at /call and lists calls at /calls.
const (
	placeCallRoute = "/call"
	callsRoute     = "/calls"
	callRoute      = "/calls/{call_id}"
)

// CallStatus is the state of a call. Only some values are documented; compare with what you
// receive.
type CallStatus string

// Known states. completed is documented for calls; no_answer, voicemail and failed for campaigns;
// the rest is inferred.
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

// Terminal reports whether a call in this state has ended. It is false for a state that the client
// doesn't know.
func (s CallStatus) Terminal() bool {
	switch s {
	case CallCompleted, CallNoAnswer, CallVoicemail, CallFailed, CallBusy, CallCancelled, "canceled":
		return true
	}
	return false
}

// CallDirection is the direction of a call: who began it.
type CallDirection string

// Known directions: outbound is documented, the others are seen in use.
const (
	CallOutbound CallDirection = "outbound"
	CallInbound  CallDirection = "inbound"
	CallWeb      CallDirection = "web"
)

// Call is one phone call. Any field may be missing: the API documents them only for webhooks. Keys
// that the client doesn't know are in Extra.
//
// A number in Metadata, Variables and Details.CollectedValues is a float64 where that is exact
// enough. It is a [json.Number] if it is an integer that no float64 holds, such as 9007199254740993
// (2^53 + 1), or is beyond every float64, such as 1e400.
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

// Ref returns the id that names this call: SessionID, or ID if there is no SessionID. It joins the
// answer to [CallsService.Create] with the webhook's event, which has only the session id
// (documented). Which ids the answer has, and which of them [CallsService.Get] takes, is unknown.
//
// The event may come before the answer. If the answer has only an ID, no id joins the two: put a
// key of your own into the metadata, which the event repeats (documented).
func (c *Call) Ref() string {
	for _, id := range [...]string{c.SessionID, c.ID} {
		if !envelope.IsNone(id) {
			return id
		}
	}
	return ""
}

// From returns the number that the call came from, as [CallCreateParams.From]: SourceNumber, or
// PhoneNumber if the call is inbound. It is "" where the API doesn't say.
func (c *Call) From() string {
	from, _ := c.numbers()
	return from
}

// To returns the number that was called, as [CallCreateParams.To]: PhoneNumber, or SourceNumber if
// the call is inbound. It is "" where the API doesn't say.
func (c *Call) To() string {
	_, to := c.numbers()
	return to
}

// numbers returns who called whom. PhoneNumber is the other party's in either direction.
func (c *Call) numbers() (from, to string) {
	if c.Direction == CallInbound {
		return c.PhoneNumber, c.SourceNumber
	}
	return c.SourceNumber, c.PhoneNumber
}

// LogValue shows what a log may hold: ids, status, times and figures, and the ends of the numbers.
// It shows no summary, transcript, metadata or address of a recording.
func (c Call) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("id", c.ID),
		slog.String("session_id", c.SessionID),
		slog.String("agent_id", c.AgentID),
		slog.String("direction", string(c.Direction)),
		slog.String("status", string(c.Status)),
		slog.String("phone_number", maskedIfAny(c.PhoneNumber)),
		slog.String("source_number", maskedIfAny(c.SourceNumber)),
	}
	attrs = appendTime(attrs, "created_at", c.CreatedAt)
	attrs = appendTime(attrs, "started_at", c.StartedAt)
	attrs = appendTime(attrs, "ended_at", c.EndedAt)
	return slog.GroupValue(append(attrs, slog.Duration("duration", c.Duration()), slog.Int("transcript_entries", len(c.Transcript)))...)
}

func maskedIfAny(number string) string {
	if number == "" {
		return ""
	}
	return secret.MaskNumber(number)
}

func appendTime(attrs []slog.Attr, key string, at Timestamp) []slog.Attr {
	if at.IsZero() {
		return attrs
	}
	return append(attrs, slog.Time(key, at.Time))
}

// Ended reports whether the call is over: by its state, or because it has a time at which it ended.
func (c *Call) Ended() bool { return c.Status.Terminal() || !c.EndedAt.IsZero() }

// Duration returns the length of the call; 0 where the API doesn't say.
func (c *Call) Duration() time.Duration {
	if c.DurationSeconds == nil {
		return 0
	}
	// The result of converting a number out of range depends on the processor.
	switch ns := *c.DurationSeconds * float64(time.Second); {
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
	if envelope.IsNone(c.PhoneNumber) {
		c.PhoneNumber = ""
	}
}

// DetailsCollection is what an agent found out during a call.
type DetailsCollection struct {
	Status           string         `json:"status"` // "partial" is documented
	Score            *float64       `json:"score"`  // 0 to 1 in the vendor's page, 0 to 10 in another client
	CollectedDetails []string       `json:"collected_details"`
	CollectedValues  map[string]any `json:"collected_values"`

	Extra map[string]json.RawMessage `json:",embed"`
}

// TranscriptEntry is one utterance. Webhooks spell its keys role and content (documented), lists
// speaker and text (seen in use); both are read.
type TranscriptEntry struct {
	Role      string    `json:"role"` // "agent" or "user"
	Content   string    `json:"content"`
	Timestamp Timestamp `json:"timestamp"` // often a clock time alone
}

type wireEntry struct {
	Role      string    `json:"role"`
	Speaker   string    `json:"speaker"`
	Content   string    `json:"content"`
	Text      string    `json:"text"`
	Timestamp Timestamp `json:"timestamp"`
}

var readEntry = envelope.Reads(func(w *wireEntry) TranscriptEntry {
	return TranscriptEntry{Role: cmp.Or(w.Role, w.Speaker), Content: cmp.Or(w.Content, w.Text), Timestamp: w.Timestamp}
})

// UnmarshalJSON implements [json.Unmarshaler] for both spellings.
func (e *TranscriptEntry) UnmarshalJSON(data []byte) error { return readEntry(data, e) }

// CallCreateParams describes a call to place. AgentID, From and To are required.
// Source: make-call page (documented).
type CallCreateParams struct {
	AgentID  string         `json:"agent_id"`
	From     string         `json:"source_number"`      // the number to call from; the API takes more forms than E.164
	To       string         `json:"phone_number"`       // the number to call, E.164: "+919876543210"
	Metadata map[string]any `json:"metadata,omitempty"` // for the agent to use in the conversation

	Extra map[string]any `json:",embed"` // keys that the client doesn't know
}

func (p *CallCreateParams) request() request {
	body := &struct {
		AgentID  string         `json:"agent_id"`
		From     string         `json:"source_number"`
		To       string         `json:"phone_number"`
		Metadata any            `json:"metadata,omitempty"` // an any, as that is written without reflection
		Extra    map[string]any `json:",embed"`
	}{AgentID: p.AgentID, From: p.From, To: p.To, Extra: p.Extra}
	if len(p.Metadata) > 0 {
		body.Metadata = p.Metadata
	}
	return post(placeCallRoute).with(body, p.Extra)
}

func (p *CallCreateParams) check() error {
	var bad check.Problems
	bad.Required("agent_id", p.AgentID)
	bad.Required("source_number", p.From)
	bad.Number("phone_number", p.To, secret.MaskNumber)
	return refused("POST", placeCallRoute, bad)
}

// Create places a call: POST /call. The person's phone rings, so if the answer is lost, Create
// looks for the call and doesn't place it again. If it finds none, the error satisfies
// errors.Is(err, [ErrOutcomeUnknown]); see [WithUnknownOutcome].
//
// A number that isn't E.164 is a [*ValidationError] before anything is sent. Which keys the answer
// has is unknown: use [Call.Ref].
//
// Source: https://docs.levrage.ai/api-reference/api-reference/calls/make-call-v-1-call-post
// (documented).
func (s *CallsService) Create(ctx context.Context, params CallCreateParams, opts ...RequestOption) (*Call, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	return tidied(create(ctx, s.c, params.request(), callFinder{s, &params}, opts))
}

// Get returns a call by its [Call.Ref]: GET /calls/{call_id}. If there is none, the error is a
// [*NotFoundError].
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

// All iterates over the calls that match, from Page on, with [CallsService.List]. It ends after the
// first error.
func (s *CallsService) All(ctx context.Context, params CallListParams, opts ...RequestOption) iter.Seq2[*Call, error] {
	opts = yielding(opts)
	return allRecords(params.Page, func(page int) (*Page[Call], error) {
		params := params
		params.Page, params.PageSize = page, cmp.Or(params.PageSize, check.MaxPageSize)
		return s.List(ctx, params, opts...)
	}, (*Call).Ref)
}

// Watch yields the call as it is now, then each time it has changed, and last when it has ended. An
// error that outlasts the retries is yielded and ends the loop; beside others, that is when the API
// has answered no look for 5 minutes.
//
// All watchers of a client share their looking. One or two calls are asked for with
// [CallsService.Get], from 2 s apart to 10 s if nothing changes. More are read from
// [CallsService.List], a hundred with one request, every 4 to 8 s; a call that the list doesn't
// show is asked for by itself. Looking takes at most a share of the rate limit: see
// [WithWatchShare]. An event that is handed to [CallsService.Deliver] ends a watch at once. What
// opts say, such as [WithHeader], is for Get alone.
//
// A call that was just placed may not be readable yet. So a [*NotFoundError] ends Watch only if the
// list doesn't have the call either, and the call has been seen before, or the settle time (30 s;
// see [WithSettleTime]) has passed since Watch began. A wrong id therefore costs that time.
func (s *CallsService) Watch(ctx context.Context, id string, params WatchParams, opts ...RequestOption) iter.Seq2[*Call, error] {
	opts = yielding(opts)
	get := func(ctx context.Context, opts ...RequestOption) (*Call, error) { return s.Get(ctx, id, opts...) }
	return watch(ctx, s.c, s.c.calls.by(callSource{looker{s.c}}, fewCalls), follow.Watch[Call]{ID: id, Interval: params.Interval}, get, opts)
}

// Deliver hands a call that came by a webhook to whoever watches it, so that a watch ends with the
// event. Looking is then only the safety net: once a minute, until it finds an end that wasn't
// delivered. A call that nobody watches, or that hasn't ended, changes no pace. Deliver keeps the
// call: don't change it later.
// Source: webhooks guide (documented).
func (s *CallsService) Deliver(call *Call) {
	s.c.calls.by(callSource{looker{s.c}}, fewCalls).Deliver(call)
}
