package transport

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"sync/atomic"
)

// attempt is one try. A redirect that is followed stays within it.
type attempt struct {
	*Exchange   // the parent of the attempt's context
	cancel      context.CancelFunc
	notFollowed string
	asked       atomic.Pointer[string] // the host and port of the last connection that was asked for
	sending     sending
}

type attemptKey struct{}

// Value finds the attempt from a request's context.
func (a *attempt) Value(key any) any {
	if key == (attemptKey{}) {
		return a
	}
	return a.Exchange.Value(key)
}

// begin begins an attempt and returns its context. It derives from the call's, which the loop
// watches too.
func (x *Exchange) begin() context.Context {
	a := &x.first
	if a.Exchange != nil { // the transport may still hold the one before
		a = new(attempt)
	}
	x.attempt = a
	a.Exchange = x
	deadline := x.Until
	if x.Timeout > 0 {
		if limit := x.SentAt.Add(x.Timeout); deadline.IsZero() || limit.Before(deadline) {
			deadline = limit
		}
	}
	var ctx context.Context
	if deadline.IsZero() {
		ctx, a.cancel = context.WithCancel(a)
	} else {
		ctx, a.cancel = context.WithDeadline(a, deadline)
	}
	a.sending.hooks.GetConn = a.getConn
	return a.sending.trace(ctx)
}

// getConn notes when the request is sent to the same place once more. A middleware may ask another
// place before, for a token.
func (a *attempt) getConn(hostPort string) {
	before := a.asked.Swap(&hostPort)
	if before != nil && *before == hostPort && progress(a.sending.progress.Load()) >= written {
		a.sending.progress.Store(int32(repeated))
	}
	a.sending.report(connecting)
}

// attemptTransport gives each attempt its header, and removes what would let net/http repeat it by
// itself. It also hides the CloseIdleConnections of the transport below: the loop calls it when it
// gives up, which would close the idle connections of every other call.
type attemptTransport struct {
	next http.RoundTripper
	// middleware is what gets a request of its own in each attempt, as it may change it.
	middleware bool
}

func (t *attemptTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	x := exchangeOf(req.Context())
	header := x.header
	if x.header = nil; header == nil { // a redirect is followed
		_, _, header = x.Driver.Target()
	}
	maps.Copy(header, req.Header) // what http.Client adds: cookies, and where a redirect came from
	out := req
	// Otherwise req is the engine's own, and http.Client doesn't use it any more.
	if t.middleware || req != x.request.Request || !x.Repeatable {
		out = new(*req)
	}
	out.Host = out.URL.Host
	out.Header = header
	if !x.Repeatable {
		// With an Idempotency-Key and a way to read the body again, net/http sends a POST a second time
		// when a reused connection breaks. Clearing GetBody prevents that. So does an empty body that
		// net/http doesn't recognise as empty.
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
