package retry_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

func refusedConnection(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED }

// writes answers what isn't a look.
func writes(answer httpmock.Responder) httpmock.Responder {
	return func(req *http.Request) (*http.Response, error) {
		if req.Method == http.MethodGet {
			return testkit.Empty(req)
		}
		return answer(req)
	}
}

func TestErrorSaysWhyItWasNotTriedAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer httpmock.Responder
		opts   []voiceagent.ClientOption
		within time.Duration // of the context; 0 for ever
		want   string
		not    string
	}{
		"a server's error that is final": {answer: testkit.Answer(501, ""), want: ", not tried again: 501: not known to be safe to repeat"},
		"no credits under a 500": {answer: testkit.Answer(500, `{"success":false,"error":{"code":"quota_exceeded","message":"m"}}`),
			want: ", not tried again: quota_exceeded: credits don't come back by waiting"},
		"the caller's fault":      {answer: testkit.Answer(400, ""), want: "400 Bad Request", not: "again"},
		"an answer without doubt": {answer: testkit.Answer(400, ""), want: "400 Bad Request", not: "idempotency key"},
		"no more retries": {answer: writes(testkit.Answer(500, "")), opts: []voiceagent.ClientOption{voiceagent.WithMaxRetries(2)},
			want: ", after 3 attempts, giving up as WithMaxRetries(2) says"},
		"no retries":        {answer: testkit.Answer(500, ""), opts: []voiceagent.ClientOption{voiceagent.WithMaxRetries(0)}, want: "500", not: "giving up"},
		"the deadline":      {answer: testkit.Answer(503, ""), within: time.Second, want: "s, which is beyond the context's deadline"},
		"the time allowed":  {answer: testkit.Answer(503, ""), opts: []voiceagent.ClientOption{voiceagent.WithMaxElapsed(time.Second)}, want: "s, which is beyond WithMaxElapsed(1s)"},
		"the longest wait":  {answer: testkit.Answer(503, "", "Retry-After", "600"), opts: []voiceagent.ClientOption{voiceagent.WithMaxElapsed(time.Hour)}, want: ", as 2m0s is the longest wait"},
		"a failure on 200":  {answer: testkit.Answer(200, `{"success":false,"error":{"code":"internal","message":"m"}}`), want: "m", not: "outcome unknown"},
		"no time to look":   {answer: testkit.Reset, opts: []voiceagent.ClientOption{voiceagent.WithMaxElapsed(100 * time.Millisecond)}, want: "; looking for it failed: "},
		"no time, deadline": {answer: testkit.Reset, within: 100 * time.Millisecond, want: "; looking for it failed: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.within > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.within)
					defer cancel()
				}
				_, err := testkit.NewClient(t, testkit.InTurn(c.answer), c.opts...).Calls.Create(ctx, testkit.ValidCall())
				require.ErrorContains(t, err, c.want)
				if c.not != "" {
					assert.NotContains(t, err.Error(), c.not)
				}
				assert.Equal(t, c.within > 0, errors.Is(err, context.DeadlineExceeded))
			})
		})
	}
}

func TestRequestWithoutASubject(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		err := testkit.NewClient(t, testkit.InTurn(testkit.Reset)).Request(t.Context(), http.MethodPost, "/numbers", nil, nil)
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		unknown := new(voiceagent.OutcomeUnknownError)
		require.ErrorAs(t, err, &unknown)
		assert.Regexp(t, `^outcome unknown: the server may have done it, first sent \S+; look before you repeat it$`, unknown.Error())
	})
}

func TestUnknownOutcomeNames(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[voiceagent.UnknownOutcome]string{
		voiceagent.OutcomeReconcile: "reconcile", voiceagent.OutcomeFail: "fail", voiceagent.OutcomeRetry: "retry", 7: "unknown",
	} {
		assert.Equal(t, want, outcome.String())
	}
}

// After a wait that the policy has no timeout for, the next attempt still has the configured one.
func TestEveryAttemptHasATimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := testkit.NewClient(t, testkit.InTurn(testkit.Answer(500, ""), testkit.Hang), voiceagent.WithMaxRetries(1), voiceagent.WithAttemptTimeout(3*time.Second))
		var response voiceagent.Response
		_, err := client.Calls.Get(t.Context(), "call_1", voiceagent.WithResponse(&response))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, response.Attempts, 2)
		assert.Equal(t, 3*time.Second, response.Attempts[1].Duration)
	})
}

