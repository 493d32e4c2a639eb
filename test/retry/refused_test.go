package retry_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
	"github.com/voiceagent-go/voiceagent/internal/transport"
)

const proxyPassword = "s3cret-proxy-pw"

// listen serves each connection on a port of this machine, and counts them.
func listen(t *testing.T, serve func(net.Conn)) (address string, connections *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	connections = new(atomic.Int32)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go func() {
				defer conn.Close()
				serve(conn)
			}()
		}
	}()
	return listener.Addr().String(), connections
}

// connecting is a proxy that gives one answer to every CONNECT.
func connecting(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.WriteString(conn, "HTTP/1.1 "+answer+"\r\nContent-Type: text/html\r\nContent-Length: 9\r\nProxy-Authenticate: Basic realm=\"x\"\r\n\r\n<p>No</p>")
		}
	}
}

// throughProxy returns transports that go through a proxy: the client's own, one of the user's, and
// one of the user's that is wrapped.
func throughProxy(proxy func(*http.Request) (*url.URL, error)) map[string]http.RoundTripper {
	own, users := transport.NewBase(4), &http.Transport{Proxy: proxy}
	own.Proxy = proxy
	return map[string]http.RoundTripper{"own": own, "user's": users, "wrapped": testkit.RoundTrip(users.RoundTrip)}
}

// A proxy that makes no connection is named, without its password. Nothing was sent, and what it
// refuses it would refuse again.
func TestProxyThatRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		scheme  string
		serve   func(net.Conn)
		tries   int32
		want    string // after the proxy's name
		hint    string
		ownOnly bool // net/http tells nobody but the client's own transport
	}{
		{"http", connecting("407 Proxy Authentication Required"), 1, " refused to connect: 407 Proxy Authentication Required, not tried again: the proxy would refuse again", "HTTPS_PROXY=http://user:password@host:port", false},
		{"http", connecting("407 authenticationrequired"), 1, " refused to connect: 407 Proxy Authentication Required", "HTTPS_PROXY=http://user:password@host:port", true},
		{"http", connecting("403 Forbidden"), 1, " refused to connect: 403 Forbidden, not tried again", "let connections to api.example.test through", false},
		{"http", connecting("470 Custom"), 1, " refused to connect: 470, not tried again", "let connections to api.example.test through", true},
		{"http", connecting("429 Too Many Requests"), 3, " refused to connect: 429 Too Many Requests, after 3 attempts", "let connections", false},
		{"http", connecting("502 Bad Gateway"), 3, " refused to connect: 502 Bad Gateway, after 3 attempts", "let connections", false},
		{"http", connecting("200 OK"), 3, ": ", "check the proxy, HTTPS_PROXY", false}, // and then no TLS
		{"http", func(net.Conn) {}, 3, ": ", "check the proxy, HTTPS_PROXY", false},
		{"socks5", func(conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, 4))
			_, _ = conn.Write([]byte{5, 0xff}) // none of the ways to sign in
		}, 3, ": socks connect", "check the proxy, HTTPS_PROXY", false},
	} {
		for _, name := range []string{"own", "user's", "wrapped"} {
			if c.ownOnly && name != "own" {
				continue
			}
			t.Run(fmt.Sprint(c.scheme, c.want, name), func(t *testing.T) {
				t.Parallel()
				address, connections := listen(t, c.serve)
				proxy, err := url.Parse(c.scheme + "://user:" + proxyPassword + "@" + address)
				require.NoError(t, err)
				client := testkit.NewClient(t, throughProxy(http.ProxyURL(proxy))[name], voiceagent.WithRetryPolicy(testkit.Quickly{}), voiceagent.WithMaxRetries(2))
				_, err = client.Calls.Create(t.Context(), testkit.ValidCall())
				connection, ok := errors.AsType[*voiceagent.ConnectionError](err)
				require.True(t, ok, "%T %v", err, err)
				assert.Equal(t, c.tries, connections.Load(), "%v", err)
				assert.False(t, connection.Sent)
				assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				assert.Contains(t, err.Error(), "the proxy "+address+c.want)
				assert.Contains(t, err.Error(), c.hint)
				for err := range unwrapped(err) {
					assert.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err.Error()), proxyPassword)
				}
				if c.tries == 1 {
					assert.Equal(t, voiceagent.StopPolicy, connection.StopReason)
				}
			})
		}
	}
}

// unwrapped yields an error and all that it wraps.
func unwrapped(err error) func(func(error) bool) {
	return func(yield func(error) bool) {
		for next := []error{err}; len(next) > 0; next = next[1:] {
			if next[0] == nil {
				continue
			}
			if !yield(next[0]) {
				return
			}
			switch e := next[0].(type) { //nolint:errorlint // it unwraps
			case interface{ Unwrap() error }:
				next = append(next, e.Unwrap())
			case interface{ Unwrap() []error }:
				next = append(next, e.Unwrap()...)
			}
		}
	}
}

