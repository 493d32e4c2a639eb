package voiceagent

import (
	"errors"
	"slices"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// finish fills in the caller's Response.
func (x *exchange) finish(err error) error {
	if x.set.response != nil {
		*x.set.response = *x.response(err)
	}
	return err
}

func (x *exchange) response(err error) *Response {
	out := &Response{StatusCode: x.status, Header: x.header, RateLimit: x.limit, Attempts: slices.Clone(x.attempts)}
	out.RequestID = requestIDOf(err, requestID(x.header))
	if api, ok := errors.AsType[*APIError](err); ok {
		out.Timestamp = api.Timestamp
	} else if x.done {
		head := x.answer.Head()
		if head.RequestID != "" {
			out.RequestID = head.RequestID
		}
		out.Timestamp, _ = envelope.ParseTime(head.Timestamp)
	}
	out.RequestID = x.c.key.cutFromText(out.RequestID) // it is logged and traced
	return out
}

// failed is the error for the caller: that of the last attempt, with the whole story.
func (x *exchange) failed() error {
	attempts := slices.Clone(x.attempts)
	if e, ok := errors.AsType[*ConnectionError](x.last.typed); ok {
		all := *e
		all.Attempts, all.stopped, all.causes = attempts, x.stopped, x.causes
		return &all
	}
	if e, ok := errors.AsType[*DecodeError](x.last.typed); ok {
		all := *e
		all.Attempts, all.stopped, all.causes = attempts, x.stopped, x.causes
		return &all
	}
	api, _ := errors.AsType[*APIError](x.last.typed)
	all := *api
	all.Attempts, all.stopped, all.causes = attempts, x.stopped, x.causes
	return all.typed()
}

// notSent is the error for a call that ended before its first attempt.
func (x *exchange) notSent(err error) error {
	if refused, ok := errors.AsType[*RateLimitError](err); ok && refused.APIError != nil {
		all := *refused.APIError
		all.Method, all.Route, all.IdempotencyKey = x.r.method, x.r.route, x.key
		all.throttled, all.retryAt = true, refused.RetryAt
		if _, own := err.(*RateLimitError); !own { //nolint:errorlint // another limiter may have wrapped it in something
			all.causes = append(slices.Clip(all.causes), err)
		}
		return all.typed()
	}
	x.addContextError()
	return &ConnectionError{Method: x.r.method, Route: x.r.route, IdempotencyKey: x.key, cause: err, causes: x.causes}
}

// attemptLimit is what bounded the current attempt.
func (x *exchange) attemptLimit() time.Duration {
	if x.Timeout > 0 && (x.Until.IsZero() || x.sentAt.Add(x.Timeout).Before(x.Until)) {
		return x.Timeout
	}
	return x.set.maxElapsed
}

// retryAt is when a 429 ends, on this machine's clock; zero when the answer didn't say.
func (x *exchange) retryAt() time.Time {
	now := time.Now()
	at := x.limit.Reset
	if after, ok := retryAfter(x.header, now); ok && now.Add(after).After(at) {
		at = now.Add(after)
	}
	return at
}
