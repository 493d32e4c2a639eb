package voiceagent_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

const okCall = `{"success":true,"data":{"id":"call_1"},"request_id":"req_1"}`

var someCall = voiceagent.CallCreateParams{AgentID: "agent_1", From: "+15550100000", To: "+919876543210"}

// startServer serves over loopback, HTTP/1.1 or TLS with HTTP/2, counts connections, and returns a client for it.
func startServer(t *testing.T, http2 bool, handler http.HandlerFunc, opts ...voiceagent.ClientOption) (*voiceagent.Client, *httptest.Server, *atomic.Int64) {
	t.Helper()
	var connections atomic.Int64
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	if http2 {
		server.EnableHTTP2 = true
		server.StartTLS()
		transport = server.Client().Transport.(*http.Transport)
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	t.Cleanup(transport.CloseIdleConnections)
	client, err := voiceagent.NewClient(append([]voiceagent.ClientOption{voiceagent.WithAPIKey("lev_test"), voiceagent.WithBaseURL(server.URL + "/v1"),
		voiceagent.WithHTTPClient(&http.Client{Transport: transport})}, opts...)...)
	require.NoError(t, err)
	return client, server, &connections
}

// quickly is a policy that follows the default one without its waits.
type quickly struct{}

func (quickly) Decide(f voiceagent.Failure) voiceagent.Decision {
	d := voiceagent.DefaultRetryPolicy().Decide(f)
	d.Wait = 0
	return d
}

// net/http sends a POST with an Idempotency-Key again when a reused connection breaks, if it can read the body again.
func TestPostIsDeliveredOnceOnABrokenReusedConnection(t *testing.T) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			var posts atomic.Int64
			client, server, _ := startServer(t, protocol == "HTTP/2.0", nil)
			server.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, protocol, r.Proto)
				if r.Method == http.MethodPost {
					_, _ = io.Copy(io.Discard, r.Body)
					posts.Add(1)
					if r.ProtoMajor == 2 {
						panic(http.ErrAbortHandler)
					}
					conn, _, err := w.(http.Hijacker).Hijack()
					if assert.NoError(t, err) {
						_ = conn.Close()
					}
					return
				}
				_, _ = io.WriteString(w, okCall)
			})
			_, err := client.Calls.Get(t.Context(), "call_1") // so that the connection is a reused one
			require.NoError(t, err)
			_, err = client.Calls.Create(t.Context(), someCall, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
			require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
			assert.EqualValues(t, 1, posts.Load(), "a call without a body")

			posts.Store(0)
			_, err = client.Calls.Get(t.Context(), "call_1")
			require.NoError(t, err)
			err = client.Request(t.Context(), http.MethodPost, "/agents/agent_1/clone", nil, nil)
			require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
			assert.EqualValues(t, 1, posts.Load(), "a POST without a body")
		})
	}
}

func TestEveryAttemptSendsTheSameBody(t *testing.T) {
	for _, http2 := range []bool{false, true} {
		t.Run(map[bool]string{false: "HTTP/1.1", true: "HTTP/2"}[http2], func(t *testing.T) {
			var mu sync.Mutex
			var bodies, keys []string
			client, _, _ := startServer(t, http2, func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				mu.Lock()
				defer mu.Unlock()
				bodies, keys = append(bodies, string(body)), append(keys, r.Header.Get("Idempotency-Key"))
				if len(bodies) < 4 {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				_, _ = io.WriteString(w, okCall)
			}, voiceagent.WithRetryPolicy(quickly{}))
			_, err := client.Calls.Create(t.Context(), someCall)
			require.NoError(t, err)
			require.Len(t, bodies, 4)
			for i := range bodies {
				assert.JSONEq(t, `{"agent_id":"agent_1","source_number":"+15550100000","phone_number":"+919876543210"}`, bodies[i])
				assert.Equal(t, keys[0], keys[i])
			}
			assert.NotEmpty(t, keys[0])
		})
	}
}

// The loop closes all idle connections when it gives up, and drains 4 KB only; either would cost a connection.
func TestConnectionsSurviveFailures(t *testing.T) {
	long := strings.Repeat("x", 100<<10)
	var n atomic.Int64
	client, _, connections := startServer(t, false, func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) % 4 {
		case 0:
			_, _ = io.WriteString(w, okCall)
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, long)
		case 2:
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, long)
		case 3:
			_, _ = io.WriteString(w, `{"data":`+long)
		}
	}, voiceagent.WithRetryPolicy(quickly{}), voiceagent.WithMaxRetries(1))
	for range 40 {
		_, _ = client.Calls.Get(t.Context(), "call_1")
	}
	assert.EqualValues(t, 1, connections.Load())
}

