package voiceagent

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
	"github.com/voiceagent-go/voiceagent/internal/exchange"
	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
	"github.com/voiceagent-go/voiceagent/internal/transport"
)

// call is one logical call. It implements the ports of internal/exchange: it reads answers, asks
// the policy and the limiter, and reports to the logger and the tracer.
type call struct {
	exchange exchange.Exchange
	c        *Client
	r        *request
	set      *requestConfig
	answer   envelope.Body
	key      string           // the idempotency key
	limited  io.LimitedReader // of the answer that is read

	attempts []Attempt
	first    [1]Attempt // where most calls end
	status   int        // of the last answer, 0 when none came
	header   http.Header
	limit    RateLimit
	last     *failure // of the last attempt; nil when it succeeded

	maker maker        // of the record that the request makes; nil when it makes none that can be looked for
	entry *LedgerEntry // open in the ledger; nil for none
}

// failure is what an attempt came to that did not succeed.
type failure struct {
	status  int // 0 when no answer came
	code    ErrorCode
	err     error // why no whole answer came
	broken  bool  // a 2xx that can't be read
	foreign bool  // it isn't the API's
	sent    bool
	passed  bool  // it came after another answer to the same attempt, such as a redirect
	typed   error // what the caller gets, without the attempts
}

func newCall(ctx context.Context, c *Client, r *request, set *requestConfig, answer envelope.Body) *call {
	x := &call{c: c, r: r, set: set, answer: answer}
	x.exchange.Init(ctx, x, &set.Settings, &c.twins)
	x.exchange.Repeatable = r.effect == repeatable
	x.attempts = x.first[:0]
	x.maker, _ = r.settle.(maker)
	if r.method == http.MethodPost {
		if x.key = cmp.Or(set.idempotencyKey, set.randomKey); x.key == "" {
			x.key = rand.Text()
		}
	}
	return x
}

// run sends until there is a result. The body is encoded; every attempt reads the same bytes.
func (x *call) run(body []byte) (err error) {
	if x.c.tracer != nil {
		end := x.trace()
		defer func() { end(err) }()
	}
	if err := x.exchange.Context.Err(); err != nil {
		return x.finish(x.notSent(x.exchange.Abandon(err)))
	}
	if x.maker != nil && x.maker.exclusive() {
		twin, start := x.maker.twin(), time.Now()
		if err := x.waitAlone(twin); err != nil {
			return x.finish(x.notSent(x.exchange.Abandon(err)))
		}
		defer x.c.alone.Looked(twin) // also when whoever is told of the wait panics
		x.HasWaited(start, exchange.Lookup, "another of the same name is being made")
	}
	defer x.closeEntry() // also when a panic ends the look for what an earlier process may have made
	if err := x.openEntry(body); err != nil {
		return x.finish(err)
	}
	if err := x.tooLate(); err != nil {
		return x.finish(x.exchange.Abandon(err))
	}
	err = x.exchange.Run(x.c.engine, body)
	switch phase := x.exchange.Phase(); {
	case phase == exchange.Done:
		return x.finish(nil)
	case phase == exchange.Unsent:
		return x.finish(x.notSent(err))
	case x.last == nil: // an earlier process's, and nothing was sent since
		return x.finish(x.noAnswerOf(errEarlier, true))
	}
	return x.finish(x.failed())
}

// tooLate refuses to send what was to begin before now, as it would begin at another time than was
// meant. What the ledger has isn't sent, and may be shown for ever.
func (x *call) tooLate() error {
	const grace = 5 * time.Second // for what is to begin now; a Date hides a second
	at := x.r.begins
	if phase := x.exchange.Phase(); at.IsZero() || phase == exchange.Done || phase == exchange.Unknown {
		return nil
	}
	ahead, known := x.c.serverAhead()
	if time.Now().Add(ahead).Sub(at) <= grace {
		return nil
	}
	clock := "this machine's clock"
	if known {
		clock = "the server's clock"
	}
	return refuse(x.r.method, x.r.route, "schedule_time", fmt.Sprintf("%s is in the past by %s: give a time to come, or none to begin at once",
		at.Format(time.RFC3339), clock))
}

// waitAlone waits until the client makes no other record that can't be distinguished from this one.
func (x *call) waitAlone(twin reconcile.Twin) error {
	ctx, cancel := x.exchange.Bounded()
	defer cancel()
	return x.c.alone.Look(ctx, twin)
}

