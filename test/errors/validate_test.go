package errors_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// refusedFields calls a client that must send nothing, and returns the fields of the validation
// error.
func refusedFields(t *testing.T, m testkit.Method, send func(context.Context, *voiceagent.Client) error) []string {
	t.Helper()
	err := send(t.Context(), testkit.NewUnsendable(t))
	refused, ok := errors.AsType[*voiceagent.ValidationError](err)
	require.True(t, ok, "%T %v", err, err)
	assert.Zero(t, refused.StatusCode)
	assert.Equal(t, voiceagent.CodeValidationError, refused.Code)
	assert.Empty(t, refused.Attempts)
	assert.Empty(t, refused.Body)
	assert.Equal(t, m.Method, refused.Method)
	assert.Equal(t, m.Route, refused.Route)
	assert.Contains(t, err.Error(), "refused before sending")
	assert.NotContains(t, err.Error(), "\n")
	var names []string
	for _, field := range refused.Fields {
		assert.NotEmpty(t, field.Message, field.Field)
		names = append(names, field.Field)
	}
	assert.Contains(t, refused.Message, names[0]+": "+refused.Fields[0].Message)
	return names
}

func TestIDsAreRefused(t *testing.T) {
	t.Parallel()
	type client = *voiceagent.Client
	withID := map[string]func(ctx context.Context, c client, id string) error{
		"GET /agents/{agent_id}":    func(ctx context.Context, c client, id string) error { return testkit.Second(c.Agents.Get(ctx, id)) },
		"DELETE /agents/{agent_id}": func(ctx context.Context, c client, id string) error { return c.Agents.Delete(ctx, id) },
		"PATCH /agents/{agent_id}": func(ctx context.Context, c client, id string) error {
			return testkit.Second(c.Agents.Update(ctx, id, voiceagent.AgentUpdateParams{}))
		},
		"GET /calls/{call_id}":         func(ctx context.Context, c client, id string) error { return testkit.Second(c.Calls.Get(ctx, id)) },
		"GET /campaigns/{campaign_id}": func(ctx context.Context, c client, id string) error { return testkit.Second(c.Campaigns.Get(ctx, id)) },
		"POST /campaigns/{campaign_id}/pause": func(ctx context.Context, c client, id string) error {
			return testkit.Second(c.Campaigns.Pause(ctx, id))
		},
		"POST /campaigns/{campaign_id}/resume": func(ctx context.Context, c client, id string) error {
			return testkit.Second(c.Campaigns.Resume(ctx, id))
		},
		"POST /campaigns/{campaign_id}/stop": func(ctx context.Context, c client, id string) error { return testkit.Second(c.Campaigns.Stop(ctx, id)) },
		"POST /campaigns/{campaign_id}/cancel": func(ctx context.Context, c client, id string) error {
			return testkit.Second(c.Campaigns.Cancel(ctx, id))
		},
		"GET /industries/{industry}/agent-types": func(ctx context.Context, c client, id string) error {
			return testkit.Second(c.Catalog.AgentTypes(ctx, id))
		},
	}
	for where, send := range withID {
		verb, route, _ := strings.Cut(where, " ")
		field := route[strings.Index(route, "{")+1 : strings.Index(route, "}")]
		for _, id := range []string{"", " ", "\t\n", "\u00a0", ".", "..", " .. "} {
			got := refusedFields(t, testkit.Method{Method: verb, Route: route}, func(ctx context.Context, c client) error { return send(ctx, c, id) })
			assert.Equal(t, []string{field}, got, "%s %q", where, id)
		}
	}
	for _, err := range []error{
		testkit.Last(testkit.NewUnsendable(t).Calls.Watch(t.Context(), "", voiceagent.WatchParams{})),
		testkit.Last(testkit.NewUnsendable(t).Campaigns.Watch(t.Context(), "..", voiceagent.WatchParams{})),
	} {
		assert.ErrorAs(t, err, new(*voiceagent.ValidationError))
	}
}

