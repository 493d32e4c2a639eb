package voiceagenttest

import (
	"net/http"
	"time"
)

// Kind is what goes wrong.
type Kind string

// The kinds of fault. "Work" is what the request asked for: after a fault that
// does the work, the phone has rung although the caller may not know.
const (
	// StatusBefore answers with Status and an error envelope instead of doing
	// the work. It is what a Fault without a Kind but with a Status means.
	StatusBefore Kind = "status"
	// StatusAfter does the work, then answers with Status: a 504 after the
	// call was dialled.
	StatusAfter Kind = "status-after"
	// Throttle answers 429 with the rate-limit headers, nothing left.
	Throttle Kind = "throttle"
	// ThrottleBare answers 429 without any rate-limit header.
	ThrottleBare Kind = "throttle-bare"
	// DropBefore closes the connection without an answer or doing the work.
	// Mind that over a socket net/http repeats a GET by itself when the
	// connection was used before.
	DropBefore Kind = "drop"
	// DropAfter does the work, then closes the connection without an answer.
	DropAfter Kind = "drop-after"
	// HangBefore never answers nor does the work. It ends when the caller
	// gives up or the server is closed.
	HangBefore Kind = "hang"
	// HangAfter does the work and never answers.
	HangAfter Kind = "hang-after"
	// Slow does the work after Delay.
	Slow Kind = "slow"
	// SlowBody does the work and takes Delay to send the body, bit by bit.
	SlowBody Kind = "slow-body"
	// TruncatedJSON does the work and sends valid HTTP with half of the JSON.
	TruncatedJSON Kind = "truncated-json"
	// CutBody does the work and loses the connection half way through the body.
	CutBody Kind = "cut-body"
	// WrongShape does the work and answers {"ok":true}, or Body.
	WrongShape Kind = "wrong-shape"
	// NullData does the work and answers an envelope whose data is null.
	NullData Kind = "null-data"
	// HTML answers with a gateway's page instead of doing the work; Status is
	// 502 unless it is set.
	HTML Kind = "html"
	// Redirect answers with Status, 307 unless it is set, and the Location
	// in Header, by default another host.
	Redirect Kind = "redirect"
	// NotSuccess answers an error envelope under a 200.
	NotSuccess Kind = "not-success"
	// Refuse refuses the connection. Only the in-memory transport can; over
	// a socket it is DropBefore.
	Refuse Kind = "refuse"
	// BreakWrite loses the connection before the request was written whole.
	// Only the in-memory transport can; over a socket it is DropBefore.
	BreakWrite Kind = "break-write"
)

// Kinds returns all kinds of fault.
func Kinds() []Kind {
	return []Kind{
		StatusBefore, StatusAfter, Throttle, ThrottleBare, DropBefore, DropAfter,
		HangBefore, HangAfter, Slow, SlowBody, TruncatedJSON, CutBody, WrongShape,
		NullData, HTML, Redirect, NotSuccess, Refuse, BreakWrite,
	}
}

// works reports whether the work is done first, so that its answer can be spoilt.
func (k Kind) works() bool {
	switch k {
	case StatusAfter, DropAfter, HangAfter, SlowBody, TruncatedJSON, CutBody, WrongShape, NullData:
		return true
	default:
		return false
	}
}

// Fault is a rule that makes matching requests go wrong. Each request gets the
// first rule, in the order in which they were added, that matches and is due.
type Fault struct {
	// Method and Route say which requests match; "" matches any. Route is
	// a template such as "/campaigns/{campaign_id}", whatever the name in
	// the braces, or a path below the base URL that has no template.
	Method, Route string

	Kind    Kind
	Status  int         // of the answer, for the kinds that say so
	Code    string      // error.code; a fitting one when empty
	Message string      // error.message; the status text when empty
	Header  http.Header // put over the headers of the answer
	Body    string      // instead of the body that Kind would send

	// Delay is what Slow and SlowBody take. Every other kind waits that
	// long before it answers or, for the kinds that do the work, after the
	// work.
	Delay time.Duration

	// WorkDelay, for the kinds that do the work, puts the work off: it is done that long after
	// the answer, or the loss of it, and so it is when the caller gives up; a server that is
	// closed before drops it. Where the answer tells what came of the work (SlowBody,
	// TruncatedJSON, CutBody, WrongShape, NullData), it waits for it.
	WorkDelay time.Duration

	// Times is how often the fault happens: 0 once (or for ever with Rate
	// or Every), -1 for ever.
	Times int
	// Rate makes the fault happen with this probability, drawn from the seed.
	Rate float64
	// Every makes the fault happen on every n-th matching request.
	Every int
}
