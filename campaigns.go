package voiceagent

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"net/url"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/check"
	"github.com/voiceagent-go/voiceagent/internal/contactfile"
	"github.com/voiceagent-go/voiceagent/internal/envelope"
	"github.com/voiceagent-go/voiceagent/internal/follow"
)

// CampaignsService manages campaigns: lists of contacts that are called automatically.
type CampaignsService struct{ c *Client }

const (
	campaignsRoute     = "/campaigns"
	campaignRoute      = "/campaigns/{campaign_id}"
	defaultPhoneColumn = "phone"
)

// CampaignStatus is the state of a campaign. Compare with what you receive: the list isn't
// documented.
type CampaignStatus string

// Known states: the first three are seen in use, the others inferred.
const (
	CampaignPending    CampaignStatus = "pending"
	CampaignInProgress CampaignStatus = "in_progress"
	CampaignPaused     CampaignStatus = "paused"
	CampaignScheduled  CampaignStatus = "scheduled"
	CampaignCompleted  CampaignStatus = "completed"
	CampaignStopped    CampaignStatus = "stopped"
	CampaignCancelled  CampaignStatus = "cancelled"
	CampaignFailed     CampaignStatus = "failed"
)

// Terminal reports whether a campaign in this state has ended. It is false for a state that the
// client doesn't know.
func (s CampaignStatus) Terminal() bool {
	switch s {
	case CampaignCompleted, CampaignStopped, CampaignCancelled, CampaignFailed, "canceled":
		return true
	}
	return false
}

// Campaign is a campaign and its progress. Its keys are seen in use, not documented, and differ
// between the list and a single campaign. Keys that the client doesn't know are in Extra.
type Campaign struct {
	ID                 string         `json:"id"`
	Name               string         `json:"name"`
	Description        string         `json:"description"`
	AgentID            string         `json:"agent_id"`
	From               string         `json:"phone_number"` // the number that it calls from
	Status             CampaignStatus `json:"status"`
	CreatedAt          Timestamp      `json:"created_at"`
	UpdatedAt          Timestamp      `json:"updated_at"`
	Total              int            `json:"total"`          // in lists; see Contacts
	TotalContacts      int            `json:"total_contacts"` // in a single one; see Contacts
	ValidContacts      int            `json:"valid_contacts"`
	SkippedContacts    int            `json:"skipped_contacts"`
	Completed          int            `json:"completed"`
	Failed             int            `json:"failed"`
	NoAnswer           int            `json:"no_answer"`
	Voicemail          int            `json:"voicemail"`
	PendingRetries     int            `json:"pending_retries"`
	StartTime          Timestamp      `json:"start_time"`
	EndTime            Timestamp      `json:"end_time"`
	DailyStartTime     string         `json:"daily_start_time"` // HH:MM, in which zone is unknown
	DailyEndTime       string         `json:"daily_end_time"`
	RetryEnabled       bool           `json:"retry_enabled"`
	MaxRetries         int            `json:"max_retries"`
	MaxConcurrentCalls int            `json:"max_concurrent_calls"`
	PickupRate         *float64       `json:"pickup_rate"`     // percent
	CollectionRate     *float64       `json:"collection_rate"` // percent
	TotalCost          *float64       `json:"total_cost"`      // currency unknown

	Extra map[string]json.RawMessage `json:",embed"`
}

// Contacts returns the number of contacts, under whichever name it came.
func (c *Campaign) Contacts() int { return max(c.TotalContacts, c.Total) }

// LogValue shows what a log may hold: ids, status, times and counts, and the end of the number. It
// shows neither name nor description.
func (c Campaign) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("id", c.ID),
		slog.String("agent_id", c.AgentID),
		slog.String("status", string(c.Status)),
		slog.String("phone_number", maskedIfAny(c.From)),
		slog.Int("contacts", c.Contacts()),
		slog.Int("valid_contacts", c.ValidContacts),
		slog.Int("skipped_contacts", c.SkippedContacts),
		slog.Int("completed", c.Completed),
		slog.Int("failed", c.Failed),
		slog.Int("no_answer", c.NoAnswer),
		slog.Int("voicemail", c.Voicemail),
		slog.Int("pending_retries", c.PendingRetries),
	}
	attrs = appendTime(attrs, "created_at", c.CreatedAt)
	attrs = appendTime(attrs, "start_time", c.StartTime)
	return slog.GroupValue(appendTime(attrs, "end_time", c.EndTime)...)
}

// Ended reports whether the campaign will place no more calls.
func (c *Campaign) Ended() bool { return c.Status.Terminal() }

