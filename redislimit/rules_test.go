package redislimit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redislimit"
)

// several is a limiter that is really several, on one Redis: each Acquire asks the next one.
type several struct {
	mu     sync.Mutex
	all    []voiceagent.Limiter
	next   int
	leaves []voiceagent.Limiter // who gave those that are out, in order
}

func (s *several) Acquire(ctx context.Context) error {
	s.mu.Lock()
	l := s.all[s.next%len(s.all)]
	s.next++
	s.mu.Unlock()
	err := l.Acquire(ctx)
	if err == nil {
		s.mu.Lock()
		s.leaves = append(s.leaves, l)
		s.mu.Unlock()
	}
	return err
}

func (s *several) Release(ctx context.Context, o voiceagent.Observation) {
	s.mu.Lock()
	l := s.leaves[0]
	s.leaves = s.leaves[1:]
	s.mu.Unlock()
	l.Release(ctx, o)
}

// kinds are the limiters that must keep the rules: that of one process, that over Redis, and three of those as one.
var kinds = map[string]func(*testing.T, voiceagent.Plan) voiceagent.Limiter{
	"in the process": func(_ *testing.T, p voiceagent.Plan) voiceagent.Limiter { return voiceagent.NewLimiter(p) },
	"over Redis": func(t *testing.T, p voiceagent.Plan) voiceagent.Limiter {
		return redislimit.New(connect(t, startRedis(t)), params(p))
	},
	"over Redis, each step sent twice": func(t *testing.T, p voiceagent.Plan) voiceagent.Limiter {
		rdb := connectHeeding(t, startRedis(t))
		rdb.AddHook(new(twice))
		return redislimit.New(rdb, params(p))
	},
	"three over Redis": func(t *testing.T, p voiceagent.Plan) voiceagent.Limiter {
		rdb := connectHeeding(t, startRedis(t))
		return &several{all: []voiceagent.Limiter{redislimit.New(rdb, params(p)), redislimit.New(rdb, params(p)), redislimit.New(rdb, params(p))}}
	},
}

// twice sends each command twice, as a Redis client does that has lost the first answer.
type twice struct{ counter }

func (*twice) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		_ = next(ctx, cmd)
		return next(ctx, cmd)
	}
}

func params(p voiceagent.Plan) redislimit.Params {
	return redislimit.Params{APIKey: "lev_test_key", Plan: p, Timeout: 10 * time.Second} // a busy machine isn't a dead Redis
}

// soon is how long things may take that take no time, on a machine that does much else.
const soon = 5 * time.Second

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

