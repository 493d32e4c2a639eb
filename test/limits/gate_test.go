package limits_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// begin returns a limiter that has let n attempts go.
func begin(t *testing.T, n int) voiceagent.Limiter {
	t.Helper()
	l := voiceagent.NewLimiter(voiceagent.Plan{})
	for range n {
		require.NoError(t, l.Acquire(t.Context()))
	}
	return l
}

// saying is an answer that says what is left of 60 until reset.
func saying(remaining int, reset time.Time) voiceagent.Observation {
	return voiceagent.Observation{Known: true, RateLimit: voiceagent.RateLimit{Limit: 60, Remaining: remaining, Reset: reset}}
}

// While the limiter is half-open, a late answer of the old window doesn't open it. An answer of a
// new window does.
func TestAnswersThatComeDuringTheProbe(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reset time.Duration
		got   int64
	}{
		"of the old window": {20 * time.Second, 1},
		"of a new window":   {80 * time.Second, 5}, // a quarter of 24 are in flight, one of them since before
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, l := time.Now(), begin(t, 4)
				l.Release(t.Context(), saying(30, start.Add(20*time.Second)))
				throttled := saying(0, start.Add(20*time.Second))
				throttled.Throttled = true
				l.Release(t.Context(), throttled)
				got := waiters(t, l, 20)
				assert.Zero(t, got.Load(), "the gate is closed")
				time.Sleep(20 * time.Second)
				synctest.Wait()
				assert.EqualValues(t, 1, got.Load(), "one goes first")
				l.Release(t.Context(), saying(24, start.Add(c.reset)))
				synctest.Wait()
				assert.Equal(t, c.got, got.Load())
			})
		})
	}
}

// The budget that was left of a window doesn't count any more after the limiter was closed for the
// longest time.
func TestNothingLeftIsForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, l := time.Now(), begin(t, 1)
		l.Release(t.Context(), saying(0, start.Add(10*time.Hour)))
		require.NoError(t, l.Acquire(t.Context()))
		assert.Equal(t, 2*time.Minute, time.Since(start))
		l.Release(t.Context(), voiceagent.Observation{})
		require.NoError(t, l.Acquire(t.Context()))
		assert.Equal(t, 2*time.Minute, time.Since(start))
	})
}

// An attempt that went first and found out nothing lets the next one try, at once and alone.
func TestProbeThatIsLost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, l := time.Now(), begin(t, 1)
		l.Release(t.Context(), voiceagent.Observation{Throttled: true})
		got := waiters(t, l, 5)
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		assert.EqualValues(t, 1, got.Load())
		l.Release(t.Context(), voiceagent.Observation{Lost: true})
		synctest.Wait()
		assert.EqualValues(t, 2, got.Load())
		l.Release(t.Context(), saying(20, start.Add(time.Minute)))
		synctest.Wait()
		assert.EqualValues(t, 5, got.Load())
		assert.Equal(t, 500*time.Millisecond, time.Since(start))
	})
}

// A 429 with an earlier end doesn't open the limiter earlier. A 429 with a later end keeps it
// closed for longer.
func TestLaterOfTwoThrottles(t *testing.T) {
	t.Parallel()
	for second, closed := range map[time.Duration]time.Duration{10 * time.Second: 20 * time.Second, 30 * time.Second: 30 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			start, l := time.Now(), begin(t, 2)
			for _, d := range []time.Duration{20 * time.Second, second} {
				o := saying(0, start.Add(d))
				o.Throttled = true
				l.Release(t.Context(), o)
			}
			require.NoError(t, l.Acquire(t.Context()))
			assert.Equal(t, closed, time.Since(start))
		})
	}
}

// The leave of a caller who goes away as it is called up goes to the next in line.
func TestLeaveGoesToTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := voiceagent.NewLimiter(voiceagent.EnterprisePlan(1))
		require.NoError(t, l.Acquire(t.Context()))
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { left <- l.Acquire(ctx) }()
		synctest.Wait()
		got := waiters(t, l, 1)
		cancel()
		l.Release(t.Context(), saying(1, time.Now().Add(time.Hour)))
		if <-left == nil {
			l.Release(t.Context(), saying(1, time.Now().Add(time.Hour)))
		}
		synctest.Wait()
		assert.EqualValues(t, 1, got.Load())
	})
}

// Whoever was refused while waiting isn't called up any more.
func TestRefusedCallersAreGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, l := time.Now(), begin(t, 4)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		refused := make(chan error, 1)
		go func() { refused <- l.Acquire(ctx) }()
		synctest.Wait()
		got := waiters(t, l, 1)
		throttled := saying(0, start.Add(20*time.Second))
		throttled.Throttled = true
		l.Release(t.Context(), throttled)
		require.ErrorIs(t, <-refused, context.DeadlineExceeded)
		time.Sleep(20 * time.Second)
		synctest.Wait()
		assert.EqualValues(t, 1, got.Load())
	})
}

