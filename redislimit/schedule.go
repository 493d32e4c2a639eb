package redislimit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// kick is called after each change, with mu held. It begins a step if one is due.
func (l *limiter) kick(now time.Time) {
	if next := l.begin(now); next != nil {
		go l.run(next)
	}
}

// begin returns the next step if it is due, for the caller to run, or sees to it that the alarm rings when it is.
func (l *limiter) begin(now time.Time) (next *step) {
	at := l.due()
	if !l.stepping && !at.IsZero() && !now.Before(at) {
		l.stepping, l.stepped = true, now
		next = &step{until: until{context.Background(), now.Add(l.Timeout), make(chan struct{})}, report: l.report(now), told: l.news}
		l.news, l.newsAt, l.spare, l.late = news{}, time.Time{}, 0, next.done
		at = l.due()
	}
	if !at.IsZero() && (l.alarmAt.IsZero() || at.Before(l.alarmAt)) {
		l.alarmAt = at
		if l.alarm == nil {
			l.alarm = time.AfterFunc(at.Sub(now), l.ring)
		} else {
			l.alarm.Reset(at.Sub(now))
		}
	}
	return next
}

// ring looks what there is to do. It may be nothing: to set a timer is cheap, to put it off with each attempt is not.
func (l *limiter) ring() {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.alarmAt = time.Time{}
	if l.stepping && l.fallback == nil && now.Sub(l.stepped) >= l.Timeout {
		close(l.late)
		l.goDown(now, fmt.Errorf("%w (%v)", errTimeout, l.Timeout))
	}
	l.kick(now)
}

// due is when there is something to do if nothing else happens; zero for never.
func (l *limiter) due() (at time.Time) {
	sooner := func(t time.Time) {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	switch {
	case l.stepping && l.fallback == nil:
		sooner(l.stepped.Add(l.Timeout)) // it takes too long
	case l.stepping: // its end kicks
	case l.fallback != nil:
		if l.inUse > 0 || l.fallback.waiting > 0 {
			sooner(l.stepped.Add(heartbeat))
		}
	case l.closing:
		return l.stepped
	default:
		if l.waiters.Len() > 0 {
			sooner(l.pollAt)
		}
		if !l.newsAt.IsZero() {
			sooner(l.newsAt)
		}
		if l.inUse > 0 {
			sooner(l.stepped.Add(heartbeat))
		}
	}
	return at
}

// report tells all that a step needs, as it is now.
func (l *limiter) report(now time.Time) report {
	l.seq++
	r := report{id: l.id, seq: l.seq, inUse: l.inUse, want: l.waiters.Len(), guess: l.guess, returned: l.spare > 0,
		released: l.news.released, lost: l.news.lost, bare: l.news.bare}
	if l.closing && l.inUse+r.want == 0 {
		r.want = farewell
	}
	l.closing = false
	known := l.news.known
	if l.latest != nil && (l.fallback != nil || l.last.window == 0) && l.latest.Reset.After(now) {
		known = l.latest // Redis may have lost it
	}
	if known != nil {
		r.known = known.window(now)
	}
	if left := l.news.park.Sub(now); left > 0 { // one that ended while Redis was gone would park all once more
		r.park = max(1, left.Milliseconds())
	}
	return r
}

// run asks Redis. A caller does so itself if that can't hold it for longer than Timeout; two goroutines cost it more than all the rest.
func (l *limiter) run(s *step) {
	answer, err := ask(&s.until, l.rdb, l.key, s.report)

	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.stepping = false
	defer l.ended.Broadcast()
	switch {
	case err != nil:
		l.news.merge(s.told)
		l.goDown(now, err)
	case l.fallback != nil && now.Sub(l.stepped) >= l.Timeout:
		l.last, l.spare = answer, l.spare+answer.granted // as good as gone: callers would wait for a timeout each time
	default:
		l.goUp(now)
		l.adopt(now, answer, s.report.want)
	}
	l.kick(now)
}

// adopt takes what a step came to that asked for so many.
func (l *limiter) adopt(now time.Time, answer reply, want int) {
	l.last = answer
	l.parked = time.Time{}
	at := now.Add(shortPoll + rand.N(pollJitter))
	switch {
	case answer.parked > 0:
		l.parked = now.Add(answer.parked)
	case answer.free == 0 && answer.inFlight == 0:
		at = now.Add(answer.resetIn) // only the next window can help
	case answer.granted > 0 && answer.granted >= want:
		at = now // those who came since haven't been asked for yet
	}
	if l.news.park.After(now) { // a 429 that the step didn't know of
		l.parked = l.until(l.news.park, now)
		l.spare, l.newsAt = l.spare+answer.granted, now // given back by the next step
	} else {
		l.handOut(answer.granted)
	}
	l.refuseLate()
	l.pollAt = l.nextPoll(at)
}

// until returns the later end of two parks. An absurd one is cut, as in the script.
func (l *limiter) until(park, now time.Time) time.Time {
	if latest := now.Add(longestPark); park.After(latest) {
		park = latest
	}
	if l.parked.After(park) {
		return l.parked
	}
	return park
}
