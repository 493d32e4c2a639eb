package voiceagent

import (
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
	"github.com/voiceagent-go/voiceagent/internal/transport"
)

// exchange is one logical call: its attempts, what each came to, and what follows. It drives the loop of
// internal/transport; all decisions fall in Answered.
type exchange struct {
	transport.Exchange
	c       *Client
	r       *request
	set     *requestConfig
	answer  envelope.Body
	key     string           // the idempotency key
	limited io.LimitedReader // of the answer that is read

	firstSent time.Time // when the call's first attempt began
	sentAt    time.Time // of the current attempt
	waited    time.Duration

	attempts []Attempt
	first    [1]Attempt // where most calls end
	status   int        // of the last answer, 0 when none came
	header   http.Header
	limit    RateLimit
	last     *failure      // of the last attempt
	next     time.Duration // the wait before the next one
	why      string        // it is waited for
	stopped  string        // why there is no next one
	causes   []error       // what else is true of the error

	twin  string       // what the request has in common with those that make the same; "" when it makes nothing
	entry *LedgerEntry // open in the ledger; nil for none
	since time.Time    // when the first attempt was sent at the earliest, on the server's clock; zero before a look

	looking   looking
	looked    bool
	acquired  bool // the limiter waits for a Release
	resumed   bool // an earlier process began it, and entry tells when, on the server's clock
	known     bool // limit was reported
	done      bool
	inside    bool // an attempt is counted in with its twins
	maybeDone bool // an attempt may have been done
	wasLost   bool // the answer to an attempt that makes something was lost
	unproven  bool // an earlier process's request is repeated without knowing what became of it
	open      bool // the outcome stays unknown
}

// looking is what the next pause is for.
type looking uint8

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
	x := &exchange{c: c, r: r, set: set, answer: answer}
	x.Context = ctx
	x.Driver = x
	x.Repeatable = r.effect == repeatable
	x.Timeout = set.attemptTimeout
	if set.maxElapsed > 0 {
		x.Until = time.Now().Add(set.maxElapsed)
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
func (x *exchange) run(body []byte) (err error) {
	if x.c.tracer != nil {
		end := x.trace()
		defer func() { end(err) }()
	}
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
	x.Method, x.URL, x.Header = x.r.method, x.r.url(x.c.base), x.requestHeader(body != nil)
	err = x.c.engine.Do(&x.Exchange, body)
	switch {
	case x.done:
		return x.finish(nil)
	case x.last == nil:
		return x.finish(x.notSent(err))
	}
	if x.wasLost && !x.open { // a later attempt was refused, which says nothing of the lost one
		x.giveUp(nil)
	}
	return x.finish(x.failed())
}

// requestHeader is that of all attempts.
func (x *exchange) requestHeader(hasBody bool) http.Header {
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
	return h
}

var acceptJSON, contentJSON = []string{"application/json"}, []string{"application/json"}

// acquire waits until no twin is looked for and for the limiter's leave, no longer than the call may take.
func (x *exchange) acquire() error {
	start := time.Now()
	err := x.acquireUntil(x.Until)
	if err == nil {
		if err = x.held(); err != nil {
			x.c.limiter.Release(x.Context, Observation{Lost: true})
		}
	}
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
		start := time.Now()
		err := x.c.twins.enter(ctx, x.twin)
		x.traceWait(start, WaitLookup, "the answer to an equal request was lost, and is looked for")
		if err != nil {
			return err
		}
		x.inside = true
	}
	defer x.traceWait(time.Now(), WaitThrottle, "rate limit")
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
			o.RateLimit, o.Known = RateLimit{Limit: x.limit.Limit, Remaining: x.limit.Remaining, Reset: now.Add(after)}, true
		}
	} else if o.Known && o.RateLimit.Remaining == 0 {
		_, o.Known = readRemaining(x.header) // a reset alone doesn't say that nothing is left
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
