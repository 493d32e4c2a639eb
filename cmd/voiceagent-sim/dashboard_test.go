package main

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// visitor is a browser at the dashboard of a program that runs.
type visitor struct {
	t     *testing.T
	base  string // of the API
	site  string // without a path
	lines *bufio.Scanner
	http  *http.Client
}

func visit(t *testing.T, args ...string) *visitor {
	t.Helper()
	base, lines, stop := start(t, args...)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		stop()
	})
	return &visitor{t: t, base: base, site: strings.TrimSuffix(base, "/v1"), lines: lines, http: client}
}

func (v *visitor) send(method, path, body string, header ...string) (*http.Response, string) {
	v.t.Helper()
	req, err := http.NewRequestWithContext(v.t.Context(), method, v.site+path, strings.NewReader(body))
	require.NoError(v.t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := v.http.Do(req)
	require.NoError(v.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(v.t, err)
	return res, string(text)
}

// state is what the page receives while no row is open.
func (v *visitor) state() state { v.t.Helper(); return v.stateOf("") }

func (v *visitor) stateOf(query string) state {
	v.t.Helper()
	res, text := v.send("GET", "/_sim/state"+query, "")
	require.Equal(v.t, 200, res.StatusCode, text)
	var s state
	require.NoError(v.t, json.Unmarshal([]byte(text), &s))
	return s
}

func (v *visitor) client() *voiceagent.Client {
	v.t.Helper()
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_4321"), voiceagent.WithBaseURL(v.base),
		voiceagent.WithHTTPClient(v.http), voiceagent.WithRetryPolicy(hasty{voiceagent.DefaultRetryPolicy()}))
	require.NoError(v.t, err)
	return client
}

// hasty repeats at once what the policy would repeat later.
type hasty struct{ voiceagent.RetryPolicy }

func (h hasty) Decide(f voiceagent.Failure) voiceagent.Decision {
	d := h.RetryPolicy.Decide(f)
	d.Wait = min(d.Wait, time.Millisecond)
	return d
}

func TestDashboardShowsWhatAClientDoes(t *testing.T) {
	v := visit(t, "-agent", "Demo/agent-1", "-plan", "free", "-window", "1h")
	res, text := v.send("POST", "/_sim/faults", `{"fault":"POST /call:503x2"}`)
	require.Equal(t, 200, res.StatusCode, text)
	assert.Equal(t, []faultView{{Method: "POST", Route: "/call", Kind: voiceagenttest.StatusBefore, Status: 503, Times: 2}}, v.state().Faults)

	client := v.client()
	_, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: "agent-1", From: "+15550100000", To: "+919876543210"})
	require.NoError(t, err)
	_, err = client.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{
		Name: "Reminders", AgentID: "agent-1", From: "+15550100000", Contacts: []voiceagent.Contact{{"phone": "+919876543211"}},
	})
	require.NoError(t, err)

	s := v.state()
	require.Len(t, s.Requests, 6)
	for i, want := range []requestView{
		{Method: "POST", Route: "/campaigns", Status: 200, Attempt: 1},
		{Method: "POST", Route: "/call", Status: 200, Attempt: 3},
		{Method: "GET", Route: "/calls", Status: 200, Attempt: 1}, // a look
		{Method: "POST", Route: "/call", Status: 503, Attempt: 2, Fault: voiceagenttest.StatusBefore},
		{Method: "GET", Route: "/calls", Status: 200, Attempt: 1},
		{Method: "POST", Route: "/call", Status: 503, Attempt: 1, Fault: voiceagenttest.StatusBefore},
	} {
		got := s.Requests[i]
		assert.NotEmpty(t, got.ID)
		assert.WithinDuration(t, time.Now(), got.Time, time.Minute)
		got.ID, got.Time, got.MS = "", time.Time{}, 0
		assert.Equal(t, want, got)
	}
	assert.Equal(t, []int{6, 2, 0, 1}, []int{s.Received, s.Faulty, s.Throttle, s.Numbers})
	assert.Empty(t, s.Faults, "they are used up")
	assert.Equal(t, []any{"...3210", "Demo"}, []any{s.Calls[0].Number, s.Calls[0].Agent})
	assert.Equal(t, []any{"Reminders", 1}, []any{s.Campaigns[0].Name, s.Campaigns[0].Total})
	require.Len(t, s.Keys, 1)
	assert.Equal(t, []any{"...4321", 60, 6}, []any{s.Keys[0].Key, s.Keys[0].Window.Limit, s.Keys[0].Window.Used})
	var sum bar
	for _, b := range s.Keys[0].Bars {
		for class, n := range b {
			sum[class] += n
		}
	}
	assert.Equal(t, bar{fine: 4, broken: 2}, sum)
	_, text = v.send("GET", "/_sim/state", "")
	assert.NotContains(t, text, "9876543210")
	assert.NotContains(t, text, "lev_test")
}

