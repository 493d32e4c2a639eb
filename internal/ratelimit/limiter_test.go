package ratelimit_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/ratelimit"
)

// limited is a limiter in a test on virtual time.
type limited struct {
	*ratelimit.Limiter
	low   bool // its callers ask with AcquireLow
	t     *testing.T
	start time.Time
	got   *atomic.Int64 // how many callers in the queue have got leave
}

// run runs a test on virtual time with a limiter that has let begun attempts go: with callers that
// all ask with Acquire, and again with AcquireLow, which makes no difference.
func run(t *testing.T, perMinute, begun int, test func(l *limited)) {
	t.Helper()
	for _, low := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			l := &limited{ratelimit.New(perMinute), low, t, time.Now(), new(atomic.Int64)}
			for range begun {
				require.True(t, l.TryAcquire())
			}
			test(l)
		})
	}
}

func (l *limited) Acquire(ctx context.Context) error {
	if l.low {
		return l.AcquireLow(ctx)
	}
	return l.Limiter.Acquire(ctx)
}

// queue lets n callers ask for leave until the test ends.
func (l *limited) queue(n int) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(l.t.Context())
	l.t.Cleanup(cancel)
	for range n {
		go func() {
			if l.Acquire(ctx) == nil {
				l.got.Add(1)
			}
		}()
	}
}

// have checks how many in the queue have got leave.
func (l *limited) have(want int, why ...any) {
	l.t.Helper()
	synctest.Wait()
	assert.Equal(l.t, want, int(l.got.Load()), why...)
}

// sleep goes on so long after the start.
func (l *limited) sleep(after time.Duration) { time.Sleep(time.Until(l.start.Add(after))) }

// window returns the headers of a window of 60 that ends that long after the start.
func (l *limited) window(remaining int, after time.Duration) *ratelimit.Told {
	end := l.start.Add(after)
	return &ratelimit.Told{Has: ratelimit.Limit | ratelimit.Remaining | ratelimit.Reset, Limit: 60, Remaining: remaining,
		Reset: ratelimit.Moment{Local: end, ServerMillis: end.UnixMilli()}}
}

// wait returns a Retry-After header.
func (l *limited) wait(d time.Duration) *ratelimit.Told {
	return &ratelimit.Told{Has: ratelimit.Reset, Reset: ratelimit.Moment{Local: time.Now().Add(d)}}
}

func (l *limited) tells(remaining int, after time.Duration) {
	l.Release(ratelimit.Answered, l.window(remaining, after))
}

// closed checks that the gate opens for one attempt so long after the start, which goes.
func (l *limited) closed(after time.Duration) {
	l.t.Helper()
	require.NoError(l.t, l.Acquire(l.t.Context()))
	assert.Equal(l.t, after, time.Since(l.start))
	assert.False(l.t, l.TryAcquire(), "one goes first")
}

var nothing = &ratelimit.Told{}

func TestBeforeTheFirstAnswer(t *testing.T) {
	t.Parallel()
	for perMinute, want := range map[int]struct{ first, unreadable int }{
		0: {4, 16}, -1: {4, 16}, 1: {1, 1}, 60: {60, 60},
	} {
		run(t, perMinute, want.first, func(l *limited) {
			assert.False(l.t, l.TryAcquire())
			l.Release(ratelimit.Lost, nothing)
			l.queue(20)
			l.have(1, "nothing was told")
			l.Release(ratelimit.Answered, &ratelimit.Told{Has: ratelimit.Header})
			l.have(2+want.unreadable-want.first, "nothing was told")
		})
	}
}