func TestConnectionsAreReusedUnderLoad(t *testing.T) {
	const goroutines, requests = 64, 10_000
	client, _, connections := startServer(t, false, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, okCall) })
	own, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test"), voiceagent.WithBaseURL(client.Describe().Get("base URL")))
	require.NoError(t, err)
	var left atomic.Int64
	left.Store(requests)
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				_, err := own.Calls.Get(t.Context(), "call_1")
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, connections.Load(), int64(goroutines))
	t.Logf("%d connections", connections.Load())
}

func TestSilentByDefault(t *testing.T) { // not parallel: it redirects stderr
	client, _, _ := startServer(t, false, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		voiceagent.WithRetryPolicy(quickly{}))
	read, write, err := os.Pipe()
	require.NoError(t, err)
	stderr, stdout := os.Stderr, os.Stdout
	os.Stderr, os.Stdout = write, write
	_, err = client.Calls.Get(t.Context(), "call_1")
	os.Stderr, os.Stdout = stderr, stdout
	require.NoError(t, write.Close())
	require.Error(t, err)
	said, err := io.ReadAll(read)
	require.NoError(t, err)
	assert.Empty(t, string(said))
}

// hanging lets the first attempts hang, before the answer or within its body, and answers the next.
type hanging struct {
	attempts atomic.Int64
	first    int64
	inBody   bool
}

