package voiceagenttest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// get asks the server for a path and returns its answer.
func get(t *testing.T, srv *voiceagenttest.Server, client *http.Client, path string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+path, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+voiceagenttest.DefaultKey)
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func TestServerListens(t *testing.T) {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	assert.Regexp(t, `^http://127\.0\.0\.1:\d+/v1$`, srv.URL)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	res, _ := get(t, srv, client, "/agents")
	assert.Equal(t, 200, res.StatusCode)
	assert.Equal(t, 1, res.ProtoMajor)
}

func TestServerWithTLS(t *testing.T) {
	srv := voiceagenttest.NewServer(voiceagenttest.WithTLS())
	defer srv.Close()
	assert.Regexp(t, `^https://127\.0\.0\.1:\d+/v1$`, srv.URL)
	res, _ := get(t, srv, srv.HTTPClient(), "/agents")
	assert.Equal(t, "HTTP/2.0", res.Proto)

	var seen voiceagent.Response
	_, err := srv.Client().Agents.List(t.Context(), voiceagent.AgentListParams{}, voiceagent.WithResponse(&seen))
	require.NoError(t, err, "the client trusts the certificate")
	assert.Equal(t, 200, seen.StatusCode)
}

// Faults break a stream of HTTP/2, not the connection that others share.
func TestFaultsOverHTTP2(t *testing.T) {
	srv := voiceagenttest.NewServer(voiceagenttest.WithTLS())
	defer srv.Close()
	for _, kind := range []voiceagenttest.Kind{voiceagenttest.DropAfter, voiceagenttest.CutBody} {
		srv.Fail(voiceagenttest.Fault{Kind: kind})
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/agents", strings.NewReader("{}"))
		require.NoError(t, err)
		res, err := srv.HTTPClient().Do(req)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			res.Body.Close()
		}
		require.Error(t, err, kind)
		res, _ = get(t, srv, srv.HTTPClient(), "/agents")
		assert.Equal(t, 200, res.StatusCode)
	}
}

func TestServerInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer(voiceagenttest.WithTLS())
		defer srv.Close()
		assert.Equal(t, "https://voiceagent.test/v1", srv.URL)
		began := time.Now()
		srv.Fail(voiceagenttest.Fault{Kind: voiceagenttest.Slow, Delay: time.Hour})
		res, _ := get(t, srv, srv.HTTPClient(), "/agents")
		assert.Equal(t, 200, res.StatusCode)
		assert.Equal(t, time.Hour, time.Since(began), "the bubble's clock moves")
	})
}

func TestClient(t *testing.T) {
	work := func(t *testing.T) {
		t.Helper()
		srv := voiceagenttest.NewServer()
		defer srv.Close()
		id := srv.AddAgent(voiceagenttest.NewAgent{Name: "A"})
		ctx := context.Background()
		sockets := 0
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{ConnectStart: func(string, string) { sockets++ }})
		call, err := srv.Client().Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: id, From: "+919240018601", To: "+919876543210"})
		require.NoError(t, err)
		assert.NotEmpty(t, call.Ref())
		assert.Equal(t, []string{"+919876543210"}, srv.Dialed())
		assert.Equal(t, call.Ref(), srv.Dials()[0].SessionID)
		if strings.HasPrefix(srv.URL, "http://") {
			assert.Equal(t, 1, sockets)
		} else {
			assert.Zero(t, sockets)
		}
	}
	t.Run("socket", work)
	t.Run("bubble", func(t *testing.T) { synctest.Test(t, work) })
}

func TestClientOptionsWin(t *testing.T) {
	srv := voiceagenttest.NewServer(voiceagenttest.WithAPIKeys("lev_mine"))
	defer srv.Close()
	_, err := srv.Client(voiceagent.WithAPIKey("lev_mine")).Agents.List(t.Context(), voiceagent.AgentListParams{})
	require.NoError(t, err)
	_, err = srv.Client().Agents.List(t.Context(), voiceagent.AgentListParams{})
	var refused *voiceagent.AuthenticationError
	require.ErrorAs(t, err, &refused)

	defer func() { assert.Contains(t, recover(), "voiceagenttest: the options make no client: ") }()
	srv.Client(voiceagent.WithAPIKey("bad\nkey"))
}

func TestTransportWorksOutsideABubble(t *testing.T) {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	res, _ := get(t, srv, &http.Client{Transport: srv.Transport()}, "/agents")
	assert.Equal(t, 200, res.StatusCode)
	assert.Len(t, srv.Requests(), 1)
	assert.Equal(t, 1, srv.RequestCount())
}

