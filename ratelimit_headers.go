package voiceagent

import (
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// A reset further ahead than this is nonsense: the documented windows are a minute long.
const farthestReset = 24 * time.Hour

// A Retry-After is cut to this, so that what is added to it doesn't wrap round. No wait of that length is ever begun.
const longestRetryAfter = 1e9 * time.Second

// readRateLimit reads the X-RateLimit headers of an answer that was received at the given time. It reports false when they
// tell nothing. Resets are Unix seconds (documented); milliseconds, seconds from now and HTTP dates are understood
// too.
func readRateLimit(h http.Header, received time.Time) (RateLimit, bool) {
	remaining, hasRemaining := readRemaining(h)
	reset, written, hasReset := readReset(h, received)
	if !hasRemaining && !hasReset {
		return RateLimit{}, false
	}
	if !hasReset {
		reset, written = time.Time{}, time.Time{}
	}
	limit, _ := readCount(h, "X-Ratelimit-Limit", "X-RateLimit-Limit")
	return RateLimit{Limit: limit, Remaining: remaining, Reset: reset, serverReset: written}, true
}

// headerValue looks a header up without bringing its name into canonical form each time. Some transports, mostly of tests,
// keep the documented spelling.
func headerValue(h http.Header, canonical, documented string) string {
	if v := h[canonical]; len(v) > 0 {
		return strings.TrimSpace(v[0])
	}
	if v := h[documented]; len(v) > 0 {
		return strings.TrimSpace(v[0])
	}
	return ""
}

func readRemaining(h http.Header) (int, bool) {
	return readCount(h, "X-Ratelimit-Remaining", "X-RateLimit-Remaining")
}

func readCount(h http.Header, canonical, documented string) (int, bool) {
	text := headerValue(h, canonical, documented)
	if text == "" {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int(max(n, 0)), err == nil && n >= 0
}

// readReset reads X-RateLimit-Reset, on this machine's clock and as it was written. It is taken against the answer's Date, so a clock that is
// wrong on either side changes nothing. Both are cut to the second, in the same way at the start of a window, so their
// difference is most exact for the answer that opened it.
func readReset(h http.Header, received time.Time) (local, written time.Time, ok bool) {
	const (
		deltaBelow  = 1e8  // smaller numbers are seconds from now, larger ones a time since 1970
		millisAbove = 1e11 // larger ones are milliseconds
	)
	text := headerValue(h, "X-Ratelimit-Reset", "X-RateLimit-Reset")
	exact := false
	number, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		if written, err = http.ParseTime(text); err != nil {
			return time.Time{}, time.Time{}, false
		}
	case !(number > 0) || number > 1e15:
		return time.Time{}, time.Time{}, false
	case number < deltaBelow:
		local = received.Add(time.Duration(number * float64(time.Second)))
		return local, time.Time{}, isSoon(local, received)
	case number < millisAbove:
		written = time.UnixMilli(int64(number * 1e3))
	default:
		written = time.UnixMilli(int64(number))
		exact = true
	}
	local = toLocal(written, exact, h, received)
	return local, written, isSoon(local, received)
}

// toLocal moves a time on the server's clock to this machine's, by the answer's Date. An exact time is left alone where
// the clocks agree as far as Date can tell, as the difference would only bring Date's rounding in.
func toLocal(t time.Time, exact bool, h http.Header, received time.Time) time.Time {
	date, ok := serverDate(h)
	if !ok {
		return t
	}
	if behind := received.Sub(date); exact && behind >= 0 && behind < 2*time.Second {
		return t
	}
	return received.Add(t.Sub(date))
}

func serverDate(h http.Header) (time.Time, bool) {
	text := headerValue(h, "Date", "date")
	if text == "" {
		return time.Time{}, false
	}
	if last := lastDate.Load(); last != nil && last.text == text {
		return last.Time, true
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return time.Time{}, false
	}
	lastDate.Store(&textDate{text, date})
	return date, true
}

// lastDate was read last. All answers of a second have the same.
var lastDate atomic.Pointer[textDate]

type textDate struct {
	text string
	time.Time
}

func isSoon(reset, received time.Time) bool { return reset.Sub(received) <= farthestReset }

// retryAfter reads Retry-After, in seconds or as a date. The vendor doesn't document it; gateways send it.
func retryAfter(h http.Header, received time.Time) (time.Duration, bool) {
	text := headerValue(h, "Retry-After", "retry-after")
	if text == "" {
		return 0, false
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds >= 0) {
			return 0, false
		}
		return time.Duration(min(seconds, longestRetryAfter.Seconds()) * float64(time.Second)), true
	}
	t, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	return min(max(0, toLocal(t, false, h, received).Sub(received)), longestRetryAfter), true
}
