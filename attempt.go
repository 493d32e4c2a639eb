package voiceagent

import (
	"net/http"
	"time"
)

// Attempt is one try of a logical call.
type Attempt struct {
	StatusCode int // 0 when no answer came
	RequestID  string
	Err        error         // why it failed, nil for the one that succeeded
	Wait       time.Duration // waited before this attempt, for its turn, a backoff or a new rate-limit window
	Duration   time.Duration // from sending it until its answer was read
	Sent       bool          // the request left this machine whole; true when the transport can't tell
	Lookup     bool          // not a try but the look that found what a lost answer was about
}

// Response tells how a call went. Pass a pointer to [WithResponse]; it is filled in on success and on failure.
type Response struct {
	StatusCode int         // of the last answer; 0 when none came
	Header     http.Header // of the last answer
	RequestID  string
	Timestamp  time.Time // the server's, from the envelope; zero when it has none
	RateLimit  RateLimit // zero when the answer had no rate-limit headers
	Attempts   []Attempt // in order, the last one is the one that decided
}