// Contact is one person to call: the number under the campaign's phone column, as a text or a
// number of JSON, and whatever else the agent is to know. Keys should be letters, digits and
// underscores (seen in use).
type Contact map[string]any

// LogValue shows how many keys a contact has, and nothing of a person: which of them is the phone
// column, only the campaign knows.
func (c Contact) LogValue() slog.Value { return slog.GroupValue(slog.Int("keys", len(c))) }

// CampaignRetry says when a contact that wasn't reached is called again. Source: campaigns guide
// (Enabled and OnStatuses documented, the rest seen in use).
type CampaignRetry struct {
	Enabled             bool         `json:"enabled"`
	OnStatuses          []CallStatus `json:"on_statuses,omitempty"` // CallNoAnswer, CallVoicemail, CallFailed
	IntervalValue       int          `json:"interval_value,omitzero"`
	IntervalUnit        string       `json:"interval_unit,omitempty"` // "minutes" or "hours"
	MaxRetries          int          `json:"max_retries,omitzero"`    // 2 to 3 are recommended
	RespectCallingHours *bool        `json:"respect_calling_hours,omitzero"`
}

// CallingHours are the hours of a day within which a campaign calls, as HH:MM. The zone is unknown,
// probably that of India (inferred).
type CallingHours struct{ Start, End string }

// Blackout is a time of day in which a campaign doesn't call, as HH:MM. It may cross midnight
// (seen in use).
type Blackout struct {
	Start string `json:"start"`
	End   string `json:"end"`
}

// CampaignCreateParams describes a new campaign. Name, AgentID, From and at least one contact are
// required.
type CampaignCreateParams struct {
	Name               string         // at most 100 characters
	AgentID            string         // the agent that talks
	From               string         // the number to call from; the API calls it phone_number here
	PhoneColumn        string         // the key of the number in each contact, or its name in the file; "phone" when empty
	Contacts           []Contact      // at most 2,000; for more see CreateBatches
	MaxConcurrentCalls int            // 1 to 50; 0 leaves it to the API, which takes 1
	Retry              *CampaignRetry // nil for none
	CallingHours       *CallingHours  // nil for any time
	Blackouts          []Blackout
	ScheduleAt         time.Time      // a time to come; zero starts at once
	Repeated           bool           // CreateBatches takes a number that comes more than once
	Extra              map[string]any // keys that the client doesn't know
}

// campaignBody is what goes over the wire.
type campaignBody struct {
	Name               string         `json:"name"`
	AgentID            string         `json:"agent_id"`
	From               string         `json:"phone_number"`
	PhoneColumn        string         `json:"phone_column"`
	MaxConcurrentCalls int            `json:"max_concurrent_calls,omitzero"`
	Retry              *CampaignRetry `json:"retry_config,omitzero"`
	DailyStartTime     string         `json:"daily_start_time,omitempty"`
	DailyEndTime       string         `json:"daily_end_time,omitempty"`
	Blackouts          []Blackout     `json:"blackout_periods,omitempty"`
	ScheduleTime       string         `json:"schedule_time,omitempty"`
	Contacts           any            `json:"contacts"` // an any, as that is written without reflection
	Extra              map[string]any `json:",embed"`
}

// phoneColumn returns the key of the number in a contact. If the contact doesn't have PhoneColumn,
// that is the name in a file, and the contact may have the key of it.
func (p *CampaignCreateParams) phoneColumn(contact Contact) string {
	column := cmp.Or(p.PhoneColumn, defaultPhoneColumn)
	if contact[column] == nil {
		if key := cmp.Or(contactfile.Key(column), defaultPhoneColumn); contact[key] != nil {
			return key
		}
	}
	return column
}

func (p *CampaignCreateParams) request() request {
	body := &campaignBody{
		Name: p.Name, AgentID: p.AgentID, From: p.From, PhoneColumn: p.phoneColumn(p.Contacts[0]),
		MaxConcurrentCalls: p.MaxConcurrentCalls, Retry: p.Retry, Blackouts: p.Blackouts,
		ScheduleTime: wireTime(p.ScheduleAt), Extra: p.Extra,
	}
	if p.CallingHours != nil {
		body.DailyStartTime, body.DailyEndTime = p.CallingHours.Start, p.CallingHours.End
	}
	contacts := make([]any, len(p.Contacts))
	for i, contact := range p.Contacts {
		contacts[i] = map[string]any(contact)
	}
	body.Contacts = contacts
	r := post(campaignsRoute).with(body, p.Extra)
	r.begins = p.ScheduleAt
	first, _ := envelope.Marshal(contacts[0], 0)
	r.size = len(contacts)*(len(first)+len(",")) + 1<<10
	return r
}