// A request that hangs is seen while it does, and the looks themselves are neither counted nor
// remembered.
func TestDashboardShowsAHangingRequest(t *testing.T) {
	v := visit(t, "-fail", "GET /health:hang")
	hung := make(chan struct{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, v.base+"/health", http.NoBody)
	require.NoError(t, err)
	go func() {
		defer close(hung)
		if res, err := v.http.Do(req); err == nil {
			res.Body.Close()
		}
	}()
	t.Cleanup(func() { <-hung }) // after the program has stopped
	require.Eventually(t, func() bool { return len(v.state().Requests) > 0 }, 10*time.Second, time.Millisecond)
	r := v.state().Requests[0]
	assert.Equal(t, []any{true, 0, voiceagenttest.HangBefore}, []any{r.Pending, r.Status, r.Fault})
	v.send("GET", "/_sim/", "")
	v.send("POST", "/_sim/faults", `{"fault":":503"}`)
	assert.Equal(t, 1, v.state().Received)
}

func TestDashboardOff(t *testing.T) {
	v := visit(t, "-dashboard=false", "-agent", "Demo/agent-1")
	require.True(t, v.lines.Scan())
	assert.Equal(t, `# agent "Demo": agent-1`, v.lines.Text(), "no address of a page")
	for _, path := range []string{"/_sim/", "/_sim/state", "/_sim"} {
		res, text := v.send("GET", path, "")
		assert.Equal(t, 404, res.StatusCode)
		assert.JSONEq(t, `{"detail":"Not Found"}`, text, "what the API says of any such path")
	}
	s, err := parse([]string{"-dashboard=false"}, io.Discard)
	require.NoError(t, err)
	sim := voiceagenttest.NewServer(s.options(nil)...)
	defer sim.Close()
	_, err = sim.Client().Health(t.Context())
	require.NoError(t, err)
	assert.Empty(t, sim.Requests(), "nobody looks, so nothing is remembered")
}

// The page changes nothing about the API, whatever the path looks like.
func TestDashboardLeavesTheAPIAlone(t *testing.T) {
	with, without := visit(t, "-plan", "free"), visit(t, "-plan", "free", "-dashboard=false")
	ids := regexp.MustCompile(`"timestamp":"[^"]*"`)
	for _, c := range [][2]string{
		{"GET", "/v1/health"}, {"GET", "/v1/agents"}, {"POST", "/v1/call"}, {"PUT", "/v1/agents"}, {"GET", "//v1/health"},
		{"GET", "/v1/../v1/health"}, {"GET", "/"}, {"GET", "/_simulator"}, {"GET", "/v1/_sim/"}, {"OPTIONS", "/v1/call"}, {"GET", "/favicon.ico"},
	} {
		a, textA := with.send(c[0], c[1], "{}", "Authorization", "Bearer lev_test_1", "Sec-Fetch-Site", "cross-site", "Origin", "https://example.com")
		b, textB := without.send(c[0], c[1], "{}", "Authorization", "Bearer lev_test_1", "Sec-Fetch-Site", "cross-site", "Origin", "https://example.com")
		assert.Equal(t, b.StatusCode, a.StatusCode, c)
		assert.Equal(t, ids.ReplaceAllString(textB, ""), ids.ReplaceAllString(textA, ""), c)
		for _, h := range []http.Header{a.Header, b.Header} {
			h.Del("Date")
			h.Del("X-Ratelimit-Reset")
		}
		assert.Equal(t, b.Header, a.Header, c)
	}
}
