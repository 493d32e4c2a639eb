package envelope

import (
	"strconv"
	"strings"
	"time"
)

// dates are the forms that begin with a date, clocks those that are a time of day alone. Python
// servers leave the offset out; such a time is taken as UTC. A fraction of a second is read by
// every layout.
var (
	dates = []string{
		time.RFC3339,
		"2006-01-02T15:04:05",
		"2006-01-02 15:04:05",
		"2006-01-02T15:04:05Z0700",
		"2006-01-02 15:04:05Z07:00",
		"2006-01-02T15:04Z07:00",
		"2006-01-02T15:04",
		time.DateOnly,
	}
	clocks = []string{time.TimeOnly, "15:04"}
)

// IsWritable reports whether a parsed time can be formatted. The time package parses an offset of
// 24 hours, but doesn't format one.
func IsWritable(t time.Time) bool {
	const day = 24 * 60 * 60
	_, offset := t.Zone()
	return offset > -day && offset < day
}

// ParseTime reads every form of time that the API has been seen to use, and Unix seconds or
// milliseconds. It reports false, and the zero time, for anything else.
func ParseTime(text string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if t, ok := parseClock(text); ok {
		return t, true
	}
	var layouts []string
	switch { // a layout that doesn't fit costs an error each
	case len(text) > 4 && text[4] == '-':
		layouts = dates
	case len(text) > 2 && text[2] == ':':
		layouts = clocks
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			if !IsWritable(t) {
				return time.Time{}, false
			}
			return t, true
		}
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds > 0 {
		return unixTime(seconds)
	}
	return time.Time{}, false
}

// parseClock reads a time such as "10:27:01", much faster than with a layout. Each entry of a
// transcript has one.
func parseClock(text string) (time.Time, bool) {
	if len(text) != len(time.TimeOnly) || text[2] != ':' || text[5] != ':' {
		return time.Time{}, false
	}
	var parts [3]int
	for i := range parts {
		tens, ones := text[3*i]-'0', text[3*i+1]-'0'
		if tens > 9 || ones > 9 {
			return time.Time{}, false
		}
		parts[i] = 10*int(tens) + int(ones)
	}
	if parts[0] > 23 || parts[1] > 59 || parts[2] > 59 {
		return time.Time{}, false
	}
	return time.Date(0, time.January, 1, parts[0], parts[1], parts[2], 0, time.UTC), true
}

// unixTime takes a number as seconds, or as milliseconds if seconds would lie thousands of years
// ahead.
func unixTime(number float64) (time.Time, bool) {
	const millisFrom, most = 1e11, 1e14
	switch {
	case number >= most:
		return time.Time{}, false
	case number >= millisFrom:
		return time.UnixMilli(int64(number)).UTC(), true
	}
	return time.UnixMicro(int64(number * 1e6)).UTC(), true
}
