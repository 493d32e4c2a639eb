// Package hint says what to do about an error.
package hint

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
)

// Connection is an attempt to make one that failed.
type Connection struct {
	Err         error
	Host        string // of the base URL
	Proxied     bool   // it came no further than a proxy
	ProxyStatus int    // what the proxy answered to CONNECT; 0 for nothing
}

// ForConnection says what to do when no connection to the base URL's host could be made. It is ""
// when there was a connection, or when the caller did not wait for it.
func ForConnection(c Connection) string {
	op, _ := errors.AsType[*net.OpError](c.Err)
	switch {
	case errors.Is(c.Err, context.Canceled):
		return ""
	case c.ProxyStatus == http.StatusProxyAuthRequired:
		return wantsPassword
	case c.ProxyStatus != 0:
		return "ask whoever runs the proxy (HTTPS_PROXY) to let connections to " + c.Host + " through"
	case IsCertificate(c.Err):
		return forCertificate(c)
	case op != nil && op.Op == "proxyconnect", c.Proxied:
		return "check the proxy, HTTPS_PROXY"
	case op != nil && op.Op == "dial":
		return "check the network, " + andTheHost + c.Host
	}
	return ""
}

const andTheHost = "and the base URL (VOICEAGENT_BASE_URL or WithBaseURL), whose host is "

const wantsPassword = "the proxy wants a user and a password: write them into its address, HTTPS_PROXY=http://user:password@host:port"

// IsCertificate reports whether err is that of a certificate that isn't trusted.
func IsCertificate(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	if !ok {
		_, ok = errors.AsType[x509.UnknownAuthorityError](err)
	}
	return ok
}

func forCertificate(c Connection) string {
	if _, unknown := errors.AsType[x509.UnknownAuthorityError](c.Err); unknown {
		return "this machine doesn't trust who signed the certificate, perhaps a proxy that reads along: add it to the trusted ones (SSL_CERT_FILE on Unix)"
	}
	if _, other := errors.AsType[x509.HostnameError](c.Err); other {
		return "another server answers: check the proxy, " + andTheHost + c.Host
	}
	return "check this machine's clock, and the certificate of " + c.Host
}

// Answer is an error answer.
type Answer struct {
	Status        int
	Code          string
	Message       string
	Method, Route string
	Base          string // the host and the path of the base URL
	Gateway       bool   // it isn't the API's
	Unknown       bool   // the request may have been done
}

// For returns what to do about an answer, in one sentence without a full stop, or "".
func For(e Answer) string {
	message := strings.ToLower(e.Message)
	switch {
	case e.Gateway:
		return forGateway(e)
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
	state := forState(e.Route)
	switch {
	case state != "" && (e.Status == http.StatusBadRequest || e.Status == http.StatusConflict || e.Status == http.StatusUnprocessableEntity):
		return state
	case e.Status == http.StatusNotFound && e.isNoRoute(message):
		return checkBase(e.Base)
	}
	if hint := forStatus(e.Status); hint != "" {
		return hint
	}
	switch e.Code {
	case "authentication_error":
		return forStatus(http.StatusUnauthorized)
	case "not_found":
		return forStatus(http.StatusNotFound)
	}
	if e.Status == http.StatusUnprocessableEntity || e.Code == "validation_error" {
		return "a field has a value that the API refuses: see Fields"
	}
	return ""
}

// forStatus returns what to do about a status whatever its code, or "".
func forStatus(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "a required field is missing or the JSON is malformed: see Fields and Body"
	case http.StatusUnauthorized:
		return "check VOICEAGENT_API_KEY, or make a new key in the Studio under Settings, Developers, API Keys"
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
	return ""
}

// isNoRoute reports whether a 404 is about the address, not about a record. A list is always there.
// An address that is unknown gets FastAPI's "Not Found" (inferred).
func (e Answer) isNoRoute(message string) bool {
	if e.Base == "" {
		return false
	}
	return e.Method == http.MethodGet && !strings.Contains(e.Route, "{") || message == "not found" && !hasVersion(e.Base)
}

// checkBase says what the base URL is, and what it should probably be.
func checkBase(base string) string {
	text := "check the base URL (VOICEAGENT_BASE_URL or WithBaseURL), which is " + base
	if !hasVersion(base) {
		text += " and should probably end in /v1, as https://api.levrage.ai/v1 does"
	}
	return text
}

func hasVersion(base string) bool { return strings.HasSuffix(strings.TrimRight(base, "/"), "/v1") }

// forState returns what to do if an action doesn't fit a campaign's state; "" if the route is that
// of no action. Which action fits which state is seen in use; for cancel it is documented.
func forState(route string) string {
	var fits string
	switch strings.TrimPrefix(route, "/campaigns/{campaign_id}/") {
	case "pause":
		fits = "pause fits one that is pending or in_progress; cancel calls off one that is scheduled"
	case "resume":
		fits = "resume fits one that is paused"
	case "stop":
		fits = "stop fits one that is pending, in_progress or paused; cancel calls off one that is scheduled"
	case "cancel":
		fits = "cancel fits one that is scheduled and has not begun"
	default:
		return ""
	}
	return "get the campaign to see its status: as far as is known, " + fits
}

// forGateway says what to do about what came in place of an answer of the API. The API has not seen
// the request, or its answer was lost, so nothing is wrong with the key.
func forGateway(e Answer) string {
	base := checkBase(e.Base)
	switch e.Status {
	case http.StatusUnauthorized:
		return "a gateway or proxy wants a sign-in of its own: sign in there, or " + base
	case http.StatusForbidden, http.StatusUnavailableForLegalReasons:
		return "a firewall or gateway turned it away before the API saw it: have this machine's address allowed, or " + base
	case http.StatusProxyAuthRequired:
		return wantsPassword
	case http.StatusRequestEntityTooLarge:
		return "the gateway takes no body of this size: send less at once"
	case http.StatusTooManyRequests:
		return "the gateway limits this machine's address, whatever the plan: send less at once, or have the limit raised"
	case http.StatusNetworkAuthenticationRequired:
		return "this network wants a sign-in first: open any page in a browser"
	}
	switch {
	case e.Status < 300:
		return "this network or a proxy may want a sign-in: open any page in a browser, or " + base
	case e.Status >= 500 && e.Unknown:
		return "send what the gateway calls it to the service's support if this goes on" // not: try again
	case e.Status >= 500:
		return "the gateway got no answer from the service: try again later, and send what it calls this to the service's support if it stays"
	case http.StatusText(e.Status) == "" || e.Status == http.StatusRequestTimeout || e.Status == http.StatusTooEarly:
		return "" // a connection that broke
	}
	return "no part of the API is there: " + base
}
