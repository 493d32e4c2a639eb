package redisvoiceagent

import (
	"container/list"
	"context"
	"time"
)

// waiter is a caller in the queue. ready is closed when it may go, was refused, or must ask again.
type waiter struct {
	ready    chan struct{}
	low      bool
	deadline time.Time // zero for none
	err      error
}

// enqueue puts a caller into the queue.
func (l *limiter) enqueue(w *waiter) *list.Element {
	before := l.waiters.Back()
	for !w.low && before != nil && before.Value.(*waiter).low {
		before = before.Prev()
	}
	if before == nil {
		return l.waiters.PushFront(w)
	}
	return l.waiters.InsertAfter(w, before)
}

// leave removes a caller whose context has ended from the queue. The caller may have got its permit
// at the same moment.
func (l *limiter) leave(ctx context.Context, place *list.Element, w *waiter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.ready:
		if w.err == nil {
			l.inUse--
			l.handOut(1)
		}
	default:
		l.waiters.Remove(place)
		if l.waiters.Len() == 0 && l.reportAt.IsZero() {
			l.reportAt = time.Now().Add(reportSoon) // or Redis would keep a share for those who wait no longer
		}
	}
	l.schedule(time.Now())
	return ctx.Err()
}

// handOut gives permits to n callers, in the order of the queue. Permits that are left over go to
// the next callers, or back to Redis.
func (l *limiter) handOut(n int) {
	for ; n > 0 && l.waiters.Len() > 0; n-- {
		front := l.waiters.Front()
		l.waiters.Remove(front)
		l.inUse++
		close(front.Value.(*waiter).ready)
	}
	if n > 0 {
		l.spare += n
		if at := time.Now().Add(reportSoon); l.reportAt.IsZero() || at.Before(l.reportAt) {
			l.reportAt = at
		}
	}
}

// refuseLate refuses the callers whose deadline comes before the limiter opens.
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

// refusal returns the error for a caller that can't be served in time, or nil.
func (l *limiter) refusal(w *waiter) error {
	if w.deadline.IsZero() || !w.deadline.Before(l.closedUntil) {
		return nil
	}
	return &tooLateError{deadline: w.deadline, retryAt: l.closedUntil}
}
