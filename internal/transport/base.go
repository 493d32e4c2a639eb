package transport

import (
	"net"
	"net/http"
	"time"
)

// idlePerHost keeps a connection for each call of a busy service. The default of 2 closes and opens connections all the
// time.
const idlePerHost = 100

// NewBase returns the transport of a client whose user brings none: HTTP/2 where the server has it, proxies from the
// environment, a limit on each step, and enough idle connections for the calls of a busy service.
func NewBase() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           2 * idlePerHost,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        90 * time.Second,
		TLSHandshakeTimeout:    10 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
}
