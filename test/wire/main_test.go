// Package wire_test tests what is sent and what is read, and what only real sockets show:
// connections that die, close and are refused.
package wire_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
	"github.com/voiceagent-go/voiceagent/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const emptyList = `{"success":true,"data":[],"total":0,"page":1,"page_size":100,"has_more":false}`

var someCall = testkit.ValidCall()

// startServer serves over TLS.
func startServer(t *testing.T, http2 bool, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = http2
	server.Config.ConnContext = countRequests
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// newClient returns a client with the transport that users get, but for the certificate that it
// trusts.
func newClient(t *testing.T, server *httptest.Server, address string, opts ...voiceagent.ClientOption) *voiceagent.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	base := transport.NewBase(64)
	base.TLSClientConfig = &tls.Config{RootCAs: roots}
	t.Cleanup(base.CloseIdleConnections)
	client, err := voiceagent.NewClient(append([]voiceagent.ClientOption{
		voiceagent.WithAPIKey("lev_test_12345678"), voiceagent.WithBaseURL("https://" + address + "/v1"),
		voiceagent.WithHTTPClient(&http.Client{Transport: base}),
	}, opts...)...)
	require.NoError(t, err)
	return client
}

// place places a call. One that may have been placed is not sent again, and not looked for either.
func place(ctx context.Context, client *voiceagent.Client, call voiceagent.CallCreateParams, opts ...voiceagent.RequestOption) error {
	opts = append(opts, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
	_, err := client.Calls.Create(ctx, call, opts...)
	return err
}
