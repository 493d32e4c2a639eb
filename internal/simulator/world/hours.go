package world

import "time"

// Hours are when a campaign may dial: within its calling hours and outside its blackouts, on the
// clock of a zone.
type Hours struct {
	Zone      *time.Location
	Calling   *Span // nil: all day
	Blackouts []Span
}

// Span is a time of day from Start to before End, in minutes. It crosses midnight when End isn't
// after Start.
type Span struct{ Start, End int }

func (s Span) contains(minute int) bool {
	if s.Start < s.End {
		return minute >= s.Start && minute < s.End
	}
	return minute >= s.Start || minute < s.End
}

func (h Hours) open(minute int) bool {
	if h.Calling != nil && !h.Calling.contains(minute) {
		return false
	}
	for _, b := range h.Blackouts {
		if b.contains(minute) {
			return false
		}
	}
	return true
}

// next is the first time from t on at which dialling is allowed; false when it never is.
func (h Hours) next(t time.Time) (time.Time, bool) {
	local := t.In(h.Zone)
	if h.open(local.Hour()*60 + local.Minute()) {
		return t, true
	}
	// It can only open where calling hours start or a blackout ends. Two days hold every such time
	// of day that is still ahead.
	var opening time.Time
	consider := func(minute int) {
		if !h.open(minute % (24 * 60)) {
			return
		}
		for day := range 2 {
			at := time.Date(local.Year(), local.Month(), local.Day()+day, 0, minute, 0, 0, h.Zone)
			if at.After(t) && (opening.IsZero() || at.Before(opening)) {
				opening = at
			}
		}
	}
	if h.Calling != nil {
		consider(h.Calling.Start)
	}
	for _, b := range h.Blackouts {
		consider(b.End)
	}
	return opening.UTC(), !opening.IsZero()
}
