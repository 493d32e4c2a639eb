package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// redirecting answers everything under /v1 with a redirect to its field to, and everything under
// /moved with the wanted answer.
type redirecting struct {
	status int
	to     string

	mu    sync.Mutex
	moved []sentRequest // what followed
}

func (s *redirecting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if strings.HasPrefix(r.URL.Path, "/v1/") {
		w.Header().Set("Location", s.to)
		w.WriteHeader(s.status)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moved = append(s.moved, sentRequest{r.Method + " " + r.RequestURI, r.Header.Clone(), string(body)})
	_, _ = io.WriteString(w, `{"data":{"id":"x_1"}}`)
}

// followed returns what followed the redirect so far.
func (s *redirecting) followed() []sentRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moved
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	type client = *voiceagent.Client
	verbs := []struct {
		method string
		send   func(context.Context, client) error
	}{
		{"GET", func(ctx context.Context, c client) error { return testkit.Second(c.Agents.Get(ctx, "ag_1")) }},
		{"HEAD", func(ctx context.Context, c client) error { return c.Request(ctx, "HEAD", "/agents", nil, nil) }},
		{"POST", func(ctx context.Context, c client) error {
			return testkit.Second(c.Calls.Create(ctx, testkit.ValidCall()))
		}},
		{"PATCH", func(ctx context.Context, c client) error {
			return testkit.Second(c.Agents.Update(ctx, "ag_1", voiceagent.AgentUpdateParams{Voice: voiceagent.Ptr("v")}))
		}},
		{"DELETE", func(ctx context.Context, c client) error { return c.Agents.Delete(ctx, "ag_1") }},
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, verb := range verbs {
			t.Run(fmt.Sprint(verb.method, " ", status), func(t *testing.T) {
				t.Parallel()
				keepsMethod := status >= 307 || verb.method == "GET" || verb.method == "HEAD"
				t.Run("same origin", func(t *testing.T) {
					t.Parallel()
					server := redirecting{status: status, to: "/moved?a=1"}
					client, _ := testkit.NewLoopback(t, server.ServeHTTP, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
					err := verb.send(t.Context(), client)
					if !keepsMethod {
						assertNotFollowed(t, err, status, "it would turn the "+verb.method+" into a GET")
						assert.Empty(t, server.followed())
						return
					}
					require.NoError(t, err)
					moved := server.followed()
					require.Len(t, moved, 1)
					assert.Equal(t, verb.method+" /moved?a=1", moved[0].line)
					assert.Equal(t, "Bearer "+testkit.Key, moved[0].header.Get("Authorization"))
					switch verb.method {
					case "POST":
						assert.Contains(t, moved[0].body, `"phone_number":"+919876543210"`)
						assert.NotEmpty(t, moved[0].header.Get("Idempotency-Key"))
						assert.Equal(t, "application/json", moved[0].header.Get("Content-Type"))
					case "PATCH":
						assert.JSONEq(t, `{"voice":"v"}`, moved[0].body)
					default:
						assert.Empty(t, moved[0].body)
					}
				})
				for name, elsewhere := range map[string]func(origin, other string) string{
					// localhost is the same machine and port, so that a request that does follow is seen.
					"other host":   func(origin, _ string) string { return strings.Replace(origin, "127.0.0.1", "localhost", 1) },
					"other port":   func(_, other string) string { return other },
					"other scheme": func(origin, _ string) string { return strings.Replace(origin, "http:", "https:", 1) },
					"no scheme":    func(_, other string) string { return strings.TrimPrefix(other, "http:") },
				} {
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						server := redirecting{status: status}
						var strangers atomic.Int64
						other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
						t.Cleanup(other.Close)
						client, origin := testkit.NewLoopback(t, server.ServeHTTP, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
						target := elsewhere(origin.URL, other.URL)
						server.to = strings.Replace(target, "//", "//someone:hunter2@", 1) + "/moved?number=%2B919876543210"
						err := verb.send(t.Context(), client)
						shown := target
						if name == "no scheme" {
							shown = "http:" + target
						}
						assertNotFollowed(t, err, status, "it leads to "+shown+", and the API key and the data stay with "+origin.URL)
						assert.Empty(t, server.followed())
						assert.Zero(t, strangers.Load())
					})
				}
			})
		}
	}
}

// assertNotFollowed checks the error of a redirect that must not be followed. It is typed, says
// why, and shows only the origin of the address, as the rest may hold anything.
func assertNotFollowed(t *testing.T, err error, status int, why string) {
	t.Helper()
	api, ok := errors.AsType[*voiceagent.APIError](err)
	require.True(t, ok, "%T: %v", err, err)
	assert.Equal(t, status, api.StatusCode)
	assert.Len(t, api.Attempts, 1, "the same redirect would come again")
	assert.Contains(t, err.Error(), "the redirect was not followed: "+why)
	assert.NotContains(t, err.Error(), "hunter2")
	assert.NotContains(t, err.Error(), "43210")
	assert.NotContains(t, err.Error(), testkit.Key)
}