// A proxy that isn't there is named too.
func TestProxyThatIsDown(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"http", "https", "socks5"} {
		for name, next := range throughProxy(http.ProxyURL(&url.URL{Scheme: scheme, Host: "127.0.0.1:1", User: url.UserPassword("user", proxyPassword)})) {
			_, err := testkit.NewClient(t, next, voiceagent.WithMaxRetries(0)).Calls.Create(t.Context(), testkit.ValidCall())
			require.ErrorContains(t, err, "not sent: through the proxy 127.0.0.1:1: proxyconnect tcp: dial tcp", name)
			require.ErrorContains(t, err, "; check the proxy, HTTPS_PROXY", name)
			assert.NotContains(t, err.Error(), proxyPassword, name)
		}
	}
}

// The error of url.Parse quotes the whole address.
func TestProxyWhoseAddressIsNone(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://user:pa ss" + proxyPassword + "@proxy.test:8080", "http://user:" + proxyPassword + "/@proxy.test:8080"} {
		for name, next := range throughProxy(func(*http.Request) (*url.URL, error) { return url.Parse(address) }) {
			_, err := testkit.NewClient(t, next, voiceagent.WithMaxRetries(0), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail)).
				Calls.Create(t.Context(), testkit.ValidCall())
			require.Error(t, err)
			if name == "wrapped" { // nothing says that it wasn't sent
				require.ErrorContains(t, err, "an address can't be read, perhaps a proxy's")
			} else {
				require.ErrorContains(t, err, "not sent: through the proxy: its address can't be read; check the proxy, HTTPS_PROXY", name)
				require.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
			}
			for err := range unwrapped(err) {
				assert.NotContains(t, err.Error(), proxyPassword)
			}
		}
	}
	other := errors.New("the pool of proxies is empty")
	for name, next := range throughProxy(func(*http.Request) (*url.URL, error) { return nil, other }) {
		if name != "wrapped" {
			_, err := testkit.NewClient(t, next, voiceagent.WithMaxRetries(0)).Calls.Create(t.Context(), testkit.ValidCall())
			require.ErrorContains(t, err, "not sent: through the proxy: "+other.Error())
			require.ErrorIs(t, err, other)
		}
	}
}

// A host that is reached without a proxy is none, whatever its spelling.
func TestNoProxyIsNamedWhereThereIsNone(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"http://127.0.0.1:1/v1", "http://LOCALHOST:1/v1", "https://[::1]:1/v1", "https://m\u00fcnchen.invalid/v1", "https://MUNICH.invalid/v1"} {
		client, err := voiceagent.NewClient(voiceagent.WithAPIKey(testkit.Key), voiceagent.WithBaseURL(base), voiceagent.WithMaxRetries(0),
			voiceagent.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: func(_ context.Context, network, _ string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: network, Err: syscall.ECONNREFUSED}
			}}}))
		require.NoError(t, err)
		_, err = client.Agents.Get(t.Context(), "ag_1")
		require.ErrorContains(t, err, "not sent", base)
		assert.NotContains(t, err.Error(), "proxy", base)
		assert.Contains(t, err.Error(), "whose host is", base)
	}
}

// Nobody is asked again for a certificate that isn't trusted, and nothing was sent.
func TestCertificateThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, testkit.OKCall) }))
	var connections atomic.Int32
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	trusted := server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs //nolint:forcetypeassert // it is one
	for name, c := range map[string]struct {
		config *tls.Config
		host   string
		hint   string
	}{
		"unknown authority": {nil, "127.0.0.1", "add it to the trusted ones"},
		"wrong host":        {&tls.Config{RootCAs: trusted}, "localhost", "check the proxy, and the base URL (VOICEAGENT_BASE_URL or WithBaseURL), whose host is localhost"},
		"expired":           {&tls.Config{RootCAs: trusted, Time: func() time.Time { return time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC) }}, "127.0.0.1", "check this machine's clock"},
	} {
		connections.Store(0)
		base := transport.NewBase(4)
		base.TLSClientConfig = c.config
		client := testkit.NewClient(t, base, voiceagent.WithBaseURL(strings.Replace(server.URL, "127.0.0.1", c.host, 1)))
		for method, err := range map[string]error{
			"GET":  testkit.Second(client.Agents.Get(t.Context(), "ag_1")),
			"POST": testkit.Second(client.Calls.Create(t.Context(), testkit.ValidCall())),
		} {
			connection, ok := errors.AsType[*voiceagent.ConnectionError](err)
			require.True(t, ok, "%s: %T %v", name, err, err)
			assert.False(t, connection.Sent, name)
			assert.Len(t, connection.Attempts, 1, "%s %s", name, method)
			assert.Equal(t, voiceagent.StopPolicy, connection.StopReason, name)
			assert.Contains(t, err.Error(), "not tried again: the certificate would be the same; ", name)
			assert.Contains(t, err.Error(), c.hint, name)
			assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		}
		assert.EqualValues(t, 2, connections.Load(), name)
		base.CloseIdleConnections()
	}
}
