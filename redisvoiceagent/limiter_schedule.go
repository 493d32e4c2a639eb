package redisvoiceagent

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// schedule is called after each change, with mu held. It begins a step if one is due.
func (l *limiter) schedule(now time.Time) {
	if next := l.begin(now); next != nil {
		go l.run(next)
	}
}

// begin returns the next step if it is due, for the caller to run. Otherwise it sets the alarm.
func (l *limiter) begin(now time.Time) (next *step) {
	at := l.due()
	if !l.stepping && !at.IsZero() && !now.Before(at) {
		l.stepping, l.stepBegan = true, now
		next = &step{stepContext: stepContext{context.Background(), now.Add(l.Timeout), make(chan struct{})}, request: l.request(now), report: l.pending}
		l.pending, l.reportAt, l.spare, l.late = report{}, time.Time{}, 0, next.done
		at = l.due()
	}
	if !at.IsZero() && (l.alarmAt.IsZero() || at.Before(l.alarmAt)) {
		l.alarmAt = at
		if l.alarm == nil {
			l.alarm = time.AfterFunc(at.Sub(now), l.wake)
		} else {
			l.alarm.Reset(at.Sub(now))
		}
	}
	return next
}

// wake runs when the alarm fires and may find nothing to do. Resetting the timer on every attempt
// would cost more.
func (l *limiter) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.alarmAt = time.Time{}
	if l.stepping && l.fallback == nil && now.Sub(l.stepBegan) >= l.Timeout {
		close(l.late)
		l.goDown(now, fmt.Errorf("%w (%v)", errNoAnswer, l.Timeout))
	}
	l.schedule(now)
}

// due returns when the alarm must fire if nothing else happens; zero means never.
func (l *limiter) due() (at time.Time) {
	sooner := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	switch {
	case l.stepping && l.fallback == nil:
		sooner(l.stepBegan.Add(l.Timeout)) // it takes too long
	case l.stepping: // its end schedules the next one
	case l.fallback != nil:
		if l.inUse > 0 || l.fallback.waiting > 0 {
			sooner(l.stepBegan.Add(stepEvery))
		}
	case l.closing:
		return l.stepBegan
	default:
		if l.waiters.Len() > 0 {
			sooner(l.pollAt)
		}
		if !l.reportAt.IsZero() {
			sooner(l.reportAt)
		}
		if l.inUse > 0 {
			sooner(l.stepBegan.Add(stepEvery))
		}
	}
	return at
}

// request returns what a step asks for that begins now.
func (l *limiter) request(now time.Time) stepRequest {
	l.seq++
	r := stepRequest{id: l.id, seq: l.seq, inUse: l.inUse, want: l.waiters.Len(), guess: l.guess, returned: l.spare > 0,
		released: l.pending.released, answered: l.pending.answered, untold: l.pending.untold, bare: l.pending.bare}
	if l.closing && l.inUse+r.want == 0 {
		r.want = wantsNoMore
	}
	l.closing = false
	w := l.pending.window
	if l.latest != nil && (l.fallback != nil || l.last.window == 0) && l.latest.Reset.After(now) {
		w = l.latest // Redis may have lost it
	}
	if w != nil {
		r.window = w.sent(now)
	}
	if l.pending.closedUntil.After(now) { // one that ended while Redis was gone would close the limiter once more
		r.refused = l.pending.refused
		throttle := window{RateLimit: l.pending.throttle}
		r.throttle = *throttle.sent(now)
	}
	return r
}

// run runs a step. A caller runs it itself if that takes no longer than Timeout: switching between
// two goroutines costs more than everything else.
func (l *limiter) run(s *step) {
	answer, err := sendStep(&s.stepContext, l.rdb, l.key, s.request)

	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.stepping = false
	defer l.stepEnded.Broadcast()
	switch {
	case err != nil:
		l.pending.merge(s.report)
		l.goDown(now, err)
	case l.fallback != nil && now.Sub(l.stepBegan) >= l.Timeout:
		l.last, l.spare = answer, l.spare+answer.granted // as good as gone: callers would wait for a timeout each time
	default:
		l.goUp(now)
		l.adopt(now, answer, s.request.want)
	}
	l.schedule(now)
}

// adopt takes what a step came to that asked for so many.
func (l *limiter) adopt(now time.Time, answer stepReply, want int) {
	l.last = answer
	l.closedUntil = time.Time{}
	at := now.Add(pollAfter + rand.N(pollJitter))
	switch {
	case answer.closedFor > 0:
		l.closedUntil = now.Add(answer.closedFor)
	case answer.free == 0 && answer.inFlight == 0:
		at = now.Add(answer.resetIn) // only the next window can help
	case answer.granted > 0 && answer.granted >= want:
		at = now // those who came since haven't been asked for yet
	}
	if l.pending.closedUntil.After(now) { // a 429 that the step didn't know of
		l.close(now, l.pending.closedUntil)
		l.spare, l.reportAt = l.spare+answer.granted, now // given back by the next step
	} else {
		l.handOut(answer.granted)
	}
	l.refuseLate()
	l.pollAt = l.nextPoll(at)
}
