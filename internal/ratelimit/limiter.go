// Package ratelimit reads the rate-limit headers of answers, and is the limiter of one process,
// which goes by it.
//
// The module redisvoiceagent has the queue and the rules once more, for many processes: it is
// released by itself, and its rules run in Redis. The cases in internal/limittest are run through
// both, so a change here is one there.
package ratelimit

import (
	"container/list"
	"context"
	"math"
	"sync"
	"time"
)

// How long the first attempt after the gate was closed keeps the others waiting.
const probeAlone = 2 * time.Second

// gate says who may go.
type gate uint8

const (
	open     gate = iota // as many as the window permits
	closed               // nobody
	halfOpen             // one attempt finds out whether the gate may open
)

// Outcome is what became of an attempt.
type Outcome uint8

// The outcomes of an attempt.
const (
	Answered  Outcome = iota
	Throttled         // the answer was a 429
	Lost              // no answer of the API itself came, so whether it was counted isn't known
)

// TooLateError is the refusal of a caller whose deadline comes before the gate opens.
type TooLateError struct {
	Opens time.Time
	Late  time.Duration // from the deadline until then
}

// Error says by how much the caller would be too late.
func (e *TooLateError) Error() string {
	late := e.Late.Round(time.Millisecond).String()
	return "the rate limit's next window begins " + late + " after this call's deadline"
}

// Limiter is the budget of one process: a gate, and behind it what is known of the window. It can't
// be stuck, for with nothing in flight and the gate open the newest answer has been seen.
type Limiter struct {
	mu       sync.Mutex
	inFlight int
	window   window
	gate     gate
	until    time.Time // when a gate that is closed or half-open changes by itself
	refusals int       // 429s in a row that don't say when they end; those sent together are one
	reserved float64   // the share of a window that is kept for AcquireLow
	worked   int       // permits that Acquire got from the queue since AcquireLow did
	waiters  list.List // of *waiter: first those of Acquire, then those of AcquireLow, each in order of arrival
	timer    *time.Timer
}

// waiter is a caller in the queue. ready is closed when it may go, or has been refused.
type waiter struct {
	ready    chan struct{}
	low      bool
	deadline time.Time // zero for none
	err      error
}

// New returns a limiter for an account that may make so many requests a minute; 0 when that isn't
// known.
func New(perMinute int) *Limiter {
	if perMinute > 0 {
		return &Limiter{window: window{knowledge: guessing, guess: perMinute}}
	}
	return &Limiter{window: window{guess: unseenInFlight}}
}

// TryAcquire is Acquire for the common case that there is no need to wait.
func (l *Limiter) TryAcquire() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiters.Len() == 0 && l.take(time.Now(), false)
}

// Reserve keeps a share of each window for AcquireLow, spread over it, until Reserve is called with
// the same below zero.
func (l *Limiter) Reserve(share float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reserved += share
	l.serve(time.Now())
}

// kept returns how many permits of the window's rest Acquire leaves to AcquireLow.
func (l *Limiter) kept(now time.Time) int {
	if l.window.knowledge != counting || l.reserved <= 0 {
		return 0
	}
	left := min(max(0, l.window.end.Sub(now)), documented)
	return int(math.Ceil(float64(l.window.limit) * l.reserved * left.Seconds() / documented.Seconds()))
}

// Acquire waits for a permit to send one attempt, in order of arrival. The error is the context's.
// If the limiter stays closed beyond the context's deadline, Acquire returns a [*TooLateError] at
// once.
func (l *Limiter) Acquire(ctx context.Context) error { return l.acquire(ctx, false) }

// AcquireLow is Acquire for a request that lets all go first that wait in Acquire.
func (l *Limiter) AcquireLow(ctx context.Context) error { return l.acquire(ctx, true) }

func (l *Limiter) acquire(ctx context.Context, low bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	now := time.Now()
	if l.waiters.Len() == 0 && l.take(now, low) {
		l.mu.Unlock()
		return nil
	}
	w := &waiter{ready: make(chan struct{}), low: low}
	w.deadline, _ = ctx.Deadline()
	if err := l.refusal(w); err != nil {
		l.mu.Unlock()
		return err
	}
	place := l.enqueue(w)
	l.serve(now)
	l.mu.Unlock()

	select {
	case <-w.ready:
		return w.err
	case <-ctx.Done():
		return l.leave(ctx, place, w)
	}
}

// enqueue puts a caller into the queue.
func (l *Limiter) enqueue(w *waiter) *list.Element {
	before := l.waiters.Back()
	for !w.low && before != nil && before.Value.(*waiter).low {
		before = before.Prev()
	}
	if before == nil {
		return l.waiters.PushFront(w)
	}
	return l.waiters.InsertAfter(w, before)
}

// leave takes a caller whose context has ended out of the queue. It may have been called up at the
// same moment.
func (l *Limiter) leave(ctx context.Context, place *list.Element, w *waiter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.ready:
		if w.err == nil {
			l.inFlight--
			if l.gate == halfOpen { // the next in line takes its place
				l.gate, l.until = closed, time.Now()
			}
		}
	default:
		l.waiters.Remove(place)
	}
	l.serve(time.Now())
	return ctx.Err()
}

