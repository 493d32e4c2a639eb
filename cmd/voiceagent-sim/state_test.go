package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// However much happens, the page receives the latest events, in few bytes.
func TestStateIsBounded(t *testing.T) {
	s, err := parse(nil, t.Output())
	require.NoError(t, err)
	counted := newTraffic(s.limits.Window)
	s.limits.Requests = 1_000_000
	sim := voiceagenttest.NewServer(s.options(counted.note)...)
	defer sim.Close()
	d := newDashboard(sim, counted)
	agent := sim.AddAgent(voiceagenttest.NewAgent{Name: strings.Repeat("n", 100)})
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_1"), voiceagent.WithHTTPClient(&http.Client{Transport: sim.Transport()}))
	require.NoError(t, err)
	people := make([]voiceagent.Contact, 2000)
	for i := range people {
		people[i] = voiceagent.Contact{"phone": fmt.Sprintf("+91987654%04d", i), "note": strings.Repeat("x", 50)}
	}
	create := func() {
		_, err := client.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{
			Name: strings.Repeat("c", 100), AgentID: agent, From: "+15550100000", Contacts: people, MaxConcurrentCalls: 50,
		})
		require.NoError(t, err)
	}
	for range 45 {
		create()
	}
	transport := sim.Transport()
	for i := range 10_000 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.test/v1/calls/"+strings.Repeat("x", 1000), http.NoBody)
		require.NoError(t, err)
		req.Header.Set("Authorization", fmt.Sprintf("Bearer lev_test_%04d", i%50))
		res, err := transport.RoundTrip(req)
		require.NoError(t, err)
		res.Body.Close()
	}
	create()
	sim.Advance(time.Minute)

	v := d.state("", "")
	text, err := json.Marshal(v)
	require.NoError(t, err)
	assert.Less(t, len(text), 64<<10)
	assert.Equal(t, 10_046, v.Received)
	assert.Equal(t, []int{requestsShown, callsShown, callsShown, keysShown}, []int{len(v.Requests), len(v.Calls), len(v.Campaigns), len(v.Keys)})
	assert.Len(t, sim.Requests(), requestsKept)
	assert.LessOrEqual(t, len(counted.keys), keysKept)

	sim.Advance(10 * time.Minute) // each campaign comes to the numbers that the others have dialled
	open := d.state(v.Requests[0].ID, v.Calls[0].ID).Opened
	assert.Equal(t, []int{bodyShown, ringsShown}, []int{len(open.Request.Sent.Text), len(open.Call.Rings)})
	text, err = json.Marshal(open)
	require.NoError(t, err)
	assert.Less(t, len(text), 32<<10)
}

func TestAttempts(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(int64(1_800_000_000+seconds), 0) }
	request := func(second int, method, path string, status int, header ...string) voiceagenttest.Request {
		h := http.Header{"Authorization": {"...1234"}}
		for i := 0; i < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return voiceagenttest.Request{Time: at(second), Method: method, Path: path, Status: status, Header: h, Duration: time.Millisecond}
	}
	with := func(r voiceagenttest.Request, change func(*voiceagenttest.Request)) voiceagenttest.Request {
		change(&r)
		return r
	}
	const key = "Idempotency-Key"
	for name, c := range map[string]struct {
		list []voiceagenttest.Request
		want []int
	}{
		"POSTs by their key": {[]voiceagenttest.Request{
			request(0, "POST", "/v1/call", 503, key, "a"), request(0, "POST", "/v1/call", 200, key, "b"),
			request(30, "POST", "/v1/call", 0, key, "a"), request(500, "POST", "/v1/call", 200, key, "a"),
		}, []int{1, 1, 2, 3}},
		"a key is of a path and a caller": {[]voiceagenttest.Request{
			request(0, "POST", "/v1/call", 503, key, "a"), request(1, "POST", "/v1/campaigns", 200, key, "a"),
			request(2, "POST", "/v1/call", 200, key, "a", "Authorization", "...9999"),
		}, []int{1, 1, 1}},
		"a GET after one that failed": {[]voiceagenttest.Request{
			request(0, "GET", "/v1/calls", 429), request(1, "GET", "/v1/calls", 500), request(2, "GET", "/v1/calls", 0),
			request(3, "GET", "/v1/calls", 200), request(4, "GET", "/v1/calls", 200),
		}, []int{1, 2, 3, 4, 1}},
		"another path, another method, another caller, another page": {[]voiceagenttest.Request{
			request(0, "GET", "/v1/calls", 503), request(1, "GET", "/v1/agents", 200), request(1, "DELETE", "/v1/calls", 200),
			request(1, "GET", "/v1/calls", 200, "Authorization", "...9999"),
			with(request(1, "GET", "/v1/calls", 200), func(r *voiceagenttest.Request) { r.Query = url.Values{"page": {"2"}} }),
		}, []int{1, 1, 1, 1, 1}},
		"a 4xx isn't repeated": {[]voiceagenttest.Request{request(0, "GET", "/v1/calls", 404), request(1, "GET", "/v1/calls", 200)}, []int{1, 1}},
		"a body that was cut":  {[]voiceagenttest.Request{with(request(0, "GET", "/v1/calls", 200), func(r *voiceagenttest.Request) { r.Fault = voiceagenttest.CutBody }), request(1, "GET", "/v1/calls", 200)}, []int{1, 2}},
		"too late":             {[]voiceagenttest.Request{request(0, "GET", "/v1/calls", 503), request(500, "GET", "/v1/calls", 200)}, []int{1, 1}},
		"begun before the other had failed": {[]voiceagenttest.Request{
			with(request(0, "GET", "/v1/calls", 503), func(r *voiceagenttest.Request) { r.Duration = 5 * time.Second }), request(1, "GET", "/v1/calls", 200),
		}, []int{1, 1}},
		"two at once, each repeated": {[]voiceagenttest.Request{
			request(0, "GET", "/v1/calls", 503), request(0, "GET", "/v1/calls", 503), request(9, "GET", "/v1/calls", 200), request(9, "GET", "/v1/calls", 200),
			request(9, "GET", "/v1/calls", 200),
		}, []int{1, 1, 2, 2, 1}},
		"one that is under way hasn't failed": {[]voiceagenttest.Request{
			with(request(0, "GET", "/v1/calls", 0), func(r *voiceagenttest.Request) { r.Duration = 0 }), request(1, "GET", "/v1/calls", 200),
		}, []int{1, 1}},
		"one that was dropped has, even on a coarse clock": {[]voiceagenttest.Request{
			with(request(0, "GET", "/v1/calls", 0), func(r *voiceagenttest.Request) { r.Duration, r.Fault = 0, voiceagenttest.DropAfter }), request(1, "GET", "/v1/calls", 200),
		}, []int{1, 2}},
	} {
		var numbers []int
		for _, a := range attempts(c.list) {
			numbers = append(numbers, a.number)
		}
		assert.Equal(t, c.want, numbers, name)
	}
}