func TestAgentsAreRefused(t *testing.T) {
	t.Parallel()
	type params = voiceagent.AgentCreateParams
	for name, c := range map[string]struct {
		change func(*params)
		want   []string
	}{
		"nothing":                {func(p *params) { *p = params{} }, []string{"name", "start_flow", "end_flow"}},
		"no name":                {func(p *params) { p.Name = "" }, []string{"name"}},
		"blank name":             {func(p *params) { p.Name = " \t" }, []string{"name"}},
		"long name":              {func(p *params) { p.Name = strings.Repeat("n", 101) }, []string{"name"}},
		"long name, letters":     {func(p *params) { p.Name = strings.Repeat("न", 101) }, []string{"name"}},
		"no start":               {func(p *params) { p.StartFlow = "" }, []string{"start_flow"}},
		"no end":                 {func(p *params) { p.EndFlow = " " }, []string{"end_flow"}},
		"custom, untold":         {func(p *params) { p.AgentType = voiceagent.AgentTypeCustom }, []string{"custom_description"}},
		"webhook, no URL":        {func(p *params) { p.Webhook = &voiceagent.WebhookConfig{} }, []string{"webhook_config.url"}},
		"webhook, ftp":           {func(p *params) { p.Webhook = &voiceagent.WebhookConfig{URL: "ftp://example.com"} }, []string{"webhook_config.url"}},
		"webhook, no host":       {func(p *params) { p.Webhook = &voiceagent.WebhookConfig{URL: "https:///hook"} }, []string{"webhook_config.url"}},
		"webhook, no scheme":     {func(p *params) { p.Webhook = &voiceagent.WebhookConfig{URL: "example.com/hook"} }, []string{"webhook_config.url"}},
		"webhook, no URL at all": {func(p *params) { p.Webhook = &voiceagent.WebhookConfig{URL: "http://[::1"} }, []string{"webhook_config.url"}},
		"broken characters":      {func(p *params) { p.Name = "a\xff" }, []string{"body"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := testkit.ValidAgent()
			c.change(&p)
			got := refusedFields(t, testkit.Method{Method: "POST", Route: "/agents"}, func(ctx context.Context, client *voiceagent.Client) error {
				return testkit.Second(client.Agents.Create(ctx, p))
			})
			assert.Equal(t, c.want, got)
		})
	}
	for name, p := range map[string]voiceagent.AgentUpdateParams{
		"name":               {Name: voiceagent.Ptr("")},
		"name, long":         {Name: voiceagent.Ptr(strings.Repeat("n", 101))},
		"webhook_config.url": {Webhook: &voiceagent.WebhookConfig{URL: "mailto:a@example.com"}},
	} {
		got := refusedFields(t, testkit.Method{Method: "PATCH", Route: "/agents/{agent_id}"}, func(ctx context.Context, client *voiceagent.Client) error {
			return testkit.Second(client.Agents.Update(ctx, "ag_1", p))
		})
		field, _, _ := strings.Cut(name, ",")
		assert.Equal(t, []string{field}, got, name)
	}
}

func TestCallsAreRefused(t *testing.T) {
	t.Parallel()
	place := testkit.Method{Method: "POST", Route: "/call"}
	send := func(p voiceagent.CallCreateParams) func(context.Context, *voiceagent.Client) error {
		return func(ctx context.Context, c *voiceagent.Client) error { return testkit.Second(c.Calls.Create(ctx, p)) }
	}
	assert.Equal(t, []string{"agent_id", "source_number", "phone_number"}, refusedFields(t, place, send(voiceagent.CallCreateParams{})))
	for _, to := range []string{
		"", " ", "14155550123", "+1 415 555 0123", "+1-415-555-0123", "0014155550123", "+014155550123", "+12345", "+1234567890123456",
		"+1415555012x", "+14155550123\n", "\n+14155550123", " +14155550123", "+१४१५५५५०१२३", "tel:+14155550123", "None", "++14155550123",
	} {
		p := testkit.ValidCall()
		p.To = to
		assert.Equal(t, []string{"phone_number"}, refusedFields(t, place, send(p)), "%q", to)
		_, err := testkit.NewUnsendable(t).Calls.Create(t.Context(), p)
		if len(to) > 8 {
			assert.NotContains(t, err.Error(), strings.TrimSpace(to), "a number is personal")
		}
	}
	for _, to := range []string{"+1234567", "+919876543210", "+123456789012345"} {
		p := testkit.ValidCall()
		p.To = to
		_, err := testkit.NewAnswering(t, 200, `{"data":{"id":"call_1"}}`).Calls.Create(t.Context(), p)
		assert.NoError(t, err, to)
	}
}

