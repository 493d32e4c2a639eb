package redisvoiceagent_test

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// attempts sends n attempts through a limiter, one after the other. There is plenty left.
func attempts(t *testing.T, l voiceagent.Limiter, n int) {
	t.Helper()
	for range n {
		require.NoError(t, l.Acquire(t.Context()))
		l.Release(t.Context(), says(1_000_000, 900_000, time.Now().Add(time.Minute)))
	}
}

func TestLimiterOneTripForAnAttempt(t *testing.T) {
	t.Parallel()
	for name, heeding := range map[string]bool{"default client": false, "client that heeds contexts": true} {
		t.Run(name, func(t *testing.T) {
			var trips counter
			rdb := connectWith(t, startRedis(t), redis.Options{ContextTimeoutEnabled: heeding})
			rdb.AddHook(hook(trips.hook))
			l := redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.Plan{}))
			attempts(t, l, 1) // loads the script
			trips.Store(0)
			attempts(t, l, 200)
			assert.LessOrEqual(t, trips.Load(), int64(200+10), "some answers may have been reported on their own")
		})
	}
}

func TestLimiterKeysHaveBudgetsOfTheirOwn(t *testing.T) {
	t.Parallel()
	rdb := connect(t, startRedis(t))
	one := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: "lev_test_one"})
	two := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: "lev_test_two"})
	again := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: " lev_test_one "})
	elsewhere := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: "lev_test_one", Prefix: "elsewhere"})
	require.NoError(t, one.Acquire(t.Context()))
	one.Release(t.Context(), throttled(time.Now().Add(time.Minute)))
	require.NoError(t, one.(io.Closer).Close())
	_ = requireRefused(t, again, 5*time.Second)
	require.NoError(t, two.Acquire(t.Context()))
	require.NoError(t, elsewhere.Acquire(t.Context()))

	names, err := rdb.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	require.Len(t, names, 3)
	for _, name := range names {
		value, err := rdb.Get(t.Context(), name).Result()
		require.NoError(t, err)
		assert.NotContains(t, name+value, "lev_test")
		assert.NotContains(t, name+value, "test_one")
		left, err := rdb.PTTL(t.Context(), name).Result()
		require.NoError(t, err)
		assert.Positive(t, left, "it goes away by itself")
		assert.LessOrEqual(t, left, 4*time.Minute)
	}
}

func TestLimiterKeyFromTheEnvironment(t *testing.T) {
	rdb := connect(t, startRedis(t))
	t.Setenv("VOICEAGENT_API_KEY", "lev_test_env")
	attempts(t, redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{}), 1)
	attempts(t, redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: "lev_test_env"}), 1)
	require.Eventually(t, func() bool { return rdb.DBSize(t.Context()).Val() == 1 }, soon, time.Millisecond)
}

// The client makes an error of its own of the limiter's.
func TestLimiterClientTellsWhyACallWasRefused(t *testing.T) {
	t.Parallel()
	a := startAPI(t, voiceagenttest.Limits{Requests: 1, Window: time.Minute, FromFirst: true}, 0)
	rdb := connect(t, startRedis(t))
	c := a.Client(voiceagent.WithLimiter(redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: voiceagenttest.DefaultKey})))
	other := a.Client(voiceagent.WithLimiter(redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: voiceagenttest.DefaultKey})))
	_, err := c.Agents.List(t.Context(), voiceagent.AgentListParams{})
	require.NoError(t, err)
	time.Sleep(100 * time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = other.Agents.List(ctx, voiceagent.AgentListParams{})
	limited := new(voiceagent.RateLimitError)
	require.ErrorAs(t, err, &limited)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, ctx.Err(), "at once")
	assert.Equal(t, "/agents", limited.Route)
	assert.Equal(t, http.MethodGet, limited.Method)
	assert.InDelta(t, 60, time.Until(limited.RetryAt).Seconds(), 5)
	assert.Regexp(t, `^voiceagent: GET /agents: not sent: the rate limit's next window begins \d+\.\d+s after this call's deadline; context deadline exceeded`, err.Error())
	assert.EqualValues(t, 1, a.all.Load())
}

