package redisvoiceagent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// ErrLimiterDown is the error with [Refuse] while Redis is down.
var ErrLimiterDown = errors.New("the rate limit is shared over Redis, which doesn't answer")

var (
	errAskAgain = errors.New("ask again")
	errNoAnswer = errors.New("no answer from Redis in time")
)

// fallback replaces Redis while it is down: a limiter in this process with a share of the budget.
// Permits are interchangeable: a permit from Redis can be given back to the fallback, and the other
// way round.
type fallback struct {
	limiter   voiceagent.PriorityLimiter // nil when all are refused
	refusal   error
	processes int
	since     time.Time
	held      int             // permits of limiter that callers have
	waiting   int             // callers in its queue
	back      context.Context // ends when Redis is back
	end       context.CancelFunc
}

func (l *limiter) down() *fallback {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fallback
}

// goDown replaces Redis by a limiter of this process, and sends the waiting callers to it. A step
// that takes too long goes on: when its answer comes, Redis is back.
func (l *limiter) goDown(now time.Time, err error) {
	if l.fallback != nil {
		return
	}
	l.logDown(err)
	f := &fallback{processes: l.last.processes, since: now}
	f.back, f.end = context.WithCancel(context.Background())
	if l.OnDown == Refuse {
		f.refusal = fmt.Errorf("%w: %w", ErrLimiterDown, err)
	} else {
		f.limiter = l.newShare(now, f)
	}
	l.fallback = f
	for e := l.waiters.Front(); e != nil; e = e.Next() {
		w := e.Value.(*waiter)
		w.err = errAskAgain
		close(w.ready)
	}
	l.waiters.Init()
	l.spare = 0
	l.stepEnded.Broadcast()
}

// goUp ends the fallback. Those who wait in it queue here again.
func (l *limiter) goUp(now time.Time) {
	if f := l.fallback; f != nil {
		l.fallback = nil
		f.end()
		l.logUp(now.Sub(f.since))
	}
}

// newShare returns a limiter that starts with an equal share of the budget that was left in Redis.
func (l *limiter) newShare(now time.Time, f *fallback) voiceagent.PriorityLimiter {
	guess := unseenInFlight
	if l.guess > 0 {
		guess = min(guess, l.guess)
	}
	if l.last.limit > 0 {
		guess = min(guess, l.last.limit)
	}
	share := voiceagent.NewLimiter(voiceagent.EnterprisePlan(max(1, guess/f.processes))).(voiceagent.PriorityLimiter)
	report := func(o voiceagent.Observation) {
		if share.Acquire(context.Background()) == nil { // nobody else has it yet
			share.Release(context.Background(), o)
		}
	}
	if l.closedUntil.After(now) { // after it nothing is known, so the rest needn't be reported; and nobody could, without waiting
		report(voiceagent.Observation{Known: true, Throttled: true, RateLimit: voiceagent.RateLimit{Reset: l.closedUntil}})
	} else if w := l.latest; w != nil && w.Reset.After(now) {
		r := w.RateLimit
		if l.last.window == 0 || w.name().UnixMilli() == l.last.window {
			r.Remaining = min(r.Remaining, l.last.free)
		}
		report(f.shareOf(voiceagent.Observation{RateLimit: r, Known: true}))
	} else if l.last.free > unlimitedFree {
		report(voiceagent.Observation{}) // the API sends no headers
	}
	return share
}

// shareOf returns the observation for one of the processes that share the budget of an answer.
func (f *fallback) shareOf(o voiceagent.Observation) voiceagent.Observation {
	if !o.RateLimit.OpensWindow() {
		o.RateLimit.Limit = 0 // or a share, rounded, could look like the answer that opened the window
	}
	o.RateLimit.Limit = (o.RateLimit.Limit + f.processes - 1) / f.processes
	o.RateLimit.Remaining /= f.processes
	return o
}

// acquireFrom takes a permit from the fallback, unless Redis comes back first.
func (l *limiter) acquireFrom(ctx context.Context, f *fallback, low bool) error {
	l.mu.Lock()
	f.waiting++
	l.schedule(time.Now())
	l.mu.Unlock()
	err := f.refusal
	if f.limiter != nil {
		err = f.acquire(ctx, low)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	f.waiting--
	if err == nil {
		l.inUse++
		f.held++
		l.schedule(time.Now())
	}
	return err
}

func (f *fallback) acquire(ctx context.Context, low bool) error {
	either, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(f.back, func() { cancel(errAskAgain) })()
	acquire := f.limiter.Acquire
	if low {
		acquire = f.limiter.AcquireLow
	}
	err := acquire(either)
	if err != nil && context.Cause(either) == errAskAgain { //nolint:errorlint // it is never wrapped
		return errAskAgain
	}
	return err
}

// release reports whether the permit to give back is one of the fallback's own.
func (f *fallback) release() bool {
	if f.held == 0 {
		return false
	}
	f.held--
	return true
}

// tooLateError is for a caller that can't be served before its deadline: a
// [*voiceagent.RateLimitError] and a context.DeadlineExceeded.
type tooLateError struct{ deadline, retryAt time.Time }

// Error returns only the text of a context's error, as the client appends it to the message of the
// RateLimitError.
func (e *tooLateError) Error() string { return context.DeadlineExceeded.Error() }

// Unwrap returns both.
func (e *tooLateError) Unwrap() []error {
	late := e.retryAt.Sub(e.deadline).Round(time.Millisecond)
	return []error{context.DeadlineExceeded, &voiceagent.RateLimitError{
		APIError: &voiceagent.APIError{Message: fmt.Sprintf("the rate limit's next window begins %v after this call's deadline", late)},
		RetryAt:  e.retryAt,
	}}
}
