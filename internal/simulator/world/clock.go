package world

import (
	"sync"
	"time"
)

// Clock has two hands, which begin at the same time. Now is simulated time, which calls and
// campaigns live in and which may run fast. Wall is the server's own clock, so that a fast
// simulation shortens no rate-limit window. Advance moves both.
type Clock struct {
	began time.Time // this machine's time at base
	base  time.Time
	speed float64

	mu       sync.RWMutex
	advanced time.Duration
	jumps    []jump // oldest first; none where both hands go at the same speed
}

// jump is one advance.
type jump struct {
	at, by time.Duration // at is of simulated time since base
}

// NewClock starts a clock. A zero start is this machine's time and skew.
func NewClock(start time.Time, speed float64, skew time.Duration) *Clock {
	began := time.Now()
	if start.IsZero() {
		start = began.Add(skew)
	}
	// Round drops the monotonic reading: simulated times are compared with times that came in by
	// the wire.
	return &Clock{began: began, base: start.Round(0).UTC(), speed: speed}
}

// Now is the simulated time.
func (c *Clock) Now() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.base.Add(c.elapsed(c.speed))
}

// Wall is the time on the server's own clock.
func (c *Clock) Wall() time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.base.Add(c.elapsed(1))
}

// elapsed is the time since base on a hand of this speed.
func (c *Clock) elapsed(speed float64) time.Duration {
	d := time.Since(c.began)
	if speed != 1 {
		d = time.Duration(float64(d) * speed)
	}
	return d + c.advanced
}

// Advance moves both hands.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.speed != 1 {
		c.jumps = append(c.jumps, jump{c.elapsed(c.speed), by})
	}
	c.advanced += by
}

// Shown is what [Clock.Wall] showed at a simulated time. What answers say of times is this: a
// client compares it with the Date header. Times before base, of what was made up, are on both
// hands the same.
func (c *Clock) Shown(t time.Time) time.Time {
	since := t.Sub(c.base)
	if t.IsZero() || c.speed == 1 || since <= 0 {
		return t
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	var jumped time.Duration // these went by on both hands
	for _, j := range c.jumps {
		jumped += max(0, min(j.by, since-j.at))
	}
	return c.base.Add(time.Duration(float64(since-jumped)/c.speed) + jumped)
}

// Until is how long this machine's clock takes to bring simulated time to t.
func (c *Clock) Until(t time.Time) time.Duration {
	// One nanosecond more, so that rounding by speed can't wake a sleeper just before t.
	return time.Duration(float64(t.Sub(c.Now()))/c.speed) + 1
}
