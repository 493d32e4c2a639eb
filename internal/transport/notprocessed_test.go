package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The error codes of RFC 9113, 7.
const (
	codeNo            = 0x0
	codeProtocol      = 0x1
	codeInternal      = 0x2
	codeRefusedStream = 0x7
	codeCancel        = 0x8
	codeCalm          = 0xb
)

// What this Go's net/http makes of real frames decides whether a person may be called again.
func TestFramesThatProveThatNothingWasProcessed(t *testing.T) {
	for name, test := range map[string]struct {
		first bool // of its connection
		then  func(c frameConn, stream uint32)
		sent  bool
		says  string
	}{
		"GOAWAY below it":                  {then: func(c frameConn, s uint32) { c.goAway(s-2, codeNo) }, says: "GOAWAY"},
		"GOAWAY below it, then a close":    {then: func(c frameConn, s uint32) { c.goAway(s-2, codeNo); _ = c.Close() }, says: "GOAWAY"},
		"GOAWAY below it, with a code":     {then: func(c frameConn, s uint32) { c.goAway(s-2, codeInternal) }, says: "GOAWAY"},
		"GOAWAY below the first":           {first: true, then: func(c frameConn, _ uint32) { c.goAway(0, codeNo) }, says: "GOAWAY"},
		"GOAWAY below the first, a code":   {first: true, then: func(c frameConn, _ uint32) { c.goAway(0, codeCalm) }, says: "ErrCode:ENHANCE_YOUR_CALM"},
		"REFUSED_STREAM":                   {then: func(c frameConn, s uint32) { c.reset(s, codeRefusedStream) }, says: "REFUSED_STREAM"},
		"GOAWAY that includes it, a close": {sent: true, then: func(c frameConn, s uint32) { c.goAway(s, codeNo); _ = c.Close() }, says: "server sent GOAWAY and closed"},
		"a close":                          {sent: true, then: func(c frameConn, _ uint32) { _ = c.Close() }, says: "EOF"},
		"INTERNAL_ERROR":                   {sent: true, then: func(c frameConn, s uint32) { c.reset(s, codeInternal) }, says: "INTERNAL_ERROR"},
		"PROTOCOL_ERROR":                   {sent: true, then: func(c frameConn, s uint32) { c.reset(s, codeProtocol) }, says: "PROTOCOL_ERROR"},
		"CANCEL":                           {sent: true, then: func(c frameConn, s uint32) { c.reset(s, codeCancel) }, says: "CANCEL"},
		"ENHANCE_YOUR_CALM":                {sent: true, then: func(c frameConn, s uint32) { c.reset(s, codeCalm) }, says: "ENHANCE_YOUR_CALM"},
	} {
		t.Run(name, func(t *testing.T) {
			server := startFrames(t, func(c frameConn, stream uint32) {
				if stream == 1 && !test.first {
					c.ok(stream)
					return
				}
				test.then(c, stream)
			})
			base, url := server.client(t)
			if !test.first {
				require.NoError(t, send(t, base, url, http.MethodGet).err)
			}
			got := send(t, base, url, http.MethodPost)
			require.ErrorContains(t, got.err, test.says)
			assert.Equal(t, test.sent, got.sent, "%v", got.err)
		})
	}
}

// The connection dies between the moment it is got and the request, which is never written. The
// transport is one that isn't known to report all, so that the text decides.
func TestConnectionsThatAreClosedBeforeTheRequest(t *testing.T) {
	for name, test := range map[string]struct {
		http2, reused bool
		says          string
	}{
		"HTTP/2, a new one":      {http2: true, says: "http2: client conn could not be established"},
		"HTTP/2, a reused one":   {http2: true, reused: true, says: "net/http: cannot rewind body after connection loss"},
		"HTTP/1.1, a reused one": {reused: true, says: "http: server closed idle connection"},
	} {
		t.Run(name, func(t *testing.T) {
			var posts atomic.Int64
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					posts.Add(1)
				}
			}))
			server.EnableHTTP2 = test.http2
			server.StartTLS()
			defer server.Close()
			base := NewBase(8)
			base.TLSClientConfig = server.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
			defer base.CloseIdleConnections()
			wrapped := roundTrip(base.RoundTrip)
			if test.reused {
				require.NoError(t, send(t, wrapped, server.URL, http.MethodGet).err)
			}
			got := sendTraced(t, wrapped, server.URL, http.MethodPost, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
				server.CloseClientConnections()
				require.Eventually(t, func() bool { return !hasConnections() }, 10*time.Second, time.Millisecond)
			}})
			require.EqualError(t, errors.Unwrap(got.err), test.says)
			assert.False(t, got.sent)
			assert.Zero(t, posts.Load())
		})
	}
}

// hasConnections reports whether there is a goroutine that net/http started for a connection.
func hasConnections() bool {
	stacks := make([]byte, 1<<20)
	text := string(stacks[:runtime.Stack(stacks, true)])
	return strings.Contains(text, "newClientConn") || strings.Contains(text, "(*Transport).dialConn")
}

func TestTextsThatProveNothing(t *testing.T) {
	t.Parallel()
	const goAway = "http2: Transport received Server's graceful shutdown GOAWAY"
	assert.True(t, notProcessed(errors.New("http2: client conn not usable")))
	for _, text := range []string{
		"", "EOF", "a proxy said: " + goAway, goAway + " or so",
		"http2: Transport: cannot retry err [" + goAway,
		"http2: Transport: cannot retry err [unexpected EOF] after Request.Body was written; define Request.GetBody to avoid this error",
		"stream error: stream ID 3; REFUSED_STREAM", // not received
		`http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=""`,
		"http2: client connection lost", "http2: client conn is closed", "http2: Transport received GOAWAY",
	} {
		assert.False(t, notProcessed(errors.New(text)), text)
	}
	assert.False(t, notProcessed(fmt.Errorf("a middleware's word: %w", errors.New(goAway))))
}
