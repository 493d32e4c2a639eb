package simulator

import (
	"sync/atomic"
	"time"
)

// clock has two hands. now is simulated time, which calls and campaigns live
// in and which may run fast; wall is the server's own clock, which rate-limit
// windows and the Date header use, so that a fast simulation doesn't shorten
// the windows. Advancing moves both.
type clock struct {
	began    time.Time // this machine's time when simulated time was base
	base     time.Time
	speed    float64
	skew     time.Duration
	advanced atomic.Int64 // nanoseconds
}

func newClock(start time.Time, speed float64, skew time.Duration) *clock {
	began := time.Now()
	if start.IsZero() {
		start = began.Add(skew)
	}
	// Round drops the monotonic reading: simulated times are compared with
	// times that came in by the wire.
	return &clock{began: began, base: start.Round(0).UTC(), speed: speed, skew: skew}
}

func (c *clock) now() time.Time {
	elapsed := time.Since(c.began)
	if c.speed != 1 {
		elapsed = time.Duration(float64(elapsed) * c.speed)
	}
	return c.base.Add(elapsed + time.Duration(c.advanced.Load()))
}

func (c *clock) wall() time.Time {
	return time.Now().Round(0).UTC().Add(c.skew + time.Duration(c.advanced.Load()))
}

func (c *clock) advance(d time.Duration) { c.advanced.Add(int64(d)) }

// until is how long this machine's clock takes to bring simulated time to t.
func (c *clock) until(t time.Time) time.Duration {
	// One nanosecond more, so that rounding by speed can't wake a sleeper
	// just before t.
	return time.Duration(float64(t.Sub(c.now()))/c.speed) + 1
}
