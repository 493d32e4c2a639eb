package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"syscall"
	"time"
)

// attempt is one try. A redirect that is followed stays within it.
type attempt struct {
	ctx         context.Context
	cancel      context.CancelFunc
	notFollowed string

	// Set by the transport's goroutines through the trace.
	traced  atomic.Bool // the transport reports what it does
	written atomic.Bool // the last byte of a request went out
	trace   httptrace.ClientTrace
}

func (a *attempt) wroteRequest(info httptrace.WroteRequestInfo) {
	if info.Err == nil {
		a.written.Store(true)
	}
}

func (a *attempt) getConn(string) { a.traced.Store(true) }

// maybeSent is true for a transport that reports nothing: who knows nothing must fear that it was sent.
func (a *attempt) maybeSent() bool { return !a.traced.Load() || a.written.Load() }

func (a *attempt) timedOut() bool { return errors.Is(a.ctx.Err(), context.DeadlineExceeded) }

// newAttempt derives the context of one attempt from that of the call, which the loop watches too.
func (x *Exchange) newAttempt() *attempt {
	a := &x.first
	if x.begun { // the transport may still hold the one before
		a = new(attempt)
	}
	x.begun = true
	deadline := x.Until
	if x.Timeout > 0 {
		if limit := time.Now().Add(x.Timeout); deadline.IsZero() || limit.Before(deadline) {
			deadline = limit
		}
	}
	if deadline.IsZero() {
		a.ctx, a.cancel = context.WithCancel(x)
	} else {
		a.ctx, a.cancel = context.WithDeadline(x, deadline)
	}
	a.trace.GetConn = a.getConn
	a.trace.WroteRequest = a.wroteRequest
	a.ctx = httptrace.WithClientTrace(a.ctx, &a.trace)
	return a
}

// attemptTransport gives each attempt its header and takes away what would let net/http repeat it unasked. It also
// hides the CloseIdleConnections of the transport below: the loop calls it whenever it gives up, which would throw away the
// connections of every other call.
type attemptTransport struct {
	next http.RoundTripper
	// middleware is what gets a request of its own in each attempt, as it may change it.
	middleware bool
}

func (t *attemptTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchangeOf(req.Context())
	header := x.Header
	if t.middleware || len(req.Header) > 0 {
		header = x.Header.Clone()
		maps.Copy(header, req.Header) // what http.Client adds: cookies, and where a redirect came from
	}
	out := req
	if t.middleware || req != x.request.Request || !x.Repeatable { // else it is the engine's own, and http.Client has no more use for it
		out = new(*req)
	}
	out.Host = out.URL.Host
	out.Header = header
	if !x.Repeatable {
		// With an Idempotency-Key and a way to read the body again, net/http sends a POST a second time when a
		// reused connection breaks. An empty body that it can't see through stops it too.
		out.GetBody = nil
		if out.Body == nil {
			out.Body = io.NopCloser(bytes.NewReader(nil))
		}
	}
	resp, err := t.next.RoundTrip(out)
	if resp != nil && err == nil {
		x.attempt.dropBadLocation(out.URL, resp)
	}
	return resp, err
}

// isDialError tells the errors that come before a connection exists, whichever transport returns them.
func isDialError(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	return errors.Is(err, syscall.ECONNREFUSED)
}
