package limits_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// limitIn returns the RateLimit that a client reads from the headers of an answer, on virtual time.
func limitIn(t *testing.T, header func(now time.Time) http.Header) (limit voiceagent.RateLimit, now time.Time) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(300 * time.Millisecond) // no test should rest on a whole second
		now = time.Now()
		transport := testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
			resp, err := testkit.Answer(http.StatusOK, `{"data":{"id":"call_1"}}`)(req)
			resp.Header = header(now)
			return resp, err
		})
		var response voiceagent.Response
		_, err := testkit.NewClient(t, transport).Calls.Get(t.Context(), "call_1", voiceagent.WithResponse(&response))
		require.NoError(t, err)
		limit = response.RateLimit
	})
	return limit, now
}

func TestRemainingIsReadWithCare(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"7": 7, "0": 0, "many": 0, "3e9": 0, "2147483647.0": 2147483647, strings.Repeat("0", 511) + "7": 7} {
		limit, _ := limitIn(t, func(now time.Time) http.Header {
			return http.Header{"X-RateLimit-Limit": {"60"}, "X-RateLimit-Remaining": {text}, "X-RateLimit-Reset": {strconv.FormatInt(now.Unix()+30, 10)}}
		})
		assert.Equal(t, want, limit.Remaining, text)
		assert.Equal(t, 60, limit.Limit)
		assert.False(t, limit.Reset.IsZero(), "the spelling of the vendor's page")
	}
}

func TestNonsenseInLimitHeaders(t *testing.T) {
	t.Parallel()
	for _, header := range []http.Header{
		{"X-Ratelimit-Remaining": {"-1"}},
		{"X-Ratelimit-Limit": {"60"}},
		{"X-Ratelimit-Reset": {"soon"}},
		{"X-Ratelimit-Reset": {"0"}},
		{"X-Ratelimit-Reset": {"-30"}},
		{"X-Ratelimit-Reset": {"NaN"}},
		{"X-Ratelimit-Reset": {"86401"}},
		{"X-Ratelimit-Reset": {"9e15"}},
		{"X-Ratelimit-Remaining": {strings.Repeat("0", 512) + "7"}},
	} {
		limit, _ := limitIn(t, func(time.Time) http.Header { return header })
		assert.Zero(t, limit, header)
	}
}

// A reset beside no number, or beside one that can't be read, doesn't say that nothing is left.
// Below zero is zero, which does.
func TestResetAloneParksNobody(t *testing.T) {
	t.Parallel()
	for name, remaining := range map[string][]string{"none": {}, "unreadable": {"X-RateLimit-Remaining", "many"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				header := slices.Concat(remaining, []string{"X-RateLimit-Reset", strconv.FormatInt(start.Add(30*time.Second).Unix(), 10)})
				client := testkit.NewClient(t, testkit.RoundTrip(testkit.Answer(http.StatusOK, `{"data":{"id":"call_1"}}`, header...)))
				for range 3 {
					_, err := client.Calls.Get(t.Context(), "call_1")
					require.NoError(t, err)
				}
				assert.Zero(t, time.Since(start))
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		client := testkit.NewClient(t, testkit.RoundTrip(testkit.Answer(http.StatusOK, `{"data":{"id":"call_1"}}`,
			"X-RateLimit-Remaining", "-1", "X-RateLimit-Reset", strconv.FormatInt(start.Add(30*time.Second).Unix(), 10))))
		for range 2 {
			_, err := client.Calls.Get(t.Context(), "call_1")
			require.NoError(t, err)
		}
		assert.Equal(t, 31*time.Second, time.Since(start))
	})
}

