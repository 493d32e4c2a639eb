package redislimit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// ErrDown is what [Refuse] refuses with.
var ErrDown = errors.New("the rate limit is shared over Redis, which doesn't answer")

var (
	errAskAgain = errors.New("ask again")
	errTimeout  = errors.New("no answer from Redis in time")
)

// fallback is what stands in for Redis while it is gone: a limiter in this process with a share of the budget. Leaves are
// all alike: one from Redis can be given back to it, and the other way round.
type fallback struct {
	limiter   voiceagent.Limiter // nil when all are refused
	refusal   error
	processes int
	since     time.Time
	held      int             // leaves of limiter that callers have
	waiting   int             // callers in its queue
	back      context.Context // ends when Redis is back
	end       context.CancelFunc
}

func (l *limiter) down() *fallback {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fallback
}

// goDown puts a limiter of this process in the place of Redis, and sends those who wait there. A step that takes too long goes on: its
// answer, when it comes, tells that Redis is back.
func (l *limiter) goDown(now time.Time, err error) {
	if l.fallback != nil {
		return
	}
	l.logDown(err)
	f := &fallback{processes: l.last.processes, since: now}
	f.back, f.end = context.WithCancel(context.Background())
	if l.OnDown == Refuse {
		f.refusal = fmt.Errorf("%w: %w", ErrDown, err)
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
	l.ended.Broadcast()
}

// goUp ends the fallback. Those who wait in it queue here again.
func (l *limiter) goUp(now time.Time) {
	if f := l.fallback; f != nil {
		l.fallback = nil
		f.end()
		l.logUp(now.Sub(f.since))
	}
}

// newShare returns a limiter that begins where Redis left off, with an equal share of what was left.
func (l *limiter) newShare(now time.Time, f *fallback) voiceagent.Limiter {
	guess := min(l.guess, unseen)
	if l.last.limit > 0 {
		guess = min(guess, l.last.limit)
	}
	share := voiceagent.NewLimiter(voiceagent.EnterprisePlan(max(1, guess/f.processes)))
	tell := func(o voiceagent.Observation) {
		if share.Acquire(context.Background()) == nil { // nobody else has it yet
			share.Release(context.Background(), o)
		}
	}
	if l.parked.After(now) { // after it nothing is known, so the rest needn't be told; and nobody could, without waiting
		tell(voiceagent.Observation{Known: true, Throttled: true, RateLimit: voiceagent.RateLimit{Reset: l.parked}})
	} else if s := l.latest; s != nil && s.Reset.After(now) {
		r := s.RateLimit
		if l.last.window == 0 || s.name().UnixMilli() == l.last.window {
			r.Remaining = min(r.Remaining, l.last.free)
		}
		tell(f.shareOf(voiceagent.Observation{RateLimit: r, Known: true}))
	} else if l.last.free > unlimited {
		tell(voiceagent.Observation{}) // the API sends no headers
	}
	return share
}

// shareOf is what an answer means for one of the processes that share its budget.
func (f *fallback) shareOf(o voiceagent.Observation) voiceagent.Observation {
	if !isOpener(o.RateLimit) {
		o.RateLimit.Limit = 0 // or a share, rounded, could look like the answer that opened the window
	}
	o.RateLimit.Limit = (o.RateLimit.Limit + f.processes - 1) / f.processes
	o.RateLimit.Remaining /= f.processes
	return o
}

// acquireFrom takes leave from the fallback, unless Redis comes back first.
func (l *limiter) acquireFrom(ctx context.Context, f *fallback) error {
	l.mu.Lock()
	f.waiting++
	l.kick(time.Now())
	l.mu.Unlock()
	err := f.refusal
	if f.limiter != nil {
		err = f.acquire(ctx)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	f.waiting--
	if err == nil {
		l.inUse++
		f.held++
		l.kick(time.Now())
	}
	return err
}

func (f *fallback) acquire(ctx context.Context) error {
	either, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(f.back, func() { cancel(errAskAgain) })()
	err := f.limiter.Acquire(either)
	if err != nil && context.Cause(either) == errAskAgain { //nolint:errorlint // it is never wrapped
		return errAskAgain
	}
	return err
}

// release tells if it is one of its own leaves that is to be given back.
func (f *fallback) release() bool {
	if f.held == 0 {
		return false
	}
	f.held--
	return true
}

// tooLateError is for a caller who can't be served before its deadline: a [*voiceagent.RateLimitError] and a
// context.DeadlineExceeded.
type tooLateError struct{ deadline, retryAt time.Time }

// Error says no more than a context does, as the client puts it behind the message of the RateLimitError.
func (e *tooLateError) Error() string { return context.DeadlineExceeded.Error() }

// Unwrap returns both.
func (e *tooLateError) Unwrap() []error {
	late := e.retryAt.Sub(e.deadline).Round(time.Millisecond)
	return []error{context.DeadlineExceeded, &voiceagent.RateLimitError{
		APIError: &voiceagent.APIError{Message: fmt.Sprintf("the rate limit's next window begins %v after this call's deadline", late)},
		RetryAt:  e.retryAt,
	}}
}
