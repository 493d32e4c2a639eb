package voiceagent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/ratelimit"
)

// RateLimit is the budget that the API reported: X-RateLimit-Limit, -Remaining and -Reset
// (documented: for every answer on one page, for a 429 on another).
type RateLimit struct {
	Limit, Remaining int
	Reset            time.Time // on this machine's clock, whatever the server's says; zero when not reported

	// Reset by the server's clock. Reset depends on when the answer arrived. This doesn't, so it tells
	// windows apart.
	serverMillis int64 // since 1970; 0 when it isn't known
	fromNow      bool  // it was written as a duration
}

// rateLimitOf returns the numbers of a window that headers report.
func rateLimitOf(t *ratelimit.Told) RateLimit {
	return RateLimit{t.Limit, t.Remaining, t.Reset.Local, t.Reset.ServerMillis, t.Reset.FromNow}
}

// told is the reverse of rateLimitOf.
func (r RateLimit) told(has ratelimit.Numbers) *ratelimit.Told {
	return &ratelimit.Told{Has: has, Limit: r.Limit, Remaining: r.Remaining,
		Reset: ratelimit.Moment{Local: r.Reset, ServerMillis: r.serverMillis, FromNow: r.fromNow}}
}

// ServerReset is Reset by the server's clock, so it is the same in all answers of one window and on
// all machines: as the server wrote it, or its Date and the duration that it wrote. It is zero when
// there was neither.
func (r RateLimit) ServerReset() time.Time {
	if r.serverMillis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(r.serverMillis)
}

// OpensWindow reports whether the answer was the first of its window. Reset is exact then;
// otherwise it may be up to a second early, as fractions are cut off. A duration is never exact.
func (r RateLimit) OpensWindow() bool { return r.told(0).OpensWindow() }

// Plan is the number of requests a minute that an account may make.
type Plan struct {
	name      string
	perMinute int
}

// The plans of the vendor's page on authentication (documented).
var (
	PlanFree = Plan{"free", 60}
	PlanPro  = Plan{"pro", 300}
)

// EnterprisePlan is a plan with a limit of its own.
func EnterprisePlan(perMinute int) Plan { return Plan{"enterprise", perMinute} }

// PerMinute is the number of requests a minute; 0 for the zero Plan.
func (p Plan) PerMinute() int { return p.perMinute }

// String implements [fmt.Stringer].
func (p Plan) String() string {
	if p == (Plan{}) {
		return "learned from the answers"
	}
	return fmt.Sprintf("%s (%d requests a minute)", p.name, p.perMinute)
}

// connections returns how many connections a client with this plan needs at most, if each carries
// one request at a time.
func (p Plan) connections() int { return min(max(64, p.perMinute/10), 512) }

// Limiter decides when an attempt may be sent. It must be safe for concurrent use.
type Limiter interface {
	// Acquire waits for a permit to send one attempt. If ctx ends first it returns an error, at once
	// if that can be foreseen.
	Acquire(ctx context.Context) error
	// Release is called exactly once for each Acquire that returned nil: when the answer's headers
	// have come, or when no answer will come.
	Release(ctx context.Context, o Observation)
}

// A PriorityLimiter is a [Limiter] that lets work go before looking. With a limiter that isn't one,
// all requests go through Acquire.
type PriorityLimiter interface {
	Limiter
	// AcquireLow is Acquire for a request that can wait: it is let go only when nobody waits in
	// Acquire. The client calls it for what All and Watch ask for. Anything else is work, also the
	// look for what a lost answer may have made. Release is the same for both.
	AcquireLow(ctx context.Context) error
}

// Observation is what an attempt learned about the rate limit.
type Observation struct {
	RateLimit RateLimit
	Known     bool // the answer carried rate-limit headers
	Throttled bool // it was a 429
	Lost      bool // no answer of the API itself came, so whether it was counted isn't known

	// Unreadable reports that the answer carried rate-limit headers, but none that says how much is
	// left. Known is false then, unless it was a 429 that says when it ends.
	Unreadable bool
}

