package simulator

import (
	"net/http"
	"time"
)

// Config says how a simulator behaves. The zero value is a server without a
// rate limit, on the real clock, that answers in the documented way.
type Config struct {
	// Seed decides the fate of every call and every id. Two simulators with
	// the same seed that dial the same numbers get the same calls, in
	// whatever order the requests arrive.
	Seed uint64

	// Keys are the API keys that are accepted. Without any, every key that
	// begins with "lev_" is.
	Keys []string

	// Limits is the rate limit of the account's plan.
	Limits Limits

	// Dialect chooses among the answers that the documentation leaves open.
	Dialect Dialect

	// Start is the time at which the simulator begins, on both clocks; zero
	// means this machine's clock and Skew.
	Start time.Time

	// Speed is how fast simulated time passes, 1 when zero. Rate-limit
	// windows and the Date header don't follow it: they stay on the
	// server's clock, and answers tell by it when something happened.
	// Durations are simulated, as are calling hours and schedules.
	Speed float64

	// Skew is how far the server's clock is ahead of this machine's,
	// without Start.
	Skew time.Duration

	// Zone is where the HH:MM of calling hours and blackouts are read; nil
	// means India, UTC+05:30.
	Zone *time.Location

	// Outcome decides how a call to number ends, the attempt-th (from 1) in
	// its campaign or the attempt-th single call to that number. It answers
	// [StatusCompleted], [StatusNoAnswer], [StatusVoicemail] or
	// [StatusFailed], or "" to leave it to the seed. Any other word is a
	// status that the documentation doesn't have; such a call goes like one
	// that failed. Outcome is called with the simulator locked and must not
	// call it.
	Outcome func(number string, attempt int) string

	// KeepRequests bounds how many requests are remembered: 0 all of them,
	// n > 0 the last n, below zero none.
	KeepRequests int

	// OnRequest is called after each request, when its answer is decided and
	// before it is sent. It may run on many goroutines at once.
	OnRequest func(Request)

	// WebhookClient delivers webhooks; nil means a client of the
	// simulator's own.
	WebhookClient *http.Client

	// WebhookBackoff is the wait before the second delivery of a webhook; it
	// doubles for the third. Zero means one second.
	WebhookBackoff time.Duration
}

// Keys with a meaning of their own, as prefixes: "lev_forbidden_anything"
// works too. They are accepted even when [Config.Keys] is set.
const (
	// KeyForbidden is a key that may do nothing: 403.
	KeyForbidden = "lev_forbidden"
	// KeyNoCredits is a key whose account can't pay for a call:
	// quota_exceeded on POST /call and POST /campaigns.
	KeyNoCredits = "lev_no_credits"
)

// IST is the zone of calling hours unless [Config.Zone] says otherwise. It is
// a fixed offset so that it doesn't need a time zone database.
var IST = time.FixedZone("IST", 5*60*60+30*60)

// maxBody is the largest request that is read. 2,000 contacts with a few
// columns are well below it.
const maxBody = 16 << 20

func (c Config) withDefaults() Config {
	if c.Speed <= 0 {
		c.Speed = 1
	}
	if c.Zone == nil {
		c.Zone = IST
	}
	if c.WebhookBackoff <= 0 {
		c.WebhookBackoff = time.Second
	}
	c.Limits = c.Limits.withDefaults()
	c.Dialect = c.Dialect.withDefaults()
	return c
}
