package wire_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// A transport may change the request that it gets, as most hand-written ones do, whether it stands
// in WithHTTPClient or is a middleware. No other attempt, redirect or call sees what it did.
func TestATransportChangesItsOwnAttemptAlone(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"WithHTTPClient", "WithMiddleware"} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(how+" "+method, func(t *testing.T) {
				t.Parallel()
				attempts := 0
				changing := testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
					attempts++
					assert.Len(t, req.Header["User-Agent"], 1)
					assert.NotContains(t, req.Header.Get("User-Agent"), "mine")
					assert.NotContains(t, req.Header, "X-Trace")
					assert.Equal(t, []string{"sales"}, req.Header["X-Team"])
					assert.Equal(t, []string{"Bearer " + testkit.Key}, req.Header["Authorization"])
					assert.Regexp(t, `^/v1/call(s/call_1)?(/moved)?$`, req.URL.Path)
					for key := range req.Header {
						req.Header[key][0] += " mine"
						req.Header.Add(key, "mine too")
					}
					req.Header.Add("X-Trace", "1")
					req.URL.Path = "/tenant" + req.URL.Path
					switch {
					case attempts == 1:
						return testkit.Answer(http.StatusBadGateway, "")(req)
					case attempts%2 == 0:
						return testkit.Answer(http.StatusTemporaryRedirect, "", "Location", map[string]string{"GET": "/v1/calls/call_1/moved", "POST": "/v1/call/moved"}[method])(req)
					}
					return testkit.Answer(http.StatusOK, testkit.OKCall)(req)
				})
				opts := []voiceagent.ClientOption{voiceagent.WithRetryPolicy(testkit.Quickly{}), voiceagent.WithUnknownOutcome(voiceagent.OutcomeRetry), voiceagent.WithHeader("X-Team", "sales")}
				var under http.RoundTripper = changing
				if how == "WithMiddleware" {
					opts = append(opts, voiceagent.WithMiddleware(func(http.RoundTripper) http.RoundTripper { return changing }))
					under = testkit.RoundTrip(testkit.Reset)
				}
				client := testkit.NewClient(t, under, opts...)
				for range 2 {
					if method == "GET" {
						require.NoError(t, testkit.Second(client.Calls.Get(t.Context(), "call_1")))
					} else {
						require.NoError(t, testkit.Second(client.Calls.Create(t.Context(), testkit.ValidCall())))
					}
				}
				assert.Equal(t, 5, attempts)
			})
		}
	}
}
