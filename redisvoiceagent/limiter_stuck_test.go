package redisvoiceagent_test

import (
	"context"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

// The cases in which callers could be stuck, or let go when they must not.

func TestLimiterRedisDiesWhileNothingIsLeft(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	l := redisvoiceagent.NewLimiter(connect(t, srv), redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Timeout: time.Second})
	require.NoError(t, l.Acquire(t.Context()))
	l.Release(t.Context(), says(60, 0, time.Now().Add(time.Minute)))
	require.NoError(t, l.(io.Closer).Close())
	a := newAsker(t, l)
	a.ask(1)
	require.NoError(t, srv.Kill())
	require.Eventually(t, func() bool { return redisvoiceagent.IsDown(l) }, soon, 10*time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	said := make(chan error, 1)
	go func() { said <- l.Acquire(ctx) }()
	cancel()
	select {
	case err := <-said:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(soon):
		require.Fail(t, "it is stuck")
	}
	require.Zero(t, a.count())
}

// Where nothing is known of the window, what a process has sent before doesn't count against it.
func TestLimiterNobodyStarvesWhileTheAPIIsDown(t *testing.T) {
	t.Parallel()
	rdb := connect(t, startRedis(t))
	one, other := redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.Plan{})), redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.Plan{}))
	require.NoError(t, one.Acquire(t.Context()))
	one.Release(t.Context(), says(60, 50, time.Now().Add(100*time.Millisecond)))
	time.Sleep(1200 * time.Millisecond) // until the window has ended
	require.NoError(t, other.Acquire(t.Context()), "it hangs")
	for i := range 150 {
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		require.NoError(t, one.Acquire(ctx), "attempt %d", i)
		cancel()
		one.Release(t.Context(), voiceagent.Observation{Lost: true})
	}
}

func TestLimiterThrottleWhileAStepIsOnItsWay(t *testing.T) {
	t.Parallel()
	rdb := connect(t, startRedis(t))
	var slow delay
	rdb.AddHook(hook(slow.hook))
	l := redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.Plan{}))
	require.NoError(t, l.Acquire(t.Context()))
	slow.Store(int64(300 * time.Millisecond))
	a := newAsker(t, l)
	a.ask(1)
	time.Sleep(100 * time.Millisecond)
	l.Release(t.Context(), throttled(time.Now().Add(time.Minute)))
	_ = requireRefused(t, l, soon)
	time.Sleep(time.Second)
	assert.Zero(t, a.count())
}

func TestLimiterThrottleInAnOutage(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	l := redisvoiceagent.NewLimiter(connect(t, srv), redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Timeout: time.Second})
	require.NoError(t, l.Acquire(t.Context()))
	require.NoError(t, srv.Kill())
	require.Eventually(t, func() bool { return redisvoiceagent.IsDown(l) }, soon, 10*time.Millisecond)
	l.Release(t.Context(), throttled(time.Now().Add(time.Minute)))
	_ = requireRefused(t, l, soon)
}

// A Redis that is always a little too late is as good as gone, and not back with each answer.
func TestLimiterSlowRedisDoesNotFlap(t *testing.T) {
	t.Parallel()
	rdb := connect(t, startRedis(t))
	var slow delay
	rdb.AddHook(hook(slow.hook))
	logger, out := logged()
	l := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Timeout: 200 * time.Millisecond, Logger: logger})
	slow.Store(int64(300 * time.Millisecond))
	for began := time.Now(); time.Since(began) < 3*time.Second; time.Sleep(time.Millisecond) {
		attempts(t, l, 1)
	}
	assert.Equal(t, 1, out.count("WARN"))
	assert.Zero(t, out.count("INFO"))
}

// Nothing is kept for callers who have gone away.
func TestLimiterCallersWhoLeftHaveNoShare(t *testing.T) {
	t.Parallel()
	rdb := connect(t, startRedis(t))
	one, other := redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.Plan{})), redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.Plan{}))
	reset := time.Now().Add(time.Minute)
	a := newAsker(t, one)
	a.ask(1)
	a.settle(1)
	a.release(says(60, 60, reset))
	a.ask(15)
	a.settle(16) // as many are in flight as may be
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.Error(t, other.Acquire(ctx))
	time.Sleep(100 * time.Millisecond)
	for range 15 {
		a.release(says(60, 40, reset))
	}
	began := time.Now()
	a.ask(10)
	require.Eventually(t, func() bool { return a.count() == 26 }, soon, time.Millisecond)
	assert.Less(t, time.Since(began), 2*time.Second, "after 3 s it would count as dead")
}

func TestLimiterCloseBesideTraffic(t *testing.T) {
	t.Parallel()
	rdb := connect(t, startRedis(t))
	var slow delay
	rdb.AddHook(hook(slow.hook))
	slow.Store(int64(2 * time.Millisecond))
	l := redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.Plan{}))
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	for range 30 {
		all.Go(func() {
			for l.Acquire(ctx) == nil {
				l.Release(ctx, says(1_000_000, 900_000, time.Now().Add(time.Minute)))
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	closed := make(chan error, 1)
	go func() { closed <- l.(io.Closer).Close() }()
	select {
	case err := <-closed:
		require.NoError(t, err)
	case <-time.After(soon):
		assert.Fail(t, "it still waits")
	}
}
