package voiceagent

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
	"github.com/voiceagent-go/voiceagent/internal/transport"
)

// exchange is one logical call: its attempts, what each came to, and what follows. It drives the loop of
// internal/transport; all decisions fall in Answered.
type exchange struct {
	transport.Exchange
	c      *Client
	r      *request
	set    *requestConfig
	answer envelope.Body
	key    string // the idempotency key

	began     time.Time // of the call
	firstSent time.Time // when its first attempt began
	resumed   time.Time // on the server's clock, when an earlier process began it; zero for most
	sentAt    time.Time // of the current attempt
	waited    time.Duration
	acquired  bool // the limiter waits for a Release

	attempts []Attempt
	first    [1]Attempt // where most calls end
	status   int        // of the last answer, 0 when none came
	header   http.Header
	limit    RateLimit
	known    bool // limit was reported
	done     bool
	last     *failure      // of the last attempt
	next     time.Duration // the wait before the next one
	stopped  string        // why there is no next one
	causes   []error       // what else is true of the error

	twin      string // what the request has in common with those that make the same; "" when it makes nothing
	inside    bool   // an attempt is counted in with its twins
	maybeDone bool   // an attempt may have been done
	looking   looking
	looks     int
	open      bool        // the outcome stays unknown
	entry     LedgerEntry // open in the ledger; zero for none
}

// looking is what the next pause is for.
type looking int

const (
	notLooking     looking = iota
	lookForLost            // an answer was lost
	lookThenRepeat         // an answer was lost, and the request may be repeated if nothing is found
	lookRefused            // a repetition was refused, perhaps because the first try was done
)

// failure is what an attempt came to that did not succeed.
type failure struct {
	status int // 0 when no answer came
	code   ErrorCode
	err    error // why no whole answer came
	broken bool  // a 2xx that can't be read
	sent   bool
	typed  error // what the caller gets, without the attempts
}

func newExchange(ctx context.Context, c *Client, r *request, set *requestConfig, answer envelope.Body) *exchange {
	x := &exchange{c: c, r: r, set: set, answer: answer, began: time.Now()}
	x.Context = ctx
	x.Driver = x
	x.Repeatable = r.effect == repeatable
	x.Timeout = set.attemptTimeout
	if set.maxElapsed > 0 {
		x.Until = x.began.Add(set.maxElapsed)
	}
	x.attempts = x.first[:0]
	if m, ok := r.settle.(maker); ok {
		x.twin = m.twin()
	}
	if r.method == http.MethodPost {
		if x.key = set.idempotencyKey; x.key == "" {
			x.key = rand.Text()
		}
	}
	return x
}

// run sends until there is a result. The body is encoded; every attempt reads the same bytes.
func (x *exchange) run(body []byte) error {
	if err := x.Context.Err(); err != nil {
		return x.finish(x.notSent(err))
	}
	if err := x.openEntry(body); err != nil || x.done {
		return x.finish(err)
	}
	defer x.leave(Observation{Lost: true}) // only does something when a middleware panics
	defer x.closeEntry()
	if err := x.acquire(); err != nil {
		return x.finish(x.notSent(err))
	}
	err := x.c.engine.Do(&x.Exchange, x.httpRequest(body != nil), body)
	switch {
	case x.done:
		return x.finish(nil)
	case x.last == nil:
		return x.finish(x.notSent(err))
	}
	return x.finish(x.failed())
}

// httpRequest builds the request of all attempts. Its context is the exchange, which is how the transport finds it.
func (x *exchange) httpRequest(hasBody bool) *http.Request {
	req, err := http.NewRequestWithContext(&x.Exchange, x.r.method, "", nil) // the URL is filled in, which is cheaper than having it parsed
	if err != nil {
		panic(err) // the method was checked
	}
	base := x.c.base
	*req.URL = url.URL{Scheme: base.Scheme, Host: base.Host, Path: base.Path + x.r.path}
	if x.r.raw != "" || base.RawPath != "" {
		req.URL.RawPath = base.EscapedPath() + cmp.Or(x.r.raw, x.r.path)
	}
	if len(x.r.query) > 0 {
		req.URL.RawQuery = x.r.query.Encode()
	}
	req.Host = base.Host
	h := make(http.Header, 6)
	h["User-Agent"] = x.c.userAgent
	h["Accept"] = acceptJSON
	if x.c.key.isSet() {
		h["Authorization"] = x.c.key.header()
	}
	if hasBody {
		h["Content-Type"] = contentJSON
	}
	if x.key != "" {
		h["Idempotency-Key"] = []string{x.key}
	}
	for _, line := range x.set.headers {
		h[line.key] = append(slices.Clip(h[line.key]), line.value)
	}
	req.Header = h
	return req
}

