package voiceagenttest

import (
	"sync"
	"time"
)

// lateWork is work that faults put off.
type lateWork struct {
	mu      sync.Mutex
	closed  bool
	timers  map[*time.Timer]bool
	running sync.WaitGroup
}

// after does work after d, on its own, unless close comes before.
func (l *lateWork) after(d time.Duration, work func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if l.timers == nil {
		l.timers = make(map[*time.Timer]bool)
	}
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		l.mu.Lock()
		if l.closed {
			l.mu.Unlock()
			return
		}
		delete(l.timers, timer)
		l.running.Add(1)
		l.mu.Unlock()
		defer l.running.Done()
		work()
	})
	l.timers[timer] = true
}

// close drops what is put off and waits for what has begun.
func (l *lateWork) close() {
	l.mu.Lock()
	l.closed = true
	for timer := range l.timers {
		timer.Stop()
	}
	l.timers = nil
	l.mu.Unlock()
	l.running.Wait()
}

// workLate does the work when the fault wants it done. The reply is empty where the answer comes
// before the work; false means that the caller gave up, or the server was closed.
func (x *exchange) workLate() (reply, bool) {
	f := x.fault
	if f.WorkDelay <= 0 {
		return x.work(), true
	}
	switch f.Kind {
	case StatusAfter, DropAfter:
		x.srv.late.after(f.Delay+f.WorkDelay, func() { x.work() })
		return reply{}, true
	case HangAfter:
		x.srv.late.after(f.WorkDelay, func() { x.work() })
		return reply{}, true
	}
	done := make(chan reply, 1)
	x.srv.late.after(f.WorkDelay, func() { done <- x.work() })
	select {
	case rep := <-done:
		return rep, true
	case <-x.ctx.Done():
	case <-x.srv.closed:
	}
	return reply{}, false
}
