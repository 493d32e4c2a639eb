// Package hint says what to do about an error.
package hint

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
)

// Connection says what to do when no connection to the base URL's host could be made. It is "" when
// there was a connection, or when the caller did not wait for it.
func Connection(err error, host string) string {
	op, ok := errors.AsType[*net.OpError](err)
	switch {
	case !ok || errors.Is(err, context.Canceled):
		return ""
	case op.Op == "proxyconnect":
		return "check the proxy, HTTPS_PROXY"
	case op.Op == "dial":
		return "check the network, and the base URL (VOICEAGENT_BASE_URL or WithBaseURL), whose host is " + host
	}
	return ""
}

// Answer is an error answer of the API.
type Answer struct {
	Status  int
	Code    string
	Message string
	Unknown bool // the request may have been done
}

// For returns what to do about an answer, in one sentence without a full stop, or "".
func For(e Answer) string {
	message := strings.ToLower(e.Message)
	switch {
	case e.Code == "quota_exceeded":
		return "add credits to the account in the dashboard; waiting doesn't bring them back"
	case strings.Contains(message, "already in use"):
		return "names are unique in an account: choose another, or update the one that has it"
	case strings.Contains(message, "e.164"):
		return "write numbers with a plus, the country code and no spaces, like +919876543210"
	}
	if e.Status >= 500 && e.Unknown {
		return "send the request id to the service's support if this goes on" // not: try again
	}
	switch e.Status {
	case http.StatusBadRequest:
		return "a required field is missing or the JSON is malformed: see Fields and Body"
	case http.StatusUnauthorized:
		return "check VOICEAGENT_API_KEY, or make a new key in the dashboard"
	case http.StatusForbidden:
		return "this key isn't allowed to do that: use one that is, or ask the account's owner"
	case http.StatusNotFound:
		return "check the id, and that the key belongs to the same account"
	case http.StatusConflict:
		return "something with this name or in this state exists already: get it first"
	case http.StatusTooManyRequests:
		return "share one Client between goroutines so that it can keep to the limit, or ask for a larger plan"
	case http.StatusServiceUnavailable:
		return "the service is under maintenance: try again in some minutes"
	case http.StatusGatewayTimeout:
		return "the gateway gave up waiting for the service, so more time here doesn't help: try again later, with smaller pages if it is a list"
	case http.StatusInternalServerError, http.StatusBadGateway:
		return "the service has a problem: try again later, and send the request id to its support if it stays"
	}
	switch e.Code {
	case "authentication_error":
		return "check VOICEAGENT_API_KEY, or make a new key in the dashboard"
	case "not_found":
		return "check the id, and that the key belongs to the same account"
	case "validation_error":
		return "a field has a value that the API refuses: see Fields"
	}
	if e.Status == http.StatusUnprocessableEntity {
		return "a field has a value that the API refuses: see Fields"
	}
	return ""
}
