package ratelimit

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// A reset further ahead than this is nonsense: the documented windows last a minute.
const farthestReset = 24 * time.Hour

// Moment is a time that an answer reports, on both clocks. The zero Moment means no time.
type Moment struct {
	Local   time.Time // on this machine's clock
	FromNow bool      // it was written as a duration

	// ServerMillis is the time on the server's clock since 1970, as it wrote it or from its Date. It
	// is 0 when there was neither.
	ServerMillis int64
}

// name returns what is the same in all answers of the window that ends then.
func (m Moment) name() time.Time {
	if m.ServerMillis == 0 {
		return m.Local
	}
	return time.UnixMilli(m.ServerMillis)
}

// reset reads when a window ends.
func (a *answer) reset(text string) (Moment, bool) {
	reset, ok := a.moment(text)
	return reset, ok && reset.Local.Sub(a.received) <= farthestReset
}

// moment reads a time: Unix seconds (documented) or milliseconds, seconds from now, a duration as
// Go writes it, RFC 3339 with and without an offset, or an HTTP date. It is taken against the
// answer's Date, so a clock that is wrong on either side changes nothing. Date and Unix seconds are
// cut to the second in the same way at the start of a window, so their difference is most exact for
// the answer that opened it.
func (a *answer) moment(text string) (Moment, bool) {
	const (
		deltaBelow  = 1e8  // smaller numbers are seconds from now, larger ones a time since 1970
		millisAbove = 1e11 // larger ones are milliseconds
		most        = 1e15
	)
	number, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		if d, err := time.ParseDuration(text); err == nil {
			return a.after(d)
		}
		t, ok := readDate(text)
		return a.at(t), ok
	case !(number >= 0 && number <= most):
		return Moment{}, false
	case number < deltaBelow:
		return a.after(time.Duration(number * float64(time.Second)))
	case number < millisAbove:
		number *= 1e3
	}
	return a.at(time.UnixMilli(int64(number))), true
}

// after is the moment so long after the answer.
func (a *answer) after(d time.Duration) (Moment, bool) {
	m := Moment{Local: a.received.Add(d), FromNow: true}
	if date, ok := Date(a.header); ok {
		m.ServerMillis = date.Add(d).UnixMilli()
	}
	return m, d >= 0
}

// at moves a time on the server's clock to this machine's. A time with a fraction is left alone
// where the clocks agree to the precision of Date, as the difference would add Date's rounding.
func (a *answer) at(t time.Time) Moment {
	m := Moment{Local: t, ServerMillis: t.UnixMilli()}
	date, ok := Date(a.header)
	behind := a.received.Sub(date)
	if ok && (t.Nanosecond() == 0 || behind < 0 || behind >= 2*time.Second) {
		m.Local = a.received.Add(t.Sub(date))
	}
	return m
}

// layouts are those of RFC 3339 and its relatives. Python servers leave the offset out; such a time
// is taken as UTC. A fraction of a second is read by each that has seconds.
var layouts = [...]string{
	time.RFC3339,
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05",
	"2006-01-02T15:04:05Z0700",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02T15:04Z07:00",
	"2006-01-02T15:04",
}

// readDate reads a time that is written as a date.
func readDate(text string) (time.Time, bool) {
	if len(text) <= 4 || text[4] != '-' {
		t, err := http.ParseTime(text)
		return t, err == nil
	}
	for _, layout := range layouts {
		if t, err := time.Parse(layout, text); err == nil {
			const day = 24 * 60 * 60 // the time package reads such an offset, and doesn't write it
			_, offset := t.Zone()
			return t, offset > -day && offset < day
		}
	}
	return time.Time{}, false
}

// Date returns when the server says that it answered. Some transports, mostly of tests, don't bring
// the names of headers into canonical form.
func Date(h http.Header) (time.Time, bool) {
	for _, name := range [...]string{"Date", "date"} {
		if values := h[name]; len(values) > 0 {
			return parseDate(values[0])
		}
	}
	return time.Time{}, false
}

// lastDate is the last Date that could be read. All answers of a second have the same.
var lastDate atomic.Pointer[struct {
	text string
	date time.Time
}]

func parseDate(text string) (time.Time, bool) {
	last := lastDate.Load()
	if last == nil || last.text != text {
		date, err := http.ParseTime(strings.TrimSpace(text))
		if err != nil {
			return time.Time{}, false
		}
		last = &struct {
			text string
			date time.Time
		}{text, date}
		lastDate.Store(last)
	}
	return last.date, true
}
