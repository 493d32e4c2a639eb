package voiceagenttest

import (
	"net/http"
	"time"
)

// Option configures a [Server].
type Option func(*config)

// WithSeed decides the fate of every call and every id; 0 by default. Two servers with the same
// seed that dial the same numbers get the same calls, in whatever order the requests arrive.
func WithSeed(seed uint64) Option { return func(c *config) { c.seed = seed } }

// WithAPIKeys accepts these keys only, instead of every key that begins with "lev_". Give
// [DefaultKey] too if [Server.Client] is used without a key.
func WithAPIKeys(keys ...string) Option { return func(c *config) { c.keys = keys } }

// WithLimits sets the rate limit: [Free], [Pro], [PerMinute] or one of your own. There is none by
// default.
func WithLimits(l Limits) Option { return func(c *config) { c.limits = l } }

// WithDialect chooses among the answers that the documentation leaves open, and gives the server
// the habits of others.
func WithDialect(d Dialect) Option { return func(c *config) { c.dialect = d } }

// WithStart sets the time at which the server begins, of its own clock and of the simulated world.
func WithStart(t time.Time) Option { return func(c *config) { c.start = t } }

// WithSpeed lets simulated time pass faster, in which calls take their time and calling hours and
// schedules come. Windows of the rate limit stay as long as they are, and answers tell by the clock
// of the Date header when something happened: a call of a minute ends, at a speed of 10, six
// seconds after it was made.
func WithSpeed(factor float64) Option { return func(c *config) { c.speed = factor } }

// WithClockSkew puts the server's clock ahead of this machine's, or behind. With [WithStart] it
// does nothing.
func WithClockSkew(d time.Duration) Option { return func(c *config) { c.skew = d } }

// WithZone sets where the HH:MM of calling hours and blackouts are read; UTC+05:30 by default.
func WithZone(z *time.Location) Option { return func(c *config) { c.zone = z } }

// WithOutcome decides how calls end, instead of the seed. f gets the number and the attempt, from
// 1, and returns an outcome such as [NoAnswer], or "" to leave it to the seed. Attempts are counted
// for each contact of a campaign, and for each number of single calls. Any other word is a status
// without documentation, to test how a program takes it; such a call goes like a failed one. f must
// not call the server.
func WithOutcome(f func(number string, attempt int) string) Option {
	return func(c *config) { c.outcome = f }
}

// WithKeptRequests remembers the last n requests only, or none when n is below zero; for tests that
// run long.
func WithKeptRequests(n int) Option { return func(c *config) { c.keepRequests = n } }

// WithOnRequest calls f after each request, before its answer is sent. It may run on many
// goroutines at once.
func WithOnRequest(f func(Request)) Option { return func(c *config) { c.onRequest = f } }

// WithWebhookClient delivers webhooks through client.
func WithWebhookClient(client *http.Client) Option {
	return func(c *config) { c.webhookClient = client }
}

// WithWebhookBackoff sets the wait before the second try to deliver a webhook; one second by
// default. It doubles for the third.
func WithWebhookBackoff(d time.Duration) Option {
	return func(c *config) { c.webhookBackoff = d }
}

// WithTLS serves HTTPS with HTTP/2. The clients that the server makes trust its certificate. It
// means nothing without a socket.
func WithTLS() Option { return func(c *config) { c.tls = true } }

// WithoutSocket opens no port, as in a testing/synctest bubble. Use [Server.Client],
// [Server.Transport], or [Server.Handler] on a listener of your own.
func WithoutSocket() Option { return func(c *config) { c.noSocket = true } }
