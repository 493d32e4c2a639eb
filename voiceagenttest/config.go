package voiceagenttest

import (
	"net/http"
	"time"
)

// config holds the values of the options. The zero value is a server without a rate limit, on the
// real clock, that answers in the documented way.
type config struct {
	// The world.
	seed    uint64
	start   time.Time
	speed   float64 // 1 when zero
	skew    time.Duration
	zone    *time.Location
	outcome func(number string, attempt int) string // called with the world locked

	// The answers.
	keys    []string
	limits  Limits
	dialect Dialect

	// What is recorded and reported.
	keepRequests   int // 0 all, n > 0 the last n, below zero none
	onRequest      func(Request)
	webhookClient  *http.Client  // the server makes its own when nil
	webhookBackoff time.Duration // one second when zero

	// How the server is reached.
	tls      bool
	noSocket bool
}

// ist is the zone of calling hours unless [WithZone] says otherwise. It is a fixed offset so that
// it doesn't need a time zone database.
var ist = time.FixedZone("IST", 5*60*60+30*60)

// maxBody is the largest request that is read. 2,000 contacts with a few columns are well below it.
const maxBody = 16 << 20

func (c config) withDefaults() config {
	if c.speed <= 0 {
		c.speed = 1
	}
	if c.zone == nil {
		c.zone = ist
	}
	if c.webhookBackoff <= 0 {
		c.webhookBackoff = time.Second
	}
	c.limits = c.limits.withDefaults()
	c.dialect = c.dialect.withDefaults()
	return c
}
