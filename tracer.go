package voiceagent

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Tracer is told what a client does while it does it, for spans and metrics. The module otelvoiceagent has one for
// OpenTelemetry. It must be safe for concurrent use, and return fast: the call waits for it.
//
// What it is told is an allow-list: no key, no phone number, no body. Only the requests that pass through RoundTripper show more.
type Tracer interface {
	// StartCall begins a logical call, with all its attempts, before the first wait. What it returns, which must be derived from
	// ctx, is the context of its attempts, and of the look for a lost answer, whose requests are calls of their own. A call that is
	// refused for its parameters, or for want of a key, isn't begun.
	StartCall(ctx context.Context, call TracedCall) context.Context
	// Waited tells of a wait of a millisecond or more, when it is over, with the context from StartCall.
	Waited(ctx context.Context, wait TracedWait)
	// EndCall ends the call, once for each StartCall, with the context from there. The response holds all attempts; err is what the
	// caller gets.
	EndCall(ctx context.Context, response *Response, err error)
	// RoundTripper wraps the transport outside of every [WithMiddleware], so that it sees each attempt. It is called once, by
	// [NewClient]; the context of a request is derived from that of StartCall.
	RoundTripper(next http.RoundTripper) http.RoundTripper
}

// TracedCall is a logical call that begins.
type TracedCall struct {
	Method string
	Route  string // the template, "/agents/{agent_id}"
	Lookup bool   // it looks for what a lost answer was about, within the call that lost it
}

// WaitKind is what a call waits for.
type WaitKind string

// The kinds of wait.
const (
	WaitBackoff  WaitKind = "backoff"  // the next attempt, as the policy says
	WaitThrottle WaitKind = "throttle" // the limiter's leave, or the reset after a 429
	WaitLookup   WaitKind = "lookup"   // the look for what a lost answer was about, or the end of another call's
)

// TracedWait is a wait that is over, whether it lasted as long as it should or was broken off.
type TracedWait struct {
	Duration time.Duration
	Kind     WaitKind
	Reason   string // that of the policy's [Decision], "503: maintenance, wait 30 s", or what else was waited for
}

// WithTracer tells tracer of every call, wait and attempt. There can be one.
func WithTracer(tracer Tracer) ClientOption {
	return clientOption(func(c *clientConfig) error {
		switch {
		case tracer == nil:
			return errors.New("WithTracer: the tracer is nil")
		case c.tracer != nil:
			return errors.New("WithTracer: there is a tracer already")
		}
		c.tracer = tracer
		return nil
	})
}

const shortestWait = time.Millisecond

var errPanicked = errors.New("a middleware panicked")

// trace begins the call for the tracer, and returns what ends it.
func (x *exchange) trace() (end func(error)) {
	t := x.c.tracer
	ctx := t.StartCall(x.Context, TracedCall{Method: x.r.method, Route: x.r.route, Lookup: x.set.lookup})
	x.Context = ctx
	return func(err error) {
		if err == nil && !x.done {
			err = errPanicked
		}
		t.EndCall(ctx, x.response(err), err)
	}
}

// waitKind is what the next pause is for.
func (x *exchange) waitKind() WaitKind {
	switch {
	case x.looking != notLooking:
		return WaitLookup
	case x.status == http.StatusTooManyRequests:
		return WaitThrottle
	}
	return WaitBackoff
}

// traceWait tells the tracer of a wait that began at start.
func (x *exchange) traceWait(start time.Time, kind WaitKind, reason string) {
	if x.c.tracer == nil {
		return
	}
	if d := time.Since(start); d >= shortestWait {
		x.c.tracer.Waited(x.Context, TracedWait{Duration: d, Kind: kind, Reason: reason})
	}
}
