package transport

import (
	"net"
	"net/http"
	"time"
)

// NewBase returns the transport of a client whose user brings none: HTTP/2 where the server has it, proxies from the environment, a
// limit on each step, and at most conns connections to a host, all of which are kept. The default of 2 idle ones closes and opens
// connections all the time, and without a limit a burst opens more of them than there are callers.
func NewBase(conns int) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		MaxConnsPerHost:        conns,
		MaxIdleConns:           2 * conns,
		MaxIdleConnsPerHost:    conns,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  10 * time.Minute, // for attempts without a timeout of their own
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
}
