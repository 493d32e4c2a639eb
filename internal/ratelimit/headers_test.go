package ratelimit_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/internal/ratelimit"
)

// received is when the answers of these tests come. No test should rest on a whole second.
var received = time.Date(2026, time.March, 1, 12, 0, 0, 300e6, time.UTC)

const minute = int64(1772366460) // Unix seconds, a minute after received without its fraction

// header makes a header of names and values, as they are.
func header(lines ...string) http.Header {
	h := make(http.Header)
	for i := 0; i < len(lines); i += 2 {
		h[lines[i]] = append(h[lines[i]], lines[i+1])
	}
	return h
}

func TestCounts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"7": 7, "0": 0, "-1": 0, "-1.5": 0, "40.0": 40, "1.9": 1, " 7 ": 7, "7;w=60": 7, "2147483647": 2147483647, "2147483647.0": 2147483647,
		"9, 7": 7, "7, 9": 7, "7, many": 7, "0, 7": 0, "-Inf": 0, strings.Repeat("0", 511) + "7": 7,
	} {
		for name, which := range map[string]ratelimit.Numbers{"X-Ratelimit-Limit": ratelimit.Limit, "X-Ratelimit-Remaining": ratelimit.Remaining} {
			told := ratelimit.Read(header(name, text), received)
			assert.Equal(t, which|ratelimit.Header, told.Has, "%s: %s", name, text)
			assert.Equal(t, want, told.Limit+told.Remaining, "%s: %s", name, text)
		}
	}
	for _, text := range []string{"", "many", "NaN", "+Inf", "2147483648", "3e9", strings.Repeat("0", 512) + "7"} {
		assert.Equal(t, ratelimit.Told{Has: ratelimit.Header}, ratelimit.Read(header("X-Ratelimit-Remaining", text), received), text)
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, family := range []string{"X-RateLimit", "x-ratelimit", "X-Rate-Limit", "X-RATE-LIMIT", "RateLimit", "ratelimit", "Rate-Limit"} {
		told := ratelimit.Read(header(family+"-Limit", "60", family+"-remaining", "7", family+"-RESET", "30"), received)
		assert.Equal(t, ratelimit.Limit|ratelimit.Remaining|ratelimit.Reset|ratelimit.Header, told.Has, family)
		assert.Equal(t, []int{60, 7}, []int{told.Limit, told.Remaining}, family)
		assert.Equal(t, received.Add(30*time.Second), told.Reset.Local, family)

		told = ratelimit.Read(header(family, "limit=60, remaining=7"), received)
		assert.Equal(t, ratelimit.Told{Has: ratelimit.Limit | ratelimit.Remaining | ratelimit.Header, Limit: 60, Remaining: 7}, told, family)

		told = ratelimit.Read(header(family+"-Policy", `"default";q=60;w=60`), received)
		assert.Equal(t, ratelimit.Told{Has: ratelimit.Header}, told, "%s: it says nothing of what is left", family)
	}
	for _, name := range []string{"X-Retry-After", "Retry-After", "retry-after"} {
		assert.Equal(t, ratelimit.RetryAfter, ratelimit.Read(header(name, "5"), received).Has, name)
	}
	for _, name := range []string{"Limit", "Rate", "X-Rate", "X-", "", "Rat", "My-Ratelimit-Limit", "Retry", "Date", "Retry-Afterwards"} {
		assert.Zero(t, ratelimit.Read(header(name, "5"), received), name)
	}
	assert.Zero(t, ratelimit.Read(nil, received))
}

// Of values that differ the more careful counts, in whatever order they come.
func TestTheMoreCarefulCounts(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]http.Header{
		"joined": header("X-Ratelimit-Limit", "1000,300", "X-Ratelimit-Remaining", "40,900", "X-Ratelimit-Reset", "5,30"),
		"lines": header("X-Ratelimit-Limit", "300", "X-Ratelimit-Limit", "1000", "X-Ratelimit-Remaining", "900", "X-Ratelimit-Remaining", "40",
			"X-Ratelimit-Reset", "30", "X-Ratelimit-Reset", "5"),
		"families": header("X-Ratelimit-Limit", "300", "X-Ratelimit-Remaining", "900", "X-Ratelimit-Reset", "5", "Ratelimit", "limit=1000, remaining=40, reset=30"),
		"families, the other way": header("X-Ratelimit-Limit", "1000", "X-Ratelimit-Remaining", "40", "X-Ratelimit-Reset", "30",
			"Ratelimit", "limit=300, remaining=900, reset=5"),
		"a line and a policy": header("X-Ratelimit-Limit", "300", "X-Ratelimit-Remaining", "900", "Ratelimit", `"a";q=1000;r=40;t=30`),
	} {
		told := ratelimit.Read(h, received)
		assert.Equal(t, []int{300, 40}, []int{told.Limit, told.Remaining}, name)
		assert.Equal(t, received.Add(30*time.Second), told.Reset.Local, name)
	}
}

