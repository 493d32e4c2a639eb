package voiceagent_test

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// testKey is recognisable wherever it might turn up.
const testKey = "lev_test_0SECRET1SECRET2"

// testBase is where clients in memory believe the API to be.
const testBase = "https://api.example.test/v1"

// newClient returns a client with testKey that sends through transport and believes the API to be at testBase. Options come after those,
// so they win. Use it when the test answers for itself; newAnswering builds on it.
func newClient(tb testing.TB, transport http.RoundTripper, opts ...voiceagent.ClientOption) *voiceagent.Client {
	tb.Helper()
	client, err := voiceagent.NewClient(append([]voiceagent.ClientOption{
		voiceagent.WithAPIKey(testKey),
		voiceagent.WithBaseURL(testBase),
		voiceagent.WithHTTPClient(&http.Client{Transport: transport}),
	}, opts...)...)
	require.NoError(tb, err)
	return client
}

// newLoopback returns a client of a real server on this machine, which ends with the test. The client has the transport that
// users get, and retries as they do.
func newLoopback(tb testing.TB, handler http.HandlerFunc, opts ...voiceagent.ClientOption) (*voiceagent.Client, *httptest.Server) {
	tb.Helper()
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	client, err := voiceagent.NewClient(append([]voiceagent.ClientOption{
		voiceagent.WithAPIKey(testKey),
		voiceagent.WithBaseURL(server.URL + "/v1"),
	}, opts...)...)
	require.NoError(tb, err)
	return client, server
}

// newAnswering returns a client without retries and looks that gets the same answer whatever it asks.
func newAnswering(tb testing.TB, status int, body string, header ...string) *voiceagent.Client {
	tb.Helper()
	mock := httpmock.NewMockTransport()
	mock.RegisterNoResponder(answer(status, body, header...))
	return newClient(tb, mock, voiceagent.WithMaxRetries(0), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
}

// newUnsendable returns a client with which nothing may be sent.
func newUnsendable(tb testing.TB, opts ...voiceagent.ClientOption) *voiceagent.Client {
	tb.Helper()
	return newClient(tb, roundTrip(func(req *http.Request) (*http.Response, error) {
		tb.Errorf("%s %s was sent", req.Method, req.URL)
		return answer(http.StatusTeapot, "")(req)
	}), opts...)
}

// roundTrip makes a transport of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// answer always gives the same answer, with header as key, value, key, value.
func answer(status int, body string, header ...string) httpmock.Responder {
	fields := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		fields.Set(header[i], header[i+1])
	}
	return func(req *http.Request) (*http.Response, error) {
		if req.Body != nil {
			_, _ = io.Copy(io.Discard, req.Body)
			_ = req.Body.Close()
		}
		return &http.Response{
			Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: maps.Clone(fields), Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: req,
		}, nil
	}
}

// validCall, validAgent and validCampaign have what is required and no more.
func validCall() voiceagent.CallCreateParams {
	return voiceagent.CallCreateParams{AgentID: "ag_1", From: "+15550100000", To: "+919876543210"}
}

func validAgent() voiceagent.AgentCreateParams {
	return voiceagent.AgentCreateParams{Name: "Reception", StartFlow: "Hello.", EndFlow: "Goodbye."}
}

func validCampaign() voiceagent.CampaignCreateParams {
	return voiceagent.CampaignCreateParams{
		Name: "January", AgentID: "ag_1", From: "+15550100000",
		Contacts: []voiceagent.Contact{{"phone": "+919876543210", "name": "Asha"}},
	}
}
