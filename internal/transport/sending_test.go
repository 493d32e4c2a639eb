package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sendOnce is a driver that makes one attempt and notes what is known of it.
type sendOnce struct {
	x      Exchange
	method string
	to     url.URL
	err    error
	sent   bool
}

func (d *sendOnce) Target() (method string, u url.URL, header http.Header) {
	return d.method, d.to, http.Header{"Idempotency-Key": {"k"}}
}

func (d *sendOnce) Answered(resp *http.Response, err error) (again bool) {
	d.err, d.sent = err, d.x.Sent(err)
	if err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
	return false
}

func (d *sendOnce) Pause() error { return nil }

type middleware = func(http.RoundTripper) http.RoundTripper

func send(t *testing.T, base http.RoundTripper, address, method string, wrap ...middleware) *sendOnce {
	t.Helper()
	return sendIn(t.Context(), t, base, address, method, new(httptrace.ClientTrace), wrap...)
}

func sendTraced(t *testing.T, base http.RoundTripper, address, method string, trace *httptrace.ClientTrace) *sendOnce {
	t.Helper()
	return sendIn(t.Context(), t, base, address, method, trace)
}

// sendIn sends one request, which may not be repeated if it is a POST, with a trace of the
// caller's.
func sendIn(ctx context.Context, t *testing.T, base http.RoundTripper, address, method string, trace *httptrace.ClientTrace, wrap ...middleware) *sendOnce {
	t.Helper()
	target, err := url.Parse(address)
	require.NoError(t, err)
	d := &sendOnce{method: method, to: *target}
	d.x = Exchange{Context: httptrace.WithClientTrace(ctx, trace), Driver: d}
	var body []byte
	if method == http.MethodPost {
		body = []byte(`{"to":"+15550100000"}`)
	} else {
		d.x.Repeatable = true
	}
	_ = NewEngine(http.Client{Transport: base}, wrap).Do(&d.x, body)
	return d
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// after is a middleware that goes on to another host when the answer is there, and returns what
// comes of that.
func after(err error) middleware {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			if resp, err := next.RoundTrip(req); err == nil {
				_ = resp.Body.Close()
			}
			return nil, err
		})
	}
}

var errDial = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}

// twice is a middleware that tries again whatever comes.
func twice(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		_, _ = next.RoundTrip(req)
		return next.RoundTrip(req)
	})
}

// inTurn is a transport that hands each request to the next one.
func inTurn(transports ...http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		next := transports[0]
		transports = transports[1:]
		return next.RoundTrip(req)
	})
}

// silent is a transport that reports nothing through the trace.
func silent(err error) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		if err != nil {
			return nil, err
		}
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
	})
}

func TestSentIsToldByTheTrace(t *testing.T) {
	ok := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer ok.Close()
	aborts := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	}))
	defer aborts.Close()
	moved := httptest.NewServer(nil)
	defer moved.Close()
	moved.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			w.Header()["Location"] = []string{"/next"}
			w.Header().Set("Connection", "close")
			w.WriteHeader(http.StatusTemporaryRedirect)
			_ = moved.Listener.Close()
		}
	})
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_ = nobody.Close()
	base := NewBase(8)
	defer base.CloseIdleConnections()
	goAway := errors.New("http2: Transport received Server's graceful shutdown GOAWAY")

	hooks := map[string]func(*httptrace.ClientTrace){
		"getConn": func(trace *httptrace.ClientTrace) { trace.GetConn("") },
		"gotConn": func(trace *httptrace.ClientTrace) { trace.GotConn(httptrace.GotConnInfo{}) },
		"wrote":   func(trace *httptrace.ClientTrace) { trace.WroteRequest(httptrace.WroteRequestInfo{}) },
		"broke": func(trace *httptrace.ClientTrace) {
			trace.WroteRequest(httptrace.WroteRequestInfo{Err: io.ErrClosedPipe})
		},
	}
	// reports is a transport that reports the events through the trace, and fails.
	reports := func(err error, events string) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			for event := range strings.FieldsSeq(events) {
				hooks[event](httptrace.ContextClientTrace(req.Context()))
			}
			return nil, err
		})
	}

	for name, test := range map[string]struct {
		base http.RoundTripper
		url  string
		wrap []middleware
		sent bool
	}{
		"nobody listens":                           {base: base, url: "http://" + nobody.Addr().String()},
		"closed after the request":                 {base: base, url: aborts.URL, sent: true},
		"a redirect to where nobody listens":       {base: base, url: moved.URL + "/", sent: true},
		"a middleware's dial error after a 200":    {base: base, url: ok.URL, wrap: []middleware{after(errDial)}, sent: true},
		"a middleware's GOAWAY after a 200":        {base: base, url: ok.URL, wrap: []middleware{after(goAway)}, sent: true},
		"a middleware's dial error after a break":  {base: base, url: aborts.URL, wrap: []middleware{after(errDial)}, sent: true},
		"no connection, whatever the error":        {base: reports(io.ErrUnexpectedEOF, "getConn")},
		"connected, and no word of the request":    {base: reports(context.DeadlineExceeded, "getConn gotConn"), sent: true},
		"connected, with a dial error":             {base: reports(errDial, "getConn gotConn"), sent: true},
		"written in part":                          {base: reports(io.ErrUnexpectedEOF, "getConn gotConn broke")},
		"written":                                  {base: reports(errDial, "getConn gotConn wrote"), sent: true},
		"written, and no second connection":        {base: reports(errDial, "getConn gotConn wrote getConn"), sent: true},
		"written, and in part on a second":         {base: reports(errDial, "getConn gotConn wrote getConn gotConn broke"), sent: true},
		"connected, and no second connection":      {base: inTurn(reports(io.EOF, "getConn gotConn"), reports(errDial, "getConn")), wrap: []middleware{twice}, sent: true},
		"a first connection was of no use":         {base: reports(errDial, "getConn gotConn getConn")},
		"written, and said to be not processed":    {base: reports(goAway, "getConn gotConn wrote")},
		"connected, and said to be not processed":  {base: reports(goAway, "getConn gotConn")},
		"no word at all":                           {base: silent(io.EOF), sent: true},
		"no word, and a dial error":                {base: silent(errDial)},
		"no word, and no such host":                {base: silent(&net.DNSError{Err: "no such host"})},
		"no word, a dial error after a 200":        {base: silent(nil), wrap: []middleware{after(errDial)}, sent: true},
		"no word, and a GOAWAY":                    {base: silent(goAway)},
		"a middleware that sends nothing: no word": {base: silent(nil), wrap: []middleware{func(http.RoundTripper) http.RoundTripper { return silent(io.EOF) }}, sent: true},
	} {
		t.Run(name, func(t *testing.T) {
			if test.url == "" {
				test.url = "http://127.0.0.1/"
			}
			got := send(t, test.base, test.url, http.MethodPost, test.wrap...)
			require.Error(t, got.err)
			assert.Equal(t, test.sent, got.sent, "%v", got.err)
		})
	}
}

