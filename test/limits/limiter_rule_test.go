package limits_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// inLimiter runs a test on virtual time with a limiter, of which so many attempts have begun.
func inLimiter(t *testing.T, plan voiceagent.Plan, begun int, run func(t *testing.T, l voiceagent.Limiter)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := voiceagent.NewLimiter(plan)
		for range begun {
			require.NoError(t, l.Acquire(t.Context()))
		}
		run(t, l)
	})
}

// waiters lets n callers ask for leave, and returns how many have got it.
func waiters(t *testing.T, l voiceagent.Limiter, n int) *atomic.Int64 {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	got := new(atomic.Int64)
	for range n {
		go func() {
			if l.Acquire(ctx) == nil {
				got.Add(1)
			}
		}()
	}
	synctest.Wait()
	return got
}

// reported is an answer that reports a window of 60 which ends after d.
func reported(remaining int, d time.Duration) voiceagent.Observation {
	return voiceagent.Observation{Known: true,
		RateLimit: voiceagent.RateLimit{Limit: 60, Remaining: remaining, Reset: time.Now().Add(d)}}
}

// after sleeps until d after start, and lets what is due then happen.
func after(start time.Time, d time.Duration) {
	time.Sleep(time.Until(start.Add(d)))
	synctest.Wait()
}

func TestLimiterRefusesEndedContexts(t *testing.T) {
	t.Parallel()
	inLimiter(t, voiceagent.EnterprisePlan(1), 0, func(t *testing.T, l voiceagent.Limiter) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, l.Acquire(ctx), context.Canceled)
		assert.EqualValues(t, 1, waiters(t, l, 2).Load(), "it must not count")
	})
}

// A limiter that closes while callers wait refuses, at once, those that can't wait that long. The
// others keep their places.
func TestParkRefusesThoseWhoWait(t *testing.T) {
	t.Parallel()
	inLimiter(t, voiceagent.EnterprisePlan(1), 1, func(t *testing.T, l voiceagent.Limiter) {
		start := time.Now()
		patient := waiters(t, l, 1)
		refused := make(chan error, 2)
		for range 2 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				refused <- l.Acquire(ctx)
			}()
		}
		synctest.Wait()
		o := reported(0, 20*time.Second)
		o.Throttled = true
		l.Release(t.Context(), o)
		for range 2 {
			limited := new(voiceagent.RateLimitError)
			require.ErrorAs(t, <-refused, &limited)
			assert.Equal(t, start.Add(20*time.Second), limited.RetryAt)
		}
		assert.Zero(t, time.Since(start))
		after(start, 20*time.Second)
		assert.EqualValues(t, 1, patient.Load())
	})
}

func TestCallerWhoLeavesTakesNothingAlong(t *testing.T) {
	t.Parallel()
	inLimiter(t, voiceagent.EnterprisePlan(1), 1, func(t *testing.T, l voiceagent.Limiter) {
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { left <- l.Acquire(ctx) }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-left, context.Canceled)
		l.Release(t.Context(), reported(1, time.Hour))
		assert.EqualValues(t, 1, waiters(t, l, 1).Load())
	})
}

// A caller may be called up just when its context ends. Its leave must go to the next one.
func TestCallerWhoLeavesWhenItIsCalledUp(t *testing.T) {
	t.Parallel()
	inLimiter(t, voiceagent.EnterprisePlan(1), 0, func(t *testing.T, l voiceagent.Limiter) {
		for range 200 {
			require.NoError(t, l.Acquire(t.Context()))
			ctx, cancel := context.WithCancel(t.Context())
			left := make(chan error)
			go func() { left <- l.Acquire(ctx) }()
			synctest.Wait()
			cancel()
			l.Release(t.Context(), reported(1, time.Hour))
			if <-left == nil {
				l.Release(t.Context(), reported(1, time.Hour))
			}
		}
		assert.EqualValues(t, 1, waiters(t, l, 1).Load(), "leave was lost")
	})
}

// The caller of the half-open limiter may give up too. Then the next caller doesn't wait for its
// answer.
func TestCallerWhoLeavesWhenAParkEnds(t *testing.T) {
	t.Parallel()
	for range 100 {
		inLimiter(t, voiceagent.Plan{}, 2, func(t *testing.T, l voiceagent.Limiter) {
			start := time.Now()
			l.Release(t.Context(), voiceagent.Observation{Throttled: true})
			ctx, cancel := context.WithCancel(t.Context())
			left := make(chan error)
			go func() { left <- l.Acquire(ctx) }()
			synctest.Wait()
			next := waiters(t, l, 1)
			time.Sleep(500 * time.Millisecond)
			cancel()
			l.Release(t.Context(), voiceagent.Observation{Lost: true})
			if <-left == nil {
				l.Release(t.Context(), reported(60, time.Minute))
			}
			synctest.Wait()
			assert.EqualValues(t, 1, next.Load())
			assert.Equal(t, 500*time.Millisecond, time.Since(start))
		})
	}
}

