package voiceagent

import (
	"cmp"
	"context"
	"encoding/json"
	"iter"
	"log/slog"
	"net/url"

	"github.com/voiceagent-go/voiceagent/internal/check"
	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// AgentsService manages agents: configured voices that make and take calls.
type AgentsService struct{ c *Client }

const (
	agentsRoute = "/agents"
	agentRoute  = "/agents/{agent_id}"
)

// Agent is a configured voice. Only some of its keys are known (seen in use). Extra holds the rest.
type Agent struct {
	ID                string            `json:"id"`
	Name              string            `json:"name"`
	StartFlow         string            `json:"start_flow"`
	EndFlow           string            `json:"end_flow"`
	AgentType         string            `json:"agent_type"`
	CustomDescription string            `json:"custom_description"`
	Sector            string            `json:"sector"`
	Language          string            `json:"language"`
	Voice             string            `json:"voice"`
	BrandName         string            `json:"brand_name"`
	Description       string            `json:"description"`
	Webhook           *WebhookConfig    `json:"webhook_config"`
	DetailsToCollect  []DetailToCollect `json:"details_to_collect"`
	CreatedAt         Timestamp         `json:"created_at"`
	UpdatedAt         Timestamp         `json:"updated_at"`

	Extra map[string]json.RawMessage `json:",embed"`
}

// LogValue shows what a log may hold: the id, the kind, the webhook and the times. It shows no name
// and no prompt.
func (a Agent) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("id", a.ID),
		slog.String("agent_type", a.AgentType),
		slog.String("language", a.Language),
		slog.String("voice", a.Voice),
	}
	if a.Webhook != nil {
		attrs = append(attrs, slog.Attr{Key: "webhook", Value: a.Webhook.LogValue()})
	}
	attrs = appendTime(attrs, "created_at", a.CreatedAt)
	return slog.GroupValue(appendTime(attrs, "updated_at", a.UpdatedAt)...)
}

// WebhookConfig says where an agent's calls are reported. Source: webhooks guide (documented for an
// update, inferred for a creation).
type WebhookConfig struct {
	URL    string   `json:"url"`
	Events []string `json:"events,omitempty"` // only EventCallEnded is documented
	Secret string   `json:"secret,omitempty"` // of your choice; deliveries are then signed
}

// LogValue shows the host and whether there is a secret. The rest of a URL may hold another.
func (w WebhookConfig) LogValue() slog.Value {
	var host string
	if u, err := url.Parse(w.URL); err == nil {
		host = u.Host
	}
	return slog.GroupValue(slog.String("host", host), slog.Bool("signed", w.Secret != ""))
}

// EventCallEnded is the only documented webhook event.
const EventCallEnded = "CALL_ENDED"

// DetailToCollect is something that an agent asks for. The API gives a name alone or an object
// (seen in use).
type DetailToCollect struct {
	Key         string `json:"key"`
	Type        string `json:"type"`
	Description string `json:"description"`
}

// UnmarshalJSON implements [json.Unmarshaler]: "email", or an object with key or name.
func (d *DetailToCollect) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		*d = DetailToCollect{Type: "string"}
		return envelope.Unmarshal(data, &d.Key)
	}
	var wire struct {
		Key         string `json:"key"`
		Name        string `json:"name"`
		Type        string `json:"type"`
		Description string `json:"description"`
	}
	if err := envelope.Unmarshal(data, &wire); err != nil {
		return err
	}
	*d = DetailToCollect{Key: cmp.Or(wire.Key, wire.Name), Type: cmp.Or(wire.Type, "string"), Description: wire.Description}
	return nil
}

// The general agent types of the agents guide (documented). There are 200 and more for industries:
// see [CatalogService.AgentTypes].
const (
	AgentTypeSales              = "sales"
	AgentTypeSupport            = "support"
	AgentTypeColdCalling        = "cold_calling"
	AgentTypeCollection         = "collection"
	AgentTypeRetention          = "retention"
	AgentTypeCompliance         = "compliance"
	AgentTypeAppointmentBooking = "appointment_booking"
	AgentTypeCustom             = "custom" // needs CustomDescription
)

// AgentCreateParams describes a new agent. Name, StartFlow and EndFlow are required;
// CustomDescription too for [AgentTypeCustom]. Source: agents guide (documented); for Webhook see
// [WebhookConfig].
type AgentCreateParams struct {
	Name              string         `json:"name"`       // unique in the account, at most 100 characters
	StartFlow         string         `json:"start_flow"` // the opening message
	EndFlow           string         `json:"end_flow"`   // the closing message
	AgentType         string         `json:"agent_type,omitempty"`
	CustomDescription string         `json:"custom_description,omitempty"`
	Sector            string         `json:"sector,omitempty"`
	Language          string         `json:"language,omitempty"` // the API's default is English
	Voice             string         `json:"voice,omitempty"`
	BrandName         string         `json:"brand_name,omitempty"`
	Description       string         `json:"description,omitempty"`
	Webhook           *WebhookConfig `json:"webhook_config,omitempty"`

	Extra map[string]any `json:",embed"` // keys that the client doesn't know
}