// An answer with headers that nobody can read counts as one fewer.
func TestUnreadableAnswersCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, l := time.Now(), begin(t, 2)
		l.Release(t.Context(), saying(1, start.Add(10*time.Second)))
		l.Release(t.Context(), voiceagent.Observation{Unreadable: true})
		require.NoError(t, l.Acquire(t.Context()))
		assert.Equal(t, 11*time.Second, time.Since(start))
	})
}

// Answers without a reset are of one window, of which the lowest counts.
func TestLowestCountsWithoutAReset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := begin(t, 3)
		l.Release(t.Context(), saying(2, time.Time{}))
		l.Release(t.Context(), saying(9, time.Time{}))
		assert.Zero(t, waiters(t, l, 5).Load(), "one is in flight, and a quarter of 2 is no more")
	})
}

// If a window goes on after its reset, its budget goes on counting, and the next reset is taken to
// be too early by as much.
func TestWindowThatOutlivesItsReset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start, l := time.Now(), begin(t, 4)
		at := start.Add
		l.Release(t.Context(), saying(30, at(10*time.Second)))
		time.Sleep(12 * time.Second)
		require.NoError(t, l.Acquire(t.Context()), "nothing is known any more")
		l.Release(t.Context(), saying(20, at(10*time.Second)))
		got := waiters(t, l, 50)
		assert.EqualValues(t, 2, got.Load(), "a quarter of 20 are in flight, 3 of them since before")
		time.Sleep(time.Second)
		l.Release(t.Context(), saying(59, at(70*time.Second))) // the next window, 3 s after the reset
		synctest.Wait()
		assert.EqualValues(t, 13, got.Load(), "a quarter of 59, 2 of them since before")
		l.Release(t.Context(), saying(0, at(70*time.Second)))
		time.Sleep(time.Until(at(73*time.Second - time.Millisecond)))
		synctest.Wait()
		assert.EqualValues(t, 13, got.Load())
		time.Sleep(time.Millisecond)
		synctest.Wait()
		assert.EqualValues(t, 14, got.Load(), "one goes first")
	})
}

// A reset in the past is ignored: the documented window counts, and the next reset is taken to be
// off by as much.
func TestResetInThePast(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		start, l := time.Now(), begin(t, 3)
		at := start.Add
		l.Release(t.Context(), saying(30, at(-5*time.Second)))
		time.Sleep(10 * time.Second)
		l.Release(t.Context(), saying(59, at(55*time.Second))) // a new window, 15 s after its reset
		l.Release(t.Context(), saying(0, at(55*time.Second)))
		require.NoError(t, l.Acquire(t.Context()))
		assert.Equal(t, at(70*time.Second), time.Now())
	})
}

// An answer, or a 429, without a limit doesn't have the limit forgotten.
func TestLimitIsRemembered(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]func(reset time.Time) voiceagent.Observation{
		"an answer": func(reset time.Time) voiceagent.Observation {
			return voiceagent.Observation{Known: true, RateLimit: voiceagent.RateLimit{Remaining: 29, Reset: reset}}
		},
		"a 429": func(reset time.Time) voiceagent.Observation {
			return voiceagent.Observation{Known: true, Throttled: true, RateLimit: voiceagent.RateLimit{Reset: reset}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start, l := time.Now(), begin(t, 2)
				l.Release(t.Context(), saying(30, start.Add(10*time.Second)))
				l.Release(t.Context(), second(start.Add(60*time.Second)))
				time.Sleep(2 * time.Minute)
				require.NoError(t, l.Acquire(t.Context()))
				l.Release(t.Context(), voiceagent.Observation{}) // which has no headers
				assert.EqualValues(t, 15, waiters(t, l, 50).Load(), "a quarter of 59")
			})
		})
	}
}

// After a 429 nothing is lifted by answers without headers.
func TestNothingIsLiftedAfterAThrottle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := begin(t, 2)
		l.Release(t.Context(), voiceagent.Observation{Throttled: true})
		l.Release(t.Context(), voiceagent.Observation{})
		require.NoError(t, l.Acquire(t.Context()))
		l.Release(t.Context(), voiceagent.Observation{})
		assert.EqualValues(t, 16, waiters(t, l, 100).Load())
	})
}

// A reset that stays in the past doesn't have what is left forgotten.
func TestResetThatNeverChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Hour)
		reset, l := time.Now().Add(-5*time.Second), begin(t, 2)
		l.Release(t.Context(), saying(30, reset))
		got := waiters(t, l, 20)
		assert.EqualValues(t, 7, got.Load(), "a quarter of 30, one of them since before")
		time.Sleep(62 * time.Second)
		synctest.Wait()
		assert.EqualValues(t, 15, got.Load(), "nothing is known any more")
		for range 14 {
			l.Release(t.Context(), saying(20, reset))
		}
		synctest.Wait()
		assert.EqualValues(t, 18, got.Load(), "a quarter of 20, 2 of them since before")
	})
}
