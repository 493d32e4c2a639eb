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
		return "check the network, and the base URL (VOICEAGENT_BASE_URL or WithBaseURL), whose host is " + c.Host
	}
	return ""
}

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
		return "this machine doesn't know the authority behind the certificate, which may be that of a proxy that reads along: " +
			"add it to the trusted ones (SSL_CERT_FILE on Unix), or use a network without it"
	}
	if _, other := errors.AsType[x509.HostnameError](c.Err); other {
		return "another server answers for " + c.Host + ": check the base URL (VOICEAGENT_BASE_URL or WithBaseURL), the proxy and the name service"
	}
	return "check this machine's clock, and the certificate of " + c.Host
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