func (p *AgentCreateParams) check() error {
	var bad check.Problems
	bad.Name(p.Name)
	bad.Required("start_flow", p.StartFlow)
	bad.Required("end_flow", p.EndFlow)
	if p.AgentType == AgentTypeCustom {
		bad.Required("custom_description", p.CustomDescription)
	}
	if p.Webhook != nil {
		bad.URL("webhook_config.url", p.Webhook.URL)
	}
	return refused("POST", agentsRoute, bad)
}

// Create makes an agent: POST /agents.
//
// If the name is taken, the error is a [*ConflictError] or a [*ValidationError]: the vendor's page
// says both. If the answer is lost, Create looks for the agent. If it finds none, the error
// satisfies errors.Is(err, [ErrOutcomeUnknown]).
//
// Source: agents guide (documented), shape of the answer inferred.
func (s *AgentsService) Create(ctx context.Context, params AgentCreateParams, opts ...RequestOption) (*Agent, error) {
	if err := params.check(); err != nil {
		return nil, err
	}
	return create(ctx, s.c, post(agentsRoute).with(&params, params.Extra), agentFinder{s, &params}, opts)
}

// Get returns an agent: GET /agents/{agent_id}. One that doesn't exist is a [*NotFoundError].
//
// Source: seen in use.
func (s *AgentsService) Get(ctx context.Context, id string, opts ...RequestOption) (*Agent, error) {
	if err := checkID("GET", agentRoute, "agent_id", id); err != nil {
		return nil, err
	}
	return fetch[Agent](ctx, s.c, get(agentRoute).to(id), opts)
}

// AgentUpdateParams changes an agent. A nil field stays as it is; see [Ptr]. How a field is cleared
// is unknown: a pointer to "" sends an empty text, and Extra can send null.
type AgentUpdateParams struct {
	Name              *string        `json:"name,omitzero"`
	StartFlow         *string        `json:"start_flow,omitzero"`
	EndFlow           *string        `json:"end_flow,omitzero"`
	AgentType         *string        `json:"agent_type,omitzero"`
	CustomDescription *string        `json:"custom_description,omitzero"`
	Sector            *string        `json:"sector,omitzero"`
	Language          *string        `json:"language,omitzero"`
	Voice             *string        `json:"voice,omitzero"`
	BrandName         *string        `json:"brand_name,omitzero"`
	Description       *string        `json:"description,omitzero"`
	Webhook           *WebhookConfig `json:"webhook_config,omitzero"`

	Extra map[string]any `json:",embed"` // keys that the client doesn't know
}

func (p *AgentUpdateParams) check(id string) error {
	var bad check.Problems
	bad.ID("agent_id", id)
	if p.Name != nil {
		bad.Name(*p.Name)
	}
	if p.Webhook != nil {
		bad.URL("webhook_config.url", p.Webhook.URL)
	}
	return refused("PATCH", agentRoute, bad)
}

// Update changes an agent: PATCH /agents/{agent_id}. It is safe to repeat.
//
// Source: webhooks guide (documented).
func (s *AgentsService) Update(ctx context.Context, id string, params AgentUpdateParams, opts ...RequestOption) (*Agent, error) {
	if err := params.check(id); err != nil {
		return nil, err
	}
	return fetch[Agent](ctx, s.c, patch(agentRoute).to(id).with(&params, params.Extra), opts)
}

// Delete removes an agent: DELETE /agents/{agent_id}. One that doesn't exist is a [*NotFoundError].
//
// Source: inferred; no page names it.
func (s *AgentsService) Delete(ctx context.Context, id string, opts ...RequestOption) error {
	if err := checkID("DELETE", agentRoute, "agent_id", id); err != nil {
		return err
	}
	r := del(agentRoute).to(id)
	r.settle = settledDelete{}
	return s.c.discard(ctx, r, opts)
}

// AgentListParams selects a page of agents. The zero value is the first page of 20. Filters are
// unknown: try them with Extra.
type AgentListParams struct {
	Page     int // from 1
	PageSize int // 1 to 100
	Extra    url.Values
}

// List returns a page of agents: GET /agents.
//
// Source: pagination guide (documented).
func (s *AgentsService) List(ctx context.Context, params AgentListParams, opts ...RequestOption) (*Page[Agent], error) {
	query, err := listQuery(agentsRoute, params.Page, params.PageSize, params.Extra)
	if err != nil {
		return nil, err
	}
	return fetchPage[Agent](ctx, s.c, get(agentsRoute).where(query), opts)
}

// All iterates over all agents from Page on, with [AgentsService.List]. It ends after the first
// error.
func (s *AgentsService) All(ctx context.Context, params AgentListParams, opts ...RequestOption) iter.Seq2[*Agent, error] {
	opts = yielding(opts)
	return allRecords(params.Page, func(page int) (*Page[Agent], error) {
		params := params
		params.Page, params.PageSize = page, cmp.Or(params.PageSize, check.MaxPageSize)
		return s.List(ctx, params, opts...)
	}, func(a *Agent) string { return a.ID })
}

func checkID(method, route, field, id string) error {
	var bad check.Problems
	bad.ID(field, id)
	return refused(method, route, bad)
}
