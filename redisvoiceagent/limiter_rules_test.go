package redisvoiceagent_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

// several is a limiter that is really several, on one Redis: each Acquire asks the next one.
type several struct {
	mu   sync.Mutex
	all  []voiceagent.Limiter
	next int
	gave []voiceagent.Limiter // the permits in use, in order
}

func (s *several) Acquire(ctx context.Context) error {
	s.mu.Lock()
	l := s.all[s.next%len(s.all)]
	s.next++
	s.mu.Unlock()
	err := l.Acquire(ctx)
	if err == nil {
		s.mu.Lock()
		s.gave = append(s.gave, l)
		s.mu.Unlock()
	}
	return err
}

func (s *several) Release(ctx context.Context, o voiceagent.Observation) {
	s.mu.Lock()
	l := s.gave[0]
	s.gave = s.gave[1:]
	s.mu.Unlock()
	l.Release(ctx, o)
}

// Close implements [io.Closer].
func (s *several) Close() error {
	for _, l := range s.all {
		told(l)
	}
	return nil
}

// limiterKinds are the limiters that must keep the rules: that of a process, that over Redis, and
// three of the latter used as one.
var limiterKinds = map[string]func(*testing.T, voiceagent.Plan) voiceagent.Limiter{
	"in the process": func(_ *testing.T, p voiceagent.Plan) voiceagent.Limiter { return voiceagent.NewLimiter(p) },
	"over Redis": func(t *testing.T, p voiceagent.Plan) voiceagent.Limiter {
		return redisvoiceagent.NewLimiter(connect(t, startRedis(t)), limiterParams(p))
	},
	"over Redis, each step sent twice": func(t *testing.T, p voiceagent.Plan) voiceagent.Limiter {
		rdb := connectWith(t, startRedis(t), heeding)
		rdb.AddHook(hook(twice))
		return redisvoiceagent.NewLimiter(rdb, limiterParams(p))
	},
	"over a cluster": func(t *testing.T, p voiceagent.Plan) voiceagent.Limiter { return clusterLimiters(t, p, 1)[0] },
	"three over a cluster": func(t *testing.T, p voiceagent.Plan) voiceagent.Limiter {
		return &several{all: clusterLimiters(t, p, 3)}
	},
	"three over Redis": func(t *testing.T, p voiceagent.Plan) voiceagent.Limiter {
		rdb := connectWith(t, startRedis(t), heeding)
		return &several{all: []voiceagent.Limiter{redisvoiceagent.NewLimiter(rdb, limiterParams(p)), redisvoiceagent.NewLimiter(rdb, limiterParams(p)), redisvoiceagent.NewLimiter(rdb, limiterParams(p))}}
	},
}

// clusterLimiters returns n limiters that share a budget over the shared cluster. With the test
// their steps end, too: a client of a cluster would go on trying for a while after it is closed.
func clusterLimiters(t *testing.T, p voiceagent.Plan, n int) []voiceagent.Limiter {
	t.Helper()
	params := limiterParams(p)
	params.Prefix = rand.Text()
	var all []voiceagent.Limiter
	for range n {
		rdb := connectCluster(t)
		rdb.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
			if err := t.Context().Err(); err != nil {
				cmd.SetErr(err)
				return err
			}
			return next(ctx, cmd)
		}))
		all = append(all, redisvoiceagent.NewLimiter(rdb, params))
	}
	return all
}

// twice sends each command twice, as a Redis client does that has lost the first answer.
func twice(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
	_ = next(ctx, cmd)
	return next(ctx, cmd)
}

