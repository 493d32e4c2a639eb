package limits_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// windowServer counts requests in windows as an API does, on a clock of its own. It uses no code of
// the client.
type windowServer struct {
	mu        sync.Mutex
	limit     int
	window    time.Duration
	skew      time.Duration // of its clock
	byRequest bool          // a window begins with a request, and not with the clock
	latency   func() time.Duration

	begin     time.Time
	used      int
	requests  int
	throttled int
	inFlight  int
	most      int
}

func (s *windowServer) answer() (status int, header http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now().Add(s.skew)
	if end := s.begin.Add(s.window); s.begin.IsZero() || !now.Before(end) {
		s.used = 0
		if s.begin = now; !s.byRequest {
			s.begin = now.Truncate(s.window)
		}
	}
	s.requests++
	s.used++
	header = http.Header{"Date": {now.UTC().Format(http.TimeFormat)}, "Content-Type": {"application/json"}}
	status = http.StatusOK
	if s.used > s.limit {
		s.throttled++
		status = http.StatusTooManyRequests
	}
	header.Set("X-RateLimit-Limit", strconv.Itoa(s.limit))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, s.limit-s.used)))
	header.Set("X-RateLimit-Reset", strconv.FormatInt(s.begin.Add(s.window).Unix(), 10))
	return status, header
}

// RoundTrip serves without sockets, for virtual time.
func (s *windowServer) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.inFlight++
	s.most = max(s.most, s.inFlight)
	s.mu.Unlock()
	if s.latency != nil {
		time.Sleep(s.latency() / 2)
	}
	status, header := s.answer()
	if s.latency != nil {
		time.Sleep(s.latency() / 2)
	}
	s.mu.Lock()
	s.inFlight--
	s.mu.Unlock()
	return &http.Response{StatusCode: status, Header: header, Body: testkit.Body(`{"success":true,"data":{"id":"call_1"}}`), Request: req}, nil
}