// A middleware that tries again by itself after a break may get a GOAWAY for its second try.
func TestNotProcessedDoesNotUndoAnEarlierTry(t *testing.T) {
	server := startFrames(t, func(c frameConn, stream uint32) {
		if stream == 1 {
			c.reset(stream, codeInternal)
		} else {
			c.goAway(stream-2, codeNo)
		}
	})
	base, address := server.client(t)
	got := send(t, base, address, http.MethodPost, func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			_, err := next.RoundTrip(req)
			assert.ErrorContains(t, err, "INTERNAL_ERROR")
			req.Body = io.NopCloser(strings.NewReader("again"))
			req.ContentLength = int64(len("again"))
			return next.RoundTrip(req)
		})
	})
	require.ErrorContains(t, got.err, "GOAWAY")
	assert.True(t, got.sent)
}

// deaf is a connection that can't be written to once the test says so.
type deaf struct {
	net.Conn
	told *atomic.Bool
}

func (c deaf) Write(p []byte) (int, error) {
	if c.told.Load() {
		return 0, errors.New("the write failed")
	}
	return c.Conn.Write(p)
}

// net/http says nothing more of a request once there is a connection, in either case: the headers
// can't be written, or the request is cancelled, and is perhaps still being written.
func TestConnectedAndNoWordOfTheRequest(t *testing.T) {
	server := startFrames(t, frameConn.ok)
	for name, test := range map[string]struct {
		then func(told *atomic.Bool, cancel context.CancelFunc, cancelOld func())
		says string
		sent bool
	}{
		"the write failed": {
			then: func(told *atomic.Bool, _ context.CancelFunc, _ func()) { told.Store(true) },
			says: "the write failed",
		},
		"cancelled": {
			then: func(_ *atomic.Bool, cancel context.CancelFunc, _ func()) { cancel() },
			says: "context canceled", sent: true,
		},
		"cancelled as http.Client does": {
			then: func(_ *atomic.Bool, _ context.CancelFunc, cancelOld func()) { cancelOld() },
			says: "request canceled", sent: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			base, address := server.client(t)
			told := new(atomic.Bool)
			base.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				conn, err := new(net.Dialer).DialContext(ctx, network, addr)
				return deaf{conn, told}, err
			}
			require.NoError(t, send(t, base, address, http.MethodGet).err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			old := make(chan struct{})
			got := sendIn(ctx, t, base, address, http.MethodPost, &httptrace.ClientTrace{
				GotConn: func(httptrace.GotConnInfo) { test.then(told, cancel, func() { close(old) }) },
			}, func(next http.RoundTripper) http.RoundTripper {
				return roundTrip(func(req *http.Request) (*http.Response, error) {
					req.Cancel = old //nolint:staticcheck // so does http.Client
					return next.RoundTrip(req)
				})
			})
			require.ErrorContains(t, got.err, test.says)
			assert.Equal(t, test.sent, got.sent)
		})
	}
}
