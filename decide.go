package voiceagent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// decide asks the policy, and keeps to what no policy may change: how often, how long, and never twice.
func (x *exchange) decide() (again bool) {
	f := x.last
	doubt := x.r.effect == creates && outcomeOf(f) == outcomeOpen
	x.wasLost = x.wasLost || doubt
	lost := doubt && x.set.unknown != OutcomeRetry
	canLook := x.r.settle != nil && (x.r.effect == repeatable || x.set.unknown == OutcomeReconcile)
	if x.Context.Err() != nil || lost && !canLook {
		if lost {
			x.giveUp(nil)
		}
		x.addContextError()
		return false
	}
	if x.maybeDone && x.r.settle != nil && x.r.settle.done(f.status) {
		return x.decideRefused(canLook)
	}
	x.maybeDone = x.maybeDone || (f.sent && (f.status == 0 || f.broken || f.status >= 500))
	d := x.set.policy.Decide(Failure{
		Attempt:    len(x.attempts),
		Method:     x.r.method,
		Safe:       x.r.effect == repeatable || outcomeOf(f) == notDone || x.set.unknown == OutcomeRetry,
		StatusCode: f.status,
		Code:       f.code,
		Header:     x.header,
		Err:        f.err,
		Timeout:    x.Timeout,
	})
	if lost {
		return x.decideLost(d)
	}
	switch {
	case !d.Retry:
		if f.status == 0 || f.status >= 500 {
			x.stopped = "not tried again: " + d.Reason
		}
		return false
	case len(x.attempts) > x.set.maxRetries:
		if x.set.maxRetries > 0 {
			x.stopped = fmt.Sprintf("giving up as WithMaxRetries(%d) says", x.set.maxRetries)
		}
		return false
	case !x.inTime(d.Wait):
		return false
	}
	x.pauseFor(d)
	return true
}

// decideLost has the loop look for what was lost, after the backoff. Only a 504 may then be repeated.
func (x *exchange) decideLost(d Decision) (again bool) {
	x.looking = lookForLost
	if !d.Retry {
		d.Wait, d.Timeout = backoff(len(x.attempts)), 0
	} else if x.last.status == http.StatusGatewayTimeout && len(x.attempts) <= x.set.maxRetries {
		x.looking = lookThenRepeat
	}
	if !x.inTime(d.Wait) {
		x.giveUp(errNoTimeToLook)
		return false
	}
	d.Reason += "; looking first if it was done"
	x.pauseFor(d)
	return true
}

// decideRefused has the loop look if a repetition was refused because an earlier try was done.
func (x *exchange) decideRefused(canLook bool) (again bool) {
	if !canLook {
		if x.r.effect == creates {
			x.giveUp(nil)
		}
		return false
	}
	x.looking = lookRefused
	x.pauseFor(Decision{Reason: fmt.Sprintf("%d: looking if an earlier attempt was done", x.last.status)})
	return true
}

func (x *exchange) pauseFor(d Decision) {
	d.Reason = maskNumbers(x.c.key.cutFromText(d.Reason)) // a policy of the user's may write what it likes
	x.next, x.why = max(d.Wait, 0), d.Reason
	if d.Timeout > 0 {
		x.Timeout = min(d.Timeout, timeoutGrowthLimit*x.set.attemptTimeout)
	}
	x.c.logRetry(x, d)
}

// inTime tells if a wait can end before the call has to. If not, it isn't begun.
func (x *exchange) inTime(wait time.Duration) bool {
	until := time.Now().Add(wait)
	rounded := wait.Round(time.Millisecond)
	if deadline, ok := x.Context.Deadline(); ok && !until.Before(deadline) {
		x.stopped = fmt.Sprintf("not waiting %v, which is beyond the context's deadline", rounded)
		x.causes = append(x.causes, context.DeadlineExceeded)
		return false
	}
	if !x.Until.IsZero() && !until.Before(x.Until) {
		x.stopped = fmt.Sprintf("not waiting %v, which is beyond WithMaxElapsed(%v)", rounded, x.set.maxElapsed)
		return false
	}
	if wait > longestWait+throttleJitter {
		x.stopped = fmt.Sprintf("not waiting %v, as %v is the longest wait", rounded, longestWait)
		return false
	}
	return true
}

// Pause implements [transport.Driver]: the wait before the next attempt, then the limiter's leave.
func (x *exchange) Pause() error {
	start := time.Now()
	err := x.sleep(x.next, x.waitKind(), x.why)
	x.waited = time.Since(start)
	switch {
	case err != nil:
		if x.looking != notLooking && x.looking != lookRefused {
			x.giveUp(errNoTimeToLook)
		}
		x.addContextError()
		return err
	case x.looking != notLooking:
		if err := x.reconcile(); err != nil {
			return err
		}
		x.waited = time.Since(start)
	}
	if err := x.acquire(); err != nil {
		x.causes = append(x.causes, err)
		return err
	}
	return nil
}

func (x *exchange) sleep(d time.Duration, kind WaitKind, why string) error {
	if d <= 0 {
		return nil
	}
	defer x.traceWait(time.Now(), kind, why)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-x.Context.Done():
		return x.Context.Err()
	}
}

// addContextError keeps why the context ended beside the last failure.
func (x *exchange) addContextError() {
	err := x.Context.Err()
	if err == nil || (x.last != nil && errors.Is(x.last.typed, err)) {
		return
	}
	if cause := context.Cause(x.Context); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	x.causes = append(x.causes, err)
}
