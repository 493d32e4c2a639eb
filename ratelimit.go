package voiceagent

import (
	"context"
	"fmt"
	"time"
)

// RateLimit is the budget that the API reported: X-RateLimit-Limit, -Remaining and -Reset (documented; on every answer according to one
// page, on a 429 according to another).
type RateLimit struct {
	Limit, Remaining int
	Reset            time.Time // on this machine's clock, whatever the server's says; zero when not reported

	// As the server wrote it. Reset depends on when the answer arrived, this does not, so it tells windows apart.
	serverReset time.Time
}

// ServerReset is Reset as the server wrote it, by the server's clock, so it is the same in all answers of one window and on all machines. It is
// zero when the API gave a duration, or nothing.
func (r RateLimit) ServerReset() time.Time { return r.serverReset }

// windowName returns what is the same in all answers of one window.
func (r RateLimit) windowName() time.Time {
	if r.serverReset.IsZero() {
		return r.Reset
	}
	return r.serverReset
}

// Plan is the number of requests a minute that an account may make.
type Plan struct {
	name      string
	perMinute int
}

// The plans of the vendor's page on authentication (documented).
var (
	PlanFree = Plan{"free", 60}
	PlanPro  = Plan{"pro", 300}
)

// EnterprisePlan is a plan with a limit of its own.
func EnterprisePlan(perMinute int) Plan { return Plan{"enterprise", perMinute} }

// PerMinute is the number of requests a minute; 0 for the zero Plan.
func (p Plan) PerMinute() int { return p.perMinute }

// String implements [fmt.Stringer].
func (p Plan) String() string {
	if p == (Plan{}) {
		return "learned from the answers"
	}
	return fmt.Sprintf("%s (%d requests a minute)", p.name, p.perMinute)
}

// connections is how many connections to the API a client with this plan needs at most, where they carry one request each.
func (p Plan) connections() int { return min(max(64, p.perMinute/10), 512) }

// Limiter decides when an attempt may be sent. It must be safe for concurrent use.
type Limiter interface {
	// Acquire waits for leave to send one attempt. It returns an error, at once where that can be foreseen,
	// when ctx ends first.
	Acquire(ctx context.Context) error
	// Release is called exactly once for each Acquire that returned nil, when the answer's headers are there
	// or when no answer will come.
	Release(ctx context.Context, o Observation)
}

// Observation is what an attempt learned about the rate limit.
type Observation struct {
	RateLimit RateLimit
	Known     bool // the answer carried rate-limit headers
	Throttled bool // it was a 429
	Lost      bool // no answer of the API itself came, so whether it was counted isn't known
}

// NewLimiter returns the limiter that a [Client] has by default: one budget for all goroutines of this process.
//
// No more attempts are in flight than the lowest Remaining that the current window has shown allows. At zero, and on a
// 429, everyone waits for the reset; then one attempt goes first, and what its answer allows follows. Before the first answer at most
// 16 are in flight, or the plan's limit; an answer without rate-limit headers lifts that. Callers go in order of arrival. One whose
// context would end before the reset is refused at once, with a [*RateLimitError] that also is a
// context.DeadlineExceeded.
//
// The zero Plan learns the limit from the headers.
func NewLimiter(p Plan) Limiter { return newLimiter(p) }