func (p *CampaignCreateParams) check() error {
	var bad check.Problems
	p.checkFrame(&bad)
	switch n := len(p.Contacts); {
	case n == 0:
		bad.Add("contacts", "is required: at least one contact")
	case n > check.MaxContacts:
		bad.Add("contacts", "has %d contacts, %d are allowed: CreateBatches splits them", n, check.MaxContacts)
	}
	for i, contact := range p.Contacts {
		column := p.phoneColumn(p.Contacts[0])
		if _, why := checkContact(contact, column); why != "" {
			bad.Add(fmt.Sprintf("contacts[%d].%s", i, column), "%s", why)
		}
	}
	return refused("POST", campaignsRoute, bad)
}

// checkFrame checks everything but the contacts.
func (p *CampaignCreateParams) checkFrame(bad *check.Problems) {
	bad.Name(p.Name)
	bad.Required("agent_id", p.AgentID)
	bad.Required("phone_number", p.From)
	if n := p.MaxConcurrentCalls; n < 0 || n > check.MaxConcurrency {
		bad.Add("max_concurrent_calls", "%d is outside 1 to %d", n, check.MaxConcurrency)
	}
	if p.CallingHours != nil {
		bad.Clock("daily_start_time", p.CallingHours.Start)
		bad.Clock("daily_end_time", p.CallingHours.End)
	}
	for i, blackout := range p.Blackouts {
		bad.Clock(fmt.Sprintf("blackout_periods[%d].start", i), blackout.Start)
		bad.Clock(fmt.Sprintf("blackout_periods[%d].end", i), blackout.End)
	}
	if p.Retry != nil && (p.Retry.IntervalValue < 0 || p.Retry.MaxRetries < 0) {
		bad.Add("retry_config", "has a negative number")
	}
}

// checkContact returns a contact's number, or what is wrong with it. It doesn't check the number's
// form.
func checkContact(contact Contact, column string) (number, problem string) {
	if contact[column] == nil {
		return "", "is missing: each contact needs a number there, or PhoneColumn names another column"
	}
	number, ok := numberText(contact[column])
	switch {
	case !ok:
		return "", fmt.Sprintf("is no number: a %T isn't sent as a text or a number", contact[column])
	case strings.TrimSpace(number) == "":
		return "", "is empty: each contact needs a number there"
	}
	return number, ""
}

// numberText returns a contact's number as it is sent, of whichever type it is, if that is a text
// or a number of JSON.
func numberText(number any) (text string, ok bool) {
	switch number := number.(type) {
	case string:
		return number, true
	case []byte: // it would be sent in base64
		return "", false
	}
	sent, err := envelope.Marshal(number, 0)
	switch {
	case err != nil:
		return "", false
	case sent[0] == '"':
		return text, json.Unmarshal(sent, &text) == nil
	}
	return string(sent), sent[0] == '-' || '0' <= sent[0] && sent[0] <= '9'
}

func wireTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z")
}

// Create makes a campaign, which starts at once unless it is scheduled: POST /campaigns.
//
// People's phones ring, so if the answer is lost, Create looks for the campaign and doesn't make it
// again. If it finds none, the error satisfies errors.Is(err, [ErrOutcomeUnknown]); see
// [WithUnknownOutcome]. Campaigns of one name and agent are made one after the other.
//
// A ScheduleAt that is more than 5 s in the past is refused with a [*ValidationError], and nothing
// is sent. The time is that of the server's clock as the last answer told it, or else of this
// machine's. This is the client's own check: what the API does with such a time is unknown. What
// the ledger has is returned whatever its time was.
//
// Source: campaigns guide (documented); hours, blackouts and schedule are seen in use.
func (s *CampaignsService) Create(ctx context.Context, params CampaignCreateParams, opts ...RequestOption) (*Campaign, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	return create(ctx, s.c, params.request(), campaignFinder{s, &params}, opts)
}

// Get returns a campaign with its progress: GET /campaigns/{campaign_id}. If there is none, the
// error is a [*NotFoundError].
//
// Source: campaigns guide (documented), path seen in use.
func (s *CampaignsService) Get(ctx context.Context, id string, opts ...RequestOption) (*Campaign, error) {
	if err := checkID("GET", campaignRoute, "campaign_id", id); err != nil {
		return nil, err
	}
	return fetch[Campaign](ctx, s.c, get(campaignRoute).to(id), opts)
}