// rules are those of every limiter.
var rules = map[string]func(*testing.T, func(voiceagent.Plan) voiceagent.Limiter){
	"16 go before the first answer, and all when it has no headers": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(90)
		a.settle(16)
		a.release(voiceagent.Observation{})
		a.settle(90)
	},
	"a plan says how many": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.EnterprisePlan(5)))
		a.ask(20)
		a.settle(5)
	},
	"no more are in flight than the lowest Remaining": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		reset := time.Now().Add(time.Minute)
		a.ask(90)
		a.settle(16)
		a.release(says(60, 40, reset))
		a.settle(41)
		a.release(says(60, 42, reset)) // an answer that was overtaken
		a.settle(42)
		a.release(says(60, 30, reset))
		a.settle(42) // 39 are in flight
		for range 10 {
			a.release(says(60, 30, reset))
		}
		a.settle(43)
	},
	"a lost answer counts as sent": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(1)
		a.settle(1)
		a.release(says(60, 10, time.Now().Add(time.Minute)))
		a.settle(1) // a step brings it to the others, which have a guess of 16 until then
		a.ask(20)
		a.settle(11)
		for range 3 {
			a.release(voiceagent.Observation{Lost: true})
		}
		a.settle(11)
	},
	"when nothing is left after lost answers all wait for the reset": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		l := fresh(voiceagent.Plan{})
		for range 3 {
			require.NoError(t, l.Acquire(t.Context()))
		}
		l.Release(t.Context(), says(60, 2, time.Now().Add(time.Minute)))
		time.Sleep(100 * time.Millisecond)
		l.Release(t.Context(), voiceagent.Observation{Lost: true})
		l.Release(t.Context(), voiceagent.Observation{Lost: true})
		time.Sleep(100 * time.Millisecond)
		_ = requireRefused(t, l, 20*time.Second)
	},
	"late answers of an old window don't count": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(3)
		a.settle(3)
		old, next := time.Now().Add(10*time.Second), time.Now().Add(70*time.Second)
		a.release(says(60, 50, next))
		time.Sleep(50 * time.Millisecond)
		a.release(says(60, 0, old))
		a.ask(60)
		a.settle(3 + 49) // one is still in flight
	},
	"at zero all wait for the reset, then one goes first, and as many as its answer allows": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(1)
		a.settle(1)
		reset := time.Now().Add(500 * time.Millisecond)
		a.release(says(60, 0, reset))
		time.Sleep(50 * time.Millisecond)
		a.ask(30)
		require.Eventually(t, func() bool { return a.count() == 2 }, soon, time.Millisecond)
		assert.False(t, a.last.Before(reset.Add(time.Second-time.Millisecond)), "a reset may be cut to the second")
		a.settle(2)
		a.release(says(60, 12, time.Now().Add(time.Minute)))
		a.settle(14)
	},
	"a 429 parks everyone": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(2)
		a.settle(2)
		reset := time.Now().Add(300 * time.Millisecond)
		a.release(throttled(reset))
		time.Sleep(100 * time.Millisecond)
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
		time.Sleep(50 * time.Millisecond)
		a.release(throttled(time.Now().Add(-900 * time.Millisecond)))
		time.Sleep(50 * time.Millisecond)
		a.ask(60)
		a.settle(3)
		began := time.Now()
		a.release(says(60, 25, reset))
		a.settle(28)
		assert.Less(t, time.Since(began), 1500*time.Millisecond, "nobody waits for it any more")
	},
	"an absurd reset doesn't silence for longer than 2 minutes": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		l := fresh(voiceagent.Plan{})
		require.NoError(t, l.Acquire(t.Context()))
		l.Release(t.Context(), throttled(time.Now().Add(20*time.Hour)))
		time.Sleep(100 * time.Millisecond)
		limited := requireRefused(t, l, time.Second)
		assert.InDelta(t, 120, time.Until(limited.RetryAt).Seconds(), 5)
	},
	"the others don't wait for ever for the one that went first": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		a := newAsker(t, fresh(voiceagent.Plan{}))
		a.ask(1)
		a.settle(1)
		a.release(throttled(time.Now().Add(-900 * time.Millisecond)))
		time.Sleep(50 * time.Millisecond)
		a.ask(5)
		require.Eventually(t, func() bool { return a.count() == 2 }, soon, time.Millisecond)
		first := a.last
		require.Eventually(t, func() bool { return a.count() == 6 }, soon, time.Millisecond)
		assert.InDelta(t, 2, a.last.Sub(first).Seconds(), 1)
	},
	"who went first and was not sent makes room for another": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
		l := fresh(voiceagent.Plan{})
		require.NoError(t, l.Acquire(t.Context()))
		l.Release(t.Context(), throttled(time.Now().Add(-900*time.Millisecond)))
		time.Sleep(20 * time.Millisecond)
		var all sync.WaitGroup
		for range 40 { // some of them are called up at the moment they leave
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
		time.Sleep(100 * time.Millisecond)
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
	"who has gone away gets no leave": func(t *testing.T, fresh func(voiceagent.Plan) voiceagent.Limiter) {
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

func TestRules(t *testing.T) {
	for kind, fresh := range kinds {
		for rule, check := range rules {
			t.Run(kind+": "+rule, func(t *testing.T) {
				t.Parallel()
				check(t, func(p voiceagent.Plan) voiceagent.Limiter { return fresh(t, p) })
			})
		}
	}
}

func TestCallersGoInOrderOfArrival(t *testing.T) {
	t.Parallel()
	l := redislimit.New(connect(t, startRedis(t)), params(voiceagent.EnterprisePlan(1)))
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
		require.Eventually(t, func() bool { return redislimit.Waiting(l) == i+1 }, soon, time.Millisecond)
	}
	l.Release(t.Context(), says(1, 1, time.Now().Add(time.Minute)))
	all.Wait()
	require.Len(t, order, 30)
	for i := range order {
		assert.Equal(t, i, order[i])
	}
}
