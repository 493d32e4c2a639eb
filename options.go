package voiceagent

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"time"
)

// ClientOption configures a [Client].
type ClientOption interface{ applyClient(*clientConfig) error }

// RequestOption configures one call of a method.
type RequestOption interface{ applyRequest(*requestConfig) error }

// Option can be given to [NewClient], as the default of all calls, and to a method, for that call alone.
type Option interface {
	ClientOption
	RequestOption
}

type (
	clientOption  func(*clientConfig) error
	requestOption func(*requestConfig) error
	// bothOption applies to a call's settings; a client's are the defaults of its calls.
	bothOption func(*requestConfig) error
)

func (o clientOption) applyClient(c *clientConfig) error    { return o(c) }
func (o requestOption) applyRequest(r *requestConfig) error { return o(r) }
func (o bothOption) applyClient(c *clientConfig) error      { return o(&c.requestConfig) }
func (o bothOption) applyRequest(r *requestConfig) error    { return o(r) }

// The defaults, and the bounds that no option changes.
const (
	defaultBaseURL        = "https://api.levrage.ai/v1"
	defaultMaxRetries     = 3
	defaultAttemptTimeout = 30 * time.Second
	defaultMaxElapsed     = 5 * time.Minute
	defaultMaxBody        = 32 << 20

	envAPIKey  = "VOICEAGENT_API_KEY"
	envBaseURL = "VOICEAGENT_BASE_URL"
)

type clientConfig struct {
	requestConfig
	key         apiKey
	keyFrom     string
	baseURL     string
	baseFrom    string
	insecure    bool
	httpClient  *http.Client
	middleware  []func(http.RoundTripper) http.RoundTripper
	application string
	tracer      Tracer
	log         logFunc
	plan        Plan
	limiter     Limiter
	ledger      Ledger
}

type requestConfig struct {
	policy         RetryPolicy
	maxRetries     int
	attemptTimeout time.Duration
	maxElapsed     time.Duration
	unknown        UnknownOutcome
	maxBody        int64
	headers        []headerLine
	idempotencyKey string
	response       *Response
	lookup         bool            // it looks for what a lost answer was about
	changed        map[string]bool // names of the options that were given, for Describe; nil for one call's settings
}

type headerLine struct{ key, value string }

func (r *requestConfig) note(option string) {
	if r.changed != nil {
		r.changed[option] = true
	}
}

// WithAPIKey sets the key that is sent as a bearer token. Without it the key is taken from VOICEAGENT_API_KEY. An
// empty key, or one with spaces or control characters in it, is refused.
func WithAPIKey(key string) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if err := checkAPIKey(key); err != nil {
			return fmt.Errorf("WithAPIKey: %w", err)
		}
		c.key, c.keyFrom = newAPIKey(key), "WithAPIKey"
		return nil
	})
}

// WithBaseURL sets where the API is, with its version: "https://api.levrage.ai/v1". Without it, it is taken from
// VOICEAGENT_BASE_URL. Plain http is refused except to this machine (see [WithInsecureHTTP]).
func WithBaseURL(url string) ClientOption {
	return clientOption(func(c *clientConfig) error {
		c.baseURL, c.baseFrom = url, "WithBaseURL"
		return nil
	})
}

// WithInsecureHTTP allows plain http to hosts other than this machine. The key and all data then cross the network
// readable.
func WithInsecureHTTP() ClientOption {
	return clientOption(func(c *clientConfig) error {
		c.insecure = true
		return nil
	})
}

// WithHTTPClient sends through a copy of client, which itself is never changed. Its Timeout then holds for each attempt, its
// Jar and Transport are used, its CheckRedirect is not: redirects are followed only within the same scheme, host and port. With
// a nil Transport the copy gets this package's own.
func WithHTTPClient(client *http.Client) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if client == nil {
			return errors.New("WithHTTPClient: the client is nil")
		}
		c.httpClient = client
		return nil
	})
}

// WithMiddleware wraps the transport, the first one outermost. Each runs once for each attempt, within its timeout.
func WithMiddleware(middleware ...func(http.RoundTripper) http.RoundTripper) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if slices.ContainsFunc(middleware, func(m func(http.RoundTripper) http.RoundTripper) bool { return m == nil }) {
			return errors.New("WithMiddleware: a middleware is nil")
		}
		c.middleware = append(c.middleware, middleware...)
		return nil
	})
}

// WithApplication puts "name/version" in front of the User-Agent, so that the vendor's support can tell who is calling.
func WithApplication(name, version string) ClientOption {
	return clientOption(func(c *clientConfig) error {
		application := name
		if version != "" {
			application += "/" + version
		}
		if name == "" || strings.ContainsFunc(application, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return fmt.Errorf("WithApplication: name %q and version %q must be visible ASCII without spaces", name, version)
		}
		c.application = application
		return nil
	})
}

// WithLogger logs each attempt at Debug and each retry and throttle at Warn: method, route, status, request id, attempt,
// wait, reason and duration, never a key, a number, or a body. Without it the client is silent.
func WithLogger(logger *slog.Logger) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if logger == nil {
			return errors.New("WithLogger: the logger is nil; leave the option out to be silent")
		}
		c.log = logTo(logger)
		return nil
	})
}

// WithPlan tells the limiter the account's requests per minute before the first answer does. Without it the limit is learned from
// the answers' headers. [WithLimiter] takes its place.
func WithPlan(plan Plan) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if plan.perMinute < 1 {
			return errors.New("WithPlan: a plan allows at least 1 request a minute")
		}
		c.plan = plan
		return nil
	})
}

