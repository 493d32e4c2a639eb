// Package exchange runs one logical call: its attempts, the waits between them, and the search for
// what an attempt may have made. It is a state machine with named phases:
//
//	opening -> queueing -> sending -> deciding -> pausing -> queueing ...
//	opening, pausing -> searching -> queueing ...
//	any of them -> done | failed | unknown | unsent
//
// Package lifecycle alone decides what follows an attempt or a look. Everything from outside comes
// through [Ports].
package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
	"github.com/voiceagent-go/voiceagent/internal/transport"
)

// Phase is how far a call has come.
type Phase uint8

// The phases. A call ends in one of the last four.
const (
	Opening   Phase = iota
	Queueing        // it waits for its turn
	Sending         // an attempt is on its way, or its answer is read
	Deciding        // what follows the attempt
	Pausing         // before the next attempt or look
	Searching       // for what an attempt may have made
	Done            // it succeeded, or what it made was found
	Failed          // it made nothing
	Unknown         // it may have made something
	Unsent          // no attempt began
)

// Origin is who began the call.
type Origin uint8

// The origins.
const (
	Fresh    Origin = iota
	Resumed         // an earlier process; FirstSent is on its clock
	Unproven        // so it is, and it is repeated without knowing what became of it
	Replayed        // so it is, and the ledger knows what it made
)

// Exchange is one logical call. It is for one goroutine.
type Exchange struct {
	transport.Exchange
	ports Ports
	set   *Settings
	twins *reconcile.Twins

	// Where the call stands.
	phase    Phase
	turn     turn
	origin   Origin
	doubt    lifecycle.Doubt // whether an attempt may have been done
	step     lifecycle.Step  // what follows the last attempt
	lookTime lifecycle.Time  // Last when there is no time for another look
	attempts int32

	// When.
	FirstSent time.Time // when the first attempt began
	Waited    time.Duration

	// Search is what is known of an attempt that may have been done; nil when there was none.
	Search *reconcile.Search

	wait time.Duration // before the next attempt or look

	// Why it ended.
	Reason string // what the policy said last
	Stop   Stop
	Causes []error // what else is true of the error
}

// Stop is why there is no other attempt. The zero Stop is that of an answer that is final.
type Stop struct {
	Reason StopReason
	Wait   time.Duration // that was not begun
}

// StopReason is a reason not to try again.
type StopReason uint8

// The reasons.
const (
	NotStopped StopReason = iota
	ByPolicy
	ByRetries
	ByDeadline
	ByMaxElapsed
	ByLongestWait
)

// Init begins an exchange whose requests derive from ctx.
func (x *Exchange) Init(ctx context.Context, ports Ports, set *Settings, twins *reconcile.Twins) {
	x.Context, x.Driver = ctx, x
	x.ports, x.set, x.twins = ports, set, twins
	x.Timeout = set.AttemptTimeout
	if set.MaxElapsed > 0 {
		x.Until = time.Now().Add(set.MaxElapsed)
	}
}

// Bounded returns the call's context, which ends no later than the call has to.
func (x *Exchange) Bounded() (context.Context, context.CancelFunc) {
	if x.Until.IsZero() {
		return x.Context, func() {}
	}
	return context.WithDeadline(x.Context, x.Until)
}

// Phase returns how far the call has come.
func (x *Exchange) Phase() Phase { return x.phase }

// Origin returns who began the call.
func (x *Exchange) Origin() Origin { return x.origin }

// MayBeDone reports whether the call may have made something that its result doesn't show: its
// outcome is unknown, or a panic ended it.
func (x *Exchange) MayBeDone() bool {
	switch x.phase {
	case Unknown, Sending:
		return true
	case Done:
		return false
	}
	return x.origin == Unproven || x.doubt == lifecycle.Open
}

// Replay ends a call whose record the ledger has.
func (x *Exchange) Replay() { x.phase, x.origin = Done, Replayed }

// Run sends until there is a result, which Phase returns. The error is why nothing was sent; it is
// nil unless the phase is Unsent. Every attempt sends the same body.
func (x *Exchange) Run(sender Sender, body []byte) error {
	defer x.leave() // of an attempt that was not sent, or that a panic ended
	if x.phase == Done || x.phase == Unknown {
		return nil
	}
	if err := x.queue(); err != nil {
		return x.Abandon(err)
	}
	err := sender.Do(&x.Exchange, body)
	switch {
	case x.attempts == 0:
		return x.Abandon(err)
	case x.phase == Done || x.phase == Unknown:
	case !x.Repeatable && x.doubt == lifecycle.Open:
		x.giveUp(nil)
	default:
		x.phase = Failed
	}
	return nil
}

// Abandon ends a call of which nothing is sent, and returns why.
func (x *Exchange) Abandon(err error) error {
	x.phase = Unsent
	x.addContextError()
	return err
}

// Target implements [transport.Driver].
func (x *Exchange) Target() (method string, u url.URL, header http.Header) { return x.ports.Target() }

// Answered implements [transport.Driver]: it has the answer read, and decides.
func (x *Exchange) Answered(resp *http.Response, err error) (again bool) {
	if resp != nil && err != nil {
		resp = nil // net/http has closed its body
	}
	x.released()
	x.ports.Observe(resp)
	x.attempts++
	result, ok := x.ports.Read(resp, err)
	x.Waited = 0
	x.part()
	if ok {
		x.phase = Done
		return false
	}
	x.phase = Deciding
	return x.decide(result)
}

