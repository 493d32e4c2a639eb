package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestFaultButtons(t *testing.T) {
	v := visit(t)
	for body, want := range map[string]faultView{
		`{"fault":"POST /call:drop-after"}`:  {Method: "POST", Route: "/call", Kind: voiceagenttest.DropAfter, Times: 1},
		`{"fault":":503x*","share":0.1}`:     {Kind: voiceagenttest.StatusBefore, Status: 503, Times: -1, Share: 0.1},
		`{"fault":"GET:504-afterx3"}`:        {Method: "GET", Kind: voiceagenttest.StatusAfter, Status: 504, Times: 3},
		`{"fault":"/agents:html","share":1}`: {Route: "/agents", Kind: voiceagenttest.HTML, Times: 1, Share: 1},
	} {
		res, text := v.send("POST", "/_sim/faults", body, "Sec-Fetch-Site", "same-origin")
		require.Equal(t, 200, res.StatusCode, text)
		assert.Equal(t, []faultView{want}, v.state().Faults, body)
		res, text = v.send("DELETE", "/_sim/faults", "")
		require.Equal(t, 200, res.StatusCode)
		assert.JSONEq(t, `{"cleared":1}`, text)
		assert.Empty(t, v.state().Faults)
	}
}

func TestFaultButtonsRefuse(t *testing.T) {
	v := visit(t)
	const good = `{"fault":"POST /call:503"}`
	crossSite := []string{"Sec-Fetch-Site", "cross-site"}
	for name, c := range map[string]struct {
		method, path, body string
		header             []string
		status             int
		says               string
	}{
		"unknown kind":  {"POST", "/_sim/faults", `{"fault":"POST /call:dorp"}`, nil, 400, `"POST /call:dorp" is no fault: "dorp" is neither a status nor a kind of fault`},
		"nonsense":      {"POST", "/_sim/faults", `{"fault":"503"}`, nil, 400, "POST /call:503x2"},
		"nothing":       {"POST", "/_sim/faults", "", nil, 400, "must be JSON"},
		"unknown key":   {"POST", "/_sim/faults", `{"fault":":503","rate":1}`, nil, 400, `unknown field "rate"`},
		"share":         {"POST", "/_sim/faults", `{"fault":":503","share":1.5}`, nil, 400, "share must be from 0 to 1"},
		"minus":         {"POST", "/_sim/faults", `{"fault":":503","share":-1}`, nil, 400, "share must be from 0 to 1"},
		"too long":      {"POST", "/_sim/faults", `{"fault":"` + strings.Repeat("x", maxFaultBody) + `"}`, nil, 400, "too large"},
		"another site":  {"POST", "/_sim/faults", good, crossSite, 403, "another site"},
		"another host":  {"POST", "/_sim/faults", good, []string{"Origin", "https://example.com"}, 403, "another site"},
		"clear by site": {"DELETE", "/_sim/faults", "", crossSite, 403, "another site"},
		"get":           {"GET", "/_sim/faults", "", nil, 405, "it takes POST and DELETE"},
		"put":           {"PUT", "/_sim/faults", good, nil, 405, "it takes POST and DELETE"},
		"post state":    {"POST", "/_sim/state", "", nil, 405, "it takes GET"},
		"post page":     {"POST", "/_sim/", "", nil, 405, "it takes GET"},
		"no such page":  {"GET", "/_sim/nothing", "", nil, 404, "no such page"},
		"directory":     {"GET", "/_sim/../_sim/.", "", nil, 404, "no such page"},
	} {
		t.Run(name, func(t *testing.T) {
			res, text := v.send(c.method, c.path, c.body, c.header...)
			assert.Equal(t, c.status, res.StatusCode)
			assert.Equal(t, "application/json", res.Header.Get("Content-Type"))
			var answer struct{ Error string }
			require.NoError(t, json.Unmarshal([]byte(text), &answer), text)
			assert.Contains(t, answer.Error, c.says)
			assert.Equal(t, c.status == http.StatusMethodNotAllowed, res.Header.Get("Allow") != "")
		})
	}
	assert.Empty(t, v.state().Faults, "none of these did anything")
}

func TestFaultsAreBounded(t *testing.T) {
	v := visit(t)
	for range maxFaults {
		res, _ := v.send("POST", "/_sim/faults", `{"fault":"GET:503"}`)
		require.Equal(t, 200, res.StatusCode)
	}
	res, text := v.send("POST", "/_sim/faults", `{"fault":"GET:503"}`)
	assert.Equal(t, 409, res.StatusCode)
	assert.Contains(t, text, "clear them first")
	s := v.state()
	assert.Equal(t, []int{maxFaults, faultsShown}, []int{s.InForce, len(s.Faults)})
}
