package voiceagenttest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
)

// Transport returns a transport that reaches the server in memory, whatever host a request names.
// It opens no socket and starts no goroutine, so it works in a testing/synctest bubble. It reports
// through net/http/httptrace what a real transport would.
func (s *Server) Transport() http.RoundTripper { return &transport{srv: s} }

type transport struct {
	srv  *Server
	used atomic.Bool
}

// RoundTrip does what http.Transport would: it closes the request's body
// always, and gives the errors of a lost connection.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	body := &sendingBody{req: req}
	defer body.close()
	if req.URL == nil || req.URL.Host == "" {
		return nil, errors.New("http: no Host in request URL")
	}
	ctx := req.Context()
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		trace = noTrace
	}
	if trace.GetConn != nil {
		trace.GetConn(req.URL.Host)
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	x := t.srv.receive(req, phaseServer)
	fault := x.pick(phaseConnect)
	if t.srv.isClosed() || fault != nil && fault.Kind == Refuse {
		return nil, refused(req)
	}
	if trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{Reused: t.used.Swap(true)})
	}
	if trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	var sent []byte
	err := errBrokenPipe
	if fault == nil {
		sent, err = body.read(ctx)
	}
	if trace.WroteRequest != nil {
		trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
	}
	if err != nil {
		return nil, err
	}

	rep := x.respond(sent)
	if rep.end == endDropped {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, io.EOF
	}
	if trace.GotFirstResponseByte != nil {
		trace.GotFirstResponseByte()
	}
	return x.response(rep), nil
}

// CloseIdleConnections is here for those who look for it; there are none.
func (t *transport) CloseIdleConnections() {}

var (
	noTrace       = &httptrace.ClientTrace{}
	errBrokenPipe = error(&net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE})
)

func refused(req *http.Request) error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: address(req.URL.Host), Err: syscall.ECONNREFUSED}
}

// address is a host as a net.Addr.
type address string

func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }

// sendingBody is the body of a request, to be read and closed once.
type sendingBody struct {
	req  *http.Request
	once sync.Once
}

func (b *sendingBody) close() {
	b.once.Do(func() {
		if b.req.Body != nil {
			b.req.Body.Close()
		}
	})
}

// read reads the body whole. A body that blocks, such as a pipe, is closed
// when the context ends, which is also how http.Transport gets away from it.
func (b *sendingBody) read(ctx context.Context) ([]byte, error) {
	if b.req.Body == nil || b.req.Body == http.NoBody {
		return nil, nil
	}
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, b.close)()
	}
	sent, err := readBody(b.req)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return sent, err
}

// response turns a reply into what a client gets.
func (x *exchange) response(rep reply) *http.Response {
	res := &http.Response{
		Status:     strconv.Itoa(rep.status) + " " + http.StatusText(rep.status),
		StatusCode: rep.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        rep.header,
		ContentLength: int64(len(rep.body)),
		Request:       x.req,
		Body:          http.NoBody,
	}
	if rep.status == http.StatusNoContent {
		return res
	}
	rep.header.Set("Content-Length", strconv.Itoa(len(rep.body)))
	res.Body = newReceivingBody(x, rep)
	return res
}
