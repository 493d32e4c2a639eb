package transport

import (
	"fmt"
	"net/http"
	"net/url"
)

const maxRedirects = 3

// checkRedirect follows a redirect only to the same scheme, host and port, with the same method, so
// that neither the key nor a contact list goes where it wasn't sent. Otherwise the redirect itself
// is the answer, and checkRedirect notes the reason.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	var reason string
	switch {
	case req.URL.Scheme != first.URL.Scheme || hostPort(req.URL) != hostPort(first.URL):
		reason = fmt.Sprintf("it leads to %s://%s, and the API key and the data stay with %s://%s",
			req.URL.Scheme, req.URL.Host, first.URL.Scheme, first.URL.Host)
	case req.Method != first.Method:
		reason = fmt.Sprintf("it would turn the %s into a %s without its body", first.Method, req.Method)
	case len(via) > maxRedirects:
		reason = fmt.Sprintf("it is number %d in a row", len(via))
	default:
		return nil
	}
	if x := exchangeOf(req.Context()); x != nil && x.attempt != nil {
		x.attempt.notFollowed = reason
	}
	return http.ErrUseLastResponse
}

// dropBadLocation removes an address that can't be parsed from a redirect. http.Client would return
// an error that quotes the address, and that looks as if no answer had come.
func (a *attempt) dropBadLocation(from *url.URL, resp *http.Response) {
	location := resp.Header.Get("Location")
	if resp.StatusCode < 300 || resp.StatusCode > 399 || location == "" {
		return
	}
	if _, err := from.Parse(location); err != nil {
		resp.Header.Del("Location")
		a.notFollowed = "its address can't be read"
	}
}

func hostPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "https" {
		return u.Host + ":443"
	}
	return u.Host + ":80"
}
