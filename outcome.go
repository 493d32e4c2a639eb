package voiceagent

import (
	"errors"
	"net/http"
)

// ErrOutcomeUnknown means that the server may have done the work although no usable answer came. It is found with
// [errors.Is] on a [*ConnectionError], a [*ServerError] or a [*DecodeError]; look before you repeat the call, or a person
// may be phoned twice.
var ErrOutcomeUnknown = errors.New("outcome unknown: the server may have done it, so look before you repeat it")

// UnknownOutcome says what follows when the answer to POST /call, POST /campaigns or POST /agents was lost: after a
// 504, a connection lost after the request was written, or a 2xx that can't be read.
type UnknownOutcome int

const (
	// OutcomeReconcile finds out what happened before anything is repeated. In this version it can't look yet and ends
	// as OutcomeFail does.
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
