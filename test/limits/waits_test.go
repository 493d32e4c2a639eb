package limits_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

func respond(req *http.Request, status int, header http.Header) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: header, Request: req,
		Body: io.NopCloser(strings.NewReader(`{"success":true,"data":{"id":"call_1"}}`))}, nil
}

// Whether a wait is too long is decided by what the server asked for, and never by the jitter.
func TestLongestWaitIsNoMatterOfChance(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusServiceUnavailable} {
		for after, waited := range map[string]bool{"115": true, "117": true, "119": true, "120": true, "120.01": false, "121": false, "123": false, "125": false} {
			t.Run(fmt.Sprint(status, " ", after), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					took := make(map[time.Duration]bool)
					for range 40 {
						start, sent := time.Now(), 0
						client := testkit.NewPatient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
							if sent++; sent == 1 {
								return respond(req, status, http.Header{"Retry-After": {after}})
							}
							return respond(req, http.StatusOK, http.Header{})
						}))
						_, err := client.Calls.Get(t.Context(), "call_1")
						if waited {
							require.NoError(t, err)
							asked, err := time.ParseDuration(after + "s")
							require.NoError(t, err)
							assert.GreaterOrEqual(t, time.Since(start), asked)
							assert.LessOrEqual(t, time.Since(start), 2*time.Minute+time.Second)
						} else {
							require.ErrorContains(t, err, "2m0s is the longest wait")
							assert.Zero(t, time.Since(start), "a wait that is too long isn't begun")
						}
						took[time.Since(start)] = true
					}
					assert.Equal(t, waited, len(took) > 1, "callers that failed together come back apart")
				})
			})
		}
	}
}

// A client is silent for no longer than two minutes, whatever the answers said. Then one request
// finds out whether it still holds.
func TestNothingSilencesForLongerThanTwoMinutes(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]func(now time.Time) http.Header{
		"a reset in a day": func(now time.Time) http.Header {
			return http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {fmt.Sprint(now.Add(23 * time.Hour).Unix())}}
		},
		"seconds from now": func(time.Time) http.Header { return http.Header{"Ratelimit": {"limit=60, remaining=0, reset=86400"}} },
		"a reset long ago": func(time.Time) http.Header {
			return http.Header{"X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {"900000000"}}
		},
		"nothing left, ever": func(time.Time) http.Header { return http.Header{"X-Ratelimit-Remaining": {"-1"}} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var sent []time.Time
				client := testkit.NewPatient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
					sent = append(sent, time.Now())
					return respond(req, http.StatusOK, header(time.Now()))
				}))
				for range 4 {
					_, err := client.Calls.Get(t.Context(), "call_1")
					require.NoError(t, err)
				}
				for i := range sent[1:] {
					assert.LessOrEqual(t, sent[i+1].Sub(sent[i]), 2*time.Minute)
				}
			})
		})
	}
}

// noting is a limiter that records its observations.
type noting struct{ seen []voiceagent.Observation }

func (*noting) Acquire(context.Context) error { return nil }

func (n *noting) Release(_ context.Context, o voiceagent.Observation) { n.seen = append(n.seen, o) }

// A user's limiter observes headers that can't be read.
func TestLimiterIsToldOfUnreadableHeaders(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		header http.Header
		want   voiceagent.Observation
	}{
		"none":            {200, http.Header{}, voiceagent.Observation{}},
		"unreadable":      {200, http.Header{"X-Ratelimit-Remaining": {"many"}}, voiceagent.Observation{Unreadable: true}},
		"Retry-After":     {200, http.Header{"Retry-After": {"5"}}, voiceagent.Observation{}},
		"of others":       {200, http.Header{"A-Ratelimit-Remaining": {"7"}, "Xaratelimit-Remaining": {"7"}, "Aaratelimit-Remaining": {"7"}}, voiceagent.Observation{}},
		"a limit alone":   {200, http.Header{"X-Ratelimit-Limit": {"60"}}, voiceagent.Observation{Unreadable: true}},
		"readable":        {200, http.Header{"X-Ratelimit-Remaining": {"7"}}, voiceagent.Observation{Known: true, RateLimit: voiceagent.RateLimit{Remaining: 7}}},
		"429":             {429, http.Header{}, voiceagent.Observation{Throttled: true}},
		"429, unreadable": {429, http.Header{"Retry-After": {"soon"}}, voiceagent.Observation{Throttled: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := new(noting)
			client := testkit.NewPatient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
				return respond(req, c.status, c.header)
			}), voiceagent.WithLimiter(l), voiceagent.WithMaxRetries(0))
			_, _ = client.Calls.Get(t.Context(), "call_1")
			assert.Equal(t, []voiceagent.Observation{c.want}, l.seen)
		})
	}
}
