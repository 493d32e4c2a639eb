// Package testkit has what the tests of several folders share: clients in memory and over loopback,
// servers and transports that answer in turn, and the table of all methods. It is for tests only.
package testkit

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// Key is recognisable wherever it might turn up.
const Key = "lev_test_0SECRET1SECRET2"

// RedactedKey is what is shown of it.
const RedactedKey = "lev_...REDACTED"

// EscapedKey is Key as a server may spell it in JSON, as some do with every slash.
var EscapedKey = strings.Replace(Key, "_", `\u005f`, 1)

// Base is where clients in memory believe the API to be.
const Base = "https://api.example.test/v1"

// NewClient returns a client with the key Key and the base URL Base that sends through transport.
// The options override these. Use it when the test answers for itself; NewAnswering builds on it.
func NewClient(tb testing.TB, transport http.RoundTripper, opts ...voiceagent.ClientOption) *voiceagent.Client {
	tb.Helper()
	client, err := voiceagent.NewClient(append([]voiceagent.ClientOption{
		voiceagent.WithAPIKey(Key),
		voiceagent.WithBaseURL(Base),
		voiceagent.WithHTTPClient(&http.Client{Transport: transport}),
	}, opts...)...)
	require.NoError(tb, err)
	return client
}

// NewPatient is NewClient without an end to what a call may take.
func NewPatient(tb testing.TB, transport http.RoundTripper, opts ...voiceagent.ClientOption) *voiceagent.Client {
	tb.Helper()
	return NewClient(tb, transport, append([]voiceagent.ClientOption{voiceagent.WithMaxElapsed(0)}, opts...)...)
}

// NewLoopback returns a client of a real server on this machine, which ends with the test. The
// client has the default transport and the default retries.
func NewLoopback(tb testing.TB, handler http.HandlerFunc, opts ...voiceagent.ClientOption) (*voiceagent.Client, *httptest.Server) {
	tb.Helper()
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	client, err := voiceagent.NewClient(append([]voiceagent.ClientOption{
		voiceagent.WithAPIKey(Key),
		voiceagent.WithBaseURL(server.URL + "/v1"),
	}, opts...)...)
	require.NoError(tb, err)
	return client, server
}

// NewAnswering returns a client without retries and looks whose requests all get the same answer.
func NewAnswering(tb testing.TB, status int, body string, header ...string) *voiceagent.Client {
	tb.Helper()
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(Answer(status, body, header...))
	return NewClient(tb, mock, voiceagent.WithMaxRetries(0), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
}

// NewUnsendable returns a client with which nothing may be sent.
func NewUnsendable(tb testing.TB, opts ...voiceagent.ClientOption) *voiceagent.Client {
	tb.Helper()
	return NewClient(tb, RoundTrip(func(req *http.Request) (*http.Response, error) {
		tb.Errorf("%s %s was sent", req.Method, req.URL)
		return Answer(http.StatusTeapot, "")(req)
	}), opts...)
}

// ValidCall has what is required and no more.
func ValidCall() voiceagent.CallCreateParams {
	return voiceagent.CallCreateParams{AgentID: "ag_1", From: "+15550100000", To: "+919876543210"}
}

// ValidAgent has what is required and no more.
func ValidAgent() voiceagent.AgentCreateParams {
	return voiceagent.AgentCreateParams{Name: "Reception", StartFlow: "Hello.", EndFlow: "Goodbye."}
}

// ValidCampaign has what is required and no more.
func ValidCampaign() voiceagent.CampaignCreateParams {
	return voiceagent.CampaignCreateParams{
		Name: "January", AgentID: "ag_1", From: "+15550100000",
		Contacts: []voiceagent.Contact{{"phone": "+919876543210", "name": "Asha"}},
	}
}
