package ratelimit

import "time"

const (
	firstInFlight  = 4               // before the first answer, where the limit isn't known
	unseenInFlight = 16              // whenever a surprise is possible
	surprise       = 20              // at most the twentieth part of a window may be refused unforeseen
	spare          = 4               // at most the fourth part of what is left is in flight
	lifted         = 300             // so many may go at first where no answer has headers: the Pro plan's
	sameWindow     = time.Second     // resets are cut to the second, so this near they are the same
	resetGuard     = time.Second     // what a reset that is cut to the second may hide
	documented     = time.Minute     // the length of a window
	firstRefusal   = time.Second / 2 // the wait after a 429 that doesn't say when it ends; it doubles
	longestClosed  = 2 * time.Minute // an absurd reset doesn't silence the client for longer
)

// knowledge is what a limiter goes by.
type knowledge uint8

const (
	untried  knowledge = iota // no attempt has been answered yet, but by 429s that don't say when they end
	guessing                  // nothing is known of the current window
	counting                  // what is left of it
	silent                    // the answers have no rate-limit headers
)

// window is what answers have reported of the rate limit. A budget that only counts down by itself
// would drift as soon as answers come out of order. This one can't drift for long: within a window
// the lowest Remaining counts, and every window starts afresh.
type window struct {
	knowledge
	guess     int           // what may be in flight while guessing
	remaining int           // the lowest of the window, less the answers since that reported nothing
	limit     int           // of the last window that reported it
	bare      int           // answers without headers
	name      time.Time     // the reset by the server's clock; zero when no answer has named the window
	seen      time.Time     // when its first answer came
	reset     time.Time     // as that answer reported it, by this machine's clock
	end       time.Time     // when it is surely over
	outlived  bool          // an answer has shown that it goes on after its reset
	lag       time.Duration // by how much resets are too early
}

// permits returns how many attempts may be in flight if so many are kept for others.
func (w *window) permits(kept int) int {
	switch w.knowledge {
	case untried:
		return firstInFlight
	case counting:
		most := max(unseenInFlight, max(w.limit, w.remaining)/surprise)
		return min(most, (max(0, w.remaining-kept)+spare-1)/spare)
	case silent:
		return max(unseenInFlight, lifted-w.bare, w.bare/surprise)
	}
	return w.guess
}

// expire forgets a window that is over.
func (w *window) expire(now time.Time) {
	if w.knowledge == counting && !now.Before(w.end) {
		w.knowledge = guessing
	}
}

// reopen forgets a window in which nothing was left: the gate was closed as long as that may be.
func (w *window) reopen() {
	if w.isSpent() {
		w.knowledge = guessing
	}
}

func (w *window) isSpent() bool { return w.knowledge == counting && w.remaining == 0 }

// isOld reports whether a name is of a window before the one that is counted.
func (w *window) isOld(name time.Time) bool {
	return w.knowledge == counting && name.Before(w.name.Add(-sameWindow))
}

// isNew reports whether a name is of a window after the last one that was named.
func (w *window) isNew(name time.Time) bool {
	later := name.Sub(w.name)
	return w.name.IsZero() || later > sameWindow || (w.knowledge != counting && later > 0)
}

// isPast reports whether a reset lies in the past, which makes it none: the clock that it was made
// with is behind that of the answer's Date.
func (w *window) isPast(now, reset time.Time) bool {
	return reset.Add(w.lag).Before(now.Add(-resetGuard))
}

// isSame reports whether a name is of the last window that was named.
func (w *window) isSame(name time.Time) bool {
	return name.Sub(w.name).Abs() <= sameWindow
}

// told takes the budget that an answer reports. Answers come out of order: within a window only the
// lowest counts, and an answer of an older window doesn't count. The answer to the only attempt in
// flight is the newest, whatever it says.
func (w *window) told(now time.Time, t *Told, newest bool) {
	if t.Reset.Local.IsZero() {
		ends := *t
		ends.Reset.Local = now.Add(documented)
		t = &ends
	}
	name, past := t.Reset.name(), w.isPast(now, t.Reset.Local)
	if past && w.isSame(name) {
		w.outlived = true
	}
	switch {
	case w.isNew(name):
		w.learnLag(now)
		w.begin(now, t)
	case newest, w.outlived && past && w.knowledge == guessing:
		w.begin(now, t)
	case w.knowledge != counting || w.isOld(name):
		return
	default:
		w.remaining = min(w.remaining, t.Remaining)
		if t.OpensWindow() && !past {
			w.end = t.Reset.Local.Add(w.lag)
		}
	}
}

// begin takes an answer as the first of its window, or of what is left of one.
func (w *window) begin(now time.Time, t *Told) {
	name := t.Reset.name()
	if !w.isSame(name) {
		w.seen, w.reset, w.outlived = now, t.Reset.Local, false
	}
	past := w.isPast(now, t.Reset.Local)
	w.end = t.Reset.Local.Add(w.lag)
	switch {
	case past:
		w.end = w.latestEnd()
		if !w.end.After(now) {
			w.end = now.Add(documented + resetGuard)
		}
	case !t.OpensWindow():
		w.end = w.end.Add(resetGuard)
	}
	w.outlived = w.outlived || past
	w.knowledge, w.name, w.remaining = counting, name, t.Remaining
	if t.Limit > 0 {
		w.limit = t.Limit
	}
}

// latestEnd is when a window of the documented length is over whose reset can't be relied on.
func (w *window) latestEnd() time.Time { return w.seen.Add(documented + resetGuard) }

// learnLag learns, from the start of a window, by how much the reset of the last window was too
// early.
func (w *window) learnLag(now time.Time) {
	if w.name.IsZero() {
		return
	}
	lag := min(max(0, now.Sub(w.reset)), longestClosed)
	if !w.outlived {
		lag = min(lag, w.lag)
	}
	w.lag = lag
}

// heard takes an answer that isn't a bare 429, after what it reports.
func (w *window) heard() {
	if w.knowledge == untried {
		w.knowledge = guessing
	}
}

// untold takes an attempt whose answer reports nothing, or never came: the API may have counted it.
func (w *window) untold() {
	if w.knowledge == counting {
		w.remaining = max(0, w.remaining-1)
	}
}

// headerless takes an answer without rate-limit headers. If other answers have reported the limit,
// the window that it belongs to is counted from there.
func (w *window) headerless(now time.Time) {
	switch {
	case w.knowledge == counting:
		w.untold()
	case w.limit > 0:
		w.knowledge, w.name, w.remaining, w.end = counting, time.Time{}, w.limit-1, now.Add(documented)
	default:
		w.knowledge = silent
		w.bare++
	}
}

// throttled takes a 429, and returns until when nobody may go; zero when it doesn't say.
func (w *window) throttled(now time.Time, t *Told) time.Time {
	w.bare = lifted // it lifts nothing any more
	if t.Limit > 0 {
		w.limit = t.Limit
	}
	switch until := t.Reset.Local.Add(w.lag); {
	case t.Reset.ServerMillis == 0: // a Retry-After isn't cut; each caller adds its own jitter to it
		if !t.Reset.Local.Before(now) {
			return t.Reset.Local
		}
	case !until.Before(now.Add(-resetGuard / 2)): // cut times differ by whole seconds
		return until.Add(resetGuard)
	case w.isSame(t.Reset.name()):
		w.outlived = true
		if end := w.latestEnd(); end.After(now) {
			return end
		}
	}
	return time.Time{}
}
