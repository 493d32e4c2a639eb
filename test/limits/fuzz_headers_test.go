package limits_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// longestPause is the longest wait that headers can cause, in the policy or the limiter: two
// minutes and the jitter.
const longestPause = 2*time.Minute + 2*time.Second

// Whatever the headers say, the budget is never negative, no wait is longer than longestPause, and
// no 429 or 503 is retried at once.
func FuzzRateLimitHeaders(f *testing.F) {
	const date = "Sat, 01 Jan 2000 00:00:00 GMT" // where a bubble's clock begins
	for _, status := range []byte{0, 1, 2, 3} {
		f.Add(status, "60", "59", "946684860", "", date)
		f.Add(status, "60", "0", "946684860000", "30", date)
		f.Add(status, "60", "0", "Sat, 01 Jan 2000 00:01:00 GMT", "Sat, 01 Jan 2000 00:01:00 GMT", date)
		f.Add(status, "", "", "60", "1e308", "")
		f.Add(status, "-1", "-1", "-1", "-1", "")
		f.Add(status, "99999999999", "2147483648", "1e15", "+Inf", "nonsense")
		f.Add(status, "1.5", "NaN", "NaN", "NaN", date)
		f.Add(status, "60", "0", "9999999999999", "0", "Mon, 01 Jan 0001 00:00:00 GMT")
		f.Add(status, "60", "0", "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "")
		f.Add(status, "60", "0", "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0001 00:00:00 GMT")
		f.Add(status, "60", "0", "Mon, 01 Jan 0001 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT")
		f.Add(status, "", "", "", "Fri, 31 Dec 9999 23:59:59 GMT", "")
		f.Add(status, "", "0", "", "121", "")
	}
	f.Fuzz(func(t *testing.T, kind byte, limit, remaining, reset, after, date string) {
		status := []int{http.StatusOK, http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusInternalServerError}[kind%4]
		first := testkit.Answer(status, testkit.OKCall, "X-RateLimit-Limit", limit, "X-RateLimit-Remaining", remaining, "X-RateLimit-Reset", reset,
			"Retry-After", after, "Date", date)
		synctest.Test(t, func(t *testing.T) {
			var sent []time.Time
			client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
				if sent = append(sent, time.Now()); len(sent) == 1 {
					return first(req)
				}
				return testkit.Answer(http.StatusOK, testkit.OKCall)(req)
			}), voiceagent.WithMaxElapsed(0), voiceagent.WithMaxRetries(1))
			start := time.Now()
			var response voiceagent.Response
			_, err := client.Calls.Get(t.Context(), "call_1", voiceagent.WithResponse(&response))
			assert.LessOrEqual(t, time.Since(start), longestPause)
			checkBudget(t, client, start, response.RateLimit)
			if err != nil {
				api, ok := errors.AsType[*voiceagent.APIError](err)
				require.True(t, ok, "%T", err)
				assert.Equal(t, status, api.StatusCode)
				assert.Zero(t, time.Since(start), "a wait that can't end in time isn't begun")
				assert.Contains(t, err.Error(), "not waiting")
				assert.Contains(t, []int{429, 503}, status, "nothing else obeys the headers")
				checkBudget(t, client, start, api.RateLimit)
			}
			if least := map[int]time.Duration{429: 250 * time.Millisecond, 503: 30 * time.Second}[status]; len(sent) > 1 {
				assert.GreaterOrEqual(t, sent[1].Sub(sent[0]), least)
			}

			start = time.Now()
			_, err = client.Calls.Get(t.Context(), "call_1")
			require.NoError(t, err, "the client is silenced")
			assert.LessOrEqual(t, time.Since(start), longestPause)
		})
	})
}

func checkBudget(t *testing.T, client *voiceagent.Client, received time.Time, reported voiceagent.RateLimit) {
	t.Helper()
	kept, known := client.RateLimit()
	if !known {
		assert.Zero(t, kept)
	}
	for _, r := range []voiceagent.RateLimit{reported, kept} {
		assert.GreaterOrEqual(t, r.Limit, 0)
		assert.GreaterOrEqual(t, r.Remaining, 0)
		assert.False(t, r.Reset.After(received.Add(24*time.Hour)), "%v", r.Reset)
	}
}

// The policy alone, as a user may call it: a wait is never negative, and what it says of it fits.
func FuzzRetryAfter(f *testing.F) {
	for _, text := range []string{"", "0", "1", "-1", "120", "1e308", "NaN", "Inf", "0x1p4", "1_0", " 5 ", "Fri, 31 Dec 9999 23:59:59 GMT",
		"Mon, 01 Jan 0001 00:00:00 GMT", "Saturday, 01-Jan-00 00:00:00 GMT", "Sat Jan  1 00:00:00 2000"} {
		f.Add(uint16(429), text, "")
		f.Add(uint16(503), text, "Mon, 01 Jan 0001 00:00:00 GMT")
		f.Add(uint16(503), text, "Fri, 31 Dec 9999 23:59:59 GMT")
	}
	f.Fuzz(func(t *testing.T, status uint16, after, date string) {
		header := http.Header{"Retry-After": {after}, "Date": {date}}
		d := voiceagent.DefaultRetryPolicy().Decide(voiceagent.Failure{
			Attempt: 1, Method: http.MethodGet, Safe: true, StatusCode: int(status), Header: header,
		})
		assert.NotEmpty(t, d.Reason)
		assert.GreaterOrEqual(t, d.Wait, time.Duration(0))
		switch status {
		case 429:
			assert.GreaterOrEqual(t, d.Wait, 250*time.Millisecond)
		case 503:
			assert.GreaterOrEqual(t, d.Wait, 30*time.Second)
		default:
			assert.LessOrEqual(t, d.Wait, 20*time.Second, "nothing else obeys Retry-After")
		}
	})
}