// Whatever is left out is said to be required, not to have a wrong form.
func TestWhatIsLeftOutIsRequired(t *testing.T) {
	t.Parallel()
	client := testkit.NewUnsendable(t)
	for name, err := range map[string]error{
		"call":       testkit.Second(client.Calls.Create(t.Context(), voiceagent.CallCreateParams{})),
		"blank call": testkit.Second(client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: " ", From: "\t", To: "\u00a0"})),
		"campaign": testkit.Second(client.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{
			CallingHours: &voiceagent.CallingHours{}, Blackouts: []voiceagent.Blackout{{}},
		})),
		"agent": testkit.Second(client.Agents.Create(t.Context(), voiceagent.AgentCreateParams{
			AgentType: voiceagent.AgentTypeCustom, Webhook: &voiceagent.WebhookConfig{},
		})),
		"update": testkit.Second(client.Agents.Update(t.Context(), "", voiceagent.AgentUpdateParams{Name: voiceagent.Ptr("")})),
	} {
		refused, ok := errors.AsType[*voiceagent.ValidationError](err)
		require.True(t, ok, "%s: %v", name, err)
		require.NotEmpty(t, refused.Fields, name)
		for _, field := range refused.Fields {
			assert.Regexp(t, "^is required", field.Message, "%s: %s", name, field.Field)
		}
	}
}

func TestCampaignsAreRefused(t *testing.T) {
	t.Parallel()
	type params = voiceagent.CampaignCreateParams
	contacts := func(n int) []voiceagent.Contact {
		return slices.Repeat([]voiceagent.Contact{{"phone": "+919876543210"}}, n)
	}
	for name, c := range map[string]struct {
		change func(*params)
		want   []string
	}{
		"nothing":        {func(p *params) { *p = params{} }, []string{"name", "agent_id", "phone_number", "contacts"}},
		"long name":      {func(p *params) { p.Name = strings.Repeat("न", 101) }, []string{"name"}},
		"no agent":       {func(p *params) { p.AgentID = " " }, []string{"agent_id"}},
		"no source":      {func(p *params) { p.From = "" }, []string{"phone_number"}},
		"no contacts":    {func(p *params) { p.Contacts = []voiceagent.Contact{} }, []string{"contacts"}},
		"2,001 contacts": {func(p *params) { p.Contacts = contacts(2001) }, []string{"contacts"}},
		"nil contact":    {func(p *params) { p.Contacts = []voiceagent.Contact{nil} }, []string{"contacts[0].phone"}},
		"some unreachable": {
			func(p *params) {
				p.Contacts = []voiceagent.Contact{{"phone": "+919876543210"}, {"name": "A"}, {"phone": ""}, {"phone": nil}, {"phone": "  "}, {"Phone": "+919876543210"}}
			},
			[]string{"contacts[1].phone", "contacts[2].phone", "contacts[3].phone", "contacts[4].phone", "contacts[5].phone"},
		},
		"other column":       {func(p *params) { p.PhoneColumn = "mobile" }, []string{"contacts[0].mobile"}},
		"concurrency low":    {func(p *params) { p.MaxConcurrentCalls = -1 }, []string{"max_concurrent_calls"}},
		"concurrency high":   {func(p *params) { p.MaxConcurrentCalls = 51 }, []string{"max_concurrent_calls"}},
		"hours":              {func(p *params) { p.CallingHours = &voiceagent.CallingHours{Start: "9:00", End: "24:00"} }, []string{"daily_start_time", "daily_end_time"}},
		"half of the hours":  {func(p *params) { p.CallingHours = &voiceagent.CallingHours{Start: "09:00"} }, []string{"daily_end_time"}},
		"hours with seconds": {func(p *params) { p.CallingHours = &voiceagent.CallingHours{Start: "09:00:00", End: "18:60"} }, []string{"daily_start_time", "daily_end_time"}},
		"blackouts": {
			func(p *params) {
				p.Blackouts = []voiceagent.Blackout{{Start: "21:00", End: "09:00"}, {Start: "noon", End: "13:00\n"}}
			},
			[]string{"blackout_periods[1].start", "blackout_periods[1].end"},
		},
		"retry":             {func(p *params) { p.Retry = &voiceagent.CampaignRetry{MaxRetries: -1} }, []string{"retry_config"}},
		"retry interval":    {func(p *params) { p.Retry = &voiceagent.CampaignRetry{IntervalValue: -1} }, []string{"retry_config"}},
		"broken characters": {func(p *params) { p.Contacts[0]["name"] = "\xff" }, []string{"body"}},
		"nothing JSON has":  {func(p *params) { p.Contacts[0]["name"] = func() {} }, []string{"body"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := testkit.ValidCampaign()
			c.change(&p)
			got := refusedFields(t, testkit.Method{Method: "POST", Route: "/campaigns"}, func(ctx context.Context, client *voiceagent.Client) error {
				return testkit.Second(client.Campaigns.Create(ctx, p))
			})
			assert.Equal(t, c.want, got)
		})
	}
}

func TestListsAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		page, size int
		want       []string
	}{{-1, 0, []string{"page"}}, {0, -1, []string{"page_size"}}, {1, 101, []string{"page_size"}}, {-1, 101, []string{"page", "page_size"}}} {
		for route, send := range map[string]func(context.Context, *voiceagent.Client) error{
			"/agents": func(ctx context.Context, cl *voiceagent.Client) error {
				return testkit.Second(cl.Agents.List(ctx, voiceagent.AgentListParams{Page: c.page, PageSize: c.size}))
			},
			"/calls": func(ctx context.Context, cl *voiceagent.Client) error {
				return testkit.Second(cl.Calls.List(ctx, voiceagent.CallListParams{Page: c.page, PageSize: c.size}))
			},
			"/campaigns": func(ctx context.Context, cl *voiceagent.Client) error {
				return testkit.Second(cl.Campaigns.List(ctx, voiceagent.CampaignListParams{Page: c.page, PageSize: c.size}))
			},
		} {
			assert.Equal(t, c.want, refusedFields(t, testkit.Method{Method: "GET", Route: route}, send), "%s %+v", route, c)
		}
	}
	_, err := testkit.NewUnsendable(t).Agents.Get(nil, "ag_1") //nolint:staticcheck // a nil context is what is tested
	require.ErrorContains(t, err, "context is nil")
}

// What the client isn't sure of is the API's to judge.
func TestNeverRefused(t *testing.T) {
	t.Parallel()
	client := testkit.NewAnswering(t, 200, `{"data":{"id":"x_1"}}`)
	lists := testkit.NewAnswering(t, 200, `{"data":[]}`)
	var errs []error
	check := func(err error) { errs = append(errs, err) }
	for _, from := range []string{"00919240018601", "9240018601", "+91 92400 18601", "sip:desk@example.com", "Main line"} {
		call, campaign := testkit.ValidCall(), testkit.ValidCampaign()
		call.From, campaign.From = from, from
		check(testkit.Second(client.Calls.Create(t.Context(), call)))
		check(testkit.Second(client.Campaigns.Create(t.Context(), campaign)))
	}
	agent := testkit.ValidAgent()
	agent.Name, agent.AgentType, agent.Language, agent.Voice = strings.Repeat("न", 100), "moon_base_greeter", "Klingon", "robot"
	agent.StartFlow, agent.Webhook = strings.Repeat("x", 100_000), &voiceagent.WebhookConfig{URL: "http://localhost:80/h?x=1", Events: []string{"CALL_DREAMT"}}
	check(testkit.Second(client.Agents.Create(t.Context(), agent)))
	check(testkit.Second(client.Agents.Update(t.Context(), "ag_1", voiceagent.AgentUpdateParams{AgentType: voiceagent.Ptr("custom"), Voice: voiceagent.Ptr("")})))
	campaign := testkit.ValidCampaign()
	campaign.Contacts = slices.Repeat([]voiceagent.Contact{{"phone": 919876543210, "odd key!": []int{1}}, {"phone": "not a number"}}, 1000)
	campaign.MaxConcurrentCalls = 50
	campaign.CallingHours = &voiceagent.CallingHours{Start: "23:59", End: "00:00"}
	campaign.Retry = &voiceagent.CampaignRetry{OnStatuses: []voiceagent.CallStatus{"bored"}, IntervalUnit: "fortnights", IntervalValue: 1000}
	check(testkit.Second(client.Campaigns.Create(t.Context(), campaign)))
	check(testkit.Second(lists.Calls.List(t.Context(), voiceagent.CallListParams{Page: 1 << 30, PageSize: 100, Status: "bored", Direction: "up", AgentID: "?"})))
	check(testkit.Second(lists.Campaigns.List(t.Context(), voiceagent.CampaignListParams{Page: 1, PageSize: 1, Status: "bored"})))
	for _, id := range []string{"...", "a/b", "not-a-uuid", "None", "0", "-"} {
		check(testkit.Second(client.Agents.Get(t.Context(), id)))
	}
	for i, err := range errs {
		assert.NoError(t, err, fmt.Sprint(i))
	}
}