// A dead Redis is tried once a second in the background, and logged once. When it is back, the
// budget is shared again.
func TestLimiterDeadRedisCostsNothing(t *testing.T) {
	t.Parallel()
	for name, heeding := range map[string]bool{"default client": false, "client that heeds contexts": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := startRedis(t)
			var tries counter
			rdb := connectWith(t, srv, redis.Options{ContextTimeoutEnabled: heeding})
			rdb.AddHook(hook(tries.hook))
			logger, out := logged()
			timeout := time.Second
			l := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Timeout: timeout, Logger: logger})
			attempts(t, l, 1)
			require.NoError(t, srv.Pause())
			began := time.Now()
			attempts(t, l, 1)
			assert.GreaterOrEqual(t, time.Since(began), timeout-50*time.Millisecond, "or Redis isn't dead")
			began = time.Now()
			attempts(t, l, 2000)
			assert.Less(t, time.Since(began), timeout, "2,000 attempts wait less than one timeout together")
			assert.Equal(t, 1, out.count("WARN"))
			require.NoError(t, srv.Kill())
			tries.Store(0)
			for range 30 {
				attempts(t, l, 10)
				time.Sleep(100 * time.Millisecond)
			}
			assert.LessOrEqual(t, tries.Load(), int64(5), "once a second")
			assert.Equal(t, 1, out.count("WARN"))
			require.NoError(t, srv.Restart())
			require.Eventually(t, func() bool {
				attempts(t, l, 1)
				return out.count("INFO") == 1
			}, 20*time.Second, 10*time.Millisecond)
			trips := new(counter)
			rdb.AddHook(hook(trips.hook))
			attempts(t, l, 5)
			assert.Positive(t, trips.Load())
			assert.Equal(t, 1, out.count("WARN"))
		})
	}
}

// In a process that waits in the fallback, the callers go on over Redis as soon as it is back.
func TestLimiterWaitersComeBack(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	l := redisvoiceagent.NewLimiter(connect(t, srv), redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Timeout: time.Second})
	require.NoError(t, l.Acquire(t.Context()))
	l.Release(t.Context(), throttled(time.Now().Add(50*time.Second)))
	time.Sleep(100 * time.Millisecond)
	require.NoError(t, srv.Kill())
	a := newAsker(t, l)
	a.ask(5)
	time.Sleep(3 * time.Second)
	require.Zero(t, a.count(), "the limiter is still closed")
	require.NoError(t, srv.Restart()) // it has forgotten everything
	a.settle(4)                       // as before the first answer
}

func TestLimiterRefuse(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	l := redisvoiceagent.NewLimiter(connect(t, srv), redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Timeout: time.Second, OnDown: redisvoiceagent.Refuse})
	attempts(t, l, 1)
	require.NoError(t, srv.Kill())
	began := time.Now()
	for range 100 {
		require.ErrorIs(t, l.Acquire(t.Context()), redisvoiceagent.ErrLimiterDown)
	}
	assert.Less(t, time.Since(began), soon)
	require.NoError(t, srv.Restart())
	require.Eventually(t, func() bool { return l.Acquire(t.Context()) == nil }, soon, 10*time.Millisecond)
}

// What stands under the key and isn't a budget is like a Redis that is gone, and is left alone.
func TestLimiterForeignValue(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{"no JSON": "hello", "another JSON": `{"a":1}`, "a number": "7"} {
		t.Run(name, func(t *testing.T) {
			rdb := connect(t, startRedis(t))
			logger, out := logged()
			l := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Timeout: 10 * time.Second, Logger: logger})
			attempts(t, l, 1)
			names, err := rdb.Keys(t.Context(), "*").Result()
			require.NoError(t, err)
			time.Sleep(50 * time.Millisecond)
			require.NoError(t, rdb.Set(t.Context(), names[0], value, 0).Err())
			attempts(t, l, 1)
			require.Eventually(t, func() bool { return out.count("WARN") == 1 }, soon, time.Millisecond)
			assert.Contains(t, out.text.String(), names[0])
			assert.Equal(t, value, rdb.Get(t.Context(), names[0]).Val())
		})
	}
}

func TestLimiterForgottenScript(t *testing.T) {
	t.Parallel()
	rdb := connect(t, startRedis(t))
	logger, out := logged()
	l := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Timeout: 10 * time.Second, Logger: logger})
	attempts(t, l, 3)
	require.NoError(t, rdb.ScriptFlush(t.Context()).Err())
	attempts(t, l, 3)
	require.NoError(t, rdb.FlushAll(t.Context()).Err())
	attempts(t, l, 3)
	assert.Zero(t, out.count("WARN"))
}

