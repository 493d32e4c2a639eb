package voiceagent

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
)

// ErrOutcomeUnknown means that the server may have done the work although no usable answer came. It
// is found with [errors.Is] on a [*ConnectionError], a [*ServerError] or a [*DecodeError];
// [*OutcomeUnknownError] has the details. Look before you repeat the call, or a person may be
// phoned twice.
var ErrOutcomeUnknown = errors.New("outcome unknown")

// OutcomeUnknownError describes a request whose outcome is unknown, for the person who has to find
// out. It is found with [errors.As] on every error that satisfies
// errors.Is(err, [ErrOutcomeUnknown]).
type OutcomeUnknownError struct {
	Subject        string    // what the server may have made: "a call to ***3210 by agent ag_1"; "" for [Client.Request]
	FirstSent      time.Time // when the first attempt was sent, on this machine's clock
	IdempotencyKey string
	Route          string // of the list that would show it: "/calls"; "" for [Client.Request]
	Query          url.Values
	Check          string // Route and Query as text: "GET /calls?agent_id=ag_1&from_date=..."; "" without a Route
	LookupErr      error  // why the look failed or proved nothing; nil if there was none, or it found nothing

	looked    bool
	noWitness bool // that the last look could have tested the list with
	kept      bool // in a ledger that has it as unknown from now on, under a key that the caller chose
}