// take lets one attempt go if the rule allows it.
func (l *Limiter) take(now time.Time, low bool) bool {
	l.window.expire(now)
	if l.gate != open {
		if now.Before(l.until) {
			return false
		}
		if l.gate == closed {
			l.gate, l.until = halfOpen, now.Add(probeAlone)
			l.window.reopen()
			l.inFlight++
			return true
		}
		l.gate = open
	}
	kept := 0
	if !low {
		kept = l.kept(now)
	}
	if l.inFlight >= l.window.permits(kept) {
		return false
	}
	l.inFlight++
	return true
}

// Release gives back the permit of an attempt, and learns from its answer.
func (l *Limiter) Release(outcome Outcome, t *Told) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	alone := l.gate == halfOpen && l.inFlight == 1
	l.inFlight--
	switch {
	case outcome == Throttled:
		l.throttled(now, t)
	case t.Has&Remaining != 0:
		if l.window.isNew(t.Reset.name()) {
			l.admit()
		}
		l.window.told(now, t, alone)
	case outcome == Lost, t.Has&Header != 0:
		l.window.untold()
	default:
		l.window.headerless(now)
	}
	if outcome == Answered {
		l.window.heard()
		l.refusals = 0
	}
	switch {
	case l.window.isSpent():
		l.close(now, l.window.end)
	case !alone || outcome == Throttled:
	case outcome == Lost: // it found out nothing: the next one tries
		l.gate, l.until = closed, now
	default:
		l.admit()
	}
	l.serve(now)
}

// throttled closes the limiter after a 429. If the 429 doesn't say for how long, each further one
// doubles the wait. All that were sent before the limiter closed count once.
func (l *Limiter) throttled(now time.Time, t *Told) {
	if t.Reset.ServerMillis != 0 && l.window.isOld(t.Reset.name()) { // a Retry-After names no window
		return
	}
	until := l.window.throttled(now, t)
	if until.IsZero() {
		if l.gate == closed {
			return
		}
		until = now.Add(min(firstRefusal<<min(l.refusals, 10), longestClosed))
		l.refusals++
	} else {
		l.window.heard()
	}
	l.close(now, until)
}

// close lets nobody go before the given time.
func (l *Limiter) close(now, until time.Time) {
	if latest := now.Add(longestClosed); until.After(latest) {
		until = latest
	}
	if l.gate != closed || until.After(l.until) {
		l.gate, l.until = closed, until
	}
	l.refuseLate()
}

// admit ends the waiting for the attempt that went first.
func (l *Limiter) admit() {
	if l.gate == halfOpen {
		l.gate = open
	}
}

// refuseLate sends those away whose deadline comes before the gate opens.
func (l *Limiter) refuseLate() {
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
func (l *Limiter) refusal(w *waiter) error {
	if l.gate != closed || w.deadline.IsZero() || !w.deadline.Before(l.until) {
		return nil
	}
	return &TooLateError{Opens: l.until, Late: l.until.Sub(w.deadline)}
}

// serve lets as many go as the rule allows.
func (l *Limiter) serve(now time.Time) {
	for next := l.takeNext(now); next != nil; next = l.takeNext(now) {
		l.waiters.Remove(next)
		close(next.Value.(*waiter).ready)
	}
	l.schedule(now)
}

// takeNext takes a permit for the caller whose turn it is; nil if nobody may go. That is the first
// of the queue. While a share is kept for AcquireLow it is the first caller there, in its turn and
// where the others have to leave what is kept.
func (l *Limiter) takeNext(now time.Time) *list.Element {
	front, low := l.waiters.Front(), (*list.Element)(nil)
	if l.reserved > 0 {
		low = l.firstLow()
	}
	switch isTurn := low != nil && l.worked >= aLooksWork; {
	case front == nil:
		return nil
	case !isTurn && l.take(now, front.Value.(*waiter).low):
		if l.worked++; front == low {
			l.worked = 0
		}
		return front
	case low != nil && l.take(now, true):
		l.worked = 0
		return low
	}
	return nil
}

// aLooksWork is how many callers of Acquire go before one of AcquireLow, while a share is kept for
// those. It is what is left of it where the limit isn't known.
const aLooksWork = 4

// firstLow returns the first of the callers in AcquireLow, who stand at the end of the queue; nil
// for none.
func (l *Limiter) firstLow() (first *list.Element) {
	for e := l.waiters.Back(); e != nil && e.Value.(*waiter).low; e = e.Prev() {
		first = e
	}
	return first
}

// schedule wakes the queue when time alone will change what the rule says.
func (l *Limiter) schedule(now time.Time) {
	if l.waiters.Len() == 0 {
		return
	}
	at := l.until
	if l.gate == open {
		if l.window.knowledge != counting {
			return // an answer will wake it
		}
		at = l.window.end
	}
	if l.timer == nil {
		l.timer = time.AfterFunc(at.Sub(now), l.wake)
	} else {
		l.timer.Reset(at.Sub(now))
	}
}

func (l *Limiter) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serve(time.Now())
}
