package voiceagent

import (
	"errors"
	"net/http"
	"strings"
	"time"
)

// ErrOutcomeUnknown means that the server may have done the work although no usable answer came. It is found with
// [errors.Is] on a [*ConnectionError], a [*ServerError] or a [*DecodeError]; [*OutcomeUnknownError] has the details. Look before you
// repeat the call, or a person may be phoned twice.
var ErrOutcomeUnknown = errors.New("outcome unknown")

// OutcomeUnknownError is what is known of a request whose outcome isn't, for the person who has to find out. It is found with
// [errors.As] on every error that satisfies errors.Is(err, [ErrOutcomeUnknown]).
type OutcomeUnknownError struct {
	Subject        string    // what the server may have made: "a call to ***3210 by agent ag_1"; "" for [Client.Request]
	FirstSent      time.Time // when the first attempt was sent, on this machine's clock
	IdempotencyKey string
	Check          string // the request that would show it: "GET /calls?agent_id=ag_1&from_date=..."; "" for [Client.Request]
	LookupErr      error  // why the look for it failed; nil when it found nothing, or when there was none

	looked bool
}

// Error says what may have been done, and what to check.
func (e *OutcomeUnknownError) Error() string {
	var b strings.Builder
	b.WriteString("outcome unknown: the server may have ")
	if e.Subject != "" {
		b.WriteString("made " + e.Subject)
	} else {
		b.WriteString("done it")
	}
	if !e.FirstSent.IsZero() {
		b.WriteString(", first sent " + e.FirstSent.UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	switch {
	case e.LookupErr != nil && !e.looked:
		b.WriteString("; it wasn't looked for: " + e.LookupErr.Error())
	case e.LookupErr != nil:
		b.WriteString("; looking for it failed: " + e.LookupErr.Error())
	case e.looked:
		b.WriteString("; it was looked for and not found")
	}
	if e.Check != "" {
		b.WriteString("; look at " + e.Check + " before you repeat it")
	} else {
		b.WriteString("; look before you repeat it")
	}
	return b.String()
}

// Is makes [errors.Is] find [ErrOutcomeUnknown]. What went wrong with the look is not unwrapped, as it is another request's error.
func (e *OutcomeUnknownError) Is(target error) bool { return target == ErrOutcomeUnknown }

// UnknownOutcome says what follows when the answer to POST /call, POST /campaigns or POST /agents was lost: after a
// 504, a connection lost after the request was written, or a 2xx that can't be read.
type UnknownOutcome int

const (
	// OutcomeReconcile waits a moment, then looks in the list of calls, campaigns or agents for what may have been made. What is
	// found is returned as if the answer had come. Where nothing is found a 504 is tried again, as the vendor advises, and
	// anything else ends as with OutcomeFail.
	OutcomeReconcile UnknownOutcome = iota
	// OutcomeFail returns an error that satisfies errors.Is(err, ErrOutcomeUnknown) at once.
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

// outcome is what a failed attempt tells about the work.
type outcome int

const (
	notDone     outcome = iota // provably: it never left whole, or the server turned it away
	refused                    // the server answered, and said no or "retry"
	outcomeOpen                // the server may have done it
)

// outcomeOf classes a failed attempt.
func outcomeOf(f *failure) outcome {
	switch {
	case f.status == 0 && !f.sent:
		return notDone
	case f.status == 0:
		return outcomeOpen
	case f.status == http.StatusTooManyRequests:
		return notDone
	case f.status < 300 && f.broken:
		return outcomeOpen
	case isGatewayDoubt(f.status):
		return outcomeOpen
	}
	return refused
}

// isGatewayDoubt tells the statuses with which a gateway says that it lost the server behind it, which may have
// done the work: 504, and its relatives of common content networks.
func isGatewayDoubt(status int) bool {
	switch status {
	case http.StatusGatewayTimeout, 520, 524:
		return true
	}
	return false
}