var acceptJSON, contentJSON = []string{"application/json"}, []string{"application/json"}

// acquire waits until no twin is looked for and for the limiter's leave, no longer than the call may take.
func (x *exchange) acquire() error {
	start := time.Now()
	err := x.acquireUntil(x.Until)
	x.sentAt = time.Now()
	x.waited += x.sentAt.Sub(start)
	if x.firstSent.IsZero() {
		x.firstSent = x.sentAt
	}
	if x.acquired = err == nil; !x.acquired {
		x.part(nil)
	}
	return err
}

func (x *exchange) acquireUntil(deadline time.Time) error {
	x.inside = x.twin != "" && x.c.twins.tryEnter(x.twin)
	canSend := x.twin == "" || x.inside
	if own, ok := x.c.limiter.(*limiter); ok && canSend && own.tryAcquire() {
		return nil
	}
	ctx := x.Context
	if !deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	if !canSend {
		if err := x.c.twins.enter(ctx, x.twin); err != nil {
			return err
		}
		x.inside = true
	}
	return x.c.limiter.Acquire(ctx)
}

// leave gives back what acquire took.
func (x *exchange) leave(o Observation) {
	x.release(o)
	x.part(nil)
}

func (x *exchange) release(o Observation) {
	if x.acquired {
		x.acquired = false
		x.c.limiter.Release(x.Context, o)
	}
}

// part counts the attempt out from among its twins, with the ids of what it made.
func (x *exchange) part(made []string) {
	if x.inside {
		x.inside = false
		x.c.twins.leave(x.twin, made)
	}
}

// Answered implements [transport.Driver]: it reads the answer, notes the attempt, and decides.
func (x *exchange) Answered(resp *http.Response, err error) (again bool) {
	now := time.Now()
	x.limit, x.known = RateLimit{}, false
	x.status, x.header = 0, nil
	if resp != nil && err != nil {
		resp = nil // net/http has closed its body
	}
	if resp != nil {
		x.status, x.header = resp.StatusCode, resp.Header
		x.limit, x.known = readRateLimit(resp.Header, now)
	}
	x.observe(now)
	x.last = x.read(resp, err)
	x.note()
	if x.last == nil {
		x.done = true
		if m, ok := x.r.settle.(maker); ok {
			x.part(m.made())
		}
		return false
	}
	x.part(nil)
	return x.decide()
}

// observe tells the limiter what the answer's headers say.
func (x *exchange) observe(now time.Time) {
	o := Observation{RateLimit: x.limit, Known: x.known, Throttled: x.status == http.StatusTooManyRequests}
	if o.Throttled {
		if after, ok := retryAfter(x.header, now); ok && now.Add(after).After(o.RateLimit.Reset) {
			o.RateLimit.Reset, o.Known = now.Add(after), true
		}
	}
	// Gateways and the public endpoints may leave the headers out without saying anything about the API's habits.
	o.Lost = !x.known && !o.Throttled && (x.status == 0 || x.status >= 500 || x.r.public)
	if x.known {
		x.c.setRateLimit(x.limit)
	}
	if x.c.ledger != nil {
		if date, ok := serverDate(x.header); ok {
			x.c.noteServerTime(date, now)
		}
	}
	x.release(o)
}

// note adds the attempt to the story.
func (x *exchange) note() {
	a := Attempt{StatusCode: x.status, RequestID: requestID(x.header), Wait: x.waited, Duration: time.Since(x.sentAt), Sent: true}
	if x.last == nil {
		if id := x.answer.Head().RequestID; id != "" {
			a.RequestID = id
		}
	} else {
		a.Err, a.Sent = x.last.typed, x.last.sent
		a.RequestID = requestIDOf(x.last.typed, a.RequestID)
	}
	a.RequestID = x.c.key.cutFromText(a.RequestID) // it is logged
	x.attempts = append(x.attempts, a)
	x.waited = 0
	x.c.logAttempt(x)
}

// decide asks the policy, and keeps to what no policy may change: how often, how long, and never twice.
func (x *exchange) decide() (again bool) {
	f := x.last
	lost := x.r.effect == creates && outcomeOf(f) == outcomeOpen && x.set.unknown != OutcomeRetry
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
	x.next = max(d.Wait, 0)
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
	err := x.sleep(x.next)
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

func (x *exchange) sleep(d time.Duration) error {
	if d <= 0 {
		return nil
	}
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
