package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
	"github.com/voiceagent-go/voiceagent/webhook"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

const (
	secret = "whsec_test_1"
	body   = `{"agent_id":"agent-1","to":"+919876543210"}`
)

func TestDemo(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, demo(t.Context(), &out))
	assert.Contains(t, out.String(), "The phone rang twice")
}

func TestKeyNeedsTheRest(t *testing.T) {
	t.Setenv("VOICEAGENT_API_KEY", "lev_made_up")
	t.Setenv("VOICEAGENT_BASE_URL", "http://127.0.0.1:1/v1") // where nobody listens
	t.Setenv("CALL_FROM", "+15550100000")
	t.Setenv("WEBHOOK_SECRET", "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // should it serve, it ends
	assert.ErrorContains(t, run(ctx), "WEBHOOK_SECRET")
}

// newVendor returns a simulator with an agent, and the service in front of it.
func newVendor(t *testing.T, opts ...voiceagent.ClientOption) (*voiceagenttest.Server, *service) {
	t.Helper()
	vendor := voiceagenttest.NewServer()
	t.Cleanup(vendor.Close)
	vendor.AddAgent(voiceagenttest.NewAgent{ID: "agent-1", Name: "Acme Sales"})
	return vendor, newService(t.Context(), vendor.Client(append(options(), opts...)...), "+15550100000", secret)
}

// ask has the service answer a request.
func ask(s *service, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.mux.ServeHTTP(w, r)
	return w
}

func post(ctx context.Context, key, body string) *http.Request {
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/calls", strings.NewReader(body))
	r.Header.Set("Idempotency-Key", key)
	return r
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	type fault = voiceagenttest.Fault
	for name, c := range map[string]struct {
		key, body string
		fault     fault
		vendorKey string
		want      int
		rang      int
	}{
		"placed":                   {want: 201, rang: 1},
		"no key":                   {key: "none", want: 400},
		"a key that is long":       {key: strings.Repeat("k", 256), want: 400},
		"a key in another script":  {key: "क्रम-1", want: 201, rang: 1},
		"no JSON":                  {body: `{`, want: 400},
		"a body of a megabyte":     {body: `{"agent_id":"agent-1","to":"+919876543210","x":"` + strings.Repeat("x", 1<<20) + `"}`, want: 400},
		"no number":                {body: `{"agent_id":"agent-1","to":"98765"}`, want: 400},
		"refused by the vendor":    {fault: fault{Route: "/call", Status: 422}, want: 400},
		"no such agent":            {body: `{"agent_id":"agent-2","to":"+919876543210"}`, want: 404},
		"throttled for long":       {fault: fault{Route: "/call", Kind: voiceagenttest.Throttle}, want: 429},
		"no credits":               {vendorKey: voiceagenttest.KeyNoCredits, want: 503},
		"the key is wrong":         {vendorKey: "expired", want: 502},
		"the key may not":          {vendorKey: voiceagenttest.KeyForbidden, want: 502},
		"a lost answer":            {fault: fault{Route: "/call", Kind: voiceagenttest.DropAfter}, want: 201, rang: 1},
		"an answer that is late":   {fault: fault{Route: "/call", Kind: voiceagenttest.HangAfter}, want: 201, rang: 1},
		"a late answer, not there": {fault: fault{Route: "/call", Kind: voiceagenttest.HangBefore}, want: 202},
		"listed late":              {fault: fault{Route: "/call", Kind: voiceagenttest.DropAfter, WorkDelay: 25 * time.Second}, want: 201, rang: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if c.key == "" {
					c.key = "order-1"
				}
				if c.key == "none" {
					c.key = ""
				}
				if c.body == "" {
					c.body = body
				}
				var opts []voiceagent.ClientOption
				if c.vendorKey != "" {
					opts = append(opts, voiceagent.WithAPIKey(c.vendorKey))
				}
				vendor, s := newVendor(t, opts...)
				if c.fault.Route != "" {
					vendor.Fail(c.fault)
				}
				start := time.Now()
				w := ask(s, post(t.Context(), c.key, c.body))
				assert.Equal(t, c.want, w.Code, w.Body)
				assert.Less(t, time.Since(start), callTime)
				assert.Len(t, vendor.Dialed(), c.rang)

				var answered map[string]any
				require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answered))
				assert.Equal(t, c.want == 201, w.Header().Get("Location") != "")
				assert.Equal(t, c.want == 429, w.Header().Get("Retry-After") != "")
				assert.Equal(t, c.want != 201, answered["error"] != nil, answered)
				if c.want == 202 {
					assert.Contains(t, answered["error"], "look at GET /calls")
				}
			})
		})
	}
}