// CampaignListParams selects a page of campaigns. The zero value is the first page of 20,
// unfiltered.
type CampaignListParams struct {
	Page     int            // from 1
	PageSize int            // 1 to 100
	Status   CampaignStatus // seen in use
	Extra    url.Values     // keys that the client doesn't know
}

// List returns a page of campaigns: GET /campaigns.
//
// Source: pagination guide (documented).
func (s *CampaignsService) List(ctx context.Context, params CampaignListParams, opts ...RequestOption) (*Page[Campaign], error) {
	query, err := listQuery(campaignsRoute, params.Page, params.PageSize, params.Extra)
	if err != nil {
		return nil, err
	}
	setIf(query, "status", string(params.Status))
	return fetchPage[Campaign](ctx, s.c, get(campaignsRoute).where(query), opts)
}

// All iterates over the campaigns that match, from Page on, with [CampaignsService.List]. It ends
// after the first error.
func (s *CampaignsService) All(ctx context.Context, params CampaignListParams, opts ...RequestOption) iter.Seq2[*Campaign, error] {
	opts = yielding(opts)
	return allRecords(params.Page, func(page int) (*Page[Campaign], error) {
		params := params
		params.Page, params.PageSize = page, cmp.Or(params.PageSize, check.MaxPageSize)
		return s.List(ctx, params, opts...)
	}, func(c *Campaign) string { return c.ID })
}

// Watch yields the campaign as it is now, then each time it has changed, and last when it has
// ended. An error that outlasts the retries is yielded and ends the loop. Each campaign is asked
// for with [CampaignsService.Get], from 2 s apart to 10 s if nothing changes, within the share of
// [WithWatchShare]. A [*NotFoundError] counts as in [CallsService.Watch].
func (s *CampaignsService) Watch(ctx context.Context, id string, params WatchParams, opts ...RequestOption) iter.Seq2[*Campaign, error] {
	opts = yielding(opts)
	get := func(ctx context.Context, opts ...RequestOption) (*Campaign, error) { return s.Get(ctx, id, opts...) }
	return watch(ctx, s.c, s.c.campaigns.by(campaignSource{looker{s.c}}, math.MaxInt), follow.Watch[Campaign]{ID: id, Interval: params.Interval}, get, opts)
}

// CampaignAction is the answer to an action. The message is seen in use; whether the campaign comes
// with it is unknown.
type CampaignAction struct {
	Message   string
	Campaign  *Campaign // nil when the answer had none
	RequestID string
}

// Pause stops a campaign from placing calls until it is resumed:
// POST /campaigns/{campaign_id}/pause.
//
// Source: campaigns guide (documented), path seen in use. Which status a wrong state gets is
// unknown: 400, 409 or 422.
func (s *CampaignsService) Pause(ctx context.Context, id string, opts ...RequestOption) (*CampaignAction, error) {
	return s.act(ctx, campaignRoute+"/pause", id, opts, CampaignPaused)
}

// Resume continues a paused campaign: POST /campaigns/{campaign_id}/resume.
//
// Source: as for Pause.
func (s *CampaignsService) Resume(ctx context.Context, id string, opts ...RequestOption) (*CampaignAction, error) {
	return s.act(ctx, campaignRoute+"/resume", id, opts, CampaignInProgress, CampaignPending, CampaignScheduled, CampaignCompleted)
}

// Stop ends a campaign for good: POST /campaigns/{campaign_id}/stop.
//
// Source: as for Pause.
func (s *CampaignsService) Stop(ctx context.Context, id string, opts ...RequestOption) (*CampaignAction, error) {
	return s.act(ctx, campaignRoute+"/stop", id, opts, CampaignStopped)
}

// Cancel calls off a scheduled campaign that hasn't begun: POST /campaigns/{campaign_id}/cancel.
//
// Source: campaigns guide (documented), path from a comment in another client.
func (s *CampaignsService) Cancel(ctx context.Context, id string, opts ...RequestOption) (*CampaignAction, error) {
	return s.act(ctx, campaignRoute+"/cancel", id, opts, CampaignCancelled)
}

// act asks for an action after which the campaign has one of the given states.
func (s *CampaignsService) act(ctx context.Context, route, id string, opts []RequestOption, wanted ...CampaignStatus) (*CampaignAction, error) {
	if err := checkID("POST", route, "campaign_id", id); err != nil {
		return nil, err
	}
	var answer envelope.Optional[Campaign]
	r := post(route).to(id)
	r.settle = &inState{s, id, wanted, &answer}
	if err := s.c.send(ctx, &r, &answer, opts); err != nil {
		return nil, err
	}
	return &CampaignAction{Message: answer.Message, Campaign: answer.Data, RequestID: answer.RequestID}, nil
}
