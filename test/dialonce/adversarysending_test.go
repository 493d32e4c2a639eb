package dialonce_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// wire answers as a function says.
type wire func(*http.Request) (*http.Response, error)

func (w wire) RoundTrip(req *http.Request) (*http.Response, error) { return w(req) }

func answer(req *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}
}

// A 2xx that says no, in whatever words, is no call.
func TestSuccessInOtherWords(t *testing.T) {
	t.Parallel()
	for _, no := range []string{"false", `"false"`, `"False"`, `"no"`, `"0"`, "0"} {
		posts := 0
		client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_0123456789"), voiceagent.WithHTTPClient(&http.Client{
			Transport: wire(func(req *http.Request) (*http.Response, error) {
				posts++
				return answer(req, http.StatusOK, `{"success": `+no+`, "message": "no credits", "data": {"id": "c_1"}}`), nil
			}),
		}))
		require.NoError(t, err)
		_, err = client.Calls.Create(t.Context(), person(1))
		assert.Equal(t, failed, endOf(err), "%s: %v", no, err)
		assert.ErrorContains(t, err, "no credits")
		assert.Equal(t, 1, posts)
	}
}

// panics is a policy, or a limiter, with a bug.
type panics struct{ release bool }

func (p panics) Decide(voiceagent.Failure) voiceagent.Decision { panic("policy") }
func (p panics) Acquire(context.Context) error                 { return nil }
func (p panics) Release(context.Context, voiceagent.Observation) {
	if p.release {
		panic("limiter")
	}
}

// What was sent before a panic stands in the ledger, so that it isn't sent anew under its key.
func TestPanicsLeaveTheEntry(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]voiceagent.ClientOption{
		"policy":  voiceagent.WithRetryPolicy(panics{}),
		"limiter": voiceagent.WithLimiter(panics{true}),
		"logger":  voiceagent.WithLogger(slog.New(panicHandler{})),
		"middleware": voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return wire(func(req *http.Request) (*http.Response, error) {
				resp, err := next.RoundTrip(req)
				if req.Method == http.MethodPost {
					panic("middleware")
				}
				return resp, err
			})
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			on(t, &api{answers: []reply{badGate, done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
				ledger := voiceagent.WithLedger(voiceagent.NewMemoryLedger())
				assert.Panics(t, func() { _, _ = a.client(ledger, opt).Calls.Create(t.Context(), person(1), row) })
				_, err := a.client(ledger).Calls.Create(t.Context(), person(1), row)
				assert.NotEqual(t, failed, endOf(err), "%v", err)
				assert.Equal(t, 1, a.posts, "rung once: %v", err)
			})
		})
	}
}

type panicHandler struct{}

func (panicHandler) Enabled(context.Context, slog.Level) bool { return true }

func (panicHandler) Handle(context.Context, slog.Record) error { panic("logger") }

func (h panicHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

func (h panicHandler) WithGroup(string) slog.Handler { return h }

// A middleware that gives up on a request may still send it, so the request counts as possibly
// sent.
func TestMiddlewareThatGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		rung := 0
		base := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(2 * time.Second)
			near, far := net.Pipe()
			go func() {
				defer far.Close()
				if _, err := http.ReadRequest(bufio.NewReader(far)); err == nil {
					rung++
				}
			}()
			return near, nil
		}}
		defer base.CloseIdleConnections()
		client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_0123456789"), voiceagent.WithBaseURL("http://localhost/v1"),
			voiceagent.WithHTTPClient(&http.Client{Transport: base}),
			voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
				return wire(func(req *http.Request) (*http.Response, error) {
					if req.Method == http.MethodGet {
						return answer(req, http.StatusForbidden, "{}"), nil
					}
					go func() { _, _ = next.RoundTrip(req.WithContext(context.WithoutCancel(req.Context()))) }()
					time.Sleep(time.Second)
					return nil, errors.New("gave up")
				})
			}))
		require.NoError(t, err)
		_, err = client.Calls.Create(t.Context(), person(1))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, 1, rung)
		assert.Equal(t, unknown, endOf(err), "%v", err)
	})
}

// A transport that sends again by itself may have been heard the first time, whatever its last
// error is.
func TestTransportThatSendsAgain(t *testing.T) {
	t.Parallel()
	for _, last := range []string{"http: server closed idle connection", "http2: client conn not usable"} {
		posts := 0
		client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_0123456789"), voiceagent.WithHTTPClient(&http.Client{
			Transport: wire(func(req *http.Request) (*http.Response, error) {
				if req.Method == http.MethodGet {
					return answer(req, http.StatusForbidden, "{}"), nil
				}
				posts++
				trace := httptrace.ContextClientTrace(req.Context())
				for range 2 {
					trace.GetConn("api")
					trace.GotConn(httptrace.GotConnInfo{})
					trace.WroteRequest(httptrace.WroteRequestInfo{})
				}
				return nil, errors.New(last)
			}),
		}))
		require.NoError(t, err)
		_, err = client.Calls.Create(t.Context(), person(1))
		assert.Equal(t, unknown, endOf(err), "%v", err)
		assert.Equal(t, 1, posts)
	}
}

