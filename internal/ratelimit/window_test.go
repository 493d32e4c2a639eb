package ratelimit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/ratelimit"
)

// In flight is a quarter of what is left, and a twentieth of the limit, or 16.
func TestPermits(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ limit, remaining, want int }{
		{60, 59, 15}, {60, 1, 1}, {60, 4, 1}, {60, 5, 2}, {300, 200, 16}, {319, 200, 16}, {320, 200, 16}, {340, 200, 17}, {6000, 3000, 300},
		{0, 400, 20}, {60, 400, 20}, {6000, 80, 20},
	} {
		run(t, 0, 1, func(l *limited) {
			told := l.window(c.remaining, time.Minute)
			told.Limit = c.limit
			l.Release(ratelimit.Answered, told)
			l.queue(400)
			l.have(c.want, "%+v", c)
		})
	}
}

// Answers without headers lift the limit.
func TestWithoutHeaders(t *testing.T) {
	t.Parallel()
	run(t, 1, 1, func(l *limited) {
		l.Release(ratelimit.Answered, nothing)
		l.queue(700)
		l.have(299, "a window of 300, less one answer")
		for range 100 {
			l.Release(ratelimit.Answered, nothing)
		}
		l.have(299)
		for range 199 + 300 {
			l.Release(ratelimit.Answered, nothing)
		}
		l.have(629, "a twentieth of 600 are in flight")
	})
	run(t, 1, 1, func(l *limited) {
		l.Release(ratelimit.Throttled, nothing)
		l.closed(500 * time.Millisecond)
		l.Release(ratelimit.Answered, nothing)
		l.queue(100)
		l.have(16, "a 429 came")
	})
}

// If other answers have reported the limit, an answer without headers is the first of a window.
func TestHeadersThatGoMissing(t *testing.T) {
	t.Parallel()
	run(t, 0, 2, func(l *limited) {
		l.tells(40, 10*time.Second)
		l.sleep(11 * time.Second)
		require.True(l.t, l.TryAcquire())
		l.Release(ratelimit.Answered, nothing)
		l.queue(100)
		l.have(14, "a quarter of 59, one of them since before")
		for range 15 {
			l.Release(ratelimit.Answered, nothing)
		}
		l.have(25, "a quarter of 44 are in flight")
		l.sleep(71*time.Second - 1)
		l.have(25)
		l.sleep(71 * time.Second)
		l.have(30, "16 are in flight, as before the first answer")
	})
	run(t, 0, 2, func(l *limited) {
		told := l.window(40, 10*time.Second)
		told.Limit = 0
		l.Release(ratelimit.Answered, told)
		l.sleep(11 * time.Second)
		require.True(l.t, l.TryAcquire())
		l.Release(ratelimit.Answered, nothing)
		l.queue(400)
		l.have(298, "no limit was told")
	})
	for _, outcome := range []ratelimit.Outcome{ratelimit.Answered, ratelimit.Throttled} {
		run(t, 0, 2, func(l *limited) {
			l.tells(40, 10*time.Second)
			told := l.window(39, 70*time.Second)
			told.Limit = 0
			l.Release(outcome, told)
			l.sleep(3 * time.Minute)
			require.True(l.t, l.TryAcquire())
			l.Release(ratelimit.Answered, nothing)
			l.queue(100)
			l.have(15, "an answer without a limit doesn't have it forgotten")
		})
	}
	run(t, 0, 1, func(l *limited) {
		told := l.window(0, time.Second)
		told.Limit = 100
		l.Release(ratelimit.Throttled, told)
		l.closed(2 * time.Second)
		l.Release(ratelimit.Answered, nothing)
		l.queue(100)
		l.have(16, "a 429 tells the limit, too")
	})
}

