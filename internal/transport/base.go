package transport

import (
	"net"
	"net/http"
	"time"
)

const (
	// idleTimeout is below the time after which common servers close an idle connection: uvicorn 5 s,
	// an AWS load balancer 60 s, nginx 75 s. A request that meets such a close is lost: nobody can
	// tell whether it was read. net/http compares wall-clock time when it takes a connection, so a
	// process that was frozen doesn't use an old one. The price is a new connection, and its TLS
	// handshake, for a request that comes after a pause of more than 4 s. A server that closes a
	// connection of HTTP/1.1 earlier, without announcing it, may still lose a request.
	idleTimeout = 4 * time.Second

	// An HTTP/2 connection on which nothing comes for pingAfter is asked for a sign of life, and is
	// left when there is none within pingTimeout. All calls share the connection, and an attempt
	// that times out doesn't close it, as it does under HTTP/1.1.
	pingAfter   = 2 * time.Second
	pingTimeout = 3 * time.Second
)

// NewBase returns the transport of a client whose user brings none: HTTP/2 where the server has it,
// proxies from the environment, a limit on each step, and at most conns connections to a host, all
// of which are kept while they are in use. The default of 2 idle ones closes and opens connections
// all the time, and without a limit a burst opens more of them than there are callers.
func NewBase(conns int) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: connectAnswered,
		DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		MaxConnsPerHost:        conns,
		MaxIdleConns:           2 * conns,
		MaxIdleConnsPerHost:    conns,
		IdleConnTimeout:        idleTimeout,
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  10 * time.Minute, // for attempts without a timeout of their own
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
	}
}
