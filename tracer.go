package voiceagent

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"
)

// Tracer observes what a client does, for spans and metrics. The module otelvoiceagent has one for
// OpenTelemetry. A Tracer must be safe for concurrent use, and return fast: the call waits for it.
//
// Its arguments are an allow-list: no key, no phone number, no body. Only the requests that pass
// through RoundTripper show more.
type Tracer interface {
	// StartCall begins a logical call, with all its attempts, before the first wait. It returns a
	// context derived from ctx, which the attempts use, and the look for a lost answer, whose requests
	// are calls of their own. There is no StartCall for a call that is refused for its parameters, or
	// because there is no key.
	StartCall(ctx context.Context, call TracedCall) context.Context
	// Waited reports a wait of a millisecond or more, after it, with the context from StartCall.
	Waited(ctx context.Context, wait TracedWait)
	// EndCall ends the call, once for each StartCall, with the context that StartCall returned. The
	// response has all attempts; err is what the caller gets.
	EndCall(ctx context.Context, response *Response, err error)
	// RoundTripper wraps the transport outside of every [WithMiddleware], so that it sees each
	// attempt. It is called once, by [NewClient]; the context of a request is derived from that of
	// StartCall.
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

// WithTracer reports every call, wait and attempt to tracer. A client has at most one.
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
func (x *call) trace() (end func(error)) {
	t := x.c.tracer
	ctx := t.StartCall(x.exchange.Context, TracedCall{Method: x.r.method, Route: x.r.route, Lookup: x.set.lookup})
	x.exchange.Context = ctx //nolint:fatcontext // once a call, and derived from it
	return func(err error) {
		if err == nil && !x.succeeded() {
			err = errPanicked
		}
		t.EndCall(ctx, x.response(err), err)
	}
}

// logFunc writes a line if its level is enabled. The client keeps a logFunc instead of the logger,
// so that a program without WithLogger doesn't link slog's handlers, which take 250 KB.
type logFunc func(ctx context.Context, level slog.Level, message string, attrs func() []slog.Attr)

func logTo(logger *slog.Logger) logFunc {
	return func(ctx context.Context, level slog.Level, message string, attrs func() []slog.Attr) {
		if logger.Enabled(ctx, level) {
			logger.LogAttrs(context.WithoutCancel(ctx), level, message, attrs()...)
		}
	}
}

// logAttempt writes an attempt at Debug. What may be logged is an allow-list: no URL, no body, no
// header.
func (c *Client) logAttempt(x *call) {
	if c.log != nil {
		c.log(x.exchange.Context, slog.LevelDebug, "voiceagent: attempt", func() []slog.Attr {
			last := x.attempts[len(x.attempts)-1]
			return append(x.logAttrs(), slog.Duration("wait", last.Wait), slog.Duration("duration", last.Duration))
		})
	}
}

// logLedger writes at Warn that the ledger did not take the result down.
func (c *Client) logLedger(x *call, err error) {
	if err != nil && c.log != nil {
		c.log(x.exchange.Context, slog.LevelWarn, "voiceagent: the ledger did not take the result down", func() []slog.Attr {
			return []slog.Attr{slog.String("method", x.r.method), slog.String("route", x.r.route), slog.String("reason", x.shown(err.Error()))}
		})
	}
}

func (x *call) logAttrs() []slog.Attr {
	last := x.attempts[len(x.attempts)-1]
	return []slog.Attr{
		slog.String("method", x.r.method),
		slog.String("route", x.r.route),
		slog.Int("status", last.StatusCode),
		slog.String("request_id", last.RequestID),
		slog.Int("attempt", len(x.attempts)),
	}
}

// WithLogger logs each attempt at Debug and each retry and throttle at Warn: method, route, status,
// request id, attempt, wait, reason and duration, never a key, a number, or a body. Without it the
// client is silent.
func WithLogger(logger *slog.Logger) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if logger == nil {
			return errors.New("WithLogger: the logger is nil; leave the option out to be silent")
		}
		c.log = logTo(logger)
		return nil
	})
}