// NewLimiter returns the limiter that a [Client] has by default: one budget for all goroutines of
// this process.
//
// The budget that is left is the lowest Remaining of the window; an answer without headers counts
// as one fewer. At most a quarter of it is in flight, and no more than 16 or a twentieth of the
// limit, so that other clients of the key, or a lowered limit, cause few 429s. At zero, and on a
// 429, the limiter is closed until the reset. Then it is half-open: one attempt goes first, and as
// many follow as its answer allows. A 429 that doesn't say when it ends closes the limiter for half
// a second, doubled by each further one, up to 2 minutes.
//
// Before the first answer at most 4 attempts are in flight, or the plan's limit. While the headers
// can't be read it is at most 16, or the plan's limit. Answers without such headers raise it, at
// first by the 300 requests of [PlanPro] and then by a twentieth of the answers.
//
// Callers are served in order of arrival. The limiter is a [PriorityLimiter]: those in AcquireLow
// come after all that wait in Acquire. While somebody always waits there they get nothing, until
// their context ends: in a client, that is no later than [WithMaxElapsed] allows. But as long as a
// client watches something, the share of [WithWatchShare] is kept for AcquireLow, spread over the
// window.
//
// A caller whose context would end before the reset is refused at once, with a [*RateLimitError]
// that is also a context.DeadlineExceeded.
//
// The zero Plan learns the limit from the headers.
func NewLimiter(p Plan) Limiter { return &limiter{ratelimit.New(p.perMinute)} }

// limiter is the [Limiter] of one process.
type limiter struct{ process *ratelimit.Limiter }

// Acquire implements [Limiter].
func (l *limiter) Acquire(ctx context.Context) error { return tooLate(l.process.Acquire(ctx)) }

// AcquireLow implements [PriorityLimiter].
func (l *limiter) AcquireLow(ctx context.Context) error { return tooLate(l.process.AcquireLow(ctx)) }

// tooLate makes the public error for a caller whose deadline comes before the limiter opens.
func tooLate(err error) error {
	if late, ok := err.(*ratelimit.TooLateError); ok { //nolint:errorlint // it isn't wrapped
		return &RateLimitError{
			APIError: &APIError{
				Message: late.Error(), throttled: true, retryAt: late.Opens, causes: []error{context.DeadlineExceeded},
			},
			RetryAt: late.Opens,
		}
	}
	return err
}

// Release implements [Limiter].
func (l *limiter) Release(_ context.Context, o Observation) {
	var has ratelimit.Numbers
	if o.Known {
		has = ratelimit.Remaining
	}
	if o.Unreadable {
		has |= ratelimit.Header
	}
	outcome := ratelimit.Answered
	switch {
	case o.Throttled:
		outcome = ratelimit.Throttled
	case o.Lost:
		outcome = ratelimit.Lost
	}
	l.process.Release(outcome, o.RateLimit.told(has))
}

// WithWatchShare sets the share of the rate limit that [CallsService.Watch] and
// [CampaignsService.Watch] may each take, spread over the window: above 0 and at most 1. Without it
// it is 0.2. It holds once the limit is known, from [WithPlan] or from the first answer with
// headers; without a limit, more than two watchers together ask once a second.
func WithWatchShare(share float64) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if !(share > 0 && share <= 1) {
			return fmt.Errorf("WithWatchShare(%v): it must be above 0 and at most 1", share)
		}
		c.watchShare = share
		c.note("WithWatchShare")
		return nil
	})
}

// WithPlan gives the limiter the account's requests per minute before the first answer does.
// Without it the limiter learns them from the answers' headers. [WithLimiter] overrides it.
func WithPlan(plan Plan) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if plan.perMinute < 1 {
			return errors.New("WithPlan: a plan allows at least 1 request a minute")
		}
		c.plan = plan
		return nil
	})
}

// WithLimiter replaces the rate limiter, for example by one that is shared between machines.
func WithLimiter(limiter Limiter) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if limiter == nil {
			return errors.New("WithLimiter: the limiter is nil")
		}
		c.limiter = limiter
		return nil
	})
}