// A refusal is only looked into when an earlier attempt may have been done, and then at once.
func TestRefusalThatIsLookedInto(t *testing.T) {
	t.Parallel()
	const pause, look = "POST /campaigns/c_1/pause", "GET /campaigns/c_1"
	conflict := testkit.Answer(http.StatusConflict, "")
	campaign := testkit.Answer(http.StatusOK, `{"data":{"id":"c_1","status":"running"}}`)
	for name, c := range map[string]struct {
		first httpmock.Responder
		want  []string
	}{
		"never sent":   {refusedConnection, []string{pause, pause}},
		"turned away":  {testkit.Answer(http.StatusTooManyRequests, ""), []string{pause, pause}},
		"lost":         {testkit.Reset, []string{pause, pause, look}},
		"a 500":        {testkit.Answer(500, ""), []string{pause, pause, look}},
		"a maybe, 502": {testkit.Answer(502, ""), []string{pause, pause, look}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := testkit.InTurn(c.first, conflict, campaign)
				_, err := testkit.NewClient(t, transport).Campaigns.Pause(t.Context(), "c_1")
				refused := new(voiceagent.ConflictError)
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, c.want, transport.Sent)
				if len(transport.At) == 3 {
					assert.Equal(t, transport.At[1], transport.At[2], "there is nothing to wait for")
				}
			})
		})
	}
}

// With OutcomeFail nobody looks, so nothing is sent after a 500.
func TestRefusalThatMayNotBeLookedInto(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := testkit.InTurn(testkit.Answer(500, ""), testkit.Answer(http.StatusConflict, ""))
		_, err := testkit.NewClient(t, transport, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail)).Agents.Create(t.Context(), testkit.ValidAgent())
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.Equal(t, []string{"POST /agents"}, transport.Sent)
	})
}

func TestRetriesAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		_, err := testkit.NewClient(t, testkit.InTurn(testkit.Answer(504, ""), testkit.Empty), voiceagent.WithLogger(logger), voiceagent.WithMaxRetries(0)).Calls.Create(t.Context(), testkit.ValidCall())
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.Contains(t, log.String(), `reason="504: took too long, the next attempt gets more time; looking first if it was done"`)
	})
}

// never is a policy under which nothing is sent again.
type never struct{}

func (never) Decide(voiceagent.Failure) voiceagent.Decision {
	return voiceagent.Decision{Reason: "nobody wants it"}
}

// The error has the policy's reason, and nothing of a look that is over.
func TestReasonAfterALook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, err := testkit.NewClient(t, testkit.InTurn(testkit.Answer(502, ""), testkit.Empty), voiceagent.WithRetryPolicy(never{})).Calls.Create(t.Context(), testkit.ValidCall())
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.ErrorContains(t, err, "not tried again: nobody wants it; outcome unknown")
	})
}

// Nobody has to read an error's text to know why it was given up.
func TestStopReason(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer httpmock.Responder
		opts   []voiceagent.ClientOption
		within time.Duration // of the context; 0 for ever
		want   voiceagent.StopReason
	}{
		"a final answer":   {answer: testkit.Answer(404, "")},
		"the policy":       {answer: testkit.Answer(501, ""), opts: []voiceagent.ClientOption{voiceagent.WithRetryPolicy(testkit.PolicyFunc(func(voiceagent.Failure) voiceagent.Decision { return voiceagent.Decision{} }))}, want: voiceagent.StopPolicy},
		"no retries":       {answer: testkit.Answer(500, ""), opts: []voiceagent.ClientOption{voiceagent.WithMaxRetries(0)}, want: voiceagent.StopRetries},
		"no more retries":  {answer: refusedConnection, want: voiceagent.StopRetries},
		"the deadline":     {answer: testkit.Answer(503, ""), within: time.Second, want: voiceagent.StopDeadline},
		"the time allowed": {answer: testkit.Answer(503, ""), opts: []voiceagent.ClientOption{voiceagent.WithMaxElapsed(time.Second)}, want: voiceagent.StopMaxElapsed},
		"the longest wait": {answer: testkit.Answer(503, "", "Retry-After", "600"), opts: []voiceagent.ClientOption{voiceagent.WithMaxElapsed(time.Hour)}, want: voiceagent.StopLongestWait},
		"unreadable":       {answer: testkit.Answer(200, "{")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.within > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.within)
					defer cancel()
				}
				_, err := testkit.NewClient(t, testkit.InTurn(c.answer), c.opts...).Calls.Get(ctx, "call_1")
				require.Error(t, err)
				var got voiceagent.StopReason
				if e, ok := errors.AsType[*voiceagent.APIError](err); ok {
					got = e.StopReason
				} else if e, ok := errors.AsType[*voiceagent.ConnectionError](err); ok {
					got = e.StopReason
				} else if e, ok := errors.AsType[*voiceagent.DecodeError](err); ok {
					got = e.StopReason
				}
				assert.Equal(t, c.want, got, "%v", err)
			})
		})
	}
}
