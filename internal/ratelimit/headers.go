package ratelimit

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	longestRetryAfter = 1e9 * time.Second // a Retry-After is cut to this, so that sums don't wrap round
	longestValue      = 512               // a longer header value isn't read
)

// Numbers is a set of the numbers that an answer may report.
type Numbers uint8

// The numbers that an answer may report.
const (
	Limit      Numbers = 1 << iota
	Remaining          // the requests that are left
	Reset              // when the window ends
	RetryAfter         // the vendor doesn't document it; gateways send it
	Header             // there is a rate-limit header, whether it can be read or not
)

// Told is what the headers of one answer report of the rate limit. A number that isn't in Has is
// zero.
type Told struct {
	Has              Numbers
	Limit, Remaining int
	Reset            Moment
	RetryAfter       time.Duration // the longest
}

// OpensWindow reports whether the answer was the first of its window. The reset is exact then;
// otherwise it may hide up to a second that was cut off. A duration is never exact.
func (t *Told) OpensWindow() bool {
	return t.Limit > 0 && t.Remaining >= t.Limit-1 && !t.Reset.FromNow
}

// End returns when a 429 ends that was received at the given time: the reset, or Retry-After where
// that is later, which names no window. It is zero when the headers have neither.
func (t *Told) End(received time.Time) Moment {
	if end := received.Add(t.RetryAfter); t.Has&RetryAfter != 0 && end.After(t.Reset.Local) {
		return Moment{Local: end}
	}
	return t.Reset
}

// merge takes the more careful of each number: the lower counts and the later reset.
func (t *Told) merge(o *Told) {
	if o.Has&Limit != 0 {
		t.lower(Limit, o.Limit)
	}
	if o.Has&Remaining != 0 {
		t.lower(Remaining, o.Remaining)
	}
	t.later(o.Reset)
}

// lower takes a count if it is the lowest.
func (t *Told) lower(which Numbers, n int) {
	count := &t.Limit
	if which == Remaining {
		count = &t.Remaining
	}
	if t.Has&which == 0 || n < *count {
		*count = n
	}
	t.Has |= which
}

// later takes a reset if it is the latest.
func (t *Told) later(reset Moment) {
	if reset.Local.After(t.Reset.Local) {
		t.Has |= Reset
		t.Reset = reset
	}
}

// answer is one whose headers are read.
type answer struct {
	header   http.Header
	received time.Time
}

// Read reads the headers of an answer that was received at the given time: X-RateLimit-*,
// X-Rate-Limit-*, RateLimit-*, RateLimit (both IETF drafts), Retry-After and Retry-After-Ms, in any
// capitals. Of values that differ the more careful counts.
func Read(h http.Header, received time.Time) (t Told) {
	a := &answer{h, received}
	for name, values := range h {
		field := fieldOf(name)
		if field == noField {
			continue
		}
		if field < retryAfterField {
			t.Has |= Header
		}
		for _, value := range values {
			switch {
			case len(value) > longestValue:
			case field == structuredField:
				a.structured(&t, value)
			default:
				a.line(&t, field, value)
			}
		}
	}
	return t
}

// line reads all values of a line.
func (a *answer) line(t *Told, field field, text string) {
	for text != "" {
		var part string
		part, text = cutPart(text)
		part, _, _ = strings.Cut(part, ";") // "100;w=60"
		a.value(t, field, strings.TrimSpace(part))
	}
}

func (a *answer) value(t *Told, field field, text string) {
	switch field {
	case limitField, remainingField:
		which := Limit
		if field == remainingField {
			which = Remaining
		}
		if n, ok := readCount(text); ok {
			t.lower(which, n)
		}
	case resetField:
		reset, ok := a.reset(text)
		if ok && (!reset.FromNow || !reset.Local.Equal(a.received)) { // "0" says nothing
			t.later(reset)
		}
	case retryAfterField:
		if end, ok := a.moment(text); ok {
			t.Has |= RetryAfter
			t.RetryAfter = max(t.RetryAfter, min(end.Local.Sub(a.received), longestRetryAfter))
		}
	case retryAfterMsField:
		if ms, err := strconv.ParseFloat(text, 64); err == nil && ms >= 0 {
			t.Has |= RetryAfter
			t.RetryAfter = max(t.RetryAfter, time.Duration(min(ms*1e6, float64(longestRetryAfter))))
		}
	}
}