// decide does what the table says, as far as the policy, the number of attempts and the time allow.
func (x *Exchange) decide(result lifecycle.Result) (again bool) {
	a := lifecycle.Attempt{Result: result, Over: x.Context.Err() != nil}
	before := x.doubt
	if result.MayBeDone() {
		x.suspect()
	}
	var d Decision
	if !a.Over {
		d = x.ports.Decide(result)
		a.Again = (d.Retry || result != lifecycle.Lost) && x.mayRepeat(d)
	}
	switch x.step = lifecycle.After(x.ports.Rules(), before, a); x.step.Move {
	case lifecycle.Send:
		x.pauseFor(d)
		return true
	case lifecycle.Search:
		return x.lookAfter(a, d)
	case lifecycle.Unknown:
		x.giveUp(nil)
	}
	x.addContextError()
	return false
}

// suspect notes that the attempt may have been done.
func (x *Exchange) suspect() {
	x.doubt = lifecycle.Open
	if x.Search == nil {
		x.Search = &reconcile.Search{First: x.FirstSent}
	}
	s := x.Search
	s.Sent, s.Ended, s.Spare, s.Lag = x.SentAt, time.Now(), 0, 0
	_ = x.await(false) // without it, the other workers go on being careful
}

// mayRepeat reports whether the policy, the number of attempts and the time allow another attempt.
// If not, it notes why.
func (x *Exchange) mayRepeat(d Decision) bool {
	switch {
	case !d.Retry:
		x.Stop, x.Reason = Stop{Reason: ByPolicy}, d.Reason
		return false
	case int(x.attempts) > x.set.MaxRetries:
		x.Stop = Stop{Reason: ByRetries}
		return false
	}
	return x.inTime(d.Wait)
}

// LongestWait is the longest wait that is begun, but for its jitter of a second at most.
const LongestWait = 2 * time.Minute

// inTime reports whether a wait can end before the call has to. If not, it isn't begun.
func (x *Exchange) inTime(wait time.Duration) bool {
	const jitter = time.Second
	until := time.Now().Add(wait)
	if deadline, ok := x.Context.Deadline(); ok && !until.Before(deadline) {
		x.Stop = Stop{Reason: ByDeadline, Wait: wait}
		x.addCause(context.DeadlineExceeded, context.DeadlineExceeded)
		return false
	}
	if !x.Until.IsZero() && !until.Before(x.Until) {
		x.Stop = Stop{Reason: ByMaxElapsed, Wait: wait}
		return false
	}
	if wait > LongestWait+jitter {
		x.Stop = Stop{Reason: ByLongestWait, Wait: wait}
		return false
	}
	return true
}

// lookAfter starts the search for what the request may have made. The first look is at once after a
// refusal, after the policy's wait if the request may be sent again, and else after a short pause.
func (x *Exchange) lookAfter(a lifecycle.Attempt, d Decision) bool {
	wait := lookPause(0)
	switch {
	case a.Result == lifecycle.Refused:
		wait = 0
	case a.Result == lifecycle.Vouched && a.Again:
		wait = d.Wait
	}
	wait, ok := x.untilLook(wait)
	if !ok {
		x.giveUp(errNoTimeToLook)
		return false
	}
	d.Wait = wait
	x.pauseFor(d)
	return true
}

func (x *Exchange) pauseFor(d Decision) {
	d.Wait = max(d.Wait, 0)
	x.wait, x.Reason, x.phase = d.Wait, d.Reason, Pausing
	if d.Timeout > 0 {
		x.Timeout = d.Timeout
	}
	d.Reason = x.waitsFor()
	x.ports.Retrying(d)
}

// waitsFor says why there is a pause.
func (x *Exchange) waitsFor() string {
	if x.step.Move == lifecycle.Search {
		return x.Reason + "; looking first if it was done"
	}
	return x.Reason
}

// Pause implements [transport.Driver]: it takes the wait before the next attempt, the search if
// there is one, and the wait for the call's turn.
func (x *Exchange) Pause() error {
	start := time.Now()
	what := Backoff
	if x.step.Move == lifecycle.Search {
		what = Lookup
	}
	err := x.sleep(x.wait, what, x.waitsFor())
	x.Waited = time.Since(start)
	switch {
	case err != nil:
		if what == Lookup {
			x.giveUp(errNoTimeToLook)
		}
		x.addContextError()
		return err
	case what == Lookup:
		if err := x.search(); err != nil {
			return err
		}
		x.Waited = time.Since(start)
	}
	if err := x.queue(); err != nil {
		x.Causes = append(x.Causes, err)
		return err
	}
	return nil
}

func (x *Exchange) sleep(d time.Duration, what Wait, why string) error {
	start := time.Now()
	defer func() { x.ports.HasWaited(start, what, why) }()
	select {
	case <-time.After(d):
		return nil
	case <-x.Context.Done():
		return x.Context.Err()
	}
}

// giveUp ends a call that may have made something, unless it can be repeated safely.
func (x *Exchange) giveUp(lookErr error) {
	if x.Repeatable {
		return
	}
	x.phase = Unknown
	x.Causes = append(x.Causes, x.ports.Unknown(lookErr))
	x.addContextError()
}

// addContextError keeps why the context ended, unless the last attempt's error says so.
func (x *Exchange) addContextError() {
	err := x.Context.Err()
	if err == nil || errors.Is(x.ports.LastError(), err) {
		return
	}
	if cause := context.Cause(x.Context); !errors.Is(err, cause) {
		x.addCause(fmt.Errorf("%w: %w", err, cause), cause)
		return
	}
	x.addCause(err, err)
}

// addCause keeps an error, unless one is there that is its root already.
func (x *Exchange) addCause(err, root error) {
	for _, known := range x.Causes {
		if errors.Is(known, root) {
			return
		}
	}
	x.Causes = append(x.Causes, err)
}
