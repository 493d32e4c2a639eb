package webhook_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/webhook"
)

// endless is a body that counts how much of it is read. It ends far beyond every limit, so that a
// missing limit fails the test.
type endless struct{ read atomic.Int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.read.Load() >= 16<<20 {
		return 0, io.EOF
	}
	for i := range p {
		p[i] = ' '
	}
	e.read.Add(int64(len(p)))
	return len(p), nil
}

// Of an endless body one byte more than allowed is read. Of a body whose Content-Length is too
// large nothing is read.
func TestBodyIsCapped(t *testing.T) {
	t.Parallel()
	for _, most := range []int64{10, 64 << 10, 64<<10 + 1, 0, 3 << 20} {
		var c consumer
		h := receiver(t, &c, func(p *webhook.HandlerParams) { p.MaxBody = most })
		if most == 0 {
			most = 1 << 20
		}
		for _, announced := range []int64{-1, most + 1} {
			var body endless
			r := request("")
			r.Body, r.ContentLength = io.NopCloser(&body), announced
			assert.Equal(t, 413, answer(h, r).StatusCode)
			assert.Equal(t, map[bool]int64{true: most + 1, false: 0}[announced < 0], body.read.Load())
		}
		r := request("")
		r.Body, r.ContentLength = io.NopCloser(io.LimitReader(&endless{}, most)), -1
		assert.Equal(t, 401, answer(h, r).StatusCode, "as much as allowed is read")
	}
}

func TestALargeEvent(t *testing.T) {
	t.Parallel()
	var c consumer
	h := receiver(t, &c, nil)
	body := fmt.Sprintf(`{"event":"CALL_ENDED","data":{"session_id":"a","call_summary":%q}}`, strings.Repeat("x", 1<<20-100))
	assert.Equal(t, 200, status(h, body))
	require.Len(t, c.events, 1)
	assert.Len(t, c.events[0].(*webhook.CallEnded).Call.Summary, 1<<20-100)
}

// stuck is a body that continues after its first part only when the test lets it.
type stuck struct {
	io.Reader
	goOn <-chan struct{}
}

func (s *stuck) Read(p []byte) (int, error) {
	if n, err := s.Reader.Read(p); err == nil {
		return n, nil
	}
	<-s.goOn
	return 0, io.EOF
}

// Only so many large bodies are held at once, whoever sends them. Small ones don't wait for them.
func TestLargeBodiesAreFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c consumer
		h := receiver(t, &c, nil)
		goOn := make(chan struct{})
		replies := make(chan int, 20)
		var bodies [20]endless
		for i := range bodies {
			go func() {
				r := request("")
				r.Body, r.ContentLength = io.NopCloser(&stuck{io.LimitReader(&bodies[i], 500<<10), goOn}), -1
				replies <- answer(h, r).StatusCode
			}()
		}
		synctest.Wait()
		large := 0
		for i := range bodies {
			if bodies[i].read.Load() > 64<<10+1 {
				large++
			}
		}
		assert.Equal(t, 16, large)
		assert.Equal(t, 200, status(h, ended("a")))
		time.Sleep(8 * time.Second)
		for range 4 {
			assert.Equal(t, 503, <-replies)
		}
		close(goOn)
		for range 16 {
			assert.Equal(t, 401, <-replies)
		}
	})
}

// A sender that stops in the middle of its body is not waited for.
func TestASlowBody(t *testing.T) {
	t.Parallel()
	var c consumer
	h := webhook.NewHandler(webhook.HandlerParams{Secrets: []string{secret}, Handle: c.handle, AnswerWithin: 100 * time.Millisecond})
	srv := httptest.NewServer(h)
	defer srv.Close()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{")
	require.NoError(t, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	assert.Equal(t, 400, res.StatusCode)
	require.NoError(t, h.Shutdown(t.Context()))
}

// The deadline of one request isn't that of the next on the same connection.
func TestAConnectionIsUsedAgain(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	c := consumer{then: func(context.Context, string, int) error { <-goOn; return nil }}
	h := webhook.NewHandler(webhook.HandlerParams{Secrets: []string{secret}, Handle: c.handle, AnswerWithin: 100 * time.Millisecond})
	var connections atomic.Int32
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	assert.Equal(t, 503, post(t, srv, ended("a")))
	assert.Equal(t, 503, post(t, srv, ended("a")))
	close(goOn)
	require.Eventually(t, func() bool { return post(t, srv, ended("a")) == 200 }, 30*time.Second, time.Millisecond)
	assert.EqualValues(t, 1, connections.Load())
	assert.Equal(t, 1, c.times("a"))
	require.NoError(t, h.Shutdown(t.Context()))
}

// post delivers a signed event over the network.
func post(t *testing.T, srv *httptest.Server, body string) int {
	t.Helper()
	r := request(body)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, r.Body)
	require.NoError(t, err)
	req.Header = r.Header
	res, err := srv.Client().Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	return res.StatusCode
}