// A middleware that repeats a request by itself returns the last answer. It says nothing of the
// request before, which may have rung. One that asks another host first repeats nothing.
func TestMiddlewareThatRepeats(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusBadGateway} {
		for before, want := range map[string]end{"api.example:443": unknown, "login.example:443": failed} {
			posts := 0
			client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_0123456789"), voiceagent.WithMaxRetries(0),
				voiceagent.WithHTTPClient(&http.Client{Transport: wire(func(req *http.Request) (*http.Response, error) {
					if req.Method == http.MethodGet {
						return answer(req, http.StatusForbidden, "{}"), nil
					}
					posts++
					trace := httptrace.ContextClientTrace(req.Context())
					for _, host := range []string{before, "api.example:443"} {
						trace.GetConn(host)
						trace.GotConn(httptrace.GotConnInfo{})
						trace.WroteRequest(httptrace.WroteRequestInfo{})
					}
					return answer(req, status, "{}"), nil
				})}))
			require.NoError(t, err)
			_, err = client.Calls.Create(t.Context(), person(1))
			if status == http.StatusBadGateway {
				want = unknown
			}
			assert.Equal(t, want, endOf(err), "%d after a request to %s: %v", status, before, err)
			assert.Equal(t, 1, posts)
		}
	}
}

// A call by [voiceagent.Client.Request] is never sent again after a lost answer, and never ends as
// refused.
func TestRequestsThatMakeCalls(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{lost, late, {status: 501}, {status: 302}, {status: 408}, {status: 499}} {
		on(t, &api{answers: []reply{answer, done}}, func(t *testing.T, a *api, client *voiceagent.Client) {
			err := client.Request(t.Context(), http.MethodPost, "/call", map[string]any{"agent_id": "ag_1", "phone_number": "+919876540001"}, nil)
			assert.Equal(t, unknown, endOf(err), "%v", err)
			assert.Equal(t, 1, a.posts)
		})
	}
}

// Whoever redirects a call may have placed it, whatever follows the redirect.
func TestRefusalAfterARedirect(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusForbidden, http.StatusTooManyRequests, http.StatusBadGateway} {
		a := &api{answers: []reply{done}}
		redirects := wire(func(req *http.Request) (*http.Response, error) {
			switch req.URL.Path {
			case "/v1/call":
				if _, err := a.RoundTrip(req); err != nil {
					return nil, err
				}
				resp := answer(req, http.StatusTemporaryRedirect, "")
				resp.Header.Set("Location", "/v1/elsewhere")
				return resp, nil
			case "/v1/elsewhere":
				return answer(req, status, "{}"), nil
			}
			return a.RoundTrip(req)
		})
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			call, err := client.Calls.Create(t.Context(), person(1))
			require.NoError(t, err, "%d", status)
			assert.Equal(t, "id-1", call.ID)
			assert.Equal(t, 1, a.posts)
		}, voiceagent.WithHTTPClient(&http.Client{Transport: redirects}))
	}
}

// closesBadly is a body that can't be closed.
type closesBadly struct{ io.Reader }

func (closesBadly) Close() error { return errors.New("it can't be closed") }

// A middleware may leave a body behind that net/http finds fault with when the server has got it.
func TestBodyOfAMiddleware(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(io.ReadCloser) io.ReadCloser{
		"can't be closed": func(body io.ReadCloser) io.ReadCloser { return closesBadly{body} },
		"is longer than it says": func(body io.ReadCloser) io.ReadCloser {
			return io.NopCloser(io.MultiReader(body, strings.NewReader("\n")))
		},
	} {
		for _, contacts := range []int{1, 300} {
			t.Run(fmt.Sprint(name, contacts), func(t *testing.T) {
				t.Parallel()
				var made atomic.Int32
				client, _ := testkit.NewLoopback(t, func(w http.ResponseWriter, r *http.Request) {
					if body, err := io.ReadAll(r.Body); err == nil && json.Valid(body) {
						made.Add(1)
					}
					_, _ = io.WriteString(w, `{"data": {"id": "c_1"}}`)
				}, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail), voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
					return wire(func(req *http.Request) (*http.Response, error) {
						req.Body = spoil(req.Body)
						return next.RoundTrip(req)
					})
				}))
				campaign := testkit.ValidCampaign()
				campaign.Contacts = slices.Repeat(campaign.Contacts, contacts)
				_, err := client.Campaigns.Create(t.Context(), campaign)
				assert.NotEqual(t, failed, endOf(err), "%v", err)
				assert.LessOrEqual(t, made.Load(), int32(1), "made once")
			})
		}
	}
}
