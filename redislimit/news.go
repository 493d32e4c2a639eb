package redislimit

import (
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// As in the limiter in one process.
const (
	resetGuard = time.Second            // what a reset that is cut to the second may hide
	sameWindow = time.Second            // resets this near are of the same window
	blindPark  = 250 * time.Millisecond // after a 429 that doesn't say when it ends
)

// news is what answers told since the last step.
type news struct {
	released bool
	known    *sighting
	lost     int
	bare     bool
	park     time.Time // after a 429
}

// sighting is the lowest budget that answers of one window reported.
type sighting struct {
	voiceagent.RateLimit
	opener bool
}

// add takes what an attempt has learned.
func (n *news) add(now time.Time, o voiceagent.Observation) {
	n.released = true
	switch {
	case o.Throttled:
		until := now.Add(blindPark)
		if o.Known && !o.RateLimit.Reset.IsZero() {
			reset := o.RateLimit.Reset
			if !o.RateLimit.ServerReset().IsZero() { // a wait, as Retry-After, isn't cut
				reset = reset.Add(resetGuard)
			}
			if !reset.Before(now) {
				until = reset
			}
		}
		if until.After(n.park) {
			n.park = until
		}
	case o.Known:
		if o.RateLimit.Reset.IsZero() {
			o.RateLimit.Reset = now.Add(time.Minute) // the documented window
		}
		n.known = n.known.merge(&sighting{o.RateLimit, isOpener(o.RateLimit)})
	case o.Lost:
		n.lost++
	default:
		n.bare = true
	}
}

// merge puts back what a step that failed was to bring. Callers have added to n since.
func (n *news) merge(earlier news) {
	n.released = n.released || earlier.released
	n.known = earlier.known.merge(n.known)
	n.lost += earlier.lost
	n.bare = n.bare || earlier.bare
	if earlier.park.After(n.park) {
		n.park = earlier.park
	}
}

// merge returns what s and t say together: of two windows the later one, of one the lowest.
func (s *sighting) merge(t *sighting) *sighting {
	switch {
	case s == nil:
		return t
	case t == nil:
		return s
	}
	switch later := t.name().Sub(s.name()); {
	case later > sameWindow:
		return t
	case later < -sameWindow:
		return s
	}
	both := *s
	both.Remaining = min(s.Remaining, t.Remaining)
	if t.opener {
		both.RateLimit.Reset, both.opener = t.Reset, true
	}
	return &both
}

// name tells windows apart.
func (s *sighting) name() time.Time {
	if name := s.ServerReset(); !name.IsZero() {
		return name
	}
	return s.Reset
}

// window writes it for a step. Its reset is a duration there, as this machine's clock may be wrong.
func (s *sighting) window(now time.Time) *window {
	w := &window{resetIn: s.Reset.Sub(now).Milliseconds(), limit: s.Limit, remaining: s.Remaining, opener: s.opener}
	if name := s.ServerReset(); !name.IsZero() {
		w.name = name.UnixMilli()
	}
	return w
}

// isOpener tells if an answer was the first of its window, which makes its reset exact.
func isOpener(r voiceagent.RateLimit) bool { return r.Limit > 0 && r.Remaining >= r.Limit-1 }
