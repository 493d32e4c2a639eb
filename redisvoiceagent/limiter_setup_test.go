package redisvoiceagent_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

func limiterParams(p voiceagent.Plan) redisvoiceagent.LimiterParams {
	// The long Timeout keeps a busy machine from looking like a dead Redis.
	return redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Plan: p, Timeout: 10 * time.Second}
}

// asker counts who was let go.
type asker struct {
	t       *testing.T
	limiter voiceagent.Limiter
	ctx     context.Context
	cancel  context.CancelFunc
	all     sync.WaitGroup

	mu      sync.Mutex
	granted int
	last    time.Time
}

func newAsker(t *testing.T, limiter voiceagent.Limiter) *asker {
	a := &asker{t: t, limiter: limiter}
	a.ctx, a.cancel = context.WithCancel(t.Context())
	t.Cleanup(a.end)
	return a
}

// end sends those away who still wait.
func (a *asker) end() {
	a.cancel()
	a.all.Wait()
}

func (a *asker) ask(n int) {
	for range n {
		a.all.Go(func() {
			if a.limiter.Acquire(a.ctx) == nil {
				a.mu.Lock()
				defer a.mu.Unlock()
				a.granted++
				a.last = time.Now()
			}
		})
	}
}

func (a *asker) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.granted
}

// settle waits until n were let go, and that no more are.
func (a *asker) settle(n int) {
	a.t.Helper()
	require.Eventually(a.t, func() bool { return a.count() >= n }, soon, time.Millisecond)
	time.Sleep(150 * time.Millisecond) // several times as long as a step and its poll
	require.Equal(a.t, n, a.count())
}

// told waits until all processes have the report of what was released.
func (a *asker) told() { told(a.limiter) }

func told(l voiceagent.Limiter) {
	if shared, ok := l.(io.Closer); ok {
		_ = shared.Close() // it never fails, and the limiter can be used again
	}
}

func (a *asker) release(o voiceagent.Observation) { a.limiter.Release(a.ctx, o) }

// says is an answer's headers.
func says(limit, remaining int, reset time.Time) voiceagent.Observation {
	return voiceagent.Observation{Known: true, RateLimit: voiceagent.RateLimit{Limit: limit, Remaining: remaining, Reset: reset}}
}

func throttled(reset time.Time) voiceagent.Observation {
	o := says(60, 0, reset)
	o.Throttled = true
	return o
}

// requireRefused has a caller refused that has so long.
func requireRefused(t *testing.T, l voiceagent.Limiter, within time.Duration) *voiceagent.RateLimitError {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	began := time.Now()
	err := l.Acquire(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, ctx.Err(), "it must not wait")
	assert.Less(t, time.Since(began), within)
	limited, ok := errors.AsType[*voiceagent.RateLimitError](err)
	require.True(t, ok, "%v", err)
	return limited
}
