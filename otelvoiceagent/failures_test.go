package otelvoiceagent_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// Each way to fail has one error.type on the call and one on its last attempt, and no text.
func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault   voiceagenttest.Fault
		call    string
		attempt string // "" for none
		outcome string
	}{
		"not found":           {voiceagenttest.Fault{Status: 404}, "404", "404", "failed"},
		"validation":          {voiceagenttest.Fault{Status: 422, Message: "phone_number +919876543210"}, "422", "422", "failed"},
		"server error":        {voiceagenttest.Fault{Status: 500, Times: -1}, "500", "500", "unknown"},
		"perhaps done":        {voiceagenttest.Fault{Status: 504, Times: -1}, "504", "504", "unknown"},
		"no credits":          {voiceagenttest.Fault{Status: 402, Code: "quota_exceeded"}, "quota_exceeded", "402", "failed"},
		"failure under a 200": {voiceagenttest.Fault{Kind: voiceagenttest.NotSuccess, Code: "validation_error"}, "validation_error", "", "failed"},
		"unknown code":        {voiceagenttest.Fault{Kind: voiceagenttest.NotSuccess, Code: "+919876543210"}, "_OTHER", "", "failed"},
		"wrong shape":         {voiceagenttest.Fault{Kind: voiceagenttest.WrongShape}, "unreadable_answer", "", "unknown"},
		"broken off":          {voiceagenttest.Fault{Kind: voiceagenttest.CutBody}, "unreadable_answer", "connection_error", "unknown"},
		"slow body":           {voiceagenttest.Fault{Kind: voiceagenttest.SlowBody, Delay: time.Hour}, "timeout", "timeout", "unknown"},
		"lost":                {voiceagenttest.Fault{Kind: voiceagenttest.DropAfter}, "connection_error", "connection_error", "unknown"},
		"timeout":             {voiceagenttest.Fault{Kind: voiceagenttest.HangBefore}, "timeout", "timeout", "unknown"},
		"refused":             {voiceagenttest.Fault{Kind: voiceagenttest.Refuse, Times: -1}, "connection_refused", "connection_refused", "failed"},
		"redirect":            {voiceagenttest.Fault{Kind: voiceagenttest.Redirect}, "307", "", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := server(t)
				seen := record(t)
				params := someCall
				params.AgentID = srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
				srv.Fail(c.fault)
				client := srv.Client(voiceagent.WithTracer(seen), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
				_, err := client.Calls.Create(t.Context(), params)
				require.Error(t, err)
				assertFailed(t, seen, c.call, c.attempt, c.outcome)
			})
		})
	}
}

func assertFailed(t *testing.T, seen *recorder, call, attempt, outcome string) {
	t.Helper()
	logical := seen.only(t, "voiceagent POST /call")
	assert.Equal(t, codes.Error, logical.Status.Code)
	assert.Empty(t, logical.Status.Description)
	assert.Equal(t, call, values(logical.Attributes)["error.type"])
	assert.Equal(t, outcome, values(logical.Attributes)["voiceagent.outcome"])
	attempts := seen.named("POST /call")
	require.NotEmpty(t, attempts)
	last := attempts[len(attempts)-1]
	assert.Empty(t, last.Events)
	if attempt == "" {
		assert.Equal(t, codes.Unset, last.Status.Code)
		assert.NotContains(t, values(last.Attributes), "error.type")
		return
	}
	assert.Equal(t, codes.Error, last.Status.Code)
	assert.Empty(t, last.Status.Description)
	assert.Equal(t, attempt, values(last.Attributes)["error.type"])
}

func TestFailuresOfATransport(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"dns_error":          &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "api.example.com"}},
		"connection_refused": &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"tls_error":          &tls.CertificateVerificationError{Err: errors.New("expired")},
		"connection_error":   errors.New("no network"),
		"timeout":            &url.Error{Op: "Post", URL: "https://api.example.com/?to=+919876543210", Err: context.DeadlineExceeded},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			seen := record(t)
			client := through(t, roundTrip(func(*http.Request) (*http.Response, error) { return nil, err }), voiceagent.WithTracer(seen),
				voiceagent.WithMaxRetries(0), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
			params := someCall
			params.AgentID = "agent"
			_, err := client.Calls.Create(t.Context(), params)
			require.Error(t, err)
			logical := seen.only(t, "voiceagent POST /call")
			assertFailed(t, seen, want, want, values(logical.Attributes)["voiceagent.outcome"].(string))
		})
	}
}

func TestCanceledCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := server(t)
		seen := record(t)
		client := srv.Client(voiceagent.WithTracer(seen))
		srv.Fail(voiceagenttest.Fault{Kind: voiceagenttest.HangBefore}, voiceagenttest.Fault{Status: 503})
		for range 2 { // in an attempt, then in a wait
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(errors.New("a caller at +919876543210 hung up")) })
			_, err := client.Agents.Get(ctx, "agent")
			require.ErrorIs(t, err, context.Canceled)
		}
		calls, attempts := seen.named("voiceagent GET "+agentRoute), seen.named("GET "+agentRoute)
		require.Len(t, calls, 2)
		require.Len(t, attempts, 2)
		assert.Equal(t, "canceled", values(attempts[0].Attributes)["error.type"])
		assert.Equal(t, "503", values(attempts[1].Attributes)["error.type"])
		for _, call := range calls {
			assert.Equal(t, "canceled", values(call.Attributes)["error.type"])
		}
		require.Len(t, calls[1].Events, 1)
		assert.InDelta(t, 1, values(calls[1].Events[0].Attributes)["voiceagent.wait.duration"], 0.01, "the wait that was broken off")
	})
}

// A call that the limiter refuses sends nothing.
func TestRefusedByTheLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := server(t, voiceagenttest.WithLimits(voiceagenttest.PerMinute(1)))
		seen := record(t)
		client := srv.Client(voiceagent.WithTracer(seen))
		_, err := client.Agents.List(t.Context(), voiceagent.AgentListParams{})
		require.NoError(t, err)
		_, err = client.Agents.Get(t.Context(), "agent", voiceagent.WithMaxElapsed(time.Second))
		require.Error(t, err)
		call := values(seen.only(t, "voiceagent GET "+agentRoute).Attributes)
		assert.Equal(t, "throttled", call["error.type"])
		assert.Equal(t, int64(0), call["voiceagent.attempts"])
		assert.Empty(t, seen.named("GET "+agentRoute))
	})
}

func TestBusyLedger(t *testing.T) {
	t.Parallel()
	srv := server(t)
	seen := record(t)
	params := someCall
	params.AgentID = srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
	client := srv.Client(voiceagent.WithTracer(seen), voiceagent.WithLedger(busy{}))
	_, err := client.Calls.Create(t.Context(), params)
	require.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
	assert.Equal(t, "ledger_busy", values(seen.only(t, "voiceagent POST /call").Attributes)["error.type"])
}

type busy struct{ voiceagent.Ledger }

func (busy) Begin(context.Context, voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	return voiceagent.LedgerEntry{}, false, voiceagent.ErrLedgerBusy
}
