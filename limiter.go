package voiceagent

import (
	"container/list"
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

const (
	unseenInFlight = 16              // before the first answer
	sameWindow     = time.Second     // resets are cut to the second, so this near they are the same
	resetGuard     = time.Second     // what a reset that is cut to the second may hide
	blindPark      = backoffBase / 2 // after a 429 that doesn't say when it ends: no longer than the wait of who got it
	longestPark    = 2 * time.Minute // an absurd reset doesn't silence the client for longer
	probeAlone     = 2 * time.Second // how long the first attempt after a park keeps the others waiting
	unlimited      = math.MaxInt32
)

// limiter is the budget of one process. Its rule needs four numbers: the reset of the window, the lowest Remaining seen in it,
// the attempts in flight, and until when all are parked. A budget that counts down by itself would drift as soon as answers
// come out of order; this one can't, for with nothing in flight the newest Remaining has been seen.
type limiter struct {
	mu       sync.Mutex
	inFlight int
	allowed  int       // attempts that may be in flight: the lowest Remaining of the window, or a guess before the first answer
	guess    int       // what is allowed as long as no answer has told
	window   time.Time // names the window that allowed belongs to: its reset as the server wrote it; zero before the first
	reset    time.Time // of that window, on this machine's clock
	opened   bool      // the answer that opened the window was seen, so its reset is exact
	over     bool      // the window has ended, and nothing is known of the next one
	parked   time.Time // nobody goes before this
	probing  bool      // the first attempt after a park is under way, alone
	probeEnd time.Time // when the others stop waiting for it
	waiters  list.List // of *waiter, in order of arrival
	timer    *time.Timer
	timerAt  time.Time
}

// waiter is a caller in the queue. ready is closed when it may go, or has been refused.
type waiter struct {
	ready    chan struct{}
	deadline time.Time // zero for none
	err      error
}

func newLimiter(p Plan) *limiter {
	guess := unseenInFlight
	if p.perMinute > 0 {
		guess = p.perMinute
	}
	return &limiter{allowed: guess, guess: guess}
}

// tryAcquire is Acquire for the common case that there is no need to wait.
func (l *limiter) tryAcquire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiters.Len() == 0 && l.take(time.Now())
}

// Acquire implements [Limiter].
func (l *limiter) Acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	now := time.Now()
	if l.waiters.Len() == 0 && l.take(now) {
		l.mu.Unlock()
		return nil
	}
	w := &waiter{ready: make(chan struct{})}
	w.deadline, _ = ctx.Deadline()
	if err := l.refusal(w); err != nil {
		l.mu.Unlock()
		return err
	}
	place := l.waiters.PushBack(w)
	l.schedule(now)
	l.mu.Unlock()

	select {
	case <-w.ready:
		return w.err
	case <-ctx.Done():
		return l.leave(ctx, place, w)
	}
}

// leave takes a caller whose context has ended out of the queue. It may have been called up at the same moment.
func (l *limiter) leave(ctx context.Context, place *list.Element, w *waiter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.ready:
		if w.err == nil {
			l.inFlight--
			if l.probing { // the next in line takes its place
				l.probing, l.parked = false, time.Now()
			}
		}
	default:
		l.waiters.Remove(place)
	}
	l.serve(time.Now())
	return ctx.Err()
}

// take lets one attempt go if the rule allows it.
func (l *limiter) take(now time.Time) bool {
	if now.Before(l.parked) {
		return false
	}
	if !l.parked.IsZero() { // the park is over: one goes first
		l.parked = time.Time{}
		l.forget()
		l.probing, l.probeEnd = true, now.Add(probeAlone)
		l.inFlight++
		return true
	}
	if l.probing {
		if now.Before(l.probeEnd) {
			return false
		}
		l.probing = false
	}
	if !l.over && !l.reset.IsZero() && !now.Before(l.end()) {
		l.forget()
	}
	if l.inFlight >= l.allowed {
		return false
	}
	l.inFlight++
	return true
}

// forget ends the window and goes back to guessing, as before the first answer.
func (l *limiter) forget() {
	l.allowed, l.over = l.guess, true
}

// end is when the window is surely over. A reset that is cut to the second may lie up to a second too early,
// except that of the answer that opened the window.
func (l *limiter) end() time.Time {
	if l.opened {
		return l.reset
	}
	return l.reset.Add(resetGuard)
}

