package ratelimit_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/internal/ratelimit"
)

// resetIn returns the reset that a header reports, next to the server's Date if date isn't "".
func resetIn(text, date string) (ratelimit.Moment, bool) {
	h := header("X-Ratelimit-Reset", text)
	if date != "" {
		h["Date"] = []string{date}
	}
	told := ratelimit.Read(h, received)
	return told.Reset, told.Has&ratelimit.Reset != 0
}

func dated(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// Without the server's date a time is taken as of this machine's clock.
func TestForms(t *testing.T) {
	t.Parallel()
	const cut = 300 * time.Millisecond
	for text, want := range map[string]time.Duration{
		strconv.FormatInt(minute, 10):            time.Minute - cut,
		strconv.FormatInt(minute, 10) + ".0":     time.Minute - cut,
		strconv.FormatInt(minute*1000+125, 10):   time.Minute - cut + 125*time.Millisecond,
		"Sun, 01 Mar 2026 12:01:00 GMT":          time.Minute - cut,
		"Sunday, 01-Mar-26 12:01:00 GMT":         time.Minute - cut,
		"Sun Mar  1 12:01:00 2026":               time.Minute - cut,
		"2026-03-01T12:01:00Z":                   time.Minute - cut,
		"2026-03-01T12:01:00.3Z":                 time.Minute,
		"2026-03-01T17:31:00+05:30":              time.Minute - cut,
		"2026-03-01T17:31:00+0530":               time.Minute - cut,
		"2026-03-01T12:01:00":                    time.Minute - cut,
		"2026-03-01T12:01:00.300000":             time.Minute,
		"2026-03-01 12:01:00":                    time.Minute - cut,
		"2026-03-01 17:31:00+05:30":              time.Minute - cut,
		"2026-03-01T12:01Z":                      time.Minute - cut,
		"2026-03-01T12:01":                       time.Minute - cut,
		"2026-03-02T11:01:00+23:00":              time.Minute - cut,
		strconv.FormatInt(minute-120, 10):        -time.Minute - cut,
		strconv.FormatInt(minute+24*3600-60, 10): 24*time.Hour - cut,
		"100000000":                              time.Unix(1e8, 0).Sub(received),
		"100000000000":                           time.UnixMilli(1e11).Sub(received),
	} {
		reset, ok := resetIn(text, "")
		assert.True(t, ok, text)
		assert.Equal(t, want, reset.Local.Sub(received), text)
		assert.Equal(t, reset.Local.UnixMilli(), reset.ServerMillis, text)
		assert.False(t, reset.FromNow, text)
	}
	for text, want := range map[string]time.Duration{"30": 30 * time.Second, "1.5": 1500 * time.Millisecond, "1m30s": 90 * time.Second, "86400": 24 * time.Hour} {
		reset, ok := resetIn(text, "")
		assert.True(t, ok, text)
		assert.Equal(t, ratelimit.Moment{Local: received.Add(want), FromNow: true}, reset, text)
	}
}

func TestNoResets(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "soon", "0", "0s", "-30", "-30s", "NaN", "+Inf", "86401", "99999999", "1e15", "1e16", strconv.FormatInt(minute+24*3600+1, 10),
		"2026-03-01", "2026-03-01 12:01", "2026-03-01T12", "2026-03-01T25:01:00Z", "2026-03-02T12:01:00+24:00", "2026-03-01T12:01:00 IST", "2026-",
		"Mon, 01 Jan 0001 00:00:00 GMT", // the zero time is none
	} {
		reset, ok := resetIn(text, "")
		assert.False(t, ok, text)
		assert.Zero(t, reset, text)
	}
}

// Times are taken against the server's date, so a clock that is wrong changes nothing. A fraction
// is kept if the clocks may agree.
func TestResetAgainstTheDate(t *testing.T) {
	t.Parallel()
	const cut = 300 * time.Millisecond
	whole := received.Truncate(time.Second)
	for name, c := range map[string]struct {
		received, date time.Time
		server         time.Time     // the reset as the server writes it
		local          time.Duration // from received
	}{
		"the clocks agree":               {received, whole, whole.Add(time.Minute), time.Minute},
		"the server is ahead":            {received, whole.Add(time.Hour), whole.Add(time.Hour + time.Minute), time.Minute},
		"the server is behind":           {received, whole.Add(-time.Hour), whole.Add(time.Minute - time.Hour), time.Minute},
		"a fraction, the clocks agree":   {received, whole, received.Add(time.Minute), time.Minute},
		"a fraction, to the second":      {whole, whole, received.Add(time.Minute), time.Minute + cut},
		"a fraction, the answer is old":  {received, whole.Add(-time.Second), received.Add(time.Minute), time.Minute},
		"a fraction, nearly two seconds": {whole.Add(-1), whole.Add(-2 * time.Second), received.Add(time.Minute), time.Minute + cut + 1},
		"a fraction, two seconds":        {whole, whole.Add(-2 * time.Second), received.Add(time.Minute), time.Minute + cut + 2*time.Second},
		"a fraction, just ahead":         {whole.Add(-1), whole, received.Add(time.Minute), time.Minute + cut},
	} {
		want := ratelimit.Moment{Local: c.received.Add(c.local), ServerMillis: c.server.UnixMilli()}
		forms := []string{strconv.FormatInt(c.server.UnixMilli(), 10), c.server.Format(time.RFC3339Nano)}
		if c.server.Nanosecond() == 0 {
			forms = append(forms, strconv.FormatInt(c.server.Unix(), 10), dated(c.server))
		}
		for _, text := range forms {
			told := ratelimit.Read(header("X-Ratelimit-Reset", text, "Date", dated(c.date)), c.received)
			assert.Equal(t, want.ServerMillis, told.Reset.ServerMillis, "%s: %s", name, text)
			assert.True(t, want.Local.Equal(told.Reset.Local), "%s: %s: %v", name, text, told.Reset.Local.Sub(c.received))
			assert.False(t, told.Reset.FromNow, name)
		}
	}
	reset, ok := resetIn("30", dated(whole.Add(time.Hour)))
	assert.True(t, ok)
	server := whole.Add(time.Hour + 30*time.Second).UnixMilli()
	assert.Equal(t, ratelimit.Moment{Local: received.Add(30 * time.Second), ServerMillis: server, FromNow: true}, reset)
}

func TestDate(t *testing.T) {
	t.Parallel()
	want := received.Truncate(time.Second)
	for _, h := range []http.Header{
		header("Date", dated(want)), header("date", dated(want)), header("Date", " "+dated(want)+" "), header("Date", dated(want), "date", "x"),
		header("Date", dated(want), "Date", "x"),
	} {
		date, ok := ratelimit.Date(h)
		assert.True(t, ok, h)
		assert.True(t, want.Equal(date), h)
	}
	for _, h := range []http.Header{nil, header("Date", ""), header("DATE", dated(want)), {"Date": {}}, header("Date", "now", "date", dated(want))} {
		_, ok := ratelimit.Date(h)
		assert.False(t, ok, h)
	}
}