// Target implements [exchange.Writer].
func (x *call) Target() (method string, u url.URL, h http.Header) {
	h = make(http.Header, 6)
	values := make([]string, 0, 5) // of all keys
	set := func(key, value string) {
		values = append(values, value)
		h[key] = slices.Clip(values[len(values)-1:])
	}
	set("User-Agent", x.c.userAgent)
	set("Accept", "application/json")
	if x.c.key.IsSet() {
		set("Authorization", x.c.key.Header())
	}
	if x.r.body != nil {
		set("Content-Type", "application/json")
	}
	if x.key != "" {
		set("Idempotency-Key", x.key)
	}
	for _, line := range x.set.headers {
		h[line.key] = append(h[line.key], line.value)
	}
	return x.r.method, x.r.url(x.c.base), h
}

// TryAcquire implements [exchange.Limiter].
func (x *call) TryAcquire() bool {
	own, ok := x.c.limiter.(*limiter)
	return ok && !x.set.low && own.process.TryAcquire()
}

// Acquire implements [exchange.Limiter].
func (x *call) Acquire(ctx context.Context) error {
	acquire := x.c.limiter.Acquire
	if limiter, ok := x.c.limiter.(PriorityLimiter); ok && x.set.low {
		acquire = limiter.AcquireLow
	}
	err := acquire(ctx)
	if err != nil && ctx.Err() != nil && x.exchange.Context.Err() == nil {
		return fmt.Errorf("waited for the rate limit as long as WithMaxElapsed(%v) allows: %w", x.set.MaxElapsed, err)
	}
	return err
}

// Release implements [exchange.Limiter].
func (x *call) Release() { x.c.limiter.Release(x.exchange.Context, Observation{Lost: true}) }

// Rules implements [exchange.Policy].
func (x *call) Rules() lifecycle.Rules {
	switch r, _ := x.r.settle.(repeater); {
	case r != nil && x.last != nil && !x.last.foreign && r.done(x.last.status):
		return lifecycle.Confirmable
	case x.r.effect == repeatable:
		return lifecycle.Repeatable
	case x.set.unknown == OutcomeRetry:
		return lifecycle.RepeatAll
	case x.set.unknown == OutcomeFail:
		return lifecycle.GiveUpOnce
	case x.maker == nil:
		return lifecycle.NoLook
	}
	return lifecycle.Look
}

// Decide implements [exchange.Policy].
func (x *call) Decide(result lifecycle.Result) exchange.Decision {
	f := x.last
	d := x.set.policy.Decide(Failure{
		Attempt:    len(x.attempts),
		Method:     x.r.method,
		Safe:       x.r.effect == repeatable || result == lifecycle.NotDone || x.set.unknown == OutcomeRetry,
		StatusCode: f.status,
		Code:       f.code,
		Header:     x.header,
		Err:        f.err,
		Timeout:    x.exchange.Timeout,
	})
	return exchange.Decision{
		Retry: d.Retry, Wait: d.Wait, Timeout: min(d.Timeout, timeoutGrowthLimit*x.set.AttemptTimeout),
		Reason: x.shown(d.Reason), // a policy of the user's may write what it likes
	}
}

// Twin implements [exchange.Creation].
func (x *call) Twin() (reconcile.Twin, bool) {
	if x.maker == nil {
		return reconcile.Twin{}, false
	}
	return x.maker.twin(), true
}

// stopped says in words why there is no other attempt.
func (x *call) stopped() (StopReason, string) {
	notWaiting := "not waiting " + x.exchange.Stop.Wait.Round(time.Millisecond).String() + ", "
	switch x.exchange.Stop.Reason {
	case exchange.ByPolicy:
		if x.last.status == 0 || x.last.status >= 500 {
			return StopPolicy, "not tried again: " + x.exchange.Reason
		}
	case exchange.ByRetries:
		if x.set.MaxRetries > 0 {
			return StopRetries, "giving up as WithMaxRetries(" + strconv.Itoa(x.set.MaxRetries) + ") says"
		}
		return StopRetries, ""
	case exchange.ByDeadline:
		return StopDeadline, notWaiting + "which is beyond the context's deadline"
	case exchange.ByMaxElapsed:
		return StopMaxElapsed, notWaiting + "which is beyond WithMaxElapsed(" + x.set.MaxElapsed.String() + ")"
	case exchange.ByLongestWait:
		return StopLongestWait, notWaiting + "as " + exchange.LongestWait.String() + " is the longest wait"
	}
	return "", ""
}

