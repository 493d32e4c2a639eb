package wire_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// startCounted serves over loopback, by HTTP/1.1 or by HTTP/2 with TLS, and counts connections. It
// returns a client of the server.
func startCounted(t *testing.T, http2 bool, handler http.HandlerFunc, opts ...voiceagent.ClientOption) (*voiceagent.Client, *httptest.Server, *atomic.Int64) {
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

// net/http sends a POST with an Idempotency-Key again when a reused connection breaks, if it can
// read the body again.
func TestPostIsDeliveredOnceOnABrokenReusedConnection(t *testing.T) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			var posts atomic.Int64
			client, server, _ := startCounted(t, protocol == "HTTP/2.0", nil)
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
				_, _ = io.WriteString(w, testkit.OKCall)
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
			client, _, _ := startCounted(t, http2, func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet { // a look
					_, _ = io.WriteString(w, `{"data":[]}`)
					return
				}
				body, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				mu.Lock()
				defer mu.Unlock()
				bodies, keys = append(bodies, string(body)), append(keys, r.Header.Get("Idempotency-Key"))
				if len(bodies) < 4 {
					w.WriteHeader(http.StatusInternalServerError)
					return
				}
				_, _ = io.WriteString(w, testkit.OKCall)
			}, voiceagent.WithRetryPolicy(testkit.Quickly{}))
			_, err := client.Calls.Create(t.Context(), someCall)
			require.NoError(t, err)
			require.Len(t, bodies, 4)
			for i := range bodies {
				assert.JSONEq(t, `{"agent_id":"ag_1","source_number":"+15550100000","phone_number":"+919876543210"}`, bodies[i])
				assert.Equal(t, keys[0], keys[i])
			}
			assert.NotEmpty(t, keys[0])
		})
	}
}

// The loop of go-retryablehttp closes all idle connections when it gives up, and drains only 4 KB.
// Either would cost a connection.
func TestConnectionsSurviveFailures(t *testing.T) {
	long := strings.Repeat("x", 100<<10)
	var n atomic.Int64
	client, _, connections := startCounted(t, false, func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) % 4 {
		case 0:
			_, _ = io.WriteString(w, testkit.OKCall)
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, long)
		case 2:
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, long)
		case 3:
			_, _ = io.WriteString(w, `{"data":`+long)
		}
	}, voiceagent.WithRetryPolicy(testkit.Quickly{}), voiceagent.WithMaxRetries(1))
	for range 40 {
		_, _ = client.Calls.Get(t.Context(), "call_1")
	}
	assert.EqualValues(t, 1, connections.Load())
}

func TestConnectionsAreReusedUnderLoad(t *testing.T) {
	const goroutines, requests = 64, 10_000
	var arrived atomic.Int64
	all := make(chan struct{})
	client, _, connections := startCounted(t, false, func(w http.ResponseWriter, _ *http.Request) {
		switch n := arrived.Add(1); {
		case n == 1+goroutines:
			close(all)
		case n > 1:
			<-all // so that there is a connection for each goroutine
		}
		_, _ = io.WriteString(w, testkit.OKCall)
	})
	own, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test"), voiceagent.WithBaseURL(client.Describe().Get("base URL")))
	require.NoError(t, err)
	_, err = own.Calls.Get(t.Context(), "call_1") // before it, fewer may be under way at once
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
	// net/http closes a connection whose writer doesn't run for 50 ms, and a connection that is idle
	// for 4 s is closed. A body that isn't read would cost thousands.
	assert.LessOrEqual(t, connections.Load(), int64(goroutines+requests/1000))
	t.Logf("%d connections", connections.Load())
}

func TestBodiesAreClosedOnEveryPath(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, status := range []int{200, 204, 302, 400, 404, 429, 500, 503} {
			var bodies []*testkit.ReadCloser
			client := testkit.NewPatient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
				b := testkit.Body(testkit.OKCall)
				bodies = append(bodies, b)
				return &http.Response{StatusCode: status, Header: http.Header{}, Body: b, Request: req}, nil
			}))
			_, _ = client.Calls.Get(t.Context(), "call_1")
			for i, b := range bodies {
				assert.True(t, b.Closed.Load(), "status %d, attempt %d", status, i+1)
			}
		}
	})
}
