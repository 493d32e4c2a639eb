package reconcile

import "time"

// Window is the time in which the record must have been made, by the clock of the list. The zero
// Window is unknown.
type Window struct {
	From, To time.Time
	Doubt    time.Duration // how far that clock may be off
}

const (
	// slack allows for clocks of the server's machines that differ, and for times cut to the second.
	slack = 2 * time.Second
	// farSlack allows for times cut to the minute and for a Date from another machine.
	farSlack = 2 * time.Minute
	// zoneStep is what the offsets of all time zones are multiples of.
	zoneStep = 15 * time.Minute
	// zoneMost is the largest offset of a time zone.
	zoneMost = 14 * time.Hour
)

// Test returns Ours for a time inside the window, and Not for a time that is outside of it in every
// time zone. A time that can't be read is Maybe.
func (w Window) Test(shown time.Time) Verdict {
	switch {
	case shown.Year() <= 1 || w == (Window{}):
		return Maybe
	case w.holds(shown, slack):
		return Ours
	case w.holds(shown, max(farSlack, w.Doubt)) || w.holdsInSomeZone(shown) || w.holdsCut(shown):
		return Maybe
	}
	return Not
}

func (w Window) holds(t time.Time, slack time.Duration) bool {
	return !t.Before(w.From.Add(-slack)) && !t.After(w.To.Add(slack))
}

func (w Window) holdsInSomeZone(t time.Time) bool {
	if !w.holds(t, zoneMost+slack) {
		return false
	}
	past := t.Sub(w.From.Add(-slack)) % zoneStep
	if past < 0 {
		past += zoneStep
	}
	return past <= w.To.Sub(w.From)+2*slack
}

// holdsCut reports whether a time that seems to be cut to five minutes or more may be in the
// window, in some time zone.
func (w Window) holdsCut(t time.Time) bool {
	hour, minute, second := t.Clock()
	cut := time.Hour
	switch {
	case minute%5 != 0 || second != 0 || t.Nanosecond() != 0:
		return false
	case hour == 0 && minute == 0: // it has no more than a date
		cut = 24 * time.Hour
	}
	return w.holds(t, cut+zoneMost)
}
