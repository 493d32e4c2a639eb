package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"syscall"
)

// progress is how far a request came.
type progress int32

const (
	unreported progress = iota // the transport reports nothing
	connecting                 // a connection was asked for
	connected                  // there is one, and no word of the request yet
	cutShort                   // the request was not written whole, or not processed
	written                    // the request was written whole
	kept                       // the server may have processed it, whatever follows
	repeated                   // so it may, and then it was sent to the same place once more
)

// sending follows the requests of one attempt. The transport's goroutines report through the trace.
type sending struct {
	progress atomic.Int32
	running  atomic.Int32 // round trips that have not ended
	hooks    httptrace.ClientTrace
}

// trace returns a context whose requests are followed.
func (s *sending) trace(ctx context.Context) context.Context {
	s.hooks.GotConn = s.gotConn
	s.hooks.WroteRequest = s.wroteRequest
	return httptrace.WithClientTrace(ctx, &s.hooks)
}

func (s *sending) gotConn(httptrace.GotConnInfo) { s.report(connected) }

func (s *sending) wroteRequest(info httptrace.WroteRequestInfo) {
	if info.Err != nil {
		s.report(cutShort)
	} else {
		s.report(written)
	}
}

// report notes what the trace says. A transport may go on to another connection, but a request that
// was written whole on any of them stays written. The error that follows is of the last one alone.
func (s *sending) report(to progress) {
	if to == connecting && s.progress.CompareAndSwap(int32(written), int32(kept)) {
		return
	}
	for {
		now := s.progress.Load()
		if now >= int32(written) || s.progress.CompareAndSwap(now, int32(to)) {
			return
		}
	}
}

// ended notes what a round trip of the client's own transport came to. reported says that the trace
// has reported everything about it.
func (s *sending) ended(err error, reported bool) {
	now := progress(s.progress.Load())
	switch {
	case now >= kept:
	case err == nil:
		s.progress.Store(int32(kept))
	case notProcessed(err), now == connected && reported:
		s.progress.Store(int32(cutShort))
	case now == connected || now == written:
		s.progress.Store(int32(kept))
	}
}

// maybeSent reports whether a server may have got a request whole and processed it. The type of the
// attempt's error counts only where the trace is silent.
func (s *sending) maybeSent(err error) bool {
	if s.running.Load() > 0 { // a middleware has given up, and the transport goes on
		return true
	}
	switch progress(s.progress.Load()) {
	case unreported:
		return !isDialError(err)
	case connecting, cutShort:
		return false
	default:
		return true
	}
}

// baseTransport is the client's own transport, below all middleware. The error that a middleware
// returns may come from elsewhere.
type baseTransport struct {
	next       http.RoundTripper
	netHTTP    bool // next is net/http's own
	middleware bool // the request's body may be another's
}

func newBaseTransport(next http.RoundTripper, middleware bool) baseTransport {
	_, netHTTP := next.(*http.Transport)
	return baseTransport{next, netHTTP, middleware}
}

func (t baseTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	a, _ := req.Context().Value(attemptKey{}).(*attempt)
	if a != nil {
		a.sending.running.Add(1)
		defer a.sending.running.Add(-1)
	}
	if a != nil && t.middleware && req.Body != nil {
		req = new(*req)
		req.Body = &foreignBody{req.Body, &a.sending, cmp.Or(max(req.ContentLength, 0), math.MaxInt64)}
	}
	resp, err := t.next.RoundTrip(req)
	if a != nil {
		// net/http returns an error when its goroutine that writes the request has ended. But under
		// HTTP/2 it doesn't wait for it once the request is cancelled, so that a timeout can come
		// between the last flush and WroteRequest.
		a.sending.ended(err, t.netHTTP && !cancelled(req))
	}
	if a == nil || err == nil {
		return resp, err
	}
	switch progress(a.sending.progress.Load()) {
	case connecting:
		err = a.atProxy(req, err)
	case unreported: // net/http asks for the proxy before it asks for a connection
		if missing := withoutProxy(t.next, req, err); missing != nil {
			a.sending.report(cutShort)
			err = missing
		}
	}
	return resp, err
}

// foreignBody is what a middleware may have made of a body. net/http says that a request was not
// written if its body is longer than it should be, or can't be closed. By then the server may have
// got all that it waits for.
type foreignBody struct {
	io.ReadCloser
	sending *sending
	left    int64 // of the length that the request states
}

func (b *foreignBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.sending.report(written)
	}
	return n, err
}

func (b *foreignBody) Close() error {
	_ = b.ReadCloser.Close()
	return nil
}

func cancelled(req *http.Request) bool {
	select {
	case <-req.Cancel: //nolint:staticcheck // http.Client uses it for its Timeout
		return true
	default:
		return req.Context().Err() != nil
	}
}

// isDialError reports whether err comes before a connection exists. It is for transports that
// report nothing.
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
	return errors.Is(err, syscall.ECONNREFUSED)
}

func isNetworkError(err error) bool {
	_, ok := errors.AsType[net.Error](err)
	return ok || isDialError(err) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled)
}