// From TLS to plain HTTP nothing follows, even on the same host and port.
func TestRedirectFromTLS(t *testing.T) {
	t.Parallel()
	var strangers atomic.Int64
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
	t.Cleanup(plain.Close)
	var target string
	client, server, _ := startCounted(t, true, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", target)
		w.WriteHeader(http.StatusPermanentRedirect)
	})
	for _, target = range []string{plain.URL + "/v1", strings.Replace(server.URL, "https:", "http:", 1) + "/v1/agents/ag_2"} {
		_, err := client.Agents.Get(t.Context(), "ag_1")
		assertNotFollowed(t, err, http.StatusPermanentRedirect, "it leads to http://127.0.0.1:")
	}
	assert.Zero(t, strangers.Load())
}

// The port that a scheme has by default is the same port when it is written.
func TestRedirectToTheDefaultPort(t *testing.T) {
	t.Parallel()
	for base, target := range map[string]string{
		"https://api.example.test/v1": "https://api.example.test:443/moved", "https://api.example.test:443/v1": "https://api.example.test/moved",
		"http://[::1]/v1": "http://[::1]:80/moved", "http://[::1]:80/v1": "http://[::1]/moved",
	} {
		client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
			if req.URL.Path == "/moved" {
				return testkit.Answer(200, testkit.OKCall)(req)
			}
			return testkit.Answer(307, "", "Location", target)(req)
		}), voiceagent.WithBaseURL(base))
		_, err := client.Calls.Get(t.Context(), "call_1")
		assert.NoError(t, err, base)
	}
	client := testkit.NewClient(t, testkit.RoundTrip(testkit.Answer(307, "", "Location", "https://api.example.test:80/moved")))
	_, err := client.Calls.Get(t.Context(), "call_1")
	assertNotFollowed(t, err, 307, "it leads to https://api.example.test:80, ")
}

func TestRedirectsInARow(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"GET", "POST"} {
		for _, c := range []struct {
			redirects int
			wantErr   string
			wantSeen  int
		}{{3, "", 4}, {4, "it is number 4 in a row", 4}, {1 << 20, "it is number 4 in a row", 4}} {
			t.Run(fmt.Sprint(verb, " ", c.redirects), func(t *testing.T) {
				t.Parallel()
				var seen atomic.Int64
				client, _ := testkit.NewLoopback(t, func(w http.ResponseWriter, r *http.Request) {
					n := int(seen.Add(1))
					assert.Equal(t, verb, r.Method)
					assert.Equal(t, verb == "POST", r.ContentLength > 0)
					if n <= c.redirects {
						w.Header().Set("Location", "/v1/calls")
						w.WriteHeader(http.StatusTemporaryRedirect)
						return
					}
					_, _ = io.WriteString(w, testkit.OKCall)
				}, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
				var err error
				if verb == "GET" {
					_, err = client.Calls.Get(t.Context(), "call_1")
				} else {
					_, err = client.Calls.Create(t.Context(), testkit.ValidCall())
				}
				assert.EqualValues(t, c.wantSeen, seen.Load())
				if c.wantErr == "" {
					assert.NoError(t, err)
					return
				}
				assertNotFollowed(t, err, http.StatusTemporaryRedirect, c.wantErr)
			})
		}
	}
}

// A way round: first within the origin, then out of it.
func TestSecondRedirectLeadsElsewhere(t *testing.T) {
	t.Parallel()
	var strangers atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
	t.Cleanup(other.Close)
	client, origin := testkit.NewLoopback(t, func(w http.ResponseWriter, r *http.Request) {
		to := "/step"
		if r.URL.Path == to {
			to = other.URL
		}
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
	_, err := client.Calls.Create(t.Context(), testkit.ValidCall())
	assertNotFollowed(t, err, http.StatusTemporaryRedirect, "it leads to "+other.URL+", and the API key and the data stay with "+origin.URL)
	assert.Zero(t, strangers.Load())
}

// The caller's own CheckRedirect must not open what the client has closed.
func TestCheckRedirectOfTheCallerIsNotUsed(t *testing.T) {
	t.Parallel()
	var strangers atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
	t.Cleanup(other.Close)
	own := &http.Client{Transport: testkit.RoundTrip(testkit.Answer(302, "", "Location", other.URL)), CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	_, err := testkit.NewClient(t, nil, voiceagent.WithHTTPClient(own)).Agents.Get(t.Context(), "ag_1")
	assertNotFollowed(t, err, 302, "it leads to "+other.URL)
	assert.Zero(t, strangers.Load())
}

func TestRedirectThatLeadsNowhere(t *testing.T) {
	t.Parallel()
	_, err := testkit.NewAnswering(t, 302, "").Calls.Create(t.Context(), testkit.ValidCall())
	require.ErrorContains(t, err, "302 Found: the answer is a redirect that leads nowhere")
	assert.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown, "it may have been done before")

	// An address that can't be read is as good as none.
	_, err = testkit.NewAnswering(t, 302, "", "Location", "http://[::1?key="+testkit.Key+"&to=%2B919876543210").Calls.Create(t.Context(), testkit.ValidCall())
	assertNotFollowed(t, err, 302, "its address can't be read")
}