// A reset is cut to the second, so a window may last a second longer, unless its first answer
// reported it.
func TestWindowEndsByTheClock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		remaining []int // of the answers, in order
		now       int   // how many of 100 go at once
		ends      time.Duration
	}{
		"in the middle":           {[]int{5}, 2, 11 * time.Second},
		"opened":                  {[]int{59}, 15, 10 * time.Second},
		"opened by a later one":   {[]int{20, 59}, 5, 10 * time.Second},
		"lowest first":            {[]int{20, 30}, 5, 11 * time.Second},
		"lowest last":             {[]int{30, 20}, 5, 11 * time.Second},
		"nearly opened":           {[]int{58}, 15, 11 * time.Second},
		"more left than possible": {[]int{60}, 15, 10 * time.Second},
	} {
		run(t, 90, len(c.remaining), func(l *limited) {
			for _, remaining := range c.remaining {
				l.tells(remaining, 10*time.Second)
			}
			l.queue(100)
			l.have(c.now, name)
			l.sleep(c.ends - 1)
			l.have(c.now, name)
			l.sleep(c.ends)
			l.have(90, name)
		})
	}
}

// Nothing left, or no reset beside it, closes the gate until the window is surely over.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	run(t, 0, 1, func(l *limited) {
		l.tells(0, 20*time.Second)
		l.closed(21 * time.Second)
		l.tells(40, 80*time.Second)
		l.queue(50)
		l.have(10, "then a quarter of the new window")
	})
	run(t, 0, 1, func(l *limited) {
		l.Release(ratelimit.Answered, &ratelimit.Told{Has: ratelimit.Remaining})
		l.closed(61 * time.Second)
	})
	run(t, 0, 1, func(l *limited) {
		l.tells(0, 20*time.Hour)
		l.closed(2 * time.Minute)
		l.Release(ratelimit.Answered, nothing)
		require.True(l.t, l.TryAcquire(), "the window is forgotten")
	})
	run(t, 0, 3, func(l *limited) {
		l.tells(2, 20*time.Second)
		l.Release(ratelimit.Lost, nothing)
		l.Release(ratelimit.Answered, &ratelimit.Told{Has: ratelimit.Header})
		l.closed(21 * time.Second)
	})
	run(t, 0, 4, func(l *limited) {
		l.tells(1, 20*time.Second)
		for range 3 {
			l.Release(ratelimit.Lost, nothing)
		}
		l.closed(21 * time.Second)
	})
}

// Which window an answer is of follows from its reset.
func TestWindowsAreToldApart(t *testing.T) {
	t.Parallel()
	run(t, 30, 6, func(l *limited) {
		l.tells(3, 10*time.Second)
		l.tells(9, 11*time.Second) // within a second
		l.tells(9, 9*time.Second)
		l.queue(50)
		l.have(0, "3 are in flight")
		l.sleep(11 * time.Second)
		l.have(27, "nothing is known of the next window")
		l.tells(5, 10*time.Second) // of the window that is over
		l.have(28)
		l.tells(2, 10*time.Second+1e6) // of a later one
		l.have(28)
	})
	run(t, 0, 3, func(l *limited) {
		l.tells(50, 70*time.Second)
		l.tells(0, 10*time.Second) // an old one
		l.queue(50)
		l.have(12)
		l.tells(4, 71*time.Second+1e6) // a new one
		l.have(12)
		l.sleep(72*time.Second + 1e6 - 1)
		l.have(12)
		l.sleep(72*time.Second + 1e6)
		l.have(16)
	})
}

// A window that goes on after its reset is counted on, and the next reset is too early by as much.
func TestWindowThatOutlivesItsReset(t *testing.T) {
	t.Parallel()
	run(t, 16, 4, func(l *limited) {
		l.tells(30, 10*time.Second)
		l.sleep(12 * time.Second)
		require.True(l.t, l.TryAcquire(), "nothing is known any more")
		l.tells(20, 10*time.Second)
		l.queue(50)
		l.have(2, "a quarter of 20, 3 of them since before")
		l.sleep(13 * time.Second)
		l.tells(59, 70*time.Second) // 3 s after the reset
		l.have(13, "a quarter of 59, 2 of them since before")
		l.tells(0, 70*time.Second)
		l.sleep(73*time.Second - 1)
		l.have(13)
		l.sleep(73 * time.Second)
		l.have(14, "one goes first")
		l.tells(59, 130*time.Second) // 3 s after the reset again
		l.tells(0, 130*time.Second)
		l.sleep(133*time.Second - 1)
		l.have(15, "a quarter of 59 were in flight")
		l.sleep(133 * time.Second)
		l.have(16)
	})
	run(t, 0, 3, func(l *limited) {
		l.sleep(time.Hour)
		l.tells(30, time.Hour-5*time.Second)
		l.sleep(time.Hour + 10*time.Second)
		l.tells(59, time.Hour+55*time.Second) // 15 s after the reset
		l.tells(0, time.Hour+55*time.Second)
		l.closed(time.Hour + 70*time.Second)
	})
	run(t, 0, 3, func(l *limited) { // a reset that is right again makes up for it
		l.tells(30, 10*time.Second)
		l.sleep(14 * time.Second)
		l.tells(30, 10*time.Second)
		l.tells(59, 70*time.Second)
		require.True(l.t, l.TryAcquire())
		l.sleep(70 * time.Second)
		require.True(l.t, l.TryAcquire())
		l.tells(59, 130*time.Second)
		l.tells(0, 130*time.Second)
		l.closed(130 * time.Second)
	})
}

