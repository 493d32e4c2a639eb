package reconcile

import "time"

// offset is by how much the times of a list are ahead of a machine's clock, learnt from known
// records.
type offset struct {
	least, most time.Duration
	known       bool
}

// note takes the time that the list gives for what was made between two times, if all are known.
func (o *offset) note(shown, from, to time.Time) {
	if shown.IsZero() || from.IsZero() {
		return
	}
	least, most := shown.Sub(to), shown.Sub(from)
	if !o.known {
		*o = offset{least, most, true}
		return
	}
	o.least, o.most = min(o.least, least), max(o.most, most)
}

// window is when the record must have been made, by the list's clock: after the first attempt
// began, and before the answer that was just read.
//
// The records that were placed show how that clock is set. Without them the answer's Date stands
// in. When the answer arrived the server's clock was at its Date or later. Going back from there by
// the time that has passed here never leads to after the first attempt.
func (l *Look[T]) window() (w Window) {
	now, date := time.Now(), l.date
	switch {
	case l.clock.known:
		w.To = now.Add(l.clock.most)
	case !date.IsZero():
		w.To, w.Doubt = date.Add(cutOff), clockDoubt
	case !l.then.known:
		return Window{}
	}
	passed := max(now.Sub(l.FirstSent), 0) // an earlier process's clock may be ahead of ours
	switch {
	case !l.Resumed && l.clock.known:
		w.From = l.FirstSent.Add(l.clock.least)
	case !l.Resumed:
		w.From = date.Add(-passed)
	case l.then.known:
		w.From = l.FirstSent.Add(l.then.least)
		if !l.clock.known { // the list may be of another zone than the Date
			w.To = w.From.Add(passed + clockDoubt)
		}
	case l.AheadKnown:
		w.From = l.FirstSent.Add(l.Ahead)
		if ahead, known := l.ServerAhead(); l.clock.known && known {
			w.From = w.From.Add(l.clock.least - ahead - cutOff)
		}
	default: // an earlier process's clock may not be ours
		w.From = w.To.Add(-passed - clockDoubt)
	}
	if w.To.Before(w.From) { // clocks that don't fit say nothing
		return Window{}
	}
	l.Search.Since = w.From
	return w
}

// oldest is the time before which nothing in the list matters; zero when that isn't known.
func (l *Look[T]) oldest() time.Time {
	from := l.window().From
	if from.IsZero() || l.Resumed && !l.AheadKnown && !l.then.known { // the earlier process's clock may be hours ahead
		return time.Time{}
	}
	const mayBeOlder = 2 * time.Minute // by a Date that is of another clock
	if !l.clock.known {
		from = from.Add(-mayBeOlder)
	}
	before := cutOff // the first attempt
	for _, w := range l.before() {
		if !l.shows(w) {
			before = max(before, l.Search.First.Sub(w.Sent))
		}
	}
	if !l.Search.Taken.IsZero() {
		before = max(before, remembered)
	}
	return from.Add(-before)
}
