package voiceagent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// Version is this module's.
const Version = "0.1.0"

// Client speaks the API. It is safe for concurrent use, cheap to keep, and has nothing to close.
// Share one between all goroutines, so that they share its rate limiter.
type Client struct {
	Agents    *AgentsService
	Campaigns *CampaignsService
	Calls     *CallsService
	Catalog   *CatalogService // the public endpoints: voices, languages, industries, agent types

	key       secret.Key
	base      *url.URL
	userAgent string
	defaults  requestConfig
	engine    engine
	limiter   Limiter
	log       logFunc      // nil for silent
	tracer    Tracer       // nil for none
	config    clientConfig // for Describe alone, so that a program without it doesn't link it

	ledger Ledger // nil for none
	twins  reconcile.Twins
	alone  reconcile.Twins // of which one is made at a time, by Look and Looked
	placed reconcile.Memory

	calls     watched[Call]
	campaigns watched[Campaign]

	mu        sync.Mutex
	rateLimit RateLimit
	seenLimit bool

	// The server's clock, for the ledger and for what is scheduled.
	ahead      time.Duration
	aheadKnown bool
}

// NewClient returns a client. The key comes from [WithAPIKey], else from VOICEAGENT_API_KEY. The
// base URL comes from [WithBaseURL], else from VOICEAGENT_BASE_URL, else it is
// https://api.levrage.ai/v1. Without a key the catalog and [Client.Health] work, and every other
// method returns [ErrNoAPIKey].
//
// An option that makes no sense is an error that names it.
func NewClient(opts ...ClientOption) (*Client, error) {
	config := clientConfig{
		requestConfig: defaults(),
		watchShare:    defaultWatchShare,
		keyFrom:       "none",
		baseURL:       defaultBaseURL,
		baseFrom:      "default",
	}
	if err := config.apply(opts); err != nil {
		return nil, fmt.Errorf("voiceagent: %w", err)
	}
	base, err := parseBaseURL(config.baseURL, config.insecure)
	if err != nil {
		return nil, fmt.Errorf("voiceagent: the base URL from %s: %w", config.baseFrom, err)
	}
	c := &Client{
		key:       config.key,
		base:      base,
		userAgent: userAgent(config.application),
		engine:    newEngine(&config),
		limiter:   config.limiter,
		log:       config.log,
		tracer:    config.tracer,
		ledger:    config.ledger,
		config:    config,
		defaults:  config.requestConfig,
	}
	c.defaults.changed = nil
	if c.limiter == nil {
		c.limiter = NewLimiter(config.plan)
	}
	c.Agents = &AgentsService{c}
	c.Campaigns = &CampaignsService{c}
	c.Calls = &CallsService{c}
	c.Catalog = &CatalogService{c}
	return c, nil
}

// apply takes the environment first, then the options, in order.
func (c *clientConfig) apply(opts []ClientOption) error {
	if base := strings.TrimSpace(os.Getenv(envBaseURL)); base != "" {
		c.baseURL, c.baseFrom = base, envBaseURL
	}
	for i, opt := range opts {
		if opt == nil {
			return fmt.Errorf("option %d is nil", i+1)
		}
		if err := opt.applyClient(c); err != nil {
			return err
		}
	}
	if key := strings.TrimSpace(os.Getenv(envAPIKey)); key != "" && !c.key.IsSet() {
		if err := secret.CheckKey(key); err != nil {
			return fmt.Errorf("%s: %w", envAPIKey, err)
		}
		c.key, c.keyFrom = secret.NewKey(key), envAPIKey
	}
	return nil
}

func parseBaseURL(text string, insecure bool) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		// Neither the text nor the cause, which may quote a password.
		return nil, fmt.Errorf("it is no URL: write it as %s", defaultBaseURL)
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("the scheme %q is not https: write it as %s", u.Scheme, defaultBaseURL)
	case u.Hostname() == "":
		return nil, fmt.Errorf("it has no host: write it as %s", defaultBaseURL)
	case u.User != nil:
		return nil, errors.New("it has a user or password: the key goes into WithAPIKey")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return nil, errors.New("it has a query or a fragment")
	case u.Scheme == "http" && !insecure && !isLoopback(u.Hostname()):
		return nil, fmt.Errorf("plain http to %s would show the key and all data to the network: use https, or WithInsecureHTTP", u.Host)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func userAgent(application string) string {
	own := fmt.Sprintf("voiceagent-go/%s (%s; %s/%s)", Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	if application != "" {
		return application + " " + own
	}
	return own
}

// RateLimit returns the budget that the last answer with rate-limit headers reported. It reports
// false before the first such answer.
func (c *Client) RateLimit() (RateLimit, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rateLimit, c.seenLimit
}

func (c *Client) setRateLimit(r RateLimit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rateLimit, c.seenLimit = r, true
}

// Describe returns the effective settings and where each came from. They don't hold the key, only
// whether there is one.
func (c *Client) Describe() Settings { return describe(&c.config, c.base) }

// String implements [fmt.Stringer] without secrets.
func (c *Client) String() string {
	return "voiceagent.Client(" + c.base.String() + ")"
}

// GoString implements [fmt.GoStringer] without secrets.
func (c *Client) GoString() string { return c.String() }

// Health is the answer of GET /health. Its shape is undocumented; Extra holds the keys that the
// client doesn't know.
type Health struct {
	Status string                     `json:"status"`
	Extra  map[string]json.RawMessage `json:",embed"`
}

// Health asks GET /health if the service is up. It needs no key.
//
// Source: path documented (authentication page), shape unknown.
func (c *Client) Health(ctx context.Context, opts ...RequestOption) (*Health, error) {
	var health Health
	r := get("/health").withoutKey()
	if err := c.send(ctx, &r, &envelope.Into{Out: &health}, opts); err != nil {
		return nil, err
	}
	return &health, nil
}
