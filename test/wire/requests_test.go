package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// awkwardID has every character that would change the path if it weren't escaped. awkwardIDSent is
// its form as one element of a path.
const (
	awkwardID     = "a/b?c#d %2e ü+;,"
	awkwardIDSent = "a%2Fb%3Fc%23d%20%252e%20%C3%BC+%3B%2C"
)

// sentRequest is what a server saw of a request.
type sentRequest struct {
	line   string // "GET /v1/agents?page=2", as it came over the wire
	header http.Header
	body   string
}

// wireServer keeps the requests, and gives an answer that every method can read. It answers the
// first attempts with a 500.
type wireServer struct {
	refuse int

	mu   sync.Mutex
	seen []sentRequest
}

func (s *wireServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Cache-Control") != "" { // a look
		_, _ = io.WriteString(w, `{"data":[]}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.seen = append(s.seen, sentRequest{r.Method + " " + r.RequestURI, r.Header.Clone(), string(body)})
	refuse := len(s.seen) <= s.refuse
	s.mu.Unlock()
	switch path := r.URL.Path; {
	case refuse:
		w.WriteHeader(http.StatusInternalServerError)
	case r.Method == http.MethodGet && (strings.HasSuffix(path, "/agents") || strings.HasSuffix(path, "/calls") || strings.HasSuffix(path, "/campaigns")):
		_, _ = io.WriteString(w, `{"data":[]}`)
	default:
		_, _ = io.WriteString(w, `{"data":{"id":"x_1","status":"completed"}}`)
	}
}

// take returns what was sent since the last time.
func (s *wireServer) take() []sentRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

func TestRequestLines(t *testing.T) {
	t.Parallel()
	type client = *voiceagent.Client
	since := time.Date(2025, 1, 2, 8, 30, 0, 999_999, time.FixedZone("IST", 5*3600+1800))
	for want, send := range map[string]func(context.Context, client) error{
		"GET /v1/agents": func(ctx context.Context, c client) error {
			return testkit.Second(c.Agents.List(ctx, voiceagent.AgentListParams{}))
		},
		"GET /v1/agents?page=1&page_size=100": func(ctx context.Context, c client) error {
			return testkit.Last(c.Agents.All(ctx, voiceagent.AgentListParams{}))
		},
		"GET /v1/agents?page=3&page_size=7": func(ctx context.Context, c client) error {
			return testkit.Last(c.Agents.All(ctx, voiceagent.AgentListParams{Page: 3, PageSize: 7}))
		},
		"GET /v1/agents/" + awkwardIDSent: func(ctx context.Context, c client) error { return testkit.Second(c.Agents.Get(ctx, awkwardID)) },
		"PATCH /v1/agents/" + awkwardIDSent: func(ctx context.Context, c client) error {
			return testkit.Second(c.Agents.Update(ctx, awkwardID, voiceagent.AgentUpdateParams{}))
		},
		"DELETE /v1/agents/" + awkwardIDSent: func(ctx context.Context, c client) error { return c.Agents.Delete(ctx, awkwardID) },
		"POST /v1/agents": func(ctx context.Context, c client) error {
			return testkit.Second(c.Agents.Create(ctx, testkit.ValidAgent()))
		},
		"POST /v1/call": func(ctx context.Context, c client) error {
			return testkit.Second(c.Calls.Create(ctx, testkit.ValidCall()))
		},
		"GET /v1/calls/" + awkwardIDSent: func(ctx context.Context, c client) error { return testkit.Second(c.Calls.Get(ctx, awkwardID)) },
		"GET /v1/calls/..%2F":            func(ctx context.Context, c client) error { return testkit.Second(c.Calls.Get(ctx, "../")) },
		"POST /v1/campaigns": func(ctx context.Context, c client) error {
			return testkit.Second(c.Campaigns.Create(ctx, testkit.ValidCampaign()))
		},
		"GET /v1/campaigns/" + awkwardIDSent:              func(ctx context.Context, c client) error { return testkit.Second(c.Campaigns.Get(ctx, awkwardID)) },
		"POST /v1/campaigns/" + awkwardIDSent + "/pause":  func(ctx context.Context, c client) error { return testkit.Second(c.Campaigns.Pause(ctx, awkwardID)) },
		"POST /v1/campaigns/" + awkwardIDSent + "/resume": func(ctx context.Context, c client) error { return testkit.Second(c.Campaigns.Resume(ctx, awkwardID)) },
		"POST /v1/campaigns/" + awkwardIDSent + "/stop":   func(ctx context.Context, c client) error { return testkit.Second(c.Campaigns.Stop(ctx, awkwardID)) },
		"POST /v1/campaigns/" + awkwardIDSent + "/cancel": func(ctx context.Context, c client) error { return testkit.Second(c.Campaigns.Cancel(ctx, awkwardID)) },
		"GET /v1/campaigns?page=2&page_size=50&status=in_progress": func(ctx context.Context, c client) error {
			return testkit.Second(c.Campaigns.List(ctx, voiceagent.CampaignListParams{Page: 2, PageSize: 50, Status: voiceagent.CampaignInProgress}))
		},
		"GET /v1/campaigns?page=1&page_size=100&status=paused": func(ctx context.Context, c client) error {
			return testkit.Last(c.Campaigns.All(ctx, voiceagent.CampaignListParams{Status: voiceagent.CampaignPaused}))
		},
		"GET /v1/calls?agent_id=ag%261&direction=outbound&from_date=2025-01-02T03%3A00%3A00.000Z&page=2&page_size=25&status=completed&to_date=2025-01-03T03%3A00%3A00.000Z": func(ctx context.Context, c client) error {
			return testkit.Second(c.Calls.List(ctx, voiceagent.CallListParams{
				Page: 2, PageSize: 25, Status: voiceagent.CallCompleted, Direction: voiceagent.CallOutbound, AgentID: "ag&1",
				Since: since, Until: since.Add(24 * time.Hour),
			}))
		},
		"GET /v1/calls?direction=web&page=1&page_size=100": func(ctx context.Context, c client) error {
			return testkit.Last(c.Calls.All(ctx, voiceagent.CallListParams{Direction: voiceagent.CallWeb}))
		},
		// A field wins over the same key in Extra.
		"GET /v1/calls?page=2&search=a+b&search=%C3%BC&status=failed": func(ctx context.Context, c client) error {
			return testkit.Second(c.Calls.List(ctx, voiceagent.CallListParams{
				Page: 2, Status: voiceagent.CallFailed, Extra: url.Values{"search": {"a b", "ü"}, "page": {"9"}, "status": {"busy"}},
			}))
		},
		"GET /v1/voices":           func(ctx context.Context, c client) error { return testkit.Second(c.Catalog.Voices(ctx)) },
		"GET /v1/voices/languages": func(ctx context.Context, c client) error { return testkit.Second(c.Catalog.Languages(ctx)) },
		"GET /v1/industries":       func(ctx context.Context, c client) error { return testkit.Second(c.Catalog.Industries(ctx)) },
		"GET /v1/industries/" + awkwardIDSent + "/agent-types": func(ctx context.Context, c client) error {
			return testkit.Second(c.Catalog.AgentTypes(ctx, awkwardID))
		},
		"GET /v1/health": func(ctx context.Context, c client) error { return testkit.Second(c.Health(ctx)) },
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			var server wireServer
			client, _ := testkit.NewLoopback(t, server.ServeHTTP)
			require.NoError(t, send(t.Context(), client))
			seen := server.take()
			require.Len(t, seen, 1)
			assert.Equal(t, want, seen[0].line)
			if !strings.HasPrefix(want, "POST") && !strings.HasPrefix(want, "PATCH") {
				assert.Empty(t, seen[0].body)
			}
		})
	}
}

// A base URL of a proxy may have a path of its own, which stays as it was written.
func TestBasePathIsKept(t *testing.T) {
	t.Parallel()
	for base, prefix := range map[string]string{"": "", "/": "", "/v1/": "/v1", "/proxy/a%2Fb/v1": "/proxy/a%2Fb/v1", "/two%20words": "/two%20words"} {
		var server wireServer
		_, loopback := testkit.NewLoopback(t, server.ServeHTTP)
		client, _ := testkit.NewLoopback(t, server.ServeHTTP, voiceagent.WithBaseURL(loopback.URL+base))
		_, err := client.Agents.Get(t.Context(), "ag_1")
		require.NoError(t, err)
		_, err = client.Agents.Get(t.Context(), awkwardID)
		require.NoError(t, err)
		require.NoError(t, client.Request(t.Context(), "GET", "/two%20words/a%2Fb?q=1", nil, nil))
		var lines []string
		for _, sent := range server.take() {
			lines = append(lines, sent.line)
		}
		assert.Equal(t, []string{
			"GET " + prefix + "/agents/ag_1", "GET " + prefix + "/agents/" + awkwardIDSent, "GET " + prefix + "/two%20words/a%2Fb?q=1",
		}, lines, base)
		require.NoError(t, client.Request(t.Context(), "GET", "/two%20words", nil, nil))
		assert.Equal(t, "GET "+prefix+"/two%20words", server.take()[0].line, base)
	}
}

func fullAgent() voiceagent.AgentCreateParams {
	return voiceagent.AgentCreateParams{
		Name: "Reception", StartFlow: "Hello <you> & \"all\".", EndFlow: "Bye.", AgentType: voiceagent.AgentTypeCustom, CustomDescription: "c",
		Sector: "s", Language: "l", Voice: "v", BrandName: "b", Description: "d", Webhook: &voiceagent.WebhookConfig{
			URL: "https://example.com/hook?a=1", Events: []string{voiceagent.EventCallEnded}, Secret: "x",
		}, Extra: map[string]any{"knowledge": []string{"k"}},
	}
}

func fullCall() voiceagent.CallCreateParams {
	call := testkit.ValidCall()
	call.Metadata, call.Extra = map[string]any{"name": "Asha ü"}, map[string]any{"priority": 2}
	return call
}

func fullCampaign() voiceagent.CampaignCreateParams {
	return voiceagent.CampaignCreateParams{
		Name: "January", AgentID: "ag_1", From: "15550100000", PhoneColumn: "mobile", Contacts: []voiceagent.Contact{{"mobile": "+919876543210"}},
		MaxConcurrentCalls: 5, CallingHours: &voiceagent.CallingHours{Start: "09:00", End: "18:30"},
		Retry: &voiceagent.CampaignRetry{Enabled: true, OnStatuses: []voiceagent.CallStatus{voiceagent.CallNoAnswer}, IntervalValue: 2,
			IntervalUnit: "hours", MaxRetries: 3, RespectCallingHours: voiceagent.Ptr(false)},
		Blackouts:  []voiceagent.Blackout{{Start: "13:00", End: "14:00"}},
		ScheduleAt: time.Date(2125, 3, 1, 9, 0, 0, 5_000_000, time.FixedZone("IST", 5*3600+1800)), Extra: map[string]any{"tags": nil},
	}
}

func TestRequestBodies(t *testing.T) {
	t.Parallel()
	var server wireServer
	client, _ := testkit.NewLoopback(t, server.ServeHTTP)
	update := func(p voiceagent.AgentUpdateParams) func(context.Context) error {
		return func(ctx context.Context) error { return testkit.Second(client.Agents.Update(ctx, "ag_1", p)) }
	}
	for _, c := range []struct {
		want string
		send func(context.Context) error
	}{
		{`{"name":"Reception","start_flow":"Hello.","end_flow":"Goodbye."}`,
			func(ctx context.Context) error {
				return testkit.Second(client.Agents.Create(ctx, testkit.ValidAgent()))
			}},
		{`{"name":"Reception","start_flow":"Hello <you> & \"all\".","end_flow":"Bye.","agent_type":"custom","custom_description":"c","sector":"s",` +
			`"language":"l","voice":"v","brand_name":"b","description":"d","webhook_config":{"url":"https://example.com/hook?a=1",` +
			`"events":["CALL_ENDED"],"secret":"x"},"knowledge":["k"]}`,
			func(ctx context.Context) error { return testkit.Second(client.Agents.Create(ctx, fullAgent())) }},
		{`{}`, update(voiceagent.AgentUpdateParams{})},
		{`{"voice":"","description":"d"}`, update(voiceagent.AgentUpdateParams{Voice: voiceagent.Ptr(""), Description: voiceagent.Ptr("d")})},
		{`{"webhook_config":{"url":"https://example.com"}}`, update(voiceagent.AgentUpdateParams{Webhook: &voiceagent.WebhookConfig{URL: "https://example.com"}})},
		// The way to send null for a field that isn't set.
		{`{"name":"n","voice":null}`, update(voiceagent.AgentUpdateParams{Name: voiceagent.Ptr("n"), Extra: map[string]any{"voice": nil}})},
		{`{"agent_id":"ag_1","source_number":"+15550100000","phone_number":"+919876543210"}`,
			func(ctx context.Context) error { return testkit.Second(client.Calls.Create(ctx, testkit.ValidCall())) }},
		{`{"agent_id":"ag_1","source_number":"+15550100000","phone_number":"+919876543210","metadata":{"name":"Asha ü"},"priority":2}`,
			func(ctx context.Context) error { return testkit.Second(client.Calls.Create(ctx, fullCall())) }},
		{`{"name":"January","agent_id":"ag_1","phone_number":"+15550100000","phone_column":"phone","contacts":[{"name":"Asha","phone":"+919876543210"}]}`,
			func(ctx context.Context) error {
				return testkit.Second(client.Campaigns.Create(ctx, testkit.ValidCampaign()))
			}},
		{`{"name":"January","agent_id":"ag_1","phone_number":"15550100000","phone_column":"mobile",` +
			`"max_concurrent_calls":5,"retry_config":{"enabled":true,"on_statuses":["no_answer"],"interval_value":2,"interval_unit":"hours",` +
			`"max_retries":3,"respect_calling_hours":false},"daily_start_time":"09:00","daily_end_time":"18:30",` +
			`"blackout_periods":[{"start":"13:00","end":"14:00"}],"schedule_time":"2125-03-01T03:30:00.005Z","contacts":[{"mobile":"+919876543210"}],"tags":null}`,
			func(ctx context.Context) error { return testkit.Second(client.Campaigns.Create(ctx, fullCampaign())) }},
		{``, func(ctx context.Context) error { return testkit.Second(client.Campaigns.Pause(ctx, "cmp_1")) }},
	} {
		require.NoError(t, c.send(t.Context()))
		seen := server.take()
		require.Len(t, seen, 1)
		assert.Equal(t, c.want, seen[0].body)
	}
}

// A key that is sent twice would leave it to the server which one counts.
func TestExtraMayNotRepeatAField(t *testing.T) {
	t.Parallel()
	client := testkit.NewUnsendable(t)
	agent, call, campaign := testkit.ValidAgent(), testkit.ValidCall(), testkit.ValidCampaign()
	agent.Extra, call.Extra = map[string]any{"name": "Other"}, map[string]any{"phone_number": "+15550100009"}
	campaign.Extra = map[string]any{"phone_column": "mobile"}
	for name, err := range map[string]error{
		"name":         testkit.Second(client.Agents.Create(t.Context(), agent)),
		"phone_number": testkit.Second(client.Calls.Create(t.Context(), call)),
		"phone_column": testkit.Second(client.Campaigns.Create(t.Context(), campaign)),
		"voice": testkit.Second(client.Agents.Update(t.Context(), "ag_1",
			voiceagent.AgentUpdateParams{Voice: voiceagent.Ptr("v"), Extra: map[string]any{"voice": nil}})),
	} {
		refused, ok := errors.AsType[*voiceagent.ValidationError](err)
		require.True(t, ok, "%s: %v", name, err)
		assert.Equal(t, "body", refused.Fields[0].Field, name)
		assert.Contains(t, err.Error(), "Extra", name)
		assert.Contains(t, err.Error(), name)
	}
}

func TestRequestHeaders(t *testing.T) {
	t.Parallel()
	var server wireServer
	client, _ := testkit.NewLoopback(t, server.ServeHTTP, voiceagent.WithApplication("dialer", "2.1"), voiceagent.WithHeader("x-team", "sales"))
	keys := make(map[string]bool)
	for _, m := range testkit.Methods {
		require.NoError(t, m.Call(t.Context(), client), m.Name)
		seen := server.take()
		require.Len(t, seen, 1, m.Name)
		h := seen[0].header
		assert.Equal(t, []string{"Bearer " + testkit.Key}, h["Authorization"], m.Name)
		assert.Equal(t, []string{"application/json"}, h["Accept"], m.Name)
		assert.Equal(t, []string{"sales"}, h["X-Team"], m.Name)
		assert.Regexp(t, `^dialer/2\.1 voiceagent-go/`+voiceagent.Version+` \(go[^;]*; \w+/\w+\)$`, h.Get("User-Agent"), m.Name)
		assert.Equal(t, seen[0].body != "", len(h["Content-Type"]) > 0, m.Name)
		if seen[0].body != "" {
			assert.Equal(t, []string{"application/json"}, h["Content-Type"], m.Name)
		}
		if m.Method != http.MethodPost {
			assert.NotContains(t, h, "Idempotency-Key", m.Name)
			continue
		}
		require.Len(t, h["Idempotency-Key"], 1, m.Name)
		assert.GreaterOrEqual(t, len(h.Get("Idempotency-Key")), 20, m.Name)
		assert.False(t, keys[h.Get("Idempotency-Key")], "%s: the key of another call", m.Name)
		keys[h.Get("Idempotency-Key")] = true
	}
}

func TestIdempotencyKeyOfEachAttempt(t *testing.T) {
	t.Parallel()
	for _, m := range testkit.Methods {
		server := wireServer{refuse: 2}
		client, _ := testkit.NewLoopback(t, server.ServeHTTP, voiceagent.WithRetryPolicy(testkit.Quickly{}))
		require.NoError(t, m.Call(t.Context(), client), m.Name)
		random := server.take()
		require.Len(t, random, 3, m.Name)
		// These must be the first calls of a client.
		client, _ = testkit.NewLoopback(t, server.ServeHTTP, voiceagent.WithRetryPolicy(testkit.Quickly{}))
		require.NoError(t, m.Call(t.Context(), client, voiceagent.WithIdempotencyKey("order-17")), m.Name)
		given := server.take()
		require.Len(t, given, 3, m.Name)
		for i := range random {
			assert.Equal(t, random[0], random[i], "%s: attempt %d differs", m.Name, i+1)
			assert.Equal(t, given[0], given[i], "%s: attempt %d differs", m.Name, i+1)
		}
		want := []string{"order-17"}
		switch {
		case m.Method != http.MethodPost:
			want = nil
		case m.Name == "Calls.CreateEach": // one key for many calls differs by the number
			want = []string{"order-17-1"}
		}
		assert.Equal(t, want, given[0].header["Idempotency-Key"], m.Name)
	}
}

// Two goroutines send the same value: with -race this finds every write to it.
func TestParametersAreNeverWrittenTo(t *testing.T) {
	t.Parallel()
	var server wireServer
	client, _ := testkit.NewLoopback(t, server.ServeHTTP)
	agent, call, campaign := fullAgent(), fullCall(), fullCampaign()
	update := voiceagent.AgentUpdateParams{Name: voiceagent.Ptr("n"), Extra: map[string]any{"voice": nil}}
	calls := voiceagent.CallListParams{Status: voiceagent.CallFailed, Page: 2, Extra: url.Values{"status": {"busy"}, "page": {"9"}}}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			ctx := t.Context()
			for _, err := range []error{
				testkit.Second(client.Agents.Create(ctx, agent)), testkit.Second(client.Agents.Update(ctx, "ag_1", update)),
				testkit.Second(client.Calls.Create(ctx, call)), testkit.Second(client.Campaigns.Create(ctx, campaign)),
				testkit.Second(client.Calls.List(ctx, calls)), testkit.Last(client.Calls.All(ctx, calls)),
			} {
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, fullAgent(), agent)
	assert.Equal(t, fullCall(), call)
	assert.Equal(t, fullCampaign(), campaign)
	assert.Equal(t, voiceagent.AgentUpdateParams{Name: voiceagent.Ptr("n"), Extra: map[string]any{"voice": nil}}, update)
	assert.Equal(t, voiceagent.CallListParams{Status: voiceagent.CallFailed, Page: 2, Extra: url.Values{"status": {"busy"}, "page": {"9"}}}, calls)
}