// HasWaited implements [exchange.Observer]: it reports a wait that began at start to the tracer.
func (x *call) HasWaited(start time.Time, what exchange.Wait, reason string) {
	if x.c.tracer == nil {
		return
	}
	kind := WaitBackoff
	switch {
	case what == exchange.Lookup:
		kind = WaitLookup
	case what == exchange.Permit || x.status == http.StatusTooManyRequests:
		kind = WaitThrottle
	}
	if d := time.Since(start); d >= shortestWait {
		x.c.tracer.Waited(x.exchange.Context, TracedWait{Duration: d, Kind: kind, Reason: reason})
	}
}

// Retrying implements [exchange.Observer]: it writes a retry or a throttle at Warn.
func (x *call) Retrying(d exchange.Decision) {
	if x.c.log != nil {
		x.c.log(x.exchange.Context, slog.LevelWarn, "voiceagent: trying again", func() []slog.Attr {
			return append(x.logAttrs(), slog.Duration("wait", d.Wait), slog.String("reason", d.Reason))
		})
	}
}

// earlier returns what is known of a request that an earlier process began. By the server's clock,
// if it is known, the settle time may be over already.
func (x *call) earlier(standing *LedgerEntry) exchange.Earlier {
	e := exchange.Earlier{Began: standing.Began, Open: standing.State == LedgerOpen}
	if ahead, known := x.c.serverAhead(); known && standing.AheadKnown {
		const cutOff = time.Second // what a Date hides
		e.Age = time.Now().Add(ahead).Sub(standing.Began.Round(0).Add(standing.Ahead)) - cutOff
	}
	for _, w := range standing.Witnesses {
		e.Witnesses = append(e.Witnesses, exchange.Witness{IDs: w.IDs, Age: w.Age, Took: w.Took})
	}
	return e
}

// requestConfig is what the options of one call set, and those of a client for all its calls.
type requestConfig struct {
	exchange.Settings
	policy         RetryPolicy
	unknown        UnknownOutcome
	maxBody        int64
	headers        []headerLine
	idempotencyKey string // the caller's
	randomKey      string // in place of one; "" when newCall makes it
	response       *Response
	low            bool            // it lets work go first, see yielding
	lookup         bool            // it looks for what a lost answer was about
	changed        map[string]bool // names of the options that were given, for Describe; nil for one call's settings
}

type headerLine struct{ key, value string }

func (r *requestConfig) note(option string) {
	if r.changed != nil {
		r.changed[option] = true
	}
}

// defaults are the settings of a client that is given no options.
func defaults() requestConfig {
	return requestConfig{
		Settings: exchange.Settings{
			MaxRetries:     defaultMaxRetries,
			AttemptTimeout: defaultAttemptTimeout,
			MaxElapsed:     defaultMaxElapsed,
			SettleTime:     defaultSettleTime,
		},
		policy:  DefaultRetryPolicy(),
		maxBody: defaultMaxBody,
		changed: make(map[string]bool),
	}
}

// engine drives calls through their attempts.
type engine = exchange.Sender

// newEngine builds the engine of a client, on a copy of its user's http.Client.
func newEngine(c *clientConfig) engine {
	var client http.Client
	if c.httpClient != nil {
		client = *c.httpClient
	}
	if client.Transport == nil {
		client.Transport = transport.NewBase(c.plan.connections())
	}
	middleware := c.middleware
	if c.tracer != nil {
		middleware = slices.Insert(middleware, 0, c.tracer.RoundTripper)
	}
	return transport.NewEngine(client, middleware)
}

func (x *call) succeeded() bool { return x.exchange.Phase() == exchange.Done }

// replayed reports whether the ledger had the result.
func (x *call) replayed() bool { return x.exchange.Origin() == exchange.Replayed }

// resumed reports whether an earlier process began the call.
func (x *call) resumed() bool { return x.exchange.Origin() != exchange.Fresh }

// refuted reports whether the search for what an earlier process may have made has shown that it
// wasn't, so that the call is sent.
func (x *call) refuted() bool { return x.exchange.Phase() == exchange.Searching }
