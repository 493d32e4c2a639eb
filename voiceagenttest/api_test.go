package voiceagenttest

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// api talks to a server as a caller does.
type api struct {
	t    *testing.T
	srv  *Server
	base string
	http *http.Client
	key  string
}

// inMemory makes a server that is reached without a socket.
func inMemory(t *testing.T, cfg config) *api {
	t.Helper()
	s := newServer(cfg)
	t.Cleanup(s.Close)
	return &api{t: t, srv: s, base: "https://api.test/v1", http: &http.Client{Transport: s.Transport()}, key: "lev_test_1234"}
}

// overSocket makes a server that is reached over loopback.
func overSocket(t *testing.T, cfg config) *api {
	t.Helper()
	s := newServer(cfg)
	s.listen()
	t.Cleanup(s.Close)
	return &api{t: t, srv: s, base: s.URL, http: s.HTTPClient(), key: "lev_test_1234"}
}

// answer is what came back.
type answer struct {
	t      *testing.T
	status int
	header http.Header
	raw    string
}

func (a *api) request(method, path string, body any) *http.Request {
	a.t.Helper()
	var r io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		r = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		require.NoError(a.t, err)
		r = strings.NewReader(string(text))
	}
	req, err := http.NewRequestWithContext(a.t.Context(), method, a.base+path, r)
	require.NoError(a.t, err)
	if a.key != "" {
		req.Header.Set("Authorization", "Bearer "+a.key)
	}
	return req
}

// try sends a request that may get no answer.
func (a *api) try(method, path string, body any) (*answer, error) {
	a.t.Helper()
	res, err := a.http.Do(a.request(method, path, body))
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return &answer{t: a.t, status: res.StatusCode, header: res.Header, raw: string(raw)}, err
}

func (a *api) do(method, path string, body any) *answer {
	a.t.Helper()
	ans, err := a.try(method, path, body)
	require.NoError(a.t, err)
	return ans
}

func (a *api) get(path string) *answer { a.t.Helper(); return a.do(http.MethodGet, path, nil) }

func (a *api) post(path string, body any) *answer {
	a.t.Helper()
	return a.do(http.MethodPost, path, body)
}

// is requires a status.
func (a *answer) is(status int) *answer {
	a.t.Helper()
	require.Equal(a.t, status, a.status, a.raw)
	return a
}

func (a *answer) json() map[string]any {
	a.t.Helper()
	var m map[string]any
	require.NoError(a.t, json.Unmarshal([]byte(a.raw), &m), a.raw)
	return m
}

func (a *answer) data() map[string]any {
	a.t.Helper()
	m, ok := a.json()["data"].(map[string]any)
	require.True(a.t, ok, a.raw)
	return m
}

func (a *answer) list() []map[string]any {
	a.t.Helper()
	items, ok := a.json()["data"].([]any)
	require.True(a.t, ok, a.raw)
	list := make([]map[string]any, len(items))
	for i, item := range items {
		list[i] = item.(map[string]any)
	}
	return list
}

// failure is the code and the message of an error envelope.
func (a *answer) failure() (code, message string) {
	a.t.Helper()
	m := a.json()
	require.Equal(a.t, false, m["success"], a.raw)
	e, ok := m["error"].(map[string]any)
	require.True(a.t, ok, a.raw)
	return e["code"].(string), e["message"].(string)
}

type object = map[string]any

func (a *api) agent(name string) string {
	a.t.Helper()
	return a.post("/agents", object{"name": name, "start_flow": "Hi", "end_flow": "Bye"}).is(200).data()["id"].(string)
}

func (a *api) callTo(agentID, number string) object {
	a.t.Helper()
	return a.post("/call", object{"agent_id": agentID, "source_number": "+919240018601", "phone_number": number}).is(200).data()
}

// contacts are n people to call.
func contacts(n int) []object {
	list := make([]object, n)
	for i := range list {
		list[i] = object{"phone": phone(i), "name": "Person"}
	}
	return list
}

func phone(i int) string {
	return "+9198765" + string([]byte{byte('0' + i/10000%10), byte('0' + i/1000%10), byte('0' + i/100%10), byte('0' + i/10%10), byte('0' + i%10)})
}

// campaign starts a campaign to n people, with more keys in extra.
func (a *api) campaign(agentID string, n int, extra object) string {
	a.t.Helper()
	body := object{"name": "Outreach", "agent_id": agentID, "phone_number": "+919240018601", "contacts": contacts(n)}
	maps.Copy(body, extra)
	return a.post("/campaigns", body).is(200).data()["id"].(string)
}

func always(outcome string) func(string, int) string {
	return func(string, int) string { return outcome }
}

// onDay is a time of day in India on a fixed date.
func onDay(hour, minute int) time.Time {
	return time.Date(2026, 3, 10, hour, minute, 0, 0, ist)
}
