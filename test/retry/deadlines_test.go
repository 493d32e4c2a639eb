package retry_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// hanging lets the first attempts hang, before the answer or within its body, and answers the next.
type hanging struct {
	attempts atomic.Int64
	first    int64
	inBody   bool
}

func (h *hanging) RoundTrip(req *http.Request) (*http.Response, error) {
	hang := h.attempts.Add(1) <= h.first
	if hang && !h.inBody {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(testkit.OKCall)), Request: req}
	if hang {
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"data":`), contextReader{req.Context()}))
	}
	return resp, nil
}

type contextReader struct{ ctx context.Context }

func (r contextReader) Read([]byte) (int, error) { <-r.ctx.Done(); return 0, r.ctx.Err() }

func TestAttemptTimeoutIsRetried(t *testing.T) {
	t.Parallel()
	for name, inBody := range map[string]bool{"before the answer": false, "within its body": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := &hanging{first: 2, inBody: inBody}
				client := testkit.NewPatient(t, transport, voiceagent.WithAttemptTimeout(5*time.Second))
				var response voiceagent.Response
				_, err := client.Calls.Get(t.Context(), "call_1", voiceagent.WithResponse(&response))
				require.NoError(t, err)
				require.Len(t, response.Attempts, 3)
				assert.Equal(t, 5*time.Second, response.Attempts[0].Duration)
				assert.Equal(t, 10*time.Second, response.Attempts[1].Duration, "the second attempt gets twice the time")
				require.ErrorIs(t, response.Attempts[0].Err, context.DeadlineExceeded)
				assert.NoError(t, response.Attempts[2].Err)
			})
		})
	}
}

func TestMaxElapsedBoundsTheWholeCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := testkit.NewPatient(t, &hanging{first: 100}, voiceagent.WithMaxElapsed(50*time.Second))
		start := time.Now()
		_, err := client.Calls.Get(t.Context(), "call_1")
		require.Error(t, err)
		assert.LessOrEqual(t, time.Since(start), 50*time.Second)
		assert.ErrorAs(t, err, new(*voiceagent.ConnectionError))
	})
}

func TestWaitBeyondTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := &testkit.Statuses{Statuses: []int{http.StatusServiceUnavailable}}
		client := testkit.NewPatient(t, transport)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := client.Calls.Get(ctx, "call_1")
		assert.Zero(t, time.Since(start))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorAs(t, err, new(*voiceagent.ServerError))
		assert.Equal(t, 1, transport.Seen)

		start = time.Now()
		_, err = client.Calls.Get(t.Context(), "call_1", voiceagent.WithMaxElapsed(10*time.Second))
		assert.Zero(t, time.Since(start))
		require.ErrorAs(t, err, new(*voiceagent.ServerError))
		assert.Contains(t, err.Error(), "WithMaxElapsed")
	})
}

func TestThrottleBeyondTheDeadlineIsARateLimitError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reset := time.Now().Add(40 * time.Second)
		transport := &testkit.Statuses{Statuses: []int{http.StatusTooManyRequests}, Header: http.Header{"X-Ratelimit-Reset": {testkit.FillTimes("{now+40}")}}}
		client := testkit.NewPatient(t, transport)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := client.Calls.Create(ctx, testkit.ValidCall())
		assert.Zero(t, time.Since(start))
		limited := new(voiceagent.RateLimitError)
		require.ErrorAs(t, err, &limited)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.True(t, limited.RetryAt.Equal(reset), "%v", limited.RetryAt)
		assert.Len(t, limited.Attempts, 1)
	})
}

func TestCancelEndsAWaitAndKeepsTheCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := testkit.NewPatient(t, &testkit.Statuses{Statuses: []int{http.StatusServiceUnavailable}})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(7*time.Second, cancel)
		start := time.Now()
		_, err := client.Calls.Get(ctx, "call_1")
		assert.Equal(t, 7*time.Second, time.Since(start))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorAs(t, err, new(*voiceagent.ServerError))
	})
}

func TestCancelDuringAPostLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := testkit.NewPatient(t, &hanging{first: 100})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := client.Calls.Create(ctx, testkit.ValidCall())
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.Canceled)

		_, err = client.Calls.Create(ctx, testkit.ValidCall()) // has ended before
		require.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.Canceled)
		lost := new(voiceagent.ConnectionError)
		require.ErrorAs(t, err, &lost)
		assert.False(t, lost.Sent)
	})
}

// A caller's http.Client.Timeout holds for an attempt, not for waiting one's turn.
func TestClientTimeoutDoesNotTickWhileParked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := &testkit.Statuses{Statuses: []int{http.StatusServiceUnavailable, http.StatusOK}}
		hc := &http.Client{Transport: transport, Timeout: 3 * time.Second}
		client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test"), voiceagent.WithHTTPClient(hc))
		require.NoError(t, err)
		_, err = client.Calls.Get(t.Context(), "call_1")
		require.NoError(t, err)
		assert.Equal(t, 2, transport.Seen)
	})
}
