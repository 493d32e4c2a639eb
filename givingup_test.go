package voiceagent_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// scripted is a transport that answers in turn, the last answer for ever, and notes what was sent and when.
type scripted struct {
	mu      sync.Mutex
	answers []httpmock.Responder
	sent    []string // "GET /calls"
	at      []time.Time
}

func inTurn(answers ...httpmock.Responder) *scripted { return &scripted{answers: answers} }

func (s *scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	next := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	s.sent, s.at = append(s.sent, req.Method+" "+req.URL.Path[len("/v1"):]), append(s.at, time.Now())
	s.mu.Unlock()
	return next(req)
}

func reset(*http.Request) (*http.Response, error) { return nil, syscall.ECONNRESET }

func refusedConnection(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED }

func hang(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// empty is a list without calls, campaigns or agents.
func empty(req *http.Request) (*http.Response, error) {
	return answer(http.StatusOK, `{"data":[],"total":0,"page":1,"page_size":100,"has_more":false}`, "Date", time.Now().UTC().Format(http.TimeFormat))(req)
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
		"a server's error that is final": {answer: answer(501, ""), want: ", not tried again: 501: not known to be safe to repeat"},
		"no credits under a 500": {answer: answer(500, `{"success":false,"error":{"code":"quota_exceeded","message":"m"}}`),
			want: ", not tried again: quota_exceeded: credits don't come back by waiting"},
		"the caller's fault":      {answer: answer(400, ""), want: "400 Bad Request", not: "again"},
		"an answer without doubt": {answer: answer(400, ""), want: "400 Bad Request", not: "idempotency key"},
		"no more retries": {answer: answer(500, ""), opts: []voiceagent.ClientOption{voiceagent.WithMaxRetries(2)},
			want: ", after 3 attempts, giving up as WithMaxRetries(2) says"},
		"no retries":        {answer: answer(500, ""), opts: []voiceagent.ClientOption{voiceagent.WithMaxRetries(0)}, want: "500", not: "giving up"},
		"the deadline":      {answer: answer(503, ""), within: time.Second, want: "s, which is beyond the context's deadline"},
		"the time allowed":  {answer: answer(503, ""), opts: []voiceagent.ClientOption{voiceagent.WithMaxElapsed(time.Second)}, want: "s, which is beyond WithMaxElapsed(1s)"},
		"the longest wait":  {answer: answer(503, "", "Retry-After", "600"), opts: []voiceagent.ClientOption{voiceagent.WithMaxElapsed(time.Hour)}, want: ", as 2m0s is the longest wait"},
		"a failure on 200":  {answer: answer(200, `{"success":false,"error":{"code":"internal","message":"m"}}`), want: "m", not: "outcome unknown"},
		"no time to look":   {answer: reset, opts: []voiceagent.ClientOption{voiceagent.WithMaxElapsed(100 * time.Millisecond)}, want: "; it wasn't looked for: there was no time left; look at "},
		"no time, deadline": {answer: reset, within: 100 * time.Millisecond, want: "; it wasn't looked for: there was no time left; look at "},
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
				_, err := newClient(t, inTurn(c.answer), c.opts...).Calls.Create(ctx, validCall())
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
		err := newClient(t, inTurn(reset)).Request(t.Context(), http.MethodPost, "/numbers", nil, nil)
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
		client := newClient(t, inTurn(answer(500, ""), hang), voiceagent.WithMaxRetries(1), voiceagent.WithAttemptTimeout(3*time.Second))
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
	conflict := answer(http.StatusConflict, "")
	campaign := answer(http.StatusOK, `{"data":{"id":"c_1","status":"running"}}`)
	for name, c := range map[string]struct {
		first httpmock.Responder
		want  []string
	}{
		"never sent":   {refusedConnection, []string{pause, pause}},
		"turned away":  {answer(http.StatusTooManyRequests, ""), []string{pause, pause}},
		"lost":         {reset, []string{pause, pause, look}},
		"a 500":        {answer(500, ""), []string{pause, pause, look}},
		"a maybe, 502": {answer(502, ""), []string{pause, pause, look}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := inTurn(c.first, conflict, campaign)
				_, err := newClient(t, transport).Campaigns.Pause(t.Context(), "c_1")
				refused := new(voiceagent.ConflictError)
				require.ErrorAs(t, err, &refused)
				assert.Equal(t, c.want, transport.sent)
				if len(transport.at) == 3 {
					assert.Equal(t, transport.at[1], transport.at[2], "there is nothing to wait for")
				}
			})
		})
	}
}

// With OutcomeFail nobody looks, so a name that is taken after a 500 may be that of the agent which was asked for.
func TestRefusalThatMayNotBeLookedInto(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := inTurn(answer(500, ""), answer(http.StatusConflict, ""))
		_, err := newClient(t, transport, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail)).Agents.Create(t.Context(), validAgent())
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.Equal(t, []string{"POST /agents", "POST /agents"}, transport.sent)
	})
}

func TestRetriesAreLogged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&log, nil))
		_, err := newClient(t, inTurn(answer(504, ""), empty), voiceagent.WithLogger(logger), voiceagent.WithMaxRetries(0)).Calls.Create(t.Context(), validCall())
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.Contains(t, log.String(), `reason="504: took too long, the next attempt gets more time; looking first if it was done"`)
	})
}
