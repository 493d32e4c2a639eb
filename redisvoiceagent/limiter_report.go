package redisvoiceagent

import (
	"math"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// As in the limiter of one process, internal/ratelimit.
const (
	resetGuard   = time.Second            // what a reset that is cut to the second may hide
	sameWindow   = time.Second            // resets this near are of the same window
	firstRefusal = 500 * time.Millisecond // after a 429 that doesn't say when it ends
)

// report is what answers have reported since the last step.
type report struct {
	released    bool    // an attempt has ended
	answered    bool    // an answer of the API came that isn't a 429
	window      *window // nil when no answer had a budget
	untold      int     // attempts without an answer, or with one that can't be read
	bare        int     // answers without rate-limit headers
	refused     refusal
	throttle    voiceagent.RateLimit // of the 429 that ends last, when refused is timed
	closedUntil time.Time            // nobody goes before this, until Redis says more
}

// refusal tells a 429 that reported its end from one that did not.
type refusal int64

const (
	notRefused refusal = iota
	untimed            // nothing: the script lets the wait grow
	timed
)

// add adds what an attempt has observed.
func (r *report) add(now time.Time, o voiceagent.Observation) {
	r.released = true
	r.answered = r.answered || !o.Throttled && !o.Lost
	switch {
	case o.Throttled:
		r.addThrottle(now, o)
	case o.Known:
		if o.RateLimit.Reset.IsZero() {
			o.RateLimit.Reset = now.Add(time.Minute) // the documented window
		}
		r.window = r.window.merge(&window{o.RateLimit, o.RateLimit.OpensWindow()})
	case o.Lost, o.Unreadable:
		r.untold++
	default:
		r.bare++
	}
}

func (r *report) addThrottle(now time.Time, o voiceagent.Observation) {
	refused, until := untimed, now.Add(firstRefusal)
	if !o.Known {
		o.RateLimit = voiceagent.RateLimit{}
	}
	if !o.RateLimit.Reset.IsZero() {
		refused = timed
		end := o.RateLimit.Reset
		if !o.RateLimit.ServerReset().IsZero() { // a wait, as Retry-After, isn't cut
			end = end.Add(resetGuard)
		}
		if end.After(until) {
			until = end
		}
	}
	if r.refused != timed || refused == timed && o.RateLimit.Reset.After(r.throttle.Reset) {
		r.refused, r.throttle = refused, o.RateLimit
	}
	if until.After(r.closedUntil) {
		r.closedUntil = until
	}
}

// merge puts back what a step that failed was to report. Callers have added to r since.
func (r *report) merge(earlier report) {
	r.released = r.released || earlier.released
	r.answered = r.answered || earlier.answered
	r.window = earlier.window.merge(r.window)
	r.untold += earlier.untold
	r.bare += earlier.bare
	if earlier.refused > r.refused || earlier.refused == r.refused && earlier.throttle.Reset.After(r.throttle.Reset) {
		r.refused, r.throttle = earlier.refused, earlier.throttle
	}
	if earlier.closedUntil.After(r.closedUntil) {
		r.closedUntil = earlier.closedUntil
	}
}

// window is what answers of one window reported: the lowest budget of them.
type window struct {
	voiceagent.RateLimit
	opener bool // the answer that opened the window is among them
}

// merge returns the later one of two windows, and of one window the lowest budget.
func (w *window) merge(other *window) *window {
	switch {
	case w == nil:
		return other
	case other == nil:
		return w
	}
	switch later := other.name().Sub(w.name()); {
	case later > sameWindow:
		return other
	case later < -sameWindow:
		return w
	}
	both := *w
	both.Remaining = min(w.Remaining, other.Remaining)
	if other.opener {
		both.RateLimit.Reset, both.opener = other.Reset, true
	}
	return &both
}

// name identifies a window.
func (w *window) name() time.Time {
	if name := w.ServerReset(); !name.IsZero() {
		return name
	}
	return w.Reset
}

// sent returns the window for a step. Its reset is a duration there, as this machine's clock may be
// wrong, and rounded up, as Redis's clock is cut to the millisecond.
func (w *window) sent(now time.Time) *sentWindow {
	s := &sentWindow{resetIn: int64(math.Ceil(w.Reset.Sub(now).Seconds() * 1e3)), limit: w.Limit, remaining: w.Remaining, opener: w.opener}
	if name := w.ServerReset(); !name.IsZero() {
		s.name = name.UnixMilli()
	}
	return s
}
