package gateway

import (
	"net/http"
	"strconv"
)

// ProxyError means that a request came no further than a proxy.
type ProxyError struct {
	Proxy  string // its host and port, never its user or password; "" when it isn't known
	Status int    // of its answer to CONNECT; 0 when there was none
	Err    error  // nil only beside a Status
}

// Error names the proxy.
func (e *ProxyError) Error() string {
	name := "the proxy"
	if e.Proxy != "" {
		name += " " + e.Proxy
	}
	if e.Status == 0 {
		return "through " + name + ": " + e.Err.Error()
	}
	text := name + " refused to connect: " + strconv.Itoa(e.Status)
	if phrase := http.StatusText(e.Status); phrase != "" {
		text += " " + phrase
	}
	return text
}

// Unwrap returns the cause.
func (e *ProxyError) Unwrap() error { return e.Err }

// Final reports whether the proxy would answer the same again: its answer is a 4xx, as 407 is, but
// for those that ask for patience.
func (e *ProxyError) Final() bool {
	switch e.Status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	}
	return e.Status >= 400 && e.Status < 500
}
