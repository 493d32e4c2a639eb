package voiceagenttest

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limits is the rate limit of a plan: a fixed window per API key.
type Limits struct {
	// Requests allowed in one window; 0 means no limit and no headers.
	Requests int
	// Window is the length of a window; zero means a minute.
	Window time.Duration
	// FromFirst starts a window with the first request after the last one
	// ended, instead of aligning windows to the Unix epoch.
	FromFirst bool
	// Headers says which answers carry the X-RateLimit headers.
	Headers RateHeaders
	// Reset is the form of X-RateLimit-Reset.
	Reset ResetForm
	// CountPublic counts the public endpoints too.
	CountPublic bool
}

// The documented plans, for [WithLimits].
var (
	Unlimited = Limits{}              // no limit, no headers
	Free      = Limits{Requests: 60}  // a minute
	Pro       = Limits{Requests: 300} // a minute
)

// PerMinute is a plan of n requests a minute.
func PerMinute(n int) Limits { return Limits{Requests: n} }

// RateHeaders says which answers carry the X-RateLimit headers.
type RateHeaders int

// Which answers carry the headers.
const (
	HeadersAlways RateHeaders = iota
	HeadersOn429
	HeadersNever
)

// ResetForm is how X-RateLimit-Reset is written.
type ResetForm int

// The forms of X-RateLimit-Reset. Seconds are cut, not rounded up, so that a
// window that doesn't end on a whole second ends a little after its reset.
const (
	ResetUnix      ResetForm = iota // Unix seconds, the documented form
	ResetUnixMilli                  // Unix milliseconds
	ResetDelta                      // seconds from now, rounded up
	ResetHTTPDate                   // an HTTP date
)

func (l Limits) withDefaults() Limits {
	if l.Window <= 0 {
		l.Window = time.Minute
	}
	return l
}

// limiter counts the requests of each key.
type limiter struct {
	limits  Limits
	mu      sync.Mutex
	windows map[string]*window
}

type window struct {
	start time.Time
	used  int
}

// quota is what a key has left after a request.
type quota struct {
	limit     int
	remaining int
	reset     time.Time
}

func newLimiter(l Limits) *limiter {
	return &limiter{limits: l, windows: make(map[string]*window)}
}

// take counts one request of key. It answers false when there was none left.
func (l *limiter) take(key string, now time.Time) (quota, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.windows[key]
	if w == nil {
		w = &window{}
		l.windows[key] = w
	}
	if start := l.startOf(w, now); !start.Equal(w.start) {
		*w = window{start: start}
	}
	q := quota{limit: l.limits.Requests, reset: w.start.Add(l.limits.Window)}
	if w.used >= l.limits.Requests {
		return q, false
	}
	w.used++
	q.remaining = l.limits.Requests - w.used
	return q, true
}

// startOf is when the window began that now lies in.
func (l *limiter) startOf(w *window, now time.Time) time.Time {
	if !l.limits.FromFirst {
		return epochWindow(now, l.limits.Window)
	}
	// A clock that was turned back must not reopen a window.
	if w.start.IsZero() || !now.Before(w.start.Add(l.limits.Window)) {
		return now
	}
	return w.start
}

// epochWindow is the start of the window of that length that now lies in,
// counted from the Unix epoch (time.Truncate counts from the year 1).
func epochWindow(now time.Time, length time.Duration) time.Time {
	n := now.UnixNano()
	return time.Unix(0, n-n%int64(length)).UTC()
}

// describe puts the headers of q into h.
func (l *limiter) describe(h http.Header, q quota, now time.Time) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(q.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(q.remaining))
	h.Set("X-RateLimit-Reset", l.limits.Reset.format(q.reset, now))
}

func (f ResetForm) format(reset, now time.Time) string {
	switch f {
	case ResetUnixMilli:
		return strconv.FormatInt(reset.UnixMilli(), 10)
	case ResetDelta:
		left := max(reset.Sub(now), 0)
		return strconv.FormatInt(int64((left+time.Second-1)/time.Second), 10)
	case ResetHTTPDate:
		return reset.UTC().Format(http.TimeFormat)
	default:
		return strconv.FormatInt(reset.Unix(), 10)
	}
}