// Permits in an answer of Redis that was lost are not lost: the next step reports that they aren't
// in use.
func TestLimiterLostAnswers(t *testing.T) {
	t.Parallel()
	rdb := connect(t, startRedis(t))
	var lose atomic.Bool // the answer to a command that Redis has done, as a connection does that breaks
	rdb.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		err := next(ctx, cmd)
		if lose.Swap(false) {
			err = io.ErrUnexpectedEOF
			cmd.SetErr(err)
		}
		return err
	}))
	l := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Timeout: 10 * time.Second, Plan: voiceagent.EnterprisePlan(1)})
	for range 5 {
		lose.Store(true)
		require.NoError(t, l.Acquire(t.Context()), "the fallback lets it go")
		l.Release(t.Context(), voiceagent.Observation{Lost: true})
		require.Eventually(t, func() bool { // it is tried again when there is something to send
			require.NoError(t, l.Acquire(t.Context()))
			l.Release(t.Context(), voiceagent.Observation{Lost: true})
			return !redisvoiceagent.IsDown(l)
		}, soon, 10*time.Millisecond)
	}
	a := newAsker(t, l)
	a.ask(5)
	a.settle(1)
}

func TestLimiterCloseReportsTheLastAnswers(t *testing.T) {
	t.Parallel()
	rdb := connect(t, startRedis(t))
	one := redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.EnterprisePlan(1)))
	two := redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.EnterprisePlan(1)))
	require.NoError(t, one.(io.Closer).Close(), "nothing to report")
	require.NoError(t, one.Acquire(t.Context()))
	one.Release(t.Context(), says(60, 0, time.Now().Add(time.Minute)))
	require.NoError(t, one.(io.Closer).Close())
	_ = requireRefused(t, two, 10*time.Second)
	require.NoError(t, two.(io.Closer).Close())
	names, err := rdb.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	require.Len(t, names, 1)
	assert.Contains(t, rdb.Get(t.Context(), names[0]).Val(), `"procs":{}`, "who has ended has no share")
	require.NoError(t, one.(io.Closer).Close(), "it can be closed twice, and used again")
	_ = requireRefused(t, one, 10*time.Second)
}

// The caller that should go first when the limiter is half-open gives up before it gets the permit.
// A caller of another process then goes first, and doesn't wait for the lease.
func TestLimiterFirstWhenHalfOpenGivesUp(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	rdb := connect(t, srv)
	var hold atomic.Bool // the answer to one command
	gone := make(chan struct{})
	rdb.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
		err := next(ctx, cmd)
		if hold.Swap(false) {
			<-gone
		}
		return err
	}))
	one := redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.Plan{}))
	two := redisvoiceagent.NewLimiter(connect(t, srv), limiterParams(voiceagent.Plan{}))
	require.NoError(t, one.Acquire(t.Context()))
	one.Release(t.Context(), throttled(time.Now().Add(-950*time.Millisecond)))
	require.NoError(t, one.(io.Closer).Close())
	time.Sleep(60 * time.Millisecond)
	hold.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	said := make(chan error, 1)
	go func() { said <- one.Acquire(ctx) }()
	require.Eventually(t, func() bool { return !hold.Load() }, soon, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-said, context.Canceled)
	close(gone)
	began := time.Now()
	require.NoError(t, two.Acquire(t.Context()))
	assert.Less(t, time.Since(began), 1500*time.Millisecond)
}

// Without Redis each process keeps to an equal share of the budget that was left, and learns more
// from its own answers.
func TestLimiterShareOfWhatWasLeft(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	reset := time.Now().Add(time.Minute)
	var processes []*asker
	for range 3 {
		l := redisvoiceagent.NewLimiter(connect(t, srv), redisvoiceagent.LimiterParams{APIKey: "lev_test_key", Timeout: time.Second})
		processes = append(processes, newAsker(t, l))
	}
	for range 2 { // until they know each other
		for _, a := range processes {
			a.ask(1)
			require.Eventually(t, func() bool { return a.count() == 1 }, soon, time.Millisecond)
			a.release(says(300, 120, reset))
			time.Sleep(50 * time.Millisecond)
			a.granted = 0
		}
	}
	require.NoError(t, srv.Kill())
	for _, a := range processes {
		a.ask(30)
	}
	for _, a := range processes {
		require.Eventually(t, func() bool { return a.count() >= 7 }, soon, time.Millisecond)
	}
	time.Sleep(150 * time.Millisecond)
	for _, a := range processes {
		first := a.count()
		assert.LessOrEqual(t, first, 10, "a quarter of a third of what was left, less what the others had in flight when it heard of it")
		for range first {
			a.release(says(300, 48, reset))
		}
		a.settle(first + 4)
	}
}
