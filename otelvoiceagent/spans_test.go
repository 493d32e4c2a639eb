package otelvoiceagent_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

const agentRoute = "/agents/{agent_id}"

var someCall = voiceagent.CallCreateParams{From: "+15550100000", To: "+919876543210"}

func TestCallThatSucceeds(t *testing.T) {
	t.Parallel()
	srv := server(t)
	seen := record(t)
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
	var response voiceagent.Response
	_, err := srv.Client(voiceagent.WithTracer(seen)).Agents.Get(t.Context(), agentID, voiceagent.WithResponse(&response))
	require.NoError(t, err)

	require.Equal(t, []string{"voiceagent GET " + agentRoute, "  GET " + agentRoute}, seen.tree())
	call := seen.only(t, "voiceagent GET "+agentRoute)
	assert.Equal(t, trace.SpanKindInternal, call.SpanKind)
	assert.Equal(t, codes.Unset, call.Status.Code)
	assert.Equal(t, map[string]any{
		"http.request.method": "GET", "url.template": agentRoute, "http.response.status_code": int64(200),
		"voiceagent.attempts": int64(1), "voiceagent.outcome": "ok", "voiceagent.request_id": response.RequestID,
	}, values(call.Attributes))

	base, err := url.Parse(srv.URL)
	require.NoError(t, err)
	port, err := strconv.ParseInt(base.Port(), 10, 64)
	require.NoError(t, err)
	attempt := seen.only(t, "GET "+agentRoute)
	assert.Equal(t, trace.SpanKindClient, attempt.SpanKind)
	assert.Equal(t, codes.Unset, attempt.Status.Code)
	assert.Equal(t, map[string]any{
		"http.request.method": "GET", "url.template": agentRoute, "server.address": "127.0.0.1", "server.port": port,
		"http.response.status_code": int64(200), "network.protocol.version": "1.1", "voiceagent.request_id": response.RequestID,
	}, values(attempt.Attributes))
	assert.Equal(t, "github.com/voiceagent-go/voiceagent/otelvoiceagent", attempt.InstrumentationScope.Name)
	assert.Equal(t, voiceagent.Version, attempt.InstrumentationScope.Version)
	assert.NotEmpty(t, attempt.InstrumentationScope.SchemaURL)
	assert.False(t, attempt.StartTime.Before(call.StartTime) || attempt.EndTime.After(call.EndTime))
}

func TestHTTP2IsNamed(t *testing.T) {
	t.Parallel()
	srv := server(t, voiceagenttest.WithTLS())
	seen := record(t)
	_, err := srv.Client(voiceagent.WithTracer(seen)).Agents.List(t.Context(), voiceagent.AgentListParams{})
	require.NoError(t, err)
	assert.Equal(t, "2", values(seen.only(t, "GET /agents").Attributes)["network.protocol.version"])
}

func TestRetriedCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := server(t)
		seen := record(t)
		agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
		srv.Fail(voiceagenttest.Fault{Status: http.StatusServiceUnavailable})
		_, err := srv.Client(voiceagent.WithTracer(seen)).Agents.Get(t.Context(), agentID)
		require.NoError(t, err)

		require.Equal(t, []string{"voiceagent GET " + agentRoute, "  GET " + agentRoute, "  GET " + agentRoute}, seen.tree())
		attempts := seen.named("GET " + agentRoute)
		first, second := values(attempts[0].Attributes), values(attempts[1].Attributes)
		assert.Equal(t, codes.Error, attempts[0].Status.Code)
		assert.Equal(t, "503", first["error.type"])
		assert.Equal(t, int64(503), first["http.response.status_code"])
		assert.NotContains(t, first, "http.request.resend_count")
		assert.Equal(t, int64(1), second["http.request.resend_count"])
		assert.NotContains(t, second, "error.type")
		assert.NotEqual(t, first["voiceagent.request_id"], second["voiceagent.request_id"])
		assert.Equal(t, "voiceagent.test", second["server.address"])
		assert.Equal(t, int64(443), second["server.port"])

		call := seen.only(t, "voiceagent GET "+agentRoute)
		assert.Equal(t, codes.Unset, call.Status.Code, "it succeeded in the end")
		assert.Equal(t, int64(2), values(call.Attributes)["voiceagent.attempts"])
		require.Len(t, call.Events, 1)
		wait := values(call.Events[0].Attributes)
		assert.Equal(t, "voiceagent.wait", call.Events[0].Name)
		assert.Equal(t, "backoff", wait["voiceagent.wait.kind"])
		assert.Equal(t, "503: maintenance, wait 30s", wait["voiceagent.wait.reason"])
		assert.InDelta(t, 32.5, wait["voiceagent.wait.duration"], 2.5)
		assert.InDelta(t, wait["voiceagent.wait.duration"], attempts[1].StartTime.Sub(attempts[0].EndTime).Seconds(), 0.1)
	})
}

func TestThrottledCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := server(t, voiceagenttest.WithLimits(voiceagenttest.PerMinute(2)))
		seen := record(t)
		client := srv.Client(voiceagent.WithTracer(seen))
		for range 3 {
			_, err := client.Agents.List(t.Context(), voiceagent.AgentListParams{})
			require.NoError(t, err)
		}
		calls := seen.named("voiceagent GET /agents")
		require.Len(t, calls, 3)
		assert.Empty(t, calls[0].Events)
		assert.Empty(t, calls[1].Events)
		require.Len(t, calls[2].Events, 1)
		wait := values(calls[2].Events[0].Attributes)
		assert.Equal(t, "throttle", wait["voiceagent.wait.kind"])
		assert.Equal(t, "rate limit", wait["voiceagent.wait.reason"])
		assert.InDelta(t, 60, wait["voiceagent.wait.duration"], 5)
	})
}

// A lost answer is looked for by calls within the call, which are marked.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := server(t)
		seen := record(t)
		params := someCall
		params.AgentID = srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
		srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/call", Kind: voiceagenttest.DropAfter},
			voiceagenttest.Fault{Route: "/calls", Status: http.StatusBadGateway})
		_, err := srv.Client(voiceagent.WithTracer(seen)).Calls.Create(t.Context(), params)
		require.NoError(t, err)
		assert.Len(t, srv.Dialed(), 1)

		require.Equal(t, []string{"voiceagent POST /call", "  POST /call", "  voiceagent GET /calls", "    GET /calls", "    GET /calls"}, seen.tree())
		lost := seen.only(t, "POST /call")
		assert.Equal(t, codes.Error, lost.Status.Code)
		assert.Equal(t, "connection_error", values(lost.Attributes)["error.type"])
		assert.NotContains(t, values(lost.Attributes), "http.response.status_code")
		look := seen.only(t, "voiceagent GET /calls")
		assert.Equal(t, true, values(look.Attributes)["voiceagent.lookup"])
		require.Len(t, look.Events, 1)
		assert.Equal(t, "backoff", values(look.Events[0].Attributes)["voiceagent.wait.kind"])

		call := seen.only(t, "voiceagent POST /call")
		assert.Equal(t, codes.Unset, call.Status.Code)
		assert.Equal(t, "ok", values(call.Attributes)["voiceagent.outcome"])
		assert.Equal(t, int64(1), values(call.Attributes)["voiceagent.attempts"], "a look is no attempt")
		assert.NotContains(t, values(call.Attributes), "voiceagent.lookup")
		require.Len(t, call.Events, 1)
		assert.Equal(t, "lookup", values(call.Events[0].Attributes)["voiceagent.wait.kind"])
	})
}

// Equal calls wait while one of them is looked for.
func TestWaitForAnothersLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := server(t)
		seen := record(t)
		params := someCall
		params.AgentID = srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
		client := srv.Client(voiceagent.WithTracer(seen))
		srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/call", Kind: voiceagenttest.DropAfter},
			voiceagenttest.Fault{Route: "/calls", Kind: voiceagenttest.Slow, Delay: 5 * time.Second})
		for i := range 2 {
			go func() {
				time.Sleep(time.Duration(i) * 2 * time.Second) // the second comes when the first looks
				_, err := client.Calls.Create(t.Context(), params)
				assert.NoError(t, err)
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		kinds := map[string]int{}
		for _, call := range seen.named("voiceagent POST /call") {
			for _, event := range call.Events {
				kinds[values(event.Attributes)["voiceagent.wait.reason"].(string)+": "+values(event.Attributes)["voiceagent.wait.kind"].(string)]++
			}
		}
		assert.Equal(t, 1, kinds["the answer to an equal request was lost, and is looked for: lookup"], kinds)
	})
}
