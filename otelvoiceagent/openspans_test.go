package otelvoiceagent_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// Whatever a transport or a jar does, record finds a span that stays open.
func TestNoSpanStaysOpen(t *testing.T) {
	t.Parallel()
	answer := func(body io.ReadCloser) *http.Response {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Set-Cookie": {"a=b"}}, Body: body}
	}
	panicking := roundTrip(func(*http.Request) (*http.Response, error) { panic("+919876543210") })
	for name, c := range map[string]struct {
		transport roundTrip
		jar       http.CookieJar
		panics    bool
		errorType any
	}{
		"panic":                  {transport: panicking, panics: true, errorType: "panic"},
		"panic after the answer": {transport: func(*http.Request) (*http.Response, error) { return answer(http.NoBody), nil }, jar: badJar{}, panics: true},
		"no answer, no error":    {transport: func(*http.Request) (*http.Response, error) { return nil, nil }, errorType: "_OTHER"},
		"answer and error":       {transport: func(*http.Request) (*http.Response, error) { return answer(http.NoBody), io.ErrUnexpectedEOF }, errorType: "connection_error"},
		"no body":                {transport: func(*http.Request) (*http.Response, error) { return answer(nil), nil }},
		"body that is too long": {transport: func(*http.Request) (*http.Response, error) {
			return answer(io.NopCloser(strings.NewReader(strings.Repeat(" ", 2000)))), nil
		}},
		"redirect that isn't followed": {transport: func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusTemporaryRedirect, Header: http.Header{"Location": {"https://example.org"}}, Body: io.NopCloser(strings.NewReader("there"))}, nil
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			seen := record(t)
			client := through(t, nil, voiceagent.WithHTTPClient(&http.Client{Transport: c.transport, Jar: c.jar}), voiceagent.WithTracer(seen),
				voiceagent.WithMaxRetries(0), voiceagent.WithMaxResponseBytes(1000))
			get := func() { _, _ = client.Agents.Get(t.Context(), "agent") }
			if c.panics {
				assert.Panics(t, get)
			} else {
				get()
			}
			assert.Equal(t, c.errorType, values(seen.only(t, "GET "+agentRoute).Attributes)["error.type"])
			assert.Equal(t, codes.Error, seen.only(t, "voiceagent GET "+agentRoute).Status.Code)
			for _, span := range seen.spans.GetSpans() {
				assert.Empty(t, span.Events, "nothing of what a panic says")
			}
		})
	}
}

// badJar breaks between the answer's head and its body.
type badJar struct{}

func (badJar) SetCookies(*url.URL, []*http.Cookie) { panic("jar") }
func (badJar) Cookies(*url.URL) []*http.Cookie     { return nil }

// A redirect that is followed is another request on the wire.
func TestRedirectIsResent(t *testing.T) {
	t.Parallel()
	srv := server(t)
	seen := record(t)
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
	srv.Fail(voiceagenttest.Fault{Kind: voiceagenttest.Redirect, Header: http.Header{"Location": {srv.URL + "/agents/" + agentID}}})
	_, err := srv.Client(voiceagent.WithTracer(seen)).Agents.Get(t.Context(), agentID)
	require.NoError(t, err)
	attempts := seen.named("GET " + agentRoute)
	require.Len(t, attempts, 2)
	assert.Equal(t, int64(1), values(attempts[1].Attributes)["http.request.resend_count"])
	assert.Equal(t, int64(1), values(seen.only(t, "voiceagent GET "+agentRoute).Attributes)["voiceagent.attempts"])
}

// Of a redirect's body net/http reads the beginning and closes it.
func TestHopWithALongBodyEnds(t *testing.T) {
	t.Parallel()
	seen := record(t)
	hops := 0
	client := through(t, roundTrip(func(*http.Request) (*http.Response, error) {
		hops++
		if hops == 1 {
			return &http.Response{StatusCode: http.StatusTemporaryRedirect, Header: http.Header{"Location": {"/v1/there"}},
				Body: io.NopCloser(strings.NewReader(strings.Repeat(" ", 100_000)))}, nil
		}
		assert.Len(t, seen.spans.GetSpans(), 1, "the first hop is over before the next begins")
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody}, nil
	}), voiceagent.WithTracer(seen))
	_, err := client.Agents.Get(t.Context(), "agent")
	require.Error(t, err)
	assert.Len(t, seen.named("GET "+agentRoute), 2)
}