// A 429 closes the gate until it ends; a whole second longer where the time is cut.
func TestThrottle(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		told  func(l *limited) *ratelimit.Told
		until time.Duration
	}{
		"a reset":                {func(l *limited) *ratelimit.Told { return l.window(0, 20*time.Second) }, 21 * time.Second},
		"Retry-After":            {func(l *limited) *ratelimit.Told { return l.wait(20 * time.Second) }, 20 * time.Second},
		"Retry-After: 0":         {func(l *limited) *ratelimit.Told { return l.wait(0) }, 0},
		"nothing":                {func(*limited) *ratelimit.Told { return nothing }, 500 * time.Millisecond},
		"a reset just over":      {func(l *limited) *ratelimit.Told { return l.window(0, -500*time.Millisecond) }, 500 * time.Millisecond},
		"a reset that is over":   {func(l *limited) *ratelimit.Told { return l.window(0, -501*time.Millisecond) }, 500 * time.Millisecond},
		"a reset long ago":       {func(l *limited) *ratelimit.Told { return l.window(0, -10*time.Second) }, 500 * time.Millisecond},
		"a wait that is over":    {func(l *limited) *ratelimit.Told { return l.wait(-1) }, 500 * time.Millisecond},
		"an absurd reset":        {func(l *limited) *ratelimit.Told { return l.window(0, 20*time.Hour) }, 2 * time.Minute},
		"two minutes, with care": {func(l *limited) *ratelimit.Told { return l.window(0, 119*time.Second) }, 2 * time.Minute},
	} {
		run(t, 0, 1, func(l *limited) {
			l.Release(ratelimit.Throttled, c.told(l))
			assert.Equal(l.t, c.until == 0, l.TryAcquire(), name)
			if c.until > 0 {
				l.closed(c.until)
			}
		})
	}
	run(t, 0, 4, func(l *limited) { // the latest counts
		l.Release(ratelimit.Throttled, l.window(0, 20*time.Second))
		l.Release(ratelimit.Throttled, l.window(0, 30*time.Second))
		l.Release(ratelimit.Throttled, l.window(0, 10*time.Second))
		l.Release(ratelimit.Throttled, nothing)
		l.closed(31 * time.Second)
	})
	run(t, 0, 3, func(l *limited) { // one of an old window doesn't
		l.tells(40, 60*time.Second)
		l.Release(ratelimit.Throttled, l.window(0, 10*time.Second))
		require.True(l.t, l.TryAcquire())
		l.Release(ratelimit.Throttled, l.wait(10*time.Second))
		l.closed(10 * time.Second)
	})
}

// Each refusal that doesn't say when it ends doubles the wait.
func TestRefusalsInARow(t *testing.T) {
	t.Parallel()
	run(t, 0, 2, func(l *limited) {
		l.Release(ratelimit.Throttled, nothing)
		l.Release(ratelimit.Throttled, nothing) // which was sent before the gate closed
		at := 500 * time.Millisecond
		l.closed(at)
		for _, seconds := range []int{1, 2, 4, 8, 16, 32, 64, 120, 120, 120, 120, 120} {
			l.Release(ratelimit.Throttled, nothing)
			at += time.Duration(seconds) * time.Second
			l.closed(at)
		}
		l.Release(ratelimit.Lost, nothing) // finds out nothing
		l.closed(at)
		l.Release(ratelimit.Throttled, nothing)
		at += 2 * time.Minute
		l.closed(at)
		l.Release(ratelimit.Answered, nothing)
		require.True(l.t, l.TryAcquire())
		l.Release(ratelimit.Throttled, nothing)
		l.closed(at + 500*time.Millisecond)
	})
}

