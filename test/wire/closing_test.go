package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
)

type requestsKey struct{}

// countRequests gives each connection a count of its requests.
func countRequests(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, requestsKey{}, new(atomic.Int64))
}

// ringing counts how often each person was called, and closes a connection after 50 requests.
type ringing struct {
	mu    sync.Mutex
	rings map[string]int
	close func(w http.ResponseWriter, answer string)
}

func (s *ringing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		_, _ = io.WriteString(w, emptyList)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body)
	key := r.Header.Get("Idempotency-Key")
	s.mu.Lock()
	s.rings[key]++
	n := len(s.rings)
	s.mu.Unlock()
	answer := fmt.Sprintf(`{"success":true,"data":{"id":"call_%d","status":"initiated"}}`, n)
	if r.Context().Value(requestsKey{}).(*atomic.Int64).Add(1)%50 == 0 {
		s.close(w, answer)
		return
	}
	_, _ = io.WriteString(w, answer)
}

// announced says with the answer that it is the last one, as nginx does after keepalive_requests:
// under HTTP/2 with a GOAWAY, which the requests that are on their way meet.
func announced(w http.ResponseWriter, answer string) {
	w.Header().Set("Connection", "close")
	_, _ = io.WriteString(w, answer)
}

// unannounced closes without a word, as nginx does when it is reloaded.
func unannounced(w http.ResponseWriter, answer string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
}

func TestServerThatClosesConnectionsUnderLoad(t *testing.T) {
	t.Parallel()
	const calls, goroutines = 4000, 64
	for name, test := range map[string]struct {
		http2 bool
		close func(http.ResponseWriter, string)
		// Under HTTP/1.1 a close that isn't announced can meet a request, and nobody can tell
		// whether it was read.
		mayLose bool
	}{
		"HTTP/2":                {http2: true, close: announced},
		"HTTP/1.1":              {close: announced},
		"HTTP/1.1, unannounced": {close: unannounced, mayLose: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			handler := &ringing{rings: make(map[string]int), close: test.close}
			server := startServer(t, test.http2, handler.ServeHTTP)
			client := newClient(t, server, server.Listener.Addr().String(), voiceagent.WithMaxRetries(10))
			var next, unknown, repeated atomic.Int64
			var wg sync.WaitGroup
			for range goroutines {
				wg.Go(func() {
					for i := next.Add(1); i <= calls; i = next.Add(1) {
						call := someCall
						call.To = fmt.Sprintf("+1555%07d", i)
						var response voiceagent.Response
						err := place(t.Context(), client, call, voiceagent.WithResponse(&response))
						repeated.Add(int64(len(response.Attempts) - 1))
						if errors.Is(err, voiceagent.ErrOutcomeUnknown) {
							unknown.Add(1)
						} else {
							assert.NoError(t, err)
						}
					}
				})
			}
			wg.Wait()
			t.Logf("%d of %d calls unknown, %d repeated", unknown.Load(), calls, repeated.Load())
			if !test.mayLose {
				assert.Zero(t, unknown.Load())
				assert.Equal(t, calls, len(handler.rings)) //nolint:testifylint // Len would print all of them
			}
			for key, rings := range handler.rings {
				assert.Equal(t, 1, rings, key)
			}
		})
	}
}
