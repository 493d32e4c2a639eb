package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/voiceagent-go/voiceagent/internal/gateway"
)

// connectAnswered keeps the status of a proxy's refusal, of which net/http's error has only the
// words.
func connectAnswered(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &gateway.ProxyError{Proxy: proxy.Host, Status: resp.StatusCode, Err: errors.New(resp.Status)}
}

// atProxy names the proxy in the error of a request for which no connection was made.
func (a *attempt) atProxy(req *http.Request, err error) error {
	asked := a.asked.Load()
	if _, known := errors.AsType[*gateway.ProxyError](err); known || asked == nil || !isASCII(req.URL.Host) || *asked == hostPort(req.URL) {
		return err
	}
	return &gateway.ProxyError{Proxy: *asked, Status: refusedWith(err), Err: err}
}

// isASCII reports whether net/http leaves a host as it is.
func isASCII(host string) bool {
	return strings.IndexFunc(host, func(r rune) bool { return r > '~' }) < 0
}

// refusedWith returns the status of a proxy's answer to CONNECT; 0 when err is none. The error of
// net/http is the answer's words.
func refusedWith(err error) int {
	text := err.Error()
	for status := http.StatusMultipleChoices; status <= http.StatusNetworkAuthenticationRequired; status++ {
		if text != "" && http.StatusText(status) == text {
			return status
		}
	}
	return 0
}

var errNoAddress = errors.New("its address can't be read")

// withoutProxy returns the error of a request for which net/http could not find out the proxy; nil
// if that isn't why it failed. The cause may be that of url.Parse, which quotes the proxy's
// password.
func withoutProxy(transport http.RoundTripper, req *http.Request, err error) error {
	t, ok := transport.(*http.Transport)
	if !ok || t.Proxy == nil {
		return nil
	}
	if _, cause := t.Proxy(req); cause == nil || cause.Error() != err.Error() {
		return nil
	}
	if _, quotes := errors.AsType[*url.Error](err); quotes {
		err = errNoAddress
	}
	return &gateway.ProxyError{Err: err}
}
