package voiceagent

import (
	"fmt"
	"net/url"
	"strings"
)

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
	if c.key.isSet() {
		key = redacted
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
		{"ledger", ledger, given(c.ledger != nil, "WithLedger")},
		{"retry policy", fmt.Sprintf("%T", c.policy), from("WithRetryPolicy")},
		{"max retries", fmt.Sprint(c.maxRetries), from("WithMaxRetries")},
		{"attempt timeout", c.attemptTimeout.String(), from("WithAttemptTimeout")},
		{"max elapsed", c.maxElapsed.String(), from("WithMaxElapsed")},
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