// The vendor is throttling for a minute at most.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vendor, s := newVendor(t)
		vendor.Fail(voiceagenttest.Fault{Route: "/call", Kind: voiceagenttest.Throttle, Times: -1})
		first := ask(s, post(t.Context(), "order-1", body))
		require.Equal(t, http.StatusTooManyRequests, first.Code)
		wait, err := time.ParseDuration(first.Header().Get("Retry-After") + "s")
		require.NoError(t, err)
		vendor.ClearFaults()
		time.Sleep(wait)
		assert.Equal(t, http.StatusCreated, ask(s, post(t.Context(), "order-1", body)).Code)
	})
}

// A caller that hangs up doesn't make the outcome unknown: the call is placed, and its key has it.
func TestCallerHangsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vendor, s := newVendor(t)
		vendor.Fail(voiceagenttest.Fault{Route: "/call", Kind: voiceagenttest.Slow, Delay: 5 * time.Second})
		ctx, hangUp := context.WithTimeout(t.Context(), time.Second)
		defer hangUp()
		first := ask(s, post(ctx, "order-1", body))
		again := ask(s, post(t.Context(), "order-1", body))
		assert.Equal(t, []int{201, 201}, []int{first.Code, again.Code})
		assert.Equal(t, first.Body.String(), again.Body.String())
		assert.Len(t, vendor.Dialed(), 1)
	})
}

func TestSameKeyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vendor, s := newVendor(t)
		vendor.Fail(voiceagenttest.Fault{Route: "/call", Kind: voiceagenttest.Slow, Delay: 5 * time.Second})
		first := make(chan int)
		go func() { first <- ask(s, post(t.Context(), "order-1", body)).Code }()
		synctest.Wait()
		assert.Equal(t, http.StatusConflict, ask(s, post(t.Context(), "order-1", body)).Code)
		assert.Equal(t, http.StatusCreated, <-first)
		assert.Len(t, vendor.Dialed(), 1)
	})
}

// The vendor's event of a call may come before its answer to POST /call does.
func TestResultBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	for _, session := range []string{"s1", "s2"} {
		_, s := newVendor(t)
		s.save(&voiceagent.Call{ID: "c1", SessionID: "s1", Status: voiceagent.CallInitiated})
		event := `{"event":"CALL_ENDED","data":{"session_id":"` + session + `","status":"completed"}}`
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/webhook/levrage", strings.NewReader(event))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(event), secret))
		require.Equal(t, http.StatusOK, ask(s, r).Code)
		s.save(&voiceagent.Call{ID: "c2", SessionID: "s2", Status: voiceagent.CallInitiated})

		get := func(ref string) *httptest.ResponseRecorder {
			return ask(s, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/calls/"+ref, http.NoBody))
		}
		assert.Equal(t, http.StatusNotFound, get("s3").Code)
		w := get(session)
		assert.Equal(t, http.StatusOK, w.Code)
		assert.Contains(t, w.Body.String(), `"completed"`)
		require.NoError(t, s.hooks.Shutdown(t.Context()))
	}
}

// A call whose event never comes is followed to its end.
func TestEventThatNeverComes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, s := newVendor(t)
		placed := ask(s, post(t.Context(), "order-1", body))
		require.Equal(t, http.StatusCreated, placed.Code)
		time.Sleep(2 * time.Minute)
		now := ask(s, httptest.NewRequestWithContext(t.Context(), http.MethodGet, placed.Header().Get("Location"), http.NoBody))
		assert.NotContains(t, now.Body.String(), `"initiated"`)
		assert.NotContains(t, now.Body.String(), `"ringing"`)
	})
}

// At SIGTERM, a call that is being placed is finished, and its caller gets the answer.
func TestDrain(t *testing.T) {
	t.Parallel()
	dialling, goOn := make(chan struct{}), make(chan struct{})
	_, s := newVendor(t, voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost {
				close(dialling)
				<-goOn
			}
			return next.RoundTrip(r)
		})
	}))
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	served, placed := make(chan error, 1), make(chan int, 1)
	go func() { served <- s.serve(ctx, listener) }()
	go func() {
		answer, _, err := send(t.Context(), http.MethodPost, "http://"+listener.Addr().String()+"/calls", "order-1", body)
		if assert.NoError(t, err) {
			placed <- answer.StatusCode
		}
		close(placed)
	}()
	<-dialling
	stop()
	require.Eventually(t, func() bool { // it takes no more connections
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", listener.Addr().String())
		if err == nil {
			conn.Close()
		}
		return err != nil
	}, 30*time.Second, time.Millisecond)
	close(goOn)
	assert.Equal(t, http.StatusCreated, <-placed)
	assert.NoError(t, <-served)
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
