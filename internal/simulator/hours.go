package simulator

import (
	"strconv"
	"time"
)

// hours are when a campaign may dial: within its calling hours and outside its
// blackouts, on the clock of a zone.
type hours struct {
	zone      *time.Location
	calling   *span // nil: all day
	blackouts []span
}

// span is a time of day from start to before end, in minutes. It crosses
// midnight when end isn't after start.
type span struct{ start, end int }

func (s span) contains(minute int) bool {
	if s.start < s.end {
		return minute >= s.start && minute < s.end
	}
	return minute >= s.start || minute < s.end
}

func (h hours) open(minute int) bool {
	if h.calling != nil && !h.calling.contains(minute) {
		return false
	}
	for _, b := range h.blackouts {
		if b.contains(minute) {
			return false
		}
	}
	return true
}

// next is the first time from t on at which dialling is allowed; false when
// it never is.
func (h hours) next(t time.Time) (time.Time, bool) {
	local := t.In(h.zone)
	if h.open(local.Hour()*60 + local.Minute()) {
		return t, true
	}
	// It can only open where calling hours start or a blackout ends. Two
	// days hold every such time of day that is still ahead.
	var opening time.Time
	consider := func(minute int) {
		if !h.open(minute % (24 * 60)) {
			return
		}
		for day := range 2 {
			at := time.Date(local.Year(), local.Month(), local.Day()+day, 0, minute, 0, 0, h.zone)
			if at.After(t) && (opening.IsZero() || at.Before(opening)) {
				opening = at
			}
		}
	}
	if h.calling != nil {
		consider(h.calling.start)
	}
	for _, b := range h.blackouts {
		consider(b.end)
	}
	return opening.UTC(), !opening.IsZero()
}

// parseMinute reads HH:MM as minutes since midnight.
func parseMinute(s string) (int, bool) {
	if len(s) != 5 || s[2] != ':' || !onlyDigits(s[:2]) || !onlyDigits(s[3:]) {
		return 0, false
	}
	hour, _ := strconv.Atoi(s[:2])
	minute, _ := strconv.Atoi(s[3:])
	return hour*60 + minute, hour < 24 && minute < 60
}
