package voiceagent

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// ClientOption configures a [Client].
type ClientOption interface{ applyClient(*clientConfig) error }

// RequestOption configures one call of a method.
type RequestOption interface{ applyRequest(*requestConfig) error }

// Option can be passed to [NewClient], as the default of all calls, or to a method, for that call
// alone.
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
	defaultSettleTime     = 30 * time.Second
	defaultMaxBody        = 32 << 20
	defaultWatchShare     = 0.2

	envAPIKey  = "VOICEAGENT_API_KEY"
	envBaseURL = "VOICEAGENT_BASE_URL"
)

// clientConfig is what the options of a client set.
type clientConfig struct {
	requestConfig
	key         secret.Key
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
	watchShare  float64
}

// WithAPIKey sets the key that is sent as a bearer token. Without it the key is taken from
// VOICEAGENT_API_KEY. An empty key, or one with spaces or control characters in it, is refused.
func WithAPIKey(key string) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if err := secret.CheckKey(key); err != nil {
			return fmt.Errorf("WithAPIKey: %w", err)
		}
		c.key, c.keyFrom = secret.NewKey(key), "WithAPIKey"
		return nil
	})
}

// WithBaseURL sets where the API is, with its version: "https://api.levrage.ai/v1". Without it, it
// is taken from VOICEAGENT_BASE_URL. Plain http is refused except to this machine (see
// [WithInsecureHTTP]).
func WithBaseURL(url string) ClientOption {
	return clientOption(func(c *clientConfig) error {
		c.baseURL, c.baseFrom = url, "WithBaseURL"
		return nil
	})
}

// WithInsecureHTTP allows plain http to hosts other than this machine. The key and all data then
// cross the network unencrypted.
func WithInsecureHTTP() ClientOption {
	return clientOption(func(c *clientConfig) error {
		c.insecure = true
		return nil
	})
}

// WithHTTPClient sends through a copy of client, and never changes client itself. Its Timeout
// applies to each attempt. Its Jar and Transport are used. Its CheckRedirect is not: redirects are
// followed only within the same scheme, host and port. If its Transport is nil, this package's own
// is used.
func WithHTTPClient(client *http.Client) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if client == nil {
			return errors.New("WithHTTPClient: the client is nil")
		}
		c.httpClient = client
		return nil
	})
}

// WithMiddleware wraps the transport; the first middleware is the outermost. Each runs once per
// attempt, within the attempt's timeout.
func WithMiddleware(middleware ...func(http.RoundTripper) http.RoundTripper) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if slices.ContainsFunc(middleware, func(m func(http.RoundTripper) http.RoundTripper) bool { return m == nil }) {
			return errors.New("WithMiddleware: a middleware is nil")
		}
		c.middleware = append(c.middleware, middleware...)
		return nil
	})
}

// WithApplication puts "name/version" in front of the User-Agent, so that the vendor's support can
// see which program is calling.
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

// WithMaxResponseBytes bounds the body of a successful answer, unpacked. The default is 32 MiB. A
// longer body is a [*DecodeError]. Error bodies are read to 1 MiB at most.
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

// WithHeader adds a header to each request. Authorization and others that the client is responsible
// for are refused.
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

// WithIdempotencyKey names a POST. Without [WithLedger] it doesn't stop a second call: the API
// isn't known to heed the header Idempotency-Key (unverified), and the client by itself remembers
// no keys. With a ledger, a second request under the key isn't sent, and returns what the first one
// made.
//
// Give each request a key of its own, made of your data, so that it is the same after a restart. By
// default it is random. It is the same on every attempt.
func WithIdempotencyKey(key string) RequestOption {
	return requestOption(func(r *requestConfig) error {
		if strings.TrimSpace(key) == "" || len(key) > 255 || !isHeaderValue(key) {
			return fmt.Errorf("WithIdempotencyKey: %q must be 1 to 255 visible ASCII characters", key)
		}
		r.idempotencyKey = key
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

// Setting is one effective setting of a client.
type Setting struct {
	Name   string // "attempt timeout"
	Value  string // "30s"
	Source string // "default", the option's name, or the environment variable's
}

// Settings are the effective settings of a client. They print as a table and hold no secrets.
type Settings []Setting

// String lists the settings, one a line.
func (s Settings) String() string {
	var b strings.Builder
	for _, setting := range s {
		fmt.Fprintf(&b, "%-20s %-40s %s\n", setting.Name, setting.Value, setting.Source)
	}
	return b.String()
}

// Get returns the value of a setting; "" when there is none with that name.
func (s Settings) Get(name string) string {
	for _, setting := range s {
		if setting.Name == name {
			return setting.Value
		}
	}
	return ""
}

func describe(c *clientConfig, base *url.URL) Settings {
	from := func(option string) string {
		if c.changed[option] {
			return option
		}
		return "default"
	}
	given := func(is bool, option string) string {
		if is {
			return option
		}
		return "default"
	}
	key := "none"
	if c.key.IsSet() {
		key = secret.Redacted
	}
	limiter := fmt.Sprintf("in this process, %v", c.plan)
	limiterFrom := given(c.plan != Plan{}, "WithPlan")
	if c.limiter != nil {
		limiter, limiterFrom = fmt.Sprintf("%T", c.limiter), "WithLimiter"
	}
	ledger := "none"
	if c.ledger != nil {
		ledger = fmt.Sprintf("%T", c.ledger)
	}
	tracer := "none"
	if c.tracer != nil {
		tracer = fmt.Sprintf("%T", c.tracer)
	}
	logger := "none"
	if c.log != nil {
		logger = "yes"
	}
	return Settings{
		{"API key", key, c.keyFrom},
		{"base URL", base.String(), c.baseFrom},
		{"HTTP client", httpClientName(c), given(c.httpClient != nil, "WithHTTPClient")},
		{"middleware", fmt.Sprint(len(c.middleware)), given(len(c.middleware) > 0, "WithMiddleware")},
		{"user agent", userAgent(c.application), given(c.application != "", "WithApplication")},
		{"logger", logger, given(c.log != nil, "WithLogger")},
		{"tracer", tracer, given(c.tracer != nil, "WithTracer")},
		{"limiter", limiter, limiterFrom},
		{"watch share", fmt.Sprint(c.watchShare), from("WithWatchShare")},
		{"ledger", ledger, given(c.ledger != nil, "WithLedger")},
		{"retry policy", fmt.Sprintf("%T", c.policy), from("WithRetryPolicy")},
		{"max retries", fmt.Sprint(c.MaxRetries), from("WithMaxRetries")},
		{"attempt timeout", c.AttemptTimeout.String(), from("WithAttemptTimeout")},
		{"max elapsed", c.MaxElapsed.String(), from("WithMaxElapsed")},
		{"settle time", c.SettleTime.String(), from("WithSettleTime")},
		{"unknown outcome", c.unknown.String(), from("WithUnknownOutcome")},
		{"max response bytes", fmt.Sprint(c.maxBody), from("WithMaxResponseBytes")},
		{"headers", headerNames(c.headers), from("WithHeader")},
	}
}

func httpClientName(c *clientConfig) string {
	if c.httpClient == nil {
		return "own"
	}
	return "a copy of the caller's"
}

// headerNames lists the names only: a value may be a secret.
func headerNames(lines []headerLine) string {
	if len(lines) == 0 {
		return "none"
	}
	names := make([]string, len(lines))
	for i, line := range lines {
		names[i] = line.key
	}
	return strings.Join(names, ", ")
}