// While one attempt finds out whether the gate may open, the others wait, though not for long.
func TestOneGoesFirst(t *testing.T) {
	t.Parallel()
	const end = 500 * time.Millisecond
	run(t, 0, 1, func(l *limited) {
		l.Release(ratelimit.Throttled, nothing)
		l.queue(20)
		l.sleep(end - 1)
		l.have(0)
		l.sleep(end)
		l.have(1)
		l.sleep(end + 2*time.Second - 1)
		l.have(1)
		l.sleep(end + 2*time.Second)
		l.have(4, "it never came back")
	})
	run(t, 0, 2, func(l *limited) {
		l.tells(50, 5*time.Minute)
		l.Release(ratelimit.Throttled, nothing)
		l.closed(end)
		l.queue(20)
		l.have(0)
		l.tells(12, time.Minute) // of a server that was set back: it is the newest there is
		l.have(3)
	})
	for name, c := range map[string]struct {
		reset time.Duration
		want  int
	}{"an old window": {20 * time.Second, 1}, "a new window": {80 * time.Second, 5}} {
		run(t, 0, 4, func(l *limited) {
			l.tells(30, 20*time.Second)
			l.Release(ratelimit.Throttled, l.window(0, 19*time.Second))
			l.queue(20)
			l.sleep(20 * time.Second)
			l.have(1)
			l.tells(24, c.reset) // the answer to one that was sent before
			l.have(c.want, name)
		})
	}
	run(t, 0, 1, func(l *limited) {
		l.Release(ratelimit.Throttled, nothing)
		l.queue(5)
		l.sleep(end)
		l.have(1)
		l.Release(ratelimit.Lost, nothing)
		l.have(2, "it found out nothing: the next one tries")
		l.Release(ratelimit.Answered, &ratelimit.Told{Has: ratelimit.Header})
		l.have(5)
	})
}

// A caller whose deadline comes before the limiter opens is refused at once, in the queue or before
// it.
func TestTooLate(t *testing.T) {
	t.Parallel()
	run(t, 1, 1, func(l *limited) {
		l.queue(1)
		refused := make(chan error, 2)
		for _, wait := range []time.Duration{10 * time.Second, 21 * time.Second} {
			ctx, cancel := context.WithTimeout(l.t.Context(), wait)
			l.t.Cleanup(cancel)
			go func() { refused <- l.Acquire(ctx) }()
			synctest.Wait()
		}
		l.queue(1)
		synctest.Wait()
		l.Release(ratelimit.Throttled, l.window(0, 20*time.Second))
		late, ok := errors.AsType[*ratelimit.TooLateError](<-refused)
		require.True(l.t, ok)
		assert.Equal(l.t, &ratelimit.TooLateError{Opens: l.start.Add(21 * time.Second), Late: 11 * time.Second}, late)
		assert.EqualError(l.t, late, "the rate limit's next window begins 11s after this call's deadline")
		assert.Zero(l.t, time.Since(l.start))

		ctx, cancel := context.WithTimeout(l.t.Context(), 19*time.Second+400*time.Microsecond)
		defer cancel()
		err := l.Acquire(ctx)
		assert.EqualError(l.t, err, "the rate limit's next window begins 2s after this call's deadline")
		assert.Zero(l.t, time.Since(l.start))
		l.sleep(21*time.Second - 1)
		l.have(0)
		l.sleep(21 * time.Second)
		l.have(1, "the patient go on")
		l.Release(ratelimit.Answered, l.window(60, 80*time.Second))
		l.have(2)
	})
	run(t, 1, 1, func(l *limited) { // nobody is, where the gate is open
		ctx, cancel := context.WithTimeout(l.t.Context(), time.Second)
		defer cancel()
		assert.ErrorIs(l.t, l.Acquire(ctx), context.DeadlineExceeded)
		assert.Equal(l.t, time.Second, time.Since(l.start))
	})
}

func TestEndedContexts(t *testing.T) {
	t.Parallel()
	run(t, 1, 0, func(l *limited) {
		ctx, cancel := context.WithCancel(l.t.Context())
		cancel()
		require.ErrorIs(l.t, l.Acquire(ctx), context.Canceled)
		assert.True(l.t, l.TryAcquire(), "it doesn't count")
	})
	run(t, 1, 1, func(l *limited) {
		ctx, cancel := context.WithCancel(l.t.Context())
		left := make(chan error)
		go func() { left <- l.Acquire(ctx) }()
		synctest.Wait()
		cancel()
		require.ErrorIs(l.t, <-left, context.Canceled)
		l.tells(1, time.Hour)
		assert.True(l.t, l.TryAcquire(), "its place is free")
	})
}