// structured reads the RateLimit header: "default";r=50;t=30 or limit=100, remaining=50, reset=5.
// Of several named policies it takes the one with the lowest remaining number.
func (a *answer) structured(t *Told, value string) {
	var tightest Told
	for value != "" {
		var part string
		part, value = cutPart(value)
		first, rest, _ := strings.Cut(part, ";")
		if strings.Contains(first, "=") {
			a.parameters(t, part)
			continue
		}
		var policy Told
		a.parameters(&policy, rest)
		switch {
		case policy.Has&Remaining == 0:
		case tightest.Has&Remaining == 0 || policy.Remaining < tightest.Remaining:
			tightest = policy
		case policy.Remaining == tightest.Remaining:
			tightest.merge(&policy)
		}
	}
	t.merge(&tightest)
}

// parameters reads what has names of its own: limit=100, or q=100 of a policy.
func (a *answer) parameters(t *Told, text string) {
	for text != "" {
		var parameter string
		parameter, text, _ = strings.Cut(text, ";")
		key, value, _ := strings.Cut(parameter, "=")
		value = strings.TrimSpace(value)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "q", "limit":
			if n, ok := readCount(value); ok {
				t.lower(Limit, n)
			}
		case "r", "remaining":
			if n, ok := readCount(value); ok {
				t.lower(Remaining, n)
			}
		case "t", "reset":
			if reset, ok := a.reset(value); ok {
				t.later(reset)
			}
		}
	}
}

// field is what a header reports of the rate limit.
type field uint8

const (
	noField field = iota
	limitField
	remainingField
	resetField
	structuredField
	otherField // of the rate limit, in words that aren't known
	retryAfterField
	retryAfterMsField
)

func fieldOf(name string) field {
	switch name { // the usual ones
	case "X-Ratelimit-Limit":
		return limitField
	case "X-Ratelimit-Remaining":
		return remainingField
	case "X-Ratelimit-Reset":
		return resetField
	case "":
		return noField
	}
	switch name[0] {
	case 'X', 'x', 'R', 'r':
	default:
		return noField
	}
	if rest, ok := cutPrefixFold(name, "X-"); ok {
		name = rest
	}
	rest, ok := cutPrefixFold(name, "RateLimit")
	if !ok {
		rest, ok = cutPrefixFold(name, "Rate-Limit")
	}
	switch {
	case ok && rest == "":
		return structuredField
	case ok && strings.EqualFold(rest, "-Limit"):
		return limitField
	case ok && strings.EqualFold(rest, "-Remaining"):
		return remainingField
	case ok && strings.EqualFold(rest, "-Reset"):
		return resetField
	case ok:
		return otherField
	case strings.EqualFold(name, "Retry-After"):
		return retryAfterField
	case strings.EqualFold(name, "Retry-After-Ms"):
		return retryAfterMsField
	}
	return noField
}

func cutPrefixFold(text, prefix string) (string, bool) {
	if len(text) < len(prefix) || !strings.EqualFold(text[:len(prefix)], prefix) {
		return "", false
	}
	return text[len(prefix):], true
}

// cutPart cuts off the first of several values, as in "950, 950". A comma before the first digit is
// part of a date, and a comma inside quotes is part of a name.
func cutPart(text string) (part, rest string) {
	quoted, digits := false, false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == ',' && digits && !quoted:
			return text[:i], text[i+1:]
		case c >= '0' && c <= '9':
			digits = true
		}
	}
	return text, ""
}

// readCount reads a number of requests. Below zero is zero.
func readCount(text string) (int, bool) {
	if n, err := strconv.ParseInt(text, 10, 32); err == nil {
		return int(max(n, 0)), true
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || !(f <= math.MaxInt32) { // NaN isn't either
		return 0, false
	}
	return int(max(f, 0)), true
}