func TestResetIsReadInEachForm(t *testing.T) {
	t.Parallel()
	const minute = 60 * time.Second
	date := func(now time.Time, ahead time.Duration) string { return now.Add(ahead).UTC().Format(http.TimeFormat) }
	millis := func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
	for name, c := range map[string]struct {
		header func(now time.Time) http.Header
		after  time.Duration // from now to Reset
	}{
		"seconds from now": {func(time.Time) http.Header { return http.Header{"X-Ratelimit-Reset": {"60"}} }, minute},
		"a day from now":   {func(time.Time) http.Header { return http.Header{"X-Ratelimit-Reset": {"86400"}} }, 24 * time.Hour},
		"Unix seconds": {func(now time.Time) http.Header {
			return http.Header{"X-Ratelimit-Reset": {strconv.FormatInt(now.Unix()+60, 10)}}
		}, minute - 300*time.Millisecond},
		"milliseconds": {func(now time.Time) http.Header {
			return http.Header{"X-Ratelimit-Reset": {millis(now.Add(minute))}}
		}, minute},
		"milliseconds, the clocks agree": {func(now time.Time) http.Header {
			return http.Header{"X-Ratelimit-Reset": {millis(now.Add(minute))}, "Date": {date(now, 0)}}
		}, minute},
		"milliseconds, the answer took long": {func(now time.Time) http.Header {
			return http.Header{"X-Ratelimit-Reset": {millis(now.Add(minute))}, "Date": {date(now, -1200*time.Millisecond)}}
		}, minute},
		"milliseconds, the server is behind": {func(now time.Time) http.Header {
			return http.Header{"X-Ratelimit-Reset": {millis(now.Add(minute - 1700*time.Millisecond))}, "Date": {date(now, -2300*time.Millisecond)}}
		}, minute + 600*time.Millisecond},
		"milliseconds, the server is ahead": {func(now time.Time) http.Header {
			return http.Header{"X-Ratelimit-Reset": {millis(now.Add(minute))}, "Date": {date(now, 700*time.Millisecond)}}
		}, minute - 700*time.Millisecond},
		"seconds, the server is ahead": {func(now time.Time) http.Header {
			return http.Header{"X-Ratelimit-Reset": {strconv.FormatInt(now.Unix()+660, 10)}, "Date": {date(now.Truncate(time.Second), 10*time.Minute)}}
		}, minute},
		"seconds, the Date in lower case": {func(now time.Time) http.Header {
			return http.Header{"X-Ratelimit-Reset": {strconv.FormatInt(now.Unix()+660, 10)}, "date": {date(now.Truncate(time.Second), 10*time.Minute)}}
		}, minute},
		"a time without seconds": {func(now time.Time) http.Header {
			return http.Header{"X-Ratelimit-Reset": {now.UTC().Add(minute).Format("2006-01-02T15:04")}, "Date": {date(now.Truncate(time.Minute), 0)}}
		}, minute},
		"a date": {func(now time.Time) http.Header {
			return http.Header{"X-Ratelimit-Reset": {date(now.Truncate(time.Second), minute)}, "Date": {date(now.Truncate(time.Second), 0)}}
		}, minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit, now := limitIn(t, c.header)
			assert.Equal(t, c.after, limit.Reset.Sub(now))
		})
	}
}

// A reset that is written as a duration is named by the server's clock where that is known.
func TestServersResetOfADuration(t *testing.T) {
	t.Parallel()
	limit, now := limitIn(t, func(now time.Time) http.Header {
		return http.Header{"X-Ratelimit-Reset": {"60"}, "Date": {now.Add(10 * time.Minute).UTC().Format(http.TimeFormat)}}
	})
	assert.Equal(t, time.Minute, limit.Reset.Sub(now))
	assert.WithinDuration(t, now.Truncate(time.Second).Add(11*time.Minute), limit.ServerReset(), 0)
}

func TestRetryAfterInEachForm(t *testing.T) {
	t.Parallel()
	for ms, want := range map[string]time.Duration{"1500": 1500 * time.Millisecond, "0": time.Second, "-5": 0, "soon": 0} {
		d := voiceagent.DefaultRetryPolicy().Decide(voiceagent.Failure{Attempt: 1, StatusCode: 429, Header: http.Header{"Retry-After-Ms": {ms}}})
		assert.Equal(t, want == 0, d.Reason == "429: no reset given, exponential backoff", ms)
		assert.GreaterOrEqual(t, d.Wait, want, ms)
		assert.Less(t, d.Wait, want+time.Second, ms)
	}
	synctest.Test(t, func(t *testing.T) {
		for text, want := range map[string]time.Duration{
			"10": 10 * time.Second, "2.5": 2500 * time.Millisecond, "0": time.Second,
			time.Now().Add(40 * time.Second).UTC().Format(http.TimeFormat):  40 * time.Second,
			time.Now().Add(-40 * time.Second).UTC().Format(http.TimeFormat): time.Second,
			"-5": 0, "NaN": 0, "soon": 0, // as without one
		} {
			d := voiceagent.DefaultRetryPolicy().Decide(voiceagent.Failure{Attempt: 1, StatusCode: 429, Header: http.Header{"Retry-After": {text}}})
			if want == 0 {
				assert.Equal(t, "429: no reset given, exponential backoff", d.Reason, text)
				continue
			}
			assert.GreaterOrEqual(t, d.Wait, want, text)
			assert.Less(t, d.Wait, want+time.Second, text)
		}
	})
}