// A caller may be called up just when its context ends. Its leave goes to the next in line, at once
// even where it was to go first.
func TestCallerWhoLeavesWhenCalledUp(t *testing.T) {
	t.Parallel()
	for range 100 { // which of the two it sees first is a matter of chance
		run(t, 1, 1, func(l *limited) {
			ctx, cancel := context.WithCancel(l.t.Context())
			left := make(chan error, 1)
			go func() { left <- l.Acquire(ctx) }()
			synctest.Wait()
			l.queue(1)
			synctest.Wait()
			cancel()
			l.tells(1, time.Hour)
			if <-left == nil {
				l.tells(1, time.Hour)
			}
			l.have(1)
		})
		run(t, 0, 2, func(l *limited) {
			l.Release(ratelimit.Throttled, nothing)
			ctx, cancel := context.WithCancel(l.t.Context())
			left := make(chan error, 1)
			go func() { left <- l.Acquire(ctx) }()
			synctest.Wait()
			l.queue(1)
			l.sleep(500 * time.Millisecond)
			cancel()
			l.Release(ratelimit.Lost, nothing)
			if <-left == nil {
				l.tells(60, time.Minute)
			}
			l.have(1)
			assert.Equal(l.t, 500*time.Millisecond, time.Since(l.start))
		})
	}
}

func TestCallersGoInOrderOfArrival(t *testing.T) {
	t.Parallel()
	run(t, 1, 1, func(l *limited) {
		var order []int
		for i := range 20 {
			go func() {
				if assert.NoError(l.t, l.Acquire(l.t.Context())) {
					order = append(order, i) // one at a time, as only one may be in flight
				}
			}()
			synctest.Wait()
		}
		assert.False(l.t, l.TryAcquire())
		for i := range 20 {
			l.tells(1, time.Minute)
			synctest.Wait()
			require.Len(l.t, order, i+1)
			assert.Equal(l.t, i, order[i])
		}
	})
	run(t, 2, 2, func(l *limited) { // nobody passes those who wait
		l.queue(1)
		synctest.Wait()
		l.tells(0, time.Minute)
		l.sleep(61 * time.Second)
		assert.False(l.t, l.TryAcquire())
		l.have(1)
	})
}

// Whoever comes in the moment in which the gate opens doesn't pass those who wait for it.
func TestNobodyPassesAtTheReset(t *testing.T) {
	t.Parallel()
	for range 20 { // who is awake first is a matter of chance
		run(t, 0, 1, func(l *limited) {
			l.tells(0, 20*time.Second)
			ctx, cancel := context.WithCancel(l.t.Context())
			l.t.Cleanup(cancel)
			var passed atomic.Int64
			go func() {
				l.sleep(21 * time.Second)
				if l.TryAcquire() {
					passed.Add(1)
				}
			}()
			go func() {
				l.sleep(21 * time.Second)
				if l.AcquireLow(ctx) == nil {
					passed.Add(1)
				}
			}()
			synctest.Wait()
			l.queue(1)
			l.sleep(21 * time.Second)
			l.have(1)
			assert.Zero(l.t, passed.Load())
		})
	}
}

func TestTryAcquireAllocatesNothing(t *testing.T) {
	l := ratelimit.New(1 << 20)
	assert.Zero(t, testing.AllocsPerRun(100, func() { l.TryAcquire() }))
}

// Where the limit isn't known, each fifth permit is a look's, while a share is kept for looking.
func TestShareWithoutALimit(t *testing.T) {
	t.Parallel()
	for reserved, want := range map[float64]int{0: 20, 0.2: 4} {
		synctest.Test(t, func(t *testing.T) {
			l := ratelimit.New(1)
			l.Reserve(reserved)
			require.True(t, l.TryAcquire())
			work, before := 0, -1
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					assert.NoError(t, l.Acquire(t.Context()))
					work++
					l.Release(ratelimit.Lost, new(ratelimit.Told))
				})
			}
			synctest.Wait()
			all.Go(func() {
				assert.NoError(t, l.AcquireLow(t.Context()))
				before = work
				l.Release(ratelimit.Lost, new(ratelimit.Told))
			})
			synctest.Wait()
			l.Release(ratelimit.Lost, new(ratelimit.Told))
			all.Wait()
			assert.Equal(t, want, before)
		})
	}
}