// limiterRules are those of every limiter.
var limiterRules = map[string]func(*testing.T, func(voiceagent.Plan) voiceagent.Limiter){
	"4 go before the first answer, and all when it has no headers": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(90)
		a.settle(4)
		a.release(voiceagent.Observation{})
		a.settle(90)
	},
	"a plan says how many": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.EnterprisePlan(5)))
		a.ask(20)
		a.settle(5)
	},
	"in flight is a twentieth of the limit, and a quarter of the lowest Remaining at most": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		reset := time.Now().Add(time.Minute)
		a.ask(90)
		a.settle(4)
		a.release(says(1000, 900, reset))
		a.settle(51)
		a.release(says(1000, 902, reset)) // an answer that was overtaken
		a.settle(52)
		a.release(says(1000, 120, reset))
		a.settle(52) // 49 are in flight
		for range 20 {
			a.release(says(1000, 120, reset))
		}
		a.settle(53)
	},
	"a lost answer counts as sent": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(1)
		a.settle(1)
		a.release(says(60, 10, time.Now().Add(time.Minute)))
		a.told() // the others have a guess of 4 until then
		a.ask(20)
		a.settle(4)
		for _, want := range []int{5, 5, 6} { // of 9, 8 and 7 that are left
			a.release(voiceagent.Observation{Lost: true})
			a.settle(want)
		}
	},
	"when nothing is left after lost answers all wait for the reset": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		l := fresh(voiceagent.Plan{})
		for range 3 {
			require.NoError(t, l.Acquire(t.Context()))
		}
		l.Release(t.Context(), says(60, 2, time.Now().Add(time.Minute)))
		told(l)
		l.Release(t.Context(), voiceagent.Observation{Lost: true})
		l.Release(t.Context(), voiceagent.Observation{Lost: true})
		told(l)
		_ = requireRefused(t, l, 20*time.Second)
	},
	"late answers of an old window don't count": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(3)
		a.settle(3)
		old, next := time.Now().Add(10*time.Second), time.Now().Add(70*time.Second)
		a.release(says(60, 50, next))
		a.told()
		a.release(says(60, 0, old))
		a.told()
		a.ask(60)
		a.settle(3 + 12) // one is still in flight
	},
	"at zero all wait for the reset, then one goes first, and as many as its answer allows": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(1)
		a.settle(1)
		reset := time.Now().Add(500 * time.Millisecond)
		a.release(says(60, 0, reset))
		a.told()
		a.ask(30)
		require.Eventually(t, func() bool { return a.count() == 2 }, soon, time.Millisecond)
		assert.False(t, a.last.Before(reset.Add(time.Second-time.Millisecond)), "a reset may be cut to the second")
		a.settle(2)
		a.release(says(60, 48, time.Now().Add(time.Minute)))
		a.settle(14)
	},
	"a 429 closes the limiter": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(2)
		a.settle(2)
		reset := time.Now().Add(300 * time.Millisecond)
		a.release(throttled(reset))
		a.told()
		a.ask(20)
		require.Eventually(t, func() bool { return a.count() == 3 }, soon, time.Millisecond)
		assert.False(t, a.last.Before(reset.Add(-time.Millisecond)))
		a.settle(3)
	},
	"who went first may say that the window goes on": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		reset := time.Now().Add(time.Minute)
		a.ask(2)
		a.settle(2)
		a.release(says(60, 30, reset))
		a.told()
		a.release(throttled(time.Now().Add(-900 * time.Millisecond)))
		a.told()
		a.ask(60)
		a.settle(3)
		began := time.Now()
		a.release(says(60, 25, reset))
		a.settle(10)
		assert.Less(t, time.Since(began), 1500*time.Millisecond, "nobody waits for it any more")
	},
	"an absurd reset doesn't silence for longer than 2 minutes": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		l := fresh(voiceagent.Plan{})
		require.NoError(t, l.Acquire(t.Context()))
		l.Release(t.Context(), throttled(time.Now().Add(20*time.Hour)))
		told(l)
		limited := requireRefused(t, l, time.Second)
		assert.InDelta(t, 120, time.Until(limited.RetryAt).Seconds(), 5)
	},
	"the others don't wait for ever for the one that went first": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(1)
		a.settle(1)
		a.release(throttled(time.Now().Add(-900 * time.Millisecond)))
		a.told()
		a.ask(4)
		require.Eventually(t, func() bool { return a.count() == 2 }, soon, time.Millisecond)
		first := a.last
		require.Eventually(t, func() bool { return a.count() == 5 }, soon, time.Millisecond)
		assert.InDelta(t, 2, a.last.Sub(first).Seconds(), 1)
	},
	"who went first and was not sent makes room for another": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		l := fresh(voiceagent.Plan{})
		require.NoError(t, l.Acquire(t.Context()))
		l.Release(t.Context(), throttled(time.Now().Add(-900*time.Millisecond)))
		told(l)
		var all sync.WaitGroup
		for range 40 { // some of them are called up at the moment they give up
			all.Go(func() {
				ctx, cancel := context.WithTimeoutCause(t.Context(), 200*time.Millisecond, errors.New("enough"))
				defer cancel()
				if l.Acquire(ctx) == nil {
					l.Release(t.Context(), says(60, 60, time.Now().Add(time.Minute)))
				}
			})
		}
		all.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		require.NoError(t, l.Acquire(ctx))
	},
	"who can't be served in time is refused at once": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		l := fresh(voiceagent.Plan{})
		require.NoError(t, l.Acquire(t.Context()))
		l.Release(t.Context(), says(60, 0, time.Now().Add(time.Minute)))
		told(l)
		limited := requireRefused(t, l, 20*time.Second)
		assert.InDelta(t, 61, time.Until(limited.RetryAt).Seconds(), 5)
	},
	"who waits when a 429 comes is refused too": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.EnterprisePlan(1)))
		a.ask(1)
		a.settle(1)
		said := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			said <- a.limiter.Acquire(ctx)
		}()
		time.Sleep(100 * time.Millisecond)
		a.release(throttled(time.Now().Add(time.Minute)))
		select {
		case err := <-said:
			require.ErrorIs(t, err, context.DeadlineExceeded)
		case <-time.After(soon):
			require.Fail(t, "it still waits")
		}
	},
	"who has gone away gets no permit": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		l := fresh(voiceagent.EnterprisePlan(1))
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, l.Acquire(gone), context.Canceled)
		require.NoError(t, l.Acquire(t.Context()))
		gone, cancel = context.WithCancel(t.Context())
		said := make(chan error, 1)
		go func() { said <- l.Acquire(gone) }()
		time.Sleep(50 * time.Millisecond)
		began := time.Now()
		cancel()
		require.ErrorIs(t, <-said, context.Canceled)
		assert.Less(t, time.Since(began), time.Second)
		l.Release(t.Context(), says(60, 60, time.Now().Add(time.Minute)))
		ctx, cancel := context.WithTimeout(t.Context(), soon)
		defer cancel()
		require.NoError(t, l.Acquire(ctx))
	},
}

func TestLimiterRules(t *testing.T) {
	for kind, fresh := range limiterKinds {
		for rule, check := range limiterRules {
			t.Run(kind+": "+rule, func(t *testing.T) {
				t.Parallel()
				check(t, func(p voiceagent.Plan) voiceagent.Limiter { return fresh(t, p) })
			})
		}
	}
}

func TestLimiterCallersGoInOrderOfArrival(t *testing.T) {
	t.Parallel()
	l := redisvoiceagent.NewLimiter(connect(t, startRedis(t)), limiterParams(voiceagent.EnterprisePlan(1)))
	require.NoError(t, l.Acquire(t.Context()))
	var order []int
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			if assert.NoError(t, l.Acquire(t.Context())) {
				order = append(order, i) // one at a time
				l.Release(t.Context(), says(1, 1, time.Now().Add(time.Minute)))
			}
		})
		require.Eventually(t, func() bool { return redisvoiceagent.Waiting(l) == i+1 }, soon, time.Millisecond)
	}
	l.Release(t.Context(), says(1, 1, time.Now().Add(time.Minute)))
	all.Wait()
	require.Len(t, order, 30)
	for i := range order {
		assert.Equal(t, i, order[i])
	}
}