// ServeHTTP serves over loopback.
func (s *windowServer) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	status, header := s.answer()
	maps.Copy(w.Header(), header)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"success":true,"data":{"id":"call_1"}}`))
}

// herdOf sends requests from many goroutines through one client and returns how long it took.
func herdOf(t *testing.T, client *voiceagent.Client, goroutines, requests int) time.Duration {
	t.Helper()
	start := time.Now()
	var left atomic.Int64
	left.Store(int64(requests))
	var failed atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := client.Calls.Get(t.Context(), "call_1"); err != nil {
					failed.Add(1)
					t.Log(err)
				}
			}
		})
	}
	wg.Wait()
	assert.Zero(t, failed.Load(), "failed calls")
	return time.Since(start)
}

// The server's window is 300 requests a minute; 2,000 take 7 windows, so at least 6 whole ones.
func TestHerdIsNeverThrottled(t *testing.T) {
	t.Parallel()
	skews := []time.Duration{0, -3 * time.Second, 3 * time.Second, -10 * time.Minute}
	fractions := []time.Duration{0, 300 * time.Millisecond, 950 * time.Millisecond}
	for _, skew := range skews {
		for _, fraction := range fractions {
			for _, byRequest := range []bool{false, true} {
				t.Run(fmt.Sprintf("skew %v, starting %v into a second, windows by request %v", skew, fraction, byRequest), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						time.Sleep(fraction)
						server := &windowServer{limit: 300, window: time.Minute, skew: skew, byRequest: byRequest,
							latency: func() time.Duration { return 80 * time.Millisecond }}
						took := herdOf(t, testkit.NewPatient(t, server), 200, 2000)
						assert.Zero(t, server.throttled, "answers of 429")
						assert.Equal(t, 2000, server.requests)
						assert.LessOrEqual(t, took, 6*time.Minute*103/100)
						t.Logf("%v, at most %d in flight", took, server.most)
					})
				})
			}
		}
	}
}

// Latencies up to 2.5 s bring the answers of one window far apart and out of order.
func TestHerdUnderRandomConditions(t *testing.T) {
	t.Parallel()
	for seed := range 40 {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(uint64(seed), 1))
				time.Sleep(time.Duration(random.IntN(2000)) * time.Millisecond)
				slowest := []int{5, 80, 400, 2500}[seed%4]
				server := &windowServer{
					limit: 300, window: time.Minute, byRequest: random.IntN(2) == 0,
					skew:    time.Duration(random.IntN(20000)-10000) * time.Millisecond,
					latency: func() time.Duration { return time.Duration(rand.IntN(slowest)+1) * time.Millisecond },
				}
				took := herdOf(t, testkit.NewPatient(t, server), 200, 2000)
				assert.Zero(t, server.throttled, "answers of 429")
				latency := time.Duration(slowest) * time.Millisecond
				// The last window is used up in four or five rounds after its first answer, of different
				// lengths.
				assert.LessOrEqual(t, took, 6*time.Minute*103/100+8*latency)
			})
		})
	}
}

func TestHerdOverLoopback(t *testing.T) {
	server := &windowServer{limit: 300, window: time.Second}
	listener := httptest.NewServer(server)
	defer listener.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: 200}
	defer transport.CloseIdleConnections()
	client := testkit.NewPatient(t, transport, voiceagent.WithBaseURL(listener.URL))
	took := herdOf(t, client, 200, 2000)
	assert.Zero(t, server.throttled, "answers of 429")
	t.Logf("%v for 2,000 requests, which take 7 windows of a second; TestHerd bounds it on virtual time", took)
}

func TestCallerIsRefusedWhenResetIsTooFar(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &windowServer{limit: 1, window: time.Minute}
		client := testkit.NewPatient(t, server)
		_, err := client.Calls.Get(t.Context(), "call_1")
		require.NoError(t, err)

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		_, err = client.Calls.Get(ctx, "call_1")
		limited := new(voiceagent.RateLimitError)
		require.ErrorAs(t, err, &limited)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Zero(t, time.Since(start), "it must not wait")
		assert.Equal(t, 1, server.requests, "nothing may be sent")
		assert.InDelta(t, 60, limited.RetryAt.Sub(start).Seconds(), 1)
		assert.Equal(t, "/calls/{call_id}", limited.Route)
		assert.Zero(t, limited.StatusCode)
		assert.ErrorContains(t, err, "GET /calls/{call_id}: not sent: the rate limit's next window begins")
	})
}

func TestWaitingCallerSeesCancellation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := &windowServer{limit: 1, window: time.Minute}
		client := testkit.NewPatient(t, server)
		_, err := client.Calls.Get(t.Context(), "call_1")
		require.NoError(t, err)

		cause := errors.New("the user went away")
		ctx, cancel := context.WithCancelCause(t.Context())
		var took time.Duration
		go func() {
			time.Sleep(10 * time.Second)
			cancel(cause)
		}()
		start := time.Now()
		_, err = client.Calls.Get(ctx, "call_1")
		took = time.Since(start)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, cause)
		assert.Equal(t, 10*time.Second, took)
		// The place of who left is free: the next one is served when the window begins.
		_, err = client.Calls.Get(t.Context(), "call_1")
		require.NoError(t, err)
		assert.Zero(t, server.throttled)
	})
}

func TestCallersGoInOrderOfArrival(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := voiceagent.NewLimiter(voiceagent.Plan{})
		require.NoError(t, limiter.Acquire(t.Context()))
		limiter.Release(t.Context(), voiceagent.Observation{Known: true,
			RateLimit: voiceagent.RateLimit{Limit: 1, Remaining: 0, Reset: time.Now().Add(30 * time.Second)}})
		var order []int
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				if assert.NoError(t, limiter.Acquire(t.Context())) {
					order = append(order, i) // one at a time, as only one may be in flight
					limiter.Release(t.Context(), voiceagent.Observation{Known: true,
						RateLimit: voiceagent.RateLimit{Limit: 1, Remaining: 1, Reset: time.Now().Add(30 * time.Second)}})
				}
			})
		}
		wg.Wait()
		for i := range order {
			assert.Equal(t, i, order[i])
		}
		assert.Len(t, order, 20)
	})
}

func TestBeforeTheFirstAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		plan voiceagent.Plan
		want int
	}{
		"nothing known": {voiceagent.Plan{}, 4},
		"free plan":     {voiceagent.PlanFree, 60},
		"enterprise":    {voiceagent.EnterprisePlan(5), 5},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				limiter := voiceagent.NewLimiter(test.plan)
				ctx, cancel := context.WithCancel(t.Context())
				var held atomic.Int64
				var wg sync.WaitGroup
				for range 100 {
					wg.Go(func() {
						if limiter.Acquire(ctx) == nil {
							held.Add(1)
						}
					})
				}
				synctest.Wait()
				assert.EqualValues(t, test.want, held.Load())
				// One answer without headers says that there is no limit to go by.
				limiter.Release(ctx, voiceagent.Observation{})
				synctest.Wait()
				assert.EqualValues(t, 100, held.Load())
				cancel()
				wg.Wait()
			})
		})
	}
}

func TestThrottleParksEveryone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := voiceagent.NewLimiter(voiceagent.Plan{})
		start := time.Now()
		require.NoError(t, limiter.Acquire(t.Context()))
		limiter.Release(t.Context(), voiceagent.Observation{Known: true, Throttled: true,
			RateLimit: voiceagent.RateLimit{Limit: 60, Reset: start.Add(20 * time.Second)}})
		var mu sync.Mutex
		var at []time.Duration
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if assert.NoError(t, limiter.Acquire(t.Context())) {
					mu.Lock()
					at = append(at, time.Since(start))
					mu.Unlock()
				}
			})
		}
		time.Sleep(21 * time.Second)
		synctest.Wait()
		require.Len(t, at, 1, "one goes first after a park")
		assert.GreaterOrEqual(t, at[0], 20*time.Second)
		limiter.Release(t.Context(), voiceagent.Observation{Known: true,
			RateLimit: voiceagent.RateLimit{Limit: 60, Remaining: 40, Reset: time.Now().Add(time.Minute)}})
		synctest.Wait()
		assert.Len(t, at, 11, "then a quarter of what the new window has left")
		for len(at) < 50 { // let the others through
			limiter.Release(t.Context(), voiceagent.Observation{Known: true,
				RateLimit: voiceagent.RateLimit{Limit: 60, Remaining: 40, Reset: time.Now().Add(time.Minute)}})
			synctest.Wait()
		}
		wg.Wait()
	})
}

// throttledOnce gives count goroutines a 429 with these headers, and returns when each of them came
// back.
func throttledOnce(t *testing.T, count int, header func(now time.Time) []string) (back []time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(600 * time.Millisecond)
		start := time.Now()
		var mu sync.Mutex
		seen := 0
		client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
			mu.Lock()
			seen++
			first := seen <= count
			if !first {
				back = append(back, time.Since(start))
			}
			mu.Unlock()
			time.Sleep(10 * time.Millisecond)
			if first {
				return testkit.Answer(http.StatusTooManyRequests, "", header(start)...)(req)
			}
			return testkit.Answer(http.StatusOK, `{"data":{"id":"call_1"}}`)(req)
		}), voiceagent.WithPlan(voiceagent.EnterprisePlan(count)))
		var wg sync.WaitGroup
		for range count {
			wg.Go(func() {
				_, err := client.Calls.Get(t.Context(), "call_1")
				assert.NoError(t, err)
			})
		}
		wg.Wait()
	})
	require.Len(t, back, count)
	return back
}

func TestThrottledCallersComeBackApart(t *testing.T) {
	t.Parallel()
	back := throttledOnce(t, 12, func(time.Time) []string { return []string{"Retry-After", "1"} })
	assert.GreaterOrEqual(t, slices.Min(back), time.Second)
	assert.LessOrEqual(t, slices.Max(back), 2100*time.Millisecond)
	assert.Greater(t, slices.Max(back)-slices.Min(back), 250*time.Millisecond)
}

// A reset in Unix seconds may hide what was cut off it.
func TestThrottledCallersWaitForTheWholeSecond(t *testing.T) {
	t.Parallel()
	back := throttledOnce(t, 12, func(now time.Time) []string {
		reset := now.Add(5 * time.Second).Unix()
		return []string{"X-RateLimit-Limit", "60", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(reset, 10)}
	})
	assert.GreaterOrEqual(t, slices.Min(back), 5*time.Second)
}

func TestAbsurdResetDoesNotSilenceTheClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := voiceagent.NewLimiter(voiceagent.Plan{})
		start := time.Now()
		require.NoError(t, limiter.Acquire(t.Context()))
		limiter.Release(t.Context(), voiceagent.Observation{Known: true, Throttled: true,
			RateLimit: voiceagent.RateLimit{Limit: 60, Reset: start.Add(20 * time.Hour)}})
		require.NoError(t, limiter.Acquire(t.Context()))
		assert.Equal(t, 2*time.Minute, time.Since(start))
	})
}

func TestSilentProbeDoesNotBlockTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := voiceagent.NewLimiter(voiceagent.Plan{})
		require.NoError(t, limiter.Acquire(t.Context()))
		limiter.Release(t.Context(), voiceagent.Observation{Known: true, Throttled: true,
			RateLimit: voiceagent.RateLimit{Reset: time.Now().Add(time.Second)}})
		require.NoError(t, limiter.Acquire(t.Context())) // the probe, which never comes back
		start := time.Now()
		require.NoError(t, limiter.Acquire(t.Context()))
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestLateAnswersOfAnOldWindowAreIgnored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := voiceagent.NewLimiter(voiceagent.Plan{})
		for range 3 {
			require.NoError(t, limiter.Acquire(t.Context()))
		}
		old, next := time.Now().Add(10*time.Second), time.Now().Add(70*time.Second)
		limiter.Release(t.Context(), voiceagent.Observation{Known: true, RateLimit: voiceagent.RateLimit{Limit: 60, Remaining: 50, Reset: next}})
		limiter.Release(t.Context(), voiceagent.Observation{Known: true, RateLimit: voiceagent.RateLimit{Limit: 60, Remaining: 0, Reset: old}})
		start := time.Now()
		require.NoError(t, limiter.Acquire(t.Context()))
		assert.Zero(t, time.Since(start))
	})
}