// WithLimiter replaces the rate limiter, for example by one that is shared between machines.
func WithLimiter(limiter Limiter) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if limiter == nil {
			return errors.New("WithLimiter: the limiter is nil")
		}
		c.limiter = limiter
		return nil
	})
}

// WithLedger records each call, campaign and agent under its idempotency key before it is sent, and what became of it after. A
// process that was killed in between, and asks again under the same key (see [WithIdempotencyKey]), gets what was made: nobody is
// called twice. The same key with other parameters is a [*ValidationError]; a ledger that can't be written stops the request
// before it is sent.
func WithLedger(ledger Ledger) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if ledger == nil {
			return errors.New("WithLedger: the ledger is nil")
		}
		c.ledger = ledger
		return nil
	})
}

// WithRetryPolicy replaces [DefaultRetryPolicy]. Whatever it says, a wait that can't end in time isn't begun, and a write
// whose outcome is unknown is only repeated under [OutcomeRetry].
func WithRetryPolicy(policy RetryPolicy) Option {
	return bothOption(func(r *requestConfig) error {
		if policy == nil {
			return errors.New("WithRetryPolicy: the policy is nil; WithMaxRetries(0) switches retries off")
		}
		r.policy = policy
		r.note("WithRetryPolicy")
		return nil
	})
}

// WithMaxRetries bounds the attempts after the first. The default is 3; 0 switches retries off.
func WithMaxRetries(n int) Option {
	return bothOption(func(r *requestConfig) error {
		if n < 0 {
			return fmt.Errorf("WithMaxRetries: %d is negative", n)
		}
		r.maxRetries = n
		r.note("WithMaxRetries")
		return nil
	})
}

// WithAttemptTimeout bounds one attempt, the reading of its answer included. The default is 30 s, 0 is no bound. After a timeout
// and after a 504 the next attempt gets twice as long, up to four times this.
func WithAttemptTimeout(d time.Duration) Option {
	return bothOption(func(r *requestConfig) error {
		if d < 0 {
			return fmt.Errorf("WithAttemptTimeout: %v is negative", d)
		}
		r.attemptTimeout = d
		r.note("WithAttemptTimeout")
		return nil
	})
}

// WithMaxElapsed bounds a call with all its attempts and waits. The default is 5 min, 0 is no bound but the context's.
func WithMaxElapsed(d time.Duration) Option {
	return bothOption(func(r *requestConfig) error {
		if d < 0 {
			return fmt.Errorf("WithMaxElapsed: %v is negative", d)
		}
		r.maxElapsed = d
		r.note("WithMaxElapsed")
		return nil
	})
}

// WithUnknownOutcome says what follows when the answer to a write that isn't safe to repeat was lost.
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

// WithMaxResponseBytes bounds the body of a successful answer, unpacked. The default is 32 MiB; a longer one is a
// [*DecodeError]. Error bodies are read to 1 MiB at most.
func WithMaxResponseBytes(n int64) Option {
	return bothOption(func(r *requestConfig) error {
		if n <= 0 {
			return fmt.Errorf("WithMaxResponseBytes: %d is not positive", n)
		}
		r.maxBody = n
		r.note("WithMaxResponseBytes")
		return nil
	})
}

// reserved are the headers that the client itself is responsible for.
var reserved = map[string]string{
	"Authorization":     "use WithAPIKey",
	"Idempotency-Key":   "use WithIdempotencyKey",
	"Host":              "use WithBaseURL",
	"Content-Length":    "it follows from the body",
	"Transfer-Encoding": "it follows from the body",
	"Content-Type":      "bodies are always JSON",
	"User-Agent":        "use WithApplication",
	"Accept":            "answers are always JSON",
	"Accept-Encoding":   "the transport unpacks what it asked for",
	"Connection":        "it belongs to the transport: use WithHTTPClient",
}

// WithHeader adds a header to each request. Authorization and others that the client answers for are refused.
func WithHeader(key, value string) Option {
	return bothOption(func(r *requestConfig) error {
		canonical := textproto.CanonicalMIMEHeaderKey(key)
		if why, ok := reserved[canonical]; ok {
			return fmt.Errorf("WithHeader: %s can't be set: %s", canonical, why)
		}
		if !isHeaderName(key) {
			return fmt.Errorf("WithHeader: %q is no header name", key)
		}
		if !isHeaderValue(value) {
			return fmt.Errorf("WithHeader: the value of %s has a character that a header can't hold", canonical)
		}
		r.headers = append(slices.Clip(r.headers), headerLine{canonical, value})
		r.note("WithHeader")
		return nil
	})
}

// WithIdempotencyKey sets the Idempotency-Key of a POST, which is the same on every attempt. By default it is random. The API documents
// none (unverified); with [WithLedger] it is what a request is known by.
func WithIdempotencyKey(key string) RequestOption {
	return requestOption(func(r *requestConfig) error {
		if strings.TrimSpace(key) == "" || len(key) > 255 || !isHeaderValue(key) {
			return fmt.Errorf("WithIdempotencyKey: %q must be 1 to 255 visible ASCII characters", key)
		}
		r.idempotencyKey = key
		return nil
	})
}

// WithResponse fills in response when the call ends, on success and on failure: status, headers, request id, rate limit, and
// every attempt.
func WithResponse(response *Response) RequestOption {
	return requestOption(func(r *requestConfig) error {
		if response == nil {
			return errors.New("WithResponse: the response is nil")
		}
		r.response = response
		return nil
	})
}

func isHeaderName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r)
	})
}

func isHeaderValue(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}