// Release implements [Limiter].
func (l *limiter) Release(_ context.Context, o Observation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	alone := l.probing && l.inFlight == 1
	if alone || (o.Known && l.isNew(o.RateLimit)) {
		l.probing = false // what it was sent to find out is known
	}
	l.inFlight--
	switch {
	case o.Throttled:
		l.park(now, o)
	case o.Known:
		l.observe(now, o.RateLimit, alone)
	case o.Lost:
		if !l.window.IsZero() && !l.over && l.allowed > 0 {
			if l.allowed--; l.allowed == 0 { // it may have been counted
				l.parkUntil(now, l.end())
			}
		}
	case l.window.IsZero():
		l.allowed = unlimited // the API sends no headers, so there is nothing to go by
	}
	l.serve(now)
}

// observe takes the budget that an answer reports. Answers come out of order: within a window only the lowest counts, and those of an older
// window don't. An answer to the only attempt in flight is the newest there is, whatever it says.
func (l *limiter) observe(now time.Time, r RateLimit, newest bool) {
	if r.Reset.IsZero() {
		r.Reset = now.Add(time.Minute) // the documented window
	}
	opener := r.Limit > 0 && r.Remaining >= r.Limit-1
	switch {
	case newest || l.isNew(r):
		l.window, l.reset = r.windowName(), r.Reset
		l.allowed, l.opened, l.over = r.Remaining, opener, false
		if newest {
			l.parked = time.Time{}
		}
	case l.over || r.windowName().Before(l.window.Add(-sameWindow)):
		return
	default:
		l.allowed = min(l.allowed, r.Remaining)
		if opener {
			l.reset, l.opened = r.Reset, true
		}
	}
	if l.allowed == 0 {
		l.parkUntil(now, l.end())
	}
}

// isNew tells if an answer speaks of a later window than the one that is known.
func (l *limiter) isNew(r RateLimit) bool {
	later := r.windowName().Sub(l.window)
	return l.window.IsZero() || later > sameWindow || (l.over && later > 0)
}

// park keeps everyone waiting after a 429.
func (l *limiter) park(now time.Time, o Observation) {
	l.probing = false
	until := now.Add(blindPark)
	if o.Known && !o.RateLimit.Reset.IsZero() {
		reset := o.RateLimit.Reset
		if !o.RateLimit.serverReset.IsZero() { // a wait, as Retry-After, isn't cut; each caller adds its own jitter to it
			reset = reset.Add(resetGuard)
		}
		if !reset.Before(now) {
			until = reset
		}
	}
	l.parkUntil(now, until)
}

func (l *limiter) parkUntil(now, until time.Time) {
	if latest := now.Add(longestPark); until.After(latest) {
		until = latest
	}
	if until.After(l.parked) {
		l.parked = until
	}
	l.refuseLate()
}

// refuseLate sends those away whose deadline comes before the end of the park.
func (l *limiter) refuseLate() {
	for e := l.waiters.Front(); e != nil; {
		next := e.Next()
		w := e.Value.(*waiter)
		if w.err = l.refusal(w); w.err != nil {
			l.waiters.Remove(e)
			close(w.ready)
		}
		e = next
	}
}

// refusal is the error for a caller who can't be served in time.
func (l *limiter) refusal(w *waiter) error {
	if w.deadline.IsZero() || !w.deadline.Before(l.parked) {
		return nil
	}
	wait := l.parked.Sub(w.deadline).Round(time.Millisecond)
	return &RateLimitError{
		APIError: &APIError{
			Message:   fmt.Sprintf("the rate limit's next window begins %v after this call's deadline", wait),
			throttled: true,
			retryAt:   l.parked,
			causes:    []error{context.DeadlineExceeded},
		},
		RetryAt: l.parked,
	}
}

// serve lets as many go as the rule allows, in order of arrival.
func (l *limiter) serve(now time.Time) {
	for l.waiters.Len() > 0 && l.take(now) {
		front := l.waiters.Front()
		l.waiters.Remove(front)
		close(front.Value.(*waiter).ready)
	}
	l.schedule(now)
}

// schedule wakes the queue when time alone will change what the rule says.
func (l *limiter) schedule(now time.Time) {
	if l.waiters.Len() == 0 {
		if l.timer != nil {
			l.timer.Stop()
			l.timerAt = time.Time{}
		}
		return
	}
	at := l.parked
	switch {
	case !at.IsZero():
	case l.probing:
		at = l.probeEnd
	case !l.over && !l.reset.IsZero():
		at = l.end()
	default:
		return // an answer will wake it
	}
	if at.Equal(l.timerAt) {
		return
	}
	l.timerAt = at
	if l.timer == nil {
		l.timer = time.AfterFunc(at.Sub(now), l.wake)
	} else {
		l.timer.Reset(at.Sub(now))
	}
}

func (l *limiter) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timerAt = time.Time{}
	l.serve(time.Now())
}
