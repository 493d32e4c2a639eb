package wire_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// relay passes bytes on, and can be made to swallow all that comes on the connections that it has,
// as a NAT or a load balancer does that has forgotten them: no FIN, no RST.
type relay struct {
	net.Listener
	to    string
	wg    sync.WaitGroup
	mu    sync.Mutex
	conns []*relayed
}

type relayed struct {
	near, far net.Conn
	dead      atomic.Bool
}

func startRelay(t *testing.T, to string) *relay {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{Listener: ln, to: to}
	r.wg.Go(r.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		r.mu.Lock()
		for _, c := range r.conns {
			_, _ = c.near.Close(), c.far.Close()
		}
		r.mu.Unlock()
		r.wg.Wait()
	})
	return r
}

func (r *relay) accept() {
	for {
		near, err := r.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", r.to)
		if err != nil {
			_ = near.Close()
			continue
		}
		c := &relayed{near: near, far: far}
		r.mu.Lock()
		r.conns = append(r.conns, c)
		r.mu.Unlock()
		r.wg.Go(func() { c.pass(far, near) })
		r.wg.Go(func() { c.pass(near, far) })
	}
}

func (c *relayed) pass(to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if !c.dead.Load() {
			_, _ = to.Write(buf[:n])
		}
		if err != nil {
			if !c.dead.Load() {
				_ = to.Close()
			}
			return
		}
	}
}

// swallow returns how many connections died.
func (r *relay) swallow() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.dead.Store(true)
	}
	return len(r.conns)
}

// All goroutines share an HTTP/2 connection, and none of their attempts ends before 30 s by itself.
func TestDeadHTTP2ConnectionIsLeft(t *testing.T) {
	t.Parallel()
	server := startServer(t, true, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, 2, r.ProtoMajor)
		_, _ = io.WriteString(w, testkit.OKCall)
	})
	relay := startRelay(t, server.Listener.Addr().String())
	client := newClient(t, server, relay.Addr().String())
	_, err := client.Calls.Get(t.Context(), "call_1")
	require.NoError(t, err)
	require.Equal(t, 1, relay.swallow())

	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	start := time.Now()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := client.Calls.Get(ctx, "call_1")
			assert.NoError(t, err)
		})
	}
	wg.Wait()
	t.Logf("left after %v", time.Since(start).Round(10*time.Millisecond))
	require.NoError(t, place(ctx, client, someCall))
}

// What isn't TLS comes after the whole request was read. The error's type is that of a handshake
// with a server that doesn't speak TLS.
func TestGarbageAfterTheRequestIsNoProof(t *testing.T) {
	t.Parallel()
	var rings atomic.Int64
	server := startServer(t, false, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		rings.Add(1)
		conn, _, err := w.(http.Hijacker).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn.(*tls.Conn).NetConn(), "upstream connect error or disconnect/reset before headers")
	})
	client := newClient(t, server, server.Listener.Addr().String())
	err := place(t.Context(), client, someCall)
	require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	require.ErrorAs(t, err, new(tls.RecordHeaderError))
	lost, ok := errors.AsType[*voiceagent.ConnectionError](err)
	require.True(t, ok)
	assert.True(t, lost.Sent)
	assert.EqualValues(t, 1, rings.Load())
}