// A reset is cut to the second, so the window may last a second longer, unless its opening answer
// reported the reset.
func TestWindowEndsByTheClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remaining []int // of the answers, in order
		now       int64 // how many of 100 go at once
		ends      time.Duration
	}{
		"in the middle":           {[]int{5}, 2, 11 * time.Second},
		"opened":                  {[]int{59}, 15, 10 * time.Second},
		"opened by a later one":   {[]int{20, 59}, 5, 10 * time.Second},
		"nearly opened":           {[]int{58}, 15, 11 * time.Second},
		"more left than possible": {[]int{60}, 15, 10 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inLimiter(t, voiceagent.EnterprisePlan(90), len(c.remaining), func(t *testing.T, l voiceagent.Limiter) {
				start := time.Now()
				for _, remaining := range c.remaining {
					l.Release(t.Context(), reported(remaining, 10*time.Second))
				}
				got := waiters(t, l, 100)
				assert.Equal(t, c.now, got.Load())
				after(start, c.ends-time.Millisecond)
				assert.Equal(t, c.now, got.Load())
				after(start, c.ends)
				assert.EqualValues(t, 90, got.Load(), "as before the first answer")
			})
		})
	}
}

func TestAnswerWithoutAReset(t *testing.T) {
	t.Parallel()
	inLimiter(t, voiceagent.Plan{}, 1, func(t *testing.T, l voiceagent.Limiter) {
		l.Release(t.Context(), voiceagent.Observation{Known: true, RateLimit: voiceagent.RateLimit{Remaining: 0}})
		start := time.Now()
		require.NoError(t, l.Acquire(t.Context()))
		assert.Equal(t, 61*time.Second, time.Since(start), "the documented window and a second")
	})
}

// Which window an answer speaks of follows from its reset.
func TestWindowsAreToldApart(t *testing.T) {
	t.Parallel()
	inLimiter(t, voiceagent.EnterprisePlan(30), 6, func(t *testing.T, l voiceagent.Limiter) {
		start := time.Now()
		l.Release(t.Context(), reported(3, 10*time.Second))
		l.Release(t.Context(), reported(9, 11*time.Second)) // within a second: the same window
		l.Release(t.Context(), reported(9, 10*time.Second+time.Millisecond))
		got := waiters(t, l, 50) // 3 of the 6 are still on their way
		assert.Zero(t, got.Load())
		after(start, 11*time.Second)
		assert.EqualValues(t, 27, got.Load(), "nothing is known of the next window")
		l.Release(t.Context(), reported(5, -time.Second)) // an answer of the window that is over
		synctest.Wait()
		assert.EqualValues(t, 28, got.Load())
		l.Release(t.Context(), reported(2, 0)) // a second later than the window that is over: the next one
		synctest.Wait()
		assert.EqualValues(t, 28, got.Load())
	})
}

// The answer to the only attempt in flight is the newest, even of a server that was set back.
func TestAnswerToTheProbeCounts(t *testing.T) {
	t.Parallel()
	inLimiter(t, voiceagent.Plan{}, 2, func(t *testing.T, l voiceagent.Limiter) {
		l.Release(t.Context(), reported(50, 5*time.Minute))
		l.Release(t.Context(), voiceagent.Observation{Throttled: true})
		start := time.Now()
		require.NoError(t, l.Acquire(t.Context()))
		assert.Equal(t, 500*time.Millisecond, time.Since(start))
		got := waiters(t, l, 20)
		assert.Zero(t, got.Load(), "one goes first")
		l.Release(t.Context(), reported(12, time.Minute))
		synctest.Wait()
		assert.EqualValues(t, 3, got.Load())
	})
}

func TestThrottleWithAResetInThePast(t *testing.T) {
	t.Parallel()
	inLimiter(t, voiceagent.Plan{}, 1, func(t *testing.T, l voiceagent.Limiter) {
		o := reported(0, -10*time.Second)
		o.Throttled = true
		l.Release(t.Context(), o)
		start := time.Now()
		require.NoError(t, l.Acquire(t.Context()))
		assert.Equal(t, 500*time.Millisecond, time.Since(start))
	})
}

// An attempt without an answer may have been counted.
func TestLostAttemptsCount(t *testing.T) {
	t.Parallel()
	lost := voiceagent.Observation{Lost: true}
	inLimiter(t, voiceagent.Plan{}, 3, func(t *testing.T, l voiceagent.Limiter) {
		start := time.Now()
		l.Release(t.Context(), reported(2, 10*time.Second))
		l.Release(t.Context(), lost)
		got := waiters(t, l, 5)
		assert.Zero(t, got.Load(), "one is left, and on its way")
		l.Release(t.Context(), lost)
		after(start, 11*time.Second-time.Millisecond)
		assert.Zero(t, got.Load())
		after(start, 11*time.Second)
		assert.EqualValues(t, 1, got.Load(), "one goes first")
	})
	inLimiter(t, voiceagent.EnterprisePlan(2), 2, func(t *testing.T, l voiceagent.Limiter) {
		l.Release(t.Context(), lost)
		assert.EqualValues(t, 1, waiters(t, l, 5).Load(), "nothing is known of a window")
	})
	inLimiter(t, voiceagent.EnterprisePlan(4), 4, func(t *testing.T, l voiceagent.Limiter) {
		start := time.Now()
		l.Release(t.Context(), reported(4, 10*time.Second))
		got := waiters(t, l, 9)
		after(start, 11*time.Second)
		l.Release(t.Context(), lost)
		synctest.Wait()
		assert.EqualValues(t, 2, got.Load(), "the window is over")
	})
}