// Error says what may have been done, and what to check.
func (e *OutcomeUnknownError) Error() string {
	text := "outcome unknown: the server may have "
	if e.Subject != "" {
		text += "made " + e.Subject
	} else {
		text += "done it"
	}
	if !e.FirstSent.IsZero() {
		text += ", first sent " + e.FirstSent.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	switch {
	case e.LookupErr != nil && !e.looked:
		text += "; it wasn't looked for: " + withoutHint(e.LookupErr)
	case e.LookupErr != nil && sightOf(e.LookupErr) == lifecycle.Doubtful:
		text += "; it was looked for, but " + e.LookupErr.Error()
	case e.LookupErr != nil:
		text += "; looking for it failed: " + withoutHint(e.LookupErr)
	case e.noWitness:
		text += "; it was looked for and not found, which proves nothing, as this client has placed nothing before that " +
			"the list would have to show (no witness: see docs/never-dial-twice.md)"
	case e.looked:
		text += "; it was looked for and not found"
	}
	if e.Check != "" {
		text += "; look at " + e.Check + " before you repeat it"
	} else {
		text += "; look before you repeat it"
	}
	if e.kept {
		text += ", and once you know that it wasn't made use a new idempotency key: under this one nothing is sent again"
	}
	return text
}

// withoutHint returns the text of an error without its hint: "try again later" would be about the
// look.
func withoutHint(err error) string {
	if api, ok := errors.AsType[*APIError](err); ok {
		return api.line()
	}
	return err.Error()
}

// Is makes [errors.Is] find [ErrOutcomeUnknown]. The error of the look is not unwrapped: it belongs
// to another request.
func (e *OutcomeUnknownError) Is(target error) bool { return target == ErrOutcomeUnknown }

// UnknownOutcome says what follows an attempt at POST /call, POST /campaigns or POST /agents that
// may have been done: a lost connection, a 2xx that can't be read, a redirect, a 5xx, 408 or 425.
type UnknownOutcome int

const (
	// OutcomeReconcile looks in the list of calls, campaigns or agents for what may have been made. A
	// record that is found is returned as if the answer had come. After a 500, 502, 503 or 504 the
	// request is sent again if the list proves that nothing was made. After a 500, 502 or 503 to a
	// client's first calls, where the list can't prove it, the request is sent again too, as the
	// vendor's guide says. Anything else ends as with OutcomeFail. See
	// https://github.com/voiceagent-go/voiceagent/blob/main/docs/never-dial-twice.md.
	OutcomeReconcile UnknownOutcome = iota
	// OutcomeFail sends nothing again after such an attempt, and returns an error that satisfies
	// errors.Is(err, ErrOutcomeUnknown) at once.
	OutcomeFail
	// OutcomeRetry repeats as the retry policy says. A person may be phoned twice.
	OutcomeRetry
)

// String implements [fmt.Stringer].
func (o UnknownOutcome) String() string {
	switch o {
	case OutcomeReconcile:
		return "reconcile"
	case OutcomeFail:
		return "fail"
	case OutcomeRetry:
		return "retry"
	}
	return "unknown"
}

// effect is what a request does to the world, which decides if it may be repeated.
type effect int

const (
	repeatable effect = iota // twice is the same as once: GET, PATCH, DELETE, a campaign's actions
	creates                  // twice makes two: a call, a campaign, an agent, or a POST that the client doesn't know
)

// resultOf returns what a failed attempt says about the work.
func resultOf(f *failure) lifecycle.Result {
	switch {
	case f.status == 0 && !f.sent, f.status == http.StatusTooManyRequests && !f.passed:
		return lifecycle.NotDone
	case f.status == 0 || f.broken:
		return lifecycle.Lost
	case f.passed: // whoever answered first may have done it
		return lifecycle.Unclear
	case f.status < 300: // success: false
		return lifecycle.Refused
	case f.status == http.StatusInternalServerError, f.status == http.StatusBadGateway, f.status == http.StatusServiceUnavailable:
		return lifecycle.Vouched
	case f.status == http.StatusGatewayTimeout:
		return lifecycle.Late
	case f.status < 400 || f.status >= 500:
		return lifecycle.Unclear
	case f.status == http.StatusRequestTimeout, f.status == http.StatusTooEarly, http.StatusText(f.status) == "":
		return lifecycle.Unclear // 444, 460 and 499 are a gateway's words for a connection that broke
	}
	return lifecycle.Refused
}

// WithSettleTime says how long after the end of an attempt its work may still become visible: a
// gateway gives up before the server behind it is done, and a list may show a record late. A lost
// answer is looked for until then. The default is 30 s (not documented by the vendor; a guess on
// the careful side). 0 looks once. [CallsService.Watch] and [CampaignsService.Watch] wait that long
// for a record that isn't there yet.
func WithSettleTime(d time.Duration) Option {
	return bothOption(func(r *requestConfig) error {
		if d < 0 {
			return fmt.Errorf("WithSettleTime: %v is negative", d)
		}
		r.SettleTime = d
		r.note("WithSettleTime")
		return nil
	})
}

// WithUnknownOutcome says what follows an attempt at a write that may have been done. The default,
// [OutcomeReconcile], looks for what was made. See also [OutcomeFail] and [OutcomeRetry].
func WithUnknownOutcome(outcome UnknownOutcome) Option {
	return bothOption(func(r *requestConfig) error {
		if outcome < OutcomeReconcile || outcome > OutcomeRetry {
			return fmt.Errorf("WithUnknownOutcome: there is no outcome %d", outcome)
		}
		r.unknown = outcome
		r.note("WithUnknownOutcome")
		return nil
	})
}

// sightOf is what a look comes to that failed or proves nothing.
func sightOf(err error) lifecycle.Sight {
	if api, ok := errors.AsType[*APIError](err); ok {
		if api.StatusCode >= 500 || api.StatusCode == http.StatusTooManyRequests {
			return lifecycle.Failed
		}
		return lifecycle.Denied
	}
	if lost, ok := errors.AsType[*ConnectionError](err); ok {
		if lost.unheard { // waiting doesn't help
			return lifecycle.Denied
		}
		return lifecycle.Failed
	}
	return lifecycle.Doubtful
}

// Unknown implements [exchange.Creation].
func (x *call) Unknown(lookErr error) error {
	u := &OutcomeUnknownError{FirstSent: x.exchange.FirstSent, IdempotencyKey: x.key, LookupErr: lookErr,
		looked:    x.exchange.Search != nil && x.exchange.Search.Looks > 0,
		noWitness: x.exchange.Search != nil && x.exchange.Search.Blind,
		kept:      x.entry != nil && x.set.idempotencyKey != "" && x.set.unknown != OutcomeRetry}
	if m := x.maker; m != nil {
		since := x.exchange.FirstSent.Add(-5 * time.Minute) // nothing is known of the server's clock
		if x.exchange.Search != nil && !x.exchange.Search.Since.IsZero() {
			since = x.exchange.Search.Since
		}
		u.Subject = m.subject()
		u.Route, u.Query = m.listing(since)
		u.Check = "GET " + u.Route
		if len(u.Query) > 0 {
			u.Check += "?" + u.Query.Encode()
		}
	}
	return u
}