func (h *hanging) RoundTrip(req *http.Request) (*http.Response, error) {
	hang := h.attempts.Add(1) <= h.first
	if hang && !h.inBody {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(okCall)), Request: req}
	if hang {
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"data":`), contextReader{req.Context()}))
	}
	return resp, nil
}

type contextReader struct{ ctx context.Context }

func (r contextReader) Read([]byte) (int, error) { <-r.ctx.Done(); return 0, r.ctx.Err() }

func TestAttemptTimeoutIsRetried(t *testing.T) {
	t.Parallel()
	for name, inBody := range map[string]bool{"before the answer": false, "within its body": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				transport := &hanging{first: 2, inBody: inBody}
				client := limitedClient(t, transport, voiceagent.WithAttemptTimeout(5*time.Second))
				var response voiceagent.Response
				_, err := client.Calls.Get(t.Context(), "call_1", voiceagent.WithResponse(&response))
				require.NoError(t, err)
				require.Len(t, response.Attempts, 3)
				assert.Equal(t, 5*time.Second, response.Attempts[0].Duration)
				assert.Equal(t, 10*time.Second, response.Attempts[1].Duration, "the second attempt gets twice the time")
				require.ErrorIs(t, response.Attempts[0].Err, context.DeadlineExceeded)
				assert.NoError(t, response.Attempts[2].Err)
			})
		})
	}
}

func TestMaxElapsedBoundsTheWholeCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := limitedClient(t, &hanging{first: 100}, voiceagent.WithMaxElapsed(50*time.Second))
		start := time.Now()
		_, err := client.Calls.Get(t.Context(), "call_1")
		require.Error(t, err)
		assert.LessOrEqual(t, time.Since(start), 50*time.Second)
		assert.ErrorAs(t, err, new(*voiceagent.ConnectionError))
	})
}

// answers gives each attempt the next status, the last one for ever.
type answers struct {
	mu       sync.Mutex
	statuses []int
	header   http.Header
	seen     int
}

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	status := a.statuses[min(a.seen, len(a.statuses)-1)]
	a.seen++
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(okCall)), Request: req}, nil
}

func TestWaitBeyondTheDeadlineIsNotBegun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := &answers{statuses: []int{http.StatusServiceUnavailable}}
		client := limitedClient(t, transport)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := client.Calls.Get(ctx, "call_1")
		assert.Zero(t, time.Since(start))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorAs(t, err, new(*voiceagent.ServerError))
		assert.Equal(t, 1, transport.seen)

		start = time.Now()
		_, err = client.Calls.Get(t.Context(), "call_1", voiceagent.WithMaxElapsed(10*time.Second))
		assert.Zero(t, time.Since(start))
		require.ErrorAs(t, err, new(*voiceagent.ServerError))
		assert.Contains(t, err.Error(), "WithMaxElapsed")
	})
}

func TestThrottleBeyondTheDeadlineIsARateLimitError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reset := time.Now().Add(40 * time.Second)
		transport := &answers{statuses: []int{http.StatusTooManyRequests}, header: http.Header{"X-Ratelimit-Reset": {fillTimes("{now+40}")}}}
		client := limitedClient(t, transport)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		_, err := client.Calls.Create(ctx, someCall)
		assert.Zero(t, time.Since(start))
		limited := new(voiceagent.RateLimitError)
		require.ErrorAs(t, err, &limited)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.True(t, limited.RetryAt.Equal(reset), "%v", limited.RetryAt)
		assert.Len(t, limited.Attempts, 1)
	})
}

func TestCancelEndsAWaitAndKeepsTheCause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := limitedClient(t, &answers{statuses: []int{http.StatusServiceUnavailable}})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(7*time.Second, cancel)
		start := time.Now()
		_, err := client.Calls.Get(ctx, "call_1")
		assert.Equal(t, 7*time.Second, time.Since(start))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorAs(t, err, new(*voiceagent.ServerError))
	})
}

func TestCancelDuringAPostLeavesTheOutcomeUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := limitedClient(t, &hanging{first: 100})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := client.Calls.Create(ctx, someCall)
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.Canceled)

		_, err = client.Calls.Create(ctx, someCall) // has ended before
		require.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.Canceled)
		lost := new(voiceagent.ConnectionError)
		require.ErrorAs(t, err, &lost)
		assert.False(t, lost.Sent)
	})
}

// A caller's http.Client.Timeout holds for an attempt, not for waiting one's turn.
func TestClientTimeoutDoesNotTickWhileParked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := &answers{statuses: []int{http.StatusServiceUnavailable, http.StatusOK}}
		hc := &http.Client{Transport: transport, Timeout: 3 * time.Second}
		client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test"), voiceagent.WithHTTPClient(hc))
		require.NoError(t, err)
		_, err = client.Calls.Get(t.Context(), "call_1")
		require.NoError(t, err)
		assert.Equal(t, 2, transport.seen)
	})
}

// countingLimiter checks that each leave is given back once.
type countingLimiter struct {
	acquired, released atomic.Int64
	refuse             error
}

func (l *countingLimiter) Acquire(context.Context) error {
	if l.refuse != nil {
		return l.refuse
	}
	l.acquired.Add(1)
	return nil
}
func (l *countingLimiter) Release(context.Context, voiceagent.Observation) { l.released.Add(1) }

func TestEachAcquireIsReleasedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limiter := &countingLimiter{}
		transport := &answers{statuses: []int{500, 502, http.StatusOK}}
		client := limitedClient(t, transport, voiceagent.WithLimiter(limiter))
		_, err := client.Calls.Get(t.Context(), "call_1")
		require.NoError(t, err)
		assert.EqualValues(t, 3, limiter.acquired.Load())
		assert.EqualValues(t, 3, limiter.released.Load())

		panicking := limitedClient(t, transportFunc(func(*http.Request) (*http.Response, error) { panic("a middleware's bug") }),
			voiceagent.WithLimiter(limiter))
		assert.Panics(t, func() { _, _ = panicking.Calls.Get(t.Context(), "call_1") })
		assert.EqualValues(t, 4, limiter.released.Load())
	})
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestErrorOfACustomLimiterIsKept(t *testing.T) {
	t.Parallel()
	broken := errors.New("the budget's store is on fire")
	client := limitedClient(t, &answers{statuses: []int{200}}, voiceagent.WithLimiter(&countingLimiter{refuse: broken}))
	_, err := client.Calls.Create(t.Context(), someCall)
	require.ErrorIs(t, err, broken)
	lost := new(voiceagent.ConnectionError)
	require.ErrorAs(t, err, &lost)
	assert.False(t, lost.Sent)
	assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
}

func TestBodiesAreClosedOnEveryPath(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, status := range []int{200, 204, 302, 400, 404, 429, 500, 503} {
			var bodies []*readCloser
			client := limitedClient(t, transportFunc(func(req *http.Request) (*http.Response, error) {
				b := body(okCall)
				bodies = append(bodies, b)
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: b, Request: req}, nil
			}))
			_, _ = client.Calls.Get(t.Context(), "call_1")
			for i, b := range bodies {
				assert.True(t, b.closed.Load(), "status %d, attempt %d", status, i+1)
			}
		}
	})
}
