package lists_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// answers returns a middleware that may answer in the API's place: other returns 0 to leave it.
func answers(other func(r *http.Request, body string) (status int, with string)) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err != nil || r.Method != http.MethodGet {
				return resp, err
			}
			body, err := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if status, with := other(r, string(body)); status != 0 {
				resp.StatusCode, body = status, []byte(with)
			}
			resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), -1
			return resp, err
		})
	}
}

func isList(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/calls") }

// What one record's answers do wrong is no other watcher's business, and passes.
func TestOneRecordsTrouble(t *testing.T) {
	t.Parallel()
	ringing := func(body string) string {
		return oneStatus.ReplaceAllString(strings.ReplaceAll(body, `"ended_at"`, `"was"`), `"status":"ringing"`)
	}
	var start time.Time
	for name, c := range map[string]struct {
		other func() func(r *http.Request, body string) (int, string)
		most  time.Duration
	}{
		"a 404 once, and then the list is stale": {func() func(*http.Request, string) (int, string) {
			once := true
			return func(r *http.Request, body string) (int, string) {
				switch {
				case isList(r) && time.Since(start) > 10*time.Second:
					return http.StatusOK, ringing(body)
				case !isList(r) && once:
					once = false
					return http.StatusNotFound, `{"detail":"Not found"}`
				}
				return 0, ""
			}
		}, 40 * time.Second},
		"each Get is a 403, once the list was read": {func() func(*http.Request, string) (int, string) {
			return func(r *http.Request, _ string) (int, string) {
				if isList(r) || time.Since(start) < 3*time.Second {
					return 0, ""
				}
				return http.StatusForbidden, `{"detail":"Not yours"}`
			}
		}, 12 * time.Second},
		"a Get of one hangs, once the list was read": {func() func(*http.Request, string) (int, string) {
			first := ""
			return func(r *http.Request, _ string) (int, string) {
				if !isList(r) && time.Since(start) > 3*time.Second && (first == "" || first == r.URL.Path) {
					first = r.URL.Path
					select {
					case <-r.Context().Done():
					case <-time.After(10 * time.Minute):
					}
				}
				return 0, ""
			}
		}, 30 * time.Second},
		"the list shows an end that Get denies": {func() func(*http.Request, string) (int, string) {
			return func(r *http.Request, body string) (int, string) {
				if isList(r) && time.Since(start) < 3*time.Second {
					body = strings.ReplaceAll(body, `"ended_at":null`, `"ended_at":"2000-01-01T00:00:01Z"`)
					return http.StatusOK, oneStatus.ReplaceAllString(body, `"status":"completed"`)
				}
				return 0, ""
			}
		}, 40 * time.Second},
		"times in other zones": {func() func(*http.Request, string) (int, string) {
			return func(r *http.Request, body string) (int, string) {
				if isList(r) {
					return 0, ""
				}
				return http.StatusOK, strings.ReplaceAll(body, `Z"`, `+00:00"`)
			}
		}, 12 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			start = time.Now()
			f := &following{calls: 10, limit: 300, lie: answers(c.other())}
			f.run(t)
			assert.LessOrEqual(t, f.most(), c.most, name)
			assert.LessOrEqual(t, f.yields, 10*5, name)
		})
	}
}

// A list that is known to be stale doesn't take a call back to where it was.
func TestStaleListTakesNothingBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const calls = 5
		api, start := &ringing{calls: calls}, time.Now()
		client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test"), voiceagent.WithBaseURL("https://api.test/v1"),
			voiceagent.WithHTTPClient(&http.Client{Transport: answers(func(r *http.Request, body string) (int, string) {
				if isList(r) || time.Since(start) < 20*time.Second {
					return 0, ""
				}
				return http.StatusOK, strings.ReplaceAll(body, "ringing", "in_progress")
			})(api)}))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		var all sync.WaitGroup
		for i := range calls {
			all.Go(func() {
				var seen []voiceagent.CallStatus
				for call, err := range client.Calls.Watch(ctx, fmt.Sprint("call_", i), voiceagent.WatchParams{}) {
					if err == nil {
						seen = append(seen, call.Status)
					}
				}
				assert.Equal(t, []voiceagent.CallStatus{voiceagent.CallRinging, voiceagent.CallInProgress}, seen)
			})
		}
		all.Wait()
	})
}

// A watch isn't ended by the record of another call, and nobody by an event of a call that nobody
// watches.
func TestOthersRecords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api, start := &ringing{calls: 3, ended: map[string]bool{}}, time.Now()
		client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test"), voiceagent.WithBaseURL("https://api.test/v1"),
			voiceagent.WithHTTPClient(&http.Client{Transport: testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, "/call_0") && time.Since(start) < 20*time.Second {
					r = r.Clone(r.Context())
					r.URL.Path = "/v1/calls/call_2"
				}
				return api.RoundTrip(r)
			})}))
		require.NoError(t, err)
		var mu sync.Mutex
		over := map[int]string{}
		for i := range 3 {
			go func() {
				for call, err := range client.Calls.Watch(t.Context(), fmt.Sprint("call_", i), voiceagent.WatchParams{}) {
					if err == nil && call.Ended() {
						mu.Lock()
						over[i] = call.ID
						mu.Unlock()
					}
				}
			}()
		}
		time.Sleep(25 * time.Second)
		api.end("call_2")
		client.Calls.Deliver(nil)
		client.Calls.Deliver(&voiceagent.Call{ID: "call_1", SessionID: "call_9", Status: voiceagent.CallInProgress})
		client.Calls.Deliver(&voiceagent.Call{ID: "call_9", Status: voiceagent.CallCompleted})
		time.Sleep(time.Minute)
		mu.Lock()
		assert.Equal(t, map[int]string{2: "call_2"}, over)
		mu.Unlock()
		api.end("call_0", "call_1")
		time.Sleep(20 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, map[int]string{0: "call_0", 1: "call_1", 2: "call_2"}, over)
	})
}

// A Response is filled in by the goroutine that watches.
func TestWatchWithResponse(t *testing.T) {
	t.Parallel()
	srv := voiceagenttest.NewServer(voiceagenttest.WithSpeed(1000))
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	client := srv.Client()
	call, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+15550100001"})
	require.NoError(t, err)
	var resp voiceagent.Response
	for _, err := range client.Calls.Watch(t.Context(), call.Ref(), voiceagent.WatchParams{Interval: time.Millisecond}, voiceagent.WithResponse(&resp)) {
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, resp.StatusCode)
		resp = voiceagent.Response{}
	}
}