// When a window that outlives its reset ends isn't known, but the length of a window is.
func TestEndOfAWindowThatOutlivesItsReset(t *testing.T) {
	t.Parallel()
	run(t, 0, 3, func(l *limited) {
		l.tells(30, 10*time.Second)
		l.sleep(12 * time.Second)
		require.True(l.t, l.TryAcquire())
		l.tells(20, 10*time.Second)
		l.tells(0, 10*time.Second)
		l.closed(61 * time.Second)
	})
	run(t, 0, 2, func(l *limited) { // a 429 shows it, too
		l.tells(30, 10*time.Second)
		l.sleep(12 * time.Second)
		l.Release(ratelimit.Throttled, l.window(0, 9*time.Second)) // within a second
		l.closed(61 * time.Second)
		require.NoError(l.t, l.Acquire(l.t.Context()))
		l.tells(59, 72*time.Second) // 53 s after the reset
		l.tells(0, 72*time.Second)
		l.closed(125 * time.Second)
	})
	run(t, 0, 2, func(l *limited) { // which then is over by that, so that nothing is known
		l.tells(30, 10*time.Second)
		l.sleep(61 * time.Second)
		l.Release(ratelimit.Throttled, l.window(0, 10*time.Second))
		l.closed(61500 * time.Millisecond)
	})
}

// A client that was idle when a window began learns nothing from it.
func TestLateFirstAnswer(t *testing.T) {
	t.Parallel()
	run(t, 0, 4, func(l *limited) {
		l.tells(30, 10*time.Second)
		l.tells(29, 10*time.Second)
		l.sleep(15 * time.Second)
		l.tells(59, 70*time.Second)
		l.tells(0, 70*time.Second)
		l.closed(70 * time.Second)
	})
}

// An answer of a window that is over, or of one before it, says nothing of the one that nothing is
// known of.
func TestLateAnswers(t *testing.T) {
	t.Parallel()
	run(t, 30, 3, func(l *limited) {
		l.tells(59, 10*time.Second)
		l.sleep(10300 * time.Millisecond)
		require.True(l.t, l.TryAcquire())
		l.tells(5, 10*time.Second)
		l.queue(50)
		l.have(28, "2 are in flight since before")
	})
	run(t, 30, 3, func(l *limited) {
		l.tells(30, 70*time.Second)
		l.sleep(72 * time.Second)
		require.True(l.t, l.TryAcquire())
		l.tells(5, 10*time.Second)
		l.queue(50)
		l.have(28, "2 are in flight since before")
	})
}

// A window with a reset in the past ends one documented window after its first answer, or after
// this answer.
func TestPastResets(t *testing.T) {
	t.Parallel()
	run(t, 0, 2, func(l *limited) {
		l.sleep(time.Hour)
		l.tells(1, time.Minute)
		l.sleep(time.Hour + 10*time.Second)
		l.tells(0, time.Minute)
		l.closed(time.Hour + 61*time.Second)
	})
	run(t, 0, 2, func(l *limited) {
		l.tells(30, 10*time.Second)
		l.sleep(2 * time.Minute)
		require.True(l.t, l.TryAcquire())
		l.tells(0, 10*time.Second)
		l.closed(2*time.Minute + 61*time.Second)
	})
	run(t, 0, 1, func(l *limited) {
		l.sleep(11 * time.Second)
		l.tells(0, 10*time.Second) // it is over by now
		l.closed(11 * time.Second)
	})
}
