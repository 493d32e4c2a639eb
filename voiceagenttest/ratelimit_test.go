package voiceagenttest

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// limitOf reads the three headers.
func limitOf(t *testing.T, h http.Header) (limit, remaining int, reset string) {
	t.Helper()
	limit, err := strconv.Atoi(h.Get("X-RateLimit-Limit"))
	require.NoError(t, err)
	remaining, err = strconv.Atoi(h.Get("X-RateLimit-Remaining"))
	require.NoError(t, err)
	return limit, remaining, h.Get("X-RateLimit-Reset")
}

// atSecond sleeps until the bubble's clock shows that second of a minute.
func atSecond(second int) {
	now := time.Now()
	time.Sleep(now.Truncate(time.Minute).Add(time.Minute + time.Duration(second)*time.Second).Sub(now))
}

func TestRateWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{limits: PerMinute(3)})
		atSecond(20)
		reset := strconv.FormatInt(time.Now().Add(40*time.Second).Unix(), 10)
		for left := 2; left >= 0; left-- {
			ans := a.get("/agents").is(200)
			limit, remaining, end := limitOf(t, ans.header)
			assert.Equal(t, []any{3, left, reset}, []any{limit, remaining, end})
		}
		for range 2 {
			ans := a.post("/agents", object{"name": "A", "start_flow": "a", "end_flow": "b"}).is(429)
			limit, remaining, end := limitOf(t, ans.header)
			assert.Equal(t, []any{3, 0, reset}, []any{limit, remaining, end})
			code, _ := ans.failure()
			assert.Equal(t, "rate_limited", code)
			assert.Empty(t, ans.header.Get("Retry-After"), "not documented")
		}
		time.Sleep(40*time.Second - time.Nanosecond)
		a.get("/agents").is(429)
		time.Sleep(time.Nanosecond)
		ans := a.get("/agents").is(200)
		assert.Empty(t, ans.list(), "the work of a refused request wasn't done")
		_, remaining, _ := limitOf(t, ans.header)
		assert.Equal(t, 2, remaining)
	})
}

func TestRateWindowFromFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{limits: Limits{Requests: 1, Window: 10 * time.Second, FromFirst: true}})
		atSecond(7)
		time.Sleep(300 * time.Millisecond)
		ans := a.get("/agents").is(200)
		_, _, reset := limitOf(t, ans.header)
		assert.Equal(t, strconv.FormatInt(time.Now().Add(10*time.Second).Unix(), 10), reset, "cut to the second")
		time.Sleep(9900 * time.Millisecond)
		a.get("/agents").is(429)
		time.Sleep(100 * time.Millisecond)
		a.get("/agents").is(200)
	})
}

func TestRateWindowIsOfAKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{limits: PerMinute(1)})
		a.get("/agents").is(200)
		a.get("/agents").is(429)
		a.key = "lev_other"
		a.get("/agents").is(200)
		a.key = "nonsense"
		ans := a.get("/agents").is(401)
		assert.Empty(t, ans.header.Get("X-RateLimit-Limit"))
		a.key = "lev_other"
		for range 3 {
			ans := a.get("/health").is(200)
			assert.Empty(t, ans.header.Get("X-RateLimit-Limit"), "public endpoints don't count")
		}
	})
}

func TestRateCountsPublic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{limits: Limits{Requests: 1, CountPublic: true}})
		a.get("/health").is(200)
		a.get("/voices").is(429)
		a.key = ""
		a.get("/health").is(200)
		a.get("/health").is(429)
	})
}

func TestRateHeaders(t *testing.T) {
	for policy, shown := range map[RateHeaders][2]bool{HeadersAlways: {true, true}, HeadersOn429: {false, true}, HeadersNever: {false, false}} {
		synctest.Test(t, func(t *testing.T) {
			a := inMemory(t, config{limits: Limits{Requests: 2, Headers: policy}})
			assert.Equal(t, shown[0], a.get("/agents").is(200).header.Get("X-RateLimit-Reset") != "")
			assert.Equal(t, shown[0], a.get("/agents/x").is(404).header.Get("X-RateLimit-Reset") != "")
			assert.Equal(t, shown[1], a.get("/agents").is(429).header.Get("X-RateLimit-Reset") != "")
			a.key = "lev_2"
			a.srv.Fail(Fault{Kind: Throttle})
			assert.NotEmpty(t, a.get("/agents").is(429).header.Get("X-RateLimit-Reset"), "a scripted one says what it is for")
		})
	}
	a := inMemory(t, config{})
	assert.Empty(t, a.get("/agents").header.Get("X-RateLimit-Limit"), "no limit, no headers")
}

func TestRateResetForms(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		atSecond(30)
		time.Sleep(250 * time.Millisecond)
		end := time.Now().Truncate(time.Minute).Add(time.Minute)
		for form, want := range map[ResetForm]string{
			ResetUnix: fmt.Sprint(end.Unix()), ResetUnixMilli: fmt.Sprint(end.UnixMilli()),
			ResetDelta: "30", ResetHTTPDate: end.UTC().Format(http.TimeFormat),
		} {
			a := inMemory(t, config{limits: Limits{Requests: 5, Reset: form}})
			_, _, reset := limitOf(t, a.get("/agents").header)
			assert.Equal(t, want, reset)
		}
	})
}

func TestRateWindowFollowsTheServersClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const skew = -90*time.Minute + 15*time.Second
		a := inMemory(t, config{limits: PerMinute(1), skew: skew, speed: 60})
		atSecond(0)
		ans := a.get("/agents").is(200)
		date, err := http.ParseTime(ans.header.Get("Date"))
		require.NoError(t, err)
		assert.Equal(t, time.Now().Add(skew).UTC(), date)
		_, _, reset := limitOf(t, ans.header)
		assert.Equal(t, strconv.FormatInt(date.Add(45*time.Second).Unix(), 10), reset)

		time.Sleep(44 * time.Second) // 44 minutes of simulated time
		a.get("/agents").is(429)
		a.srv.Advance(time.Second)
		a.get("/agents").is(200)
		assert.Equal(t, time.Now().Add(skew+time.Second).UTC(), a.srv.ServerTime())
	})
}

// A window doesn't use up the faults of a script.
func TestRateLimitComesBeforeFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{limits: PerMinute(1)})
		a.get("/agents").is(200)
		a.srv.Fail(Fault{Status: 503})
		a.get("/agents").is(429)
		a.srv.Advance(time.Minute)
		ans := a.get("/agents").is(503)
		_, remaining, _ := limitOf(t, ans.header)
		assert.Equal(t, 0, remaining, "a request that failed counts")
	})
}

func TestThrottleFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{})
		atSecond(10)
		a.srv.Fail(Fault{Kind: Throttle}, Fault{Kind: Throttle, Header: http.Header{"X-RateLimit-Reset": {"soon"}, "Retry-After": {"3"}}})
		limit, remaining, reset := limitOf(t, a.get("/agents").is(429).header)
		assert.Equal(t, []any{60, 0, strconv.FormatInt(time.Now().Add(50*time.Second).Unix(), 10)}, []any{limit, remaining, reset})
		ans := a.get("/agents").is(429)
		assert.Equal(t, "soon", ans.header.Get("X-RateLimit-Reset"))
		assert.Equal(t, "3", ans.header.Get("Retry-After"))
	})
}