func TestStructured(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]struct {
		limit, remaining int
		reset            time.Duration
	}{
		`"default";r=40;t=60`:                       {0, 40, time.Minute},
		`default;q=300;r=40;t=60`:                   {300, 40, time.Minute},
		`"a, r=3";r=40;t=60`:                        {0, 40, time.Minute},
		`"a1, r=3";r=40;t=60`:                       {0, 40, time.Minute},
		`"a1, r=3, b";r=40;t=60`:                    {0, 40, time.Minute},
		`"a";R = 40 ; T = 60`:                       {0, 40, time.Minute},
		`"a";r=40;r=50;q=300;q=200;t=5;t=60`:        {200, 40, time.Minute},
		`"day";r=900;t=8000, "minute";r=40;t=60`:    {0, 40, time.Minute},
		`"minute";r=40;t=60, "day";r=900;t=8000`:    {0, 40, time.Minute},
		`"a";q=9;r=40;t=5, "b";q=8;r=40;t=60`:       {8, 40, time.Minute},
		`"a";q=8;r=40;t=60, "b";q=9;r=40;t=5`:       {8, 40, time.Minute},
		`"a";q=300, "b";r=40;t=60`:                  {0, 40, time.Minute},
		`limit=300, remaining=40, reset=60`:         {300, 40, time.Minute},
		`limit = 300 , remaining = 40 , reset = 60`: {300, 40, time.Minute},
		`limit=300;remaining=40;reset=60`:           {300, 40, time.Minute},
		`remaining=50, "a";r=40;t=60, limit=300`:    {300, 40, time.Minute},
		`remaining=40, reset=60, "a";r=50;t=5`:      {0, 40, time.Minute},
		`remaining=40, reset=0`:                     {0, 40, 0},
	} {
		told := ratelimit.Read(header("Ratelimit", value), received)
		assert.Equal(t, []int{want.limit, want.remaining}, []int{told.Limit, told.Remaining}, value)
		assert.Equal(t, want.reset, told.Reset.Local.Sub(received), value)
		assert.NotZero(t, told.Has&ratelimit.Remaining, value)
		assert.Equal(t, want.limit > 0, told.Has&ratelimit.Limit != 0, value)
	}
	for _, value := range []string{`"a"`, `"a";q=300;t=60`, `"a";r=many`, "limit=x", "r=", `"a";t=86401`, "remaining", `"a";r=1` + strings.Repeat(" ", 512)} {
		assert.Equal(t, ratelimit.Told{Has: ratelimit.Header}, ratelimit.Read(header("Ratelimit", value), received), value)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const longest = 1e9 * time.Second
	date := func(d time.Duration) string { return received.Truncate(time.Second).Add(d).Format(http.TimeFormat) }
	for text, want := range map[string]time.Duration{
		"0": 0, "10": 10 * time.Second, "2.5": 2500 * time.Millisecond, "10, 20": 20 * time.Second, "20, 10": 20 * time.Second, "1m30s": 90 * time.Second,
		date(40 * time.Second): 40*time.Second - 300*time.Millisecond, date(-40 * time.Second): 0, "99999999": 99999999 * time.Second,
		"Fri, 31 Dec 9999 23:59:59 GMT": longest, "1e15": longest, "200000h": 200000 * time.Hour, "2000000h": longest,
	} {
		told := ratelimit.Read(header("Retry-After", text), received)
		assert.Equal(t, ratelimit.Told{Has: ratelimit.RetryAfter, RetryAfter: want}, told, text)
		end := told.End(received)
		assert.Equal(t, ratelimit.Moment{Local: received.Add(want)}, end, text)
	}
	for text, want := range map[string]time.Duration{"1500": 1500 * time.Millisecond, "0": 0, "0.5": 500 * time.Microsecond, "1e300": longest, "+Inf": longest,
		"1, 3": 3 * time.Millisecond, "3, 1": 3 * time.Millisecond} {
		told := ratelimit.Read(header("Retry-After-Ms", text), received)
		assert.Equal(t, ratelimit.Told{Has: ratelimit.RetryAfter, RetryAfter: want}, told, text)
	}
	for _, text := range []string{"", "soon", "-5", "NaN", "-1s", "2026-03-01T25:01:00Z"} {
		assert.Zero(t, ratelimit.Read(header("Retry-After", text, "Retry-After-Ms", text), received), text)
	}
	assert.Zero(t, ratelimit.Read(header("Retry-After", "1e16"), received), "it is no time")
	told := ratelimit.Read(header("Retry-After", "1", "Retry-After-Ms", "2000"), received)
	assert.Equal(t, 2*time.Second, told.RetryAfter)
}

// A 429 ends with its reset, or after Retry-After, whichever is later.
func TestEnd(t *testing.T) {
	t.Parallel()
	told := ratelimit.Read(header("X-Ratelimit-Reset", "30", "Retry-After", "20"), received)
	assert.Equal(t, ratelimit.Moment{Local: received.Add(30 * time.Second), FromNow: true}, told.End(received))
	told = ratelimit.Read(header("X-Ratelimit-Reset", "30", "Retry-After", "40"), received)
	assert.Equal(t, ratelimit.Moment{Local: received.Add(40 * time.Second)}, told.End(received))
	told = ratelimit.Read(header("X-Ratelimit-Reset", "30", "Retry-After", "30"), received)
	assert.True(t, told.End(received).FromNow, "it names the window")
	told = ratelimit.Read(header("X-Ratelimit-Limit", "60"), received)
	assert.Zero(t, told.End(received))
}

func TestOpensWindow(t *testing.T) {
	t.Parallel()
	for told, want := range map[ratelimit.Told]bool{
		{Limit: 60, Remaining: 60}: true,
		{Limit: 60, Remaining: 59}: true,
		{Limit: 60, Remaining: 58}: false,
		{Remaining: 1}:             false,
		{Limit: 1}:                 true,
		{Limit: 60, Remaining: 59, Reset: ratelimit.Moment{FromNow: true}}: false,
	} {
		assert.Equal(t, want, told.OpensWindow(), "%+v", told)
	}
}