func TestServerWithoutSocket(t *testing.T) {
	srv := voiceagenttest.NewServer(voiceagenttest.WithoutSocket())
	defer srv.Close()
	assert.Equal(t, "https://voiceagent.test/v1", srv.URL)
	res, _ := get(t, srv, srv.HTTPClient(), "/agents")
	assert.Equal(t, 200, res.StatusCode)

	rec := httptest.NewRecorder()
	srv.Handler().ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/v1/health", nil))
	assert.Equal(t, 200, rec.Code)
	assert.Equal(t, 2, srv.RequestCount(), "both ways lead to one server")
}

func TestFailTakesEveryKind(t *testing.T) {
	srv := voiceagenttest.NewServer(voiceagenttest.WithoutSocket())
	defer srv.Close()
	seen := make(map[voiceagenttest.Kind]bool)
	for _, kind := range voiceagenttest.Kinds() {
		assert.False(t, seen[kind], kind)
		seen[kind] = true
		assert.NotPanics(t, func() { srv.Fail(voiceagenttest.Fault{Kind: kind, Status: 503}) }, kind)
	}
	assert.True(t, seen[voiceagenttest.BreakWrite])
}

func TestCloseTwice(t *testing.T) {
	srv := voiceagenttest.NewServer()
	srv.Close()
	srv.Close()
	_, err := srv.HTTPClient().Get(srv.URL + "/health")
	require.Error(t, err)
}

func TestOptions(t *testing.T) {
	start := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	seen := 0
	synctest.Test(t, func(t *testing.T) {
		hooks := roundTripper(func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusInternalServerError, Body: http.NoBody, Request: r}, nil
		})
		srv := voiceagenttest.NewServer(
			voiceagenttest.WithSeed(5),
			voiceagenttest.WithLimits(voiceagenttest.Limits{Requests: 4, Window: time.Hour}),
			voiceagenttest.WithDialect(voiceagenttest.Dialect{BareHealth: true}),
			voiceagenttest.WithStart(start),
			voiceagenttest.WithSpeed(10),
			voiceagenttest.WithClockSkew(time.Hour),
			voiceagenttest.WithZone(time.UTC),
			voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.NoAnswer }),
			voiceagenttest.WithKeptRequests(1),
			voiceagenttest.WithOnRequest(func(voiceagenttest.Request) { seen++ }),
			voiceagenttest.WithWebhookClient(&http.Client{Transport: hooks}),
			voiceagenttest.WithWebhookBackoff(time.Minute),
		)
		defer srv.Close()
		client := srv.HTTPClient()
		res, body := get(t, srv, client, "/agents")
		assert.Equal(t, "4", res.Header.Get("X-RateLimit-Limit"))
		assert.Equal(t, "3", res.Header.Get("X-RateLimit-Remaining"))
		date, err := http.ParseTime(res.Header.Get("Date"))
		require.NoError(t, err)
		assert.Equal(t, start, date)
		assert.Contains(t, body, `"total":0`)
		_, body = get(t, srv, client, "/health")
		assert.NotContains(t, body, "request_id")
		time.Sleep(time.Minute)
		assert.Equal(t, start.Add(10*time.Minute), srv.Now())
		assert.Len(t, srv.Requests(), 1)
		assert.Equal(t, 2, seen)

		ids := srv.SeedAgents(2)
		srv.SeedCalls(3, voiceagenttest.CallSeed{AgentID: ids[0], Directions: []string{voiceagenttest.Inbound}})
		_, body = get(t, srv, client, "/calls?direction=inbound")
		assert.Contains(t, body, `"total":3`)

		hooked := srv.AddAgent(voiceagenttest.NewAgent{Name: "H", Webhook: &voiceagenttest.Webhook{URL: "https://hooks.test"}})
		_, err = srv.Client().Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: hooked, From: "+919240018601", To: "+919876543210"})
		require.NoError(t, err)
		time.Sleep(time.Hour)
		tries := srv.Deliveries()
		require.Len(t, tries, 3)
		assert.Equal(t, time.Minute, tries[1].Time.Sub(tries[0].Time))
		srv.Advance(time.Hour)
		_, body = get(t, srv, client, "/calls?status=no_answer&agent_id="+hooked)
		assert.Contains(t, body, `"total":1`)
	})
}

func TestFail(t *testing.T) {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	srv.Fail(voiceagenttest.Fault{Status: 503, Times: -1})
	res, _ := get(t, srv, srv.HTTPClient(), "/agents")
	assert.Equal(t, 503, res.StatusCode)
	srv.ClearFaults()
	res, _ = get(t, srv, srv.HTTPClient(), "/agents")
	assert.Equal(t, 200, res.StatusCode)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
