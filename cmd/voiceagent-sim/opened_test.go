package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestOpenRequest(t *testing.T) {
	v := visit(t, "-agent", "Demo/agent-1", "-fail", "POST /call:503", "-fail", "POST /call:cut-body", "-fail", "DELETE /agents/{agent_id}:dropx*")
	call, err := v.client().Calls.Create(t.Context(), voiceagent.CallCreateParams{
		AgentID: "agent-1", From: "+15550100000", To: "+919876543210", Metadata: map[string]any{"note": "ask for +91 98765 43211"},
	}, voiceagent.WithIdempotencyKey("row 919876543210 of lev_test_4321"))
	require.NoError(t, err)
	require.Error(t, v.client().Agents.Delete(t.Context(), "agent-1", voiceagent.WithMaxRetries(0)))
	v.send("GET", "/v1/agents?page=2&search=%2B919876543210&api_key=abc", "", "Authorization", "Bearer lev_test_4321")
	v.send("GET", "/v1/calls/"+call.ID, "", "Authorization", "Bearer lev_test_4321")

	rows := v.state().Requests
	require.Equal(t, "POST", rows[len(rows)-1].Method)
	s := v.stateOf("?request=" + rows[len(rows)-1].ID)
	require.NotNil(t, s.Opened.Request)
	first := s.Opened.Request
	assert.Equal(t, rows[len(rows)-1], first.Row)
	assert.Equal(t, []string{"/v1/call", "...4321", "row ***3210 of lev_..."}, []string{first.Path, first.Key, first.IdempotencyKey})
	assert.Contains(t, first.Sent.Text, `  "phone_number": "***3210",`+"\n")
	assert.Contains(t, first.Sent.Text, `"note": "ask for ***3211"`)
	assert.Contains(t, first.Answer.Text, `"message": "Service Unavailable"`)
	assert.Contains(t, first.Answer.Text, first.Row.ID)
	assert.Nil(t, s.Opened.Call)

	require.Len(t, first.Attempts, 2)
	assert.Equal(t, []any{first.Row, 2}, []any{first.Attempts[0], first.Attempts[1].Attempt})
	second := v.stateOf("?request=" + first.Attempts[1].ID).Opened.Request
	assert.Equal(t, first.Attempts, second.Attempts)
	assert.NotContains(t, second.Answer.Text, "\n", "half of an answer, as it was sent")
	assert.True(t, strings.HasPrefix(second.Answer.Text, `{"`), second.Answer.Text)

	assert.Equal(t, "/v1/agents?api_key=...&page=2&search=***3210", v.stateOf("?request="+rows[1].ID).Opened.Request.Path)
	dropped := v.stateOf("?request=" + rows[2].ID).Opened.Request
	assert.Equal(t, []bodyView{{Note: "It has no body."}, {Note: "None was sent."}}, []bodyView{dropped.Sent, dropped.Answer})
	assert.Equal(t, "/v1/calls/"+call.ID, v.stateOf("?request="+rows[0].ID).Opened.Request.Path)
	assert.Equal(t, opened{}, v.stateOf("?request=req_nothing&call=nothing").Opened)
}

func TestOpenCall(t *testing.T) {
	sim := voiceagenttest.NewServer(voiceagenttest.WithoutSocket(), voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Completed }))
	defer sim.Close()
	d := newDashboard(sim, newTraffic(1))
	client, agent := sim.Client(), sim.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
	var ids []string
	for range 2 {
		call, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{
			AgentID: agent, From: "+15550100000", To: "+919876543210", Metadata: map[string]any{"secret_word": "swordfish"},
		})
		require.NoError(t, err)
		ids = append(ids, call.ID)
	}
	v := d.state("", ids[0]).Opened.Call
	require.NotNil(t, v)
	assert.Empty(t, v.Transcript, "it is still going on")
	assert.Equal(t, []string{ids[1], ids[0]}, []string{v.Rings[0].CallID, v.Rings[1].CallID})
	assert.Equal(t, []any{2, true}, []any{v.Row.Rang, v.Row.Repeated})

	sim.Advance(time.Hour)
	v = d.state("", ids[0]).Opened.Call
	assert.Equal(t, utterance{Role: "agent", Content: "Hello, am I speaking with the account holder?", Timestamp: v.Transcript[0].Timestamp}, v.Transcript[0])
	assert.NotEmpty(t, v.Values["full_name"])
	assert.Positive(t, v.Score)
	assert.Contains(t, v.Record.Text, `"phone_number": "***3210"`)
	assert.Contains(t, v.Record.Text, `"secret_word": "..."`)
	assert.Contains(t, v.Record.Text, `"`+ids[0]+`"`)
}

func TestDiscreet(t *testing.T) {
	for text, want := range map[string]string{
		`{"phone":"+91 98765-43210","n":919876543210}`: `{"phone":"***3210","n":***3210}`,
		`Bearer lev_live_abc-DEF_1 and whsec_12345`:    `Bearer lev_... and whsec_...`,
		`{"secret": "a \" b", "url":"https://x.test"}`: `{"secret": "...", "url":"https://x.test"}`,
		`{"webhook_secret":"never ends`:                `{"webhook_secret":"...`,
		`{"API_Key":"k","Authorization" : "Basic x"}`:  `{"API_Key":"...","Authorization" : "..."}`,
		`/v1/calls?token=abc&page=2`:                   `/v1/calls?token=...&page=2`,
		`{"created_at":"2026-03-10T09:00:00Z","id":"3f2a9c1e-1111-4222-8333-123456789012","total_cost":0.0123}`: `{"created_at":"2026-03-10T09:00:00Z","id":"3f2a9c1e-1111-4222-8333-123456789012","total_cost":0.0123}`,
	} {
		assert.Equal(t, want, discreet(text))
	}
}

func TestViewBody(t *testing.T) {
	assert.Equal(t, bodyView{Text: "{\n  \"a\": [\n    1\n  ]\n}"}, viewBody([]byte(`{"a":[1]}`), false))
	assert.Equal(t, bodyView{Text: "<html>"}, viewBody([]byte("<html>"), false))
	assert.Equal(t, bodyView{Text: `{"a":[`, Note: "Only the first 16 KiB."}, viewBody([]byte(`{"a":[`), true))
	long := viewBody([]byte(strings.Repeat("x", bodyShown-1)+"äöü"), false)
	assert.Equal(t, bodyView{Text: strings.Repeat("x", bodyShown-1), Note: "Only the first 16 KiB."}, long)
}

// Whatever is answered, the bodies that are remembered take a bounded number of bytes.
func TestAnswersAreBounded(t *testing.T) {
	var a answers
	serve := func(id string, pieces ...string) string {
		rec := httptest.NewRecorder()
		a.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Request-Id", id)
			for _, piece := range pieces {
				_, _ = w.Write([]byte(piece))
			}
		}), rec, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		return rec.Body.String()
	}
	big := strings.Repeat("x", answerKept)
	assert.Equal(t, big+"tail", serve("big", big, "tail"), "the caller gets all")
	got, ok := a.of("big")
	assert.True(t, ok && got.cut)
	assert.Len(t, got.body, answerKept)

	for i := range 3 * answersKept / answerKept {
		serve(fmt.Sprint(i), big)
	}
	assert.LessOrEqual(t, a.bytes, answersKept)
	_, ok = a.of("big")
	assert.False(t, ok, "the oldest go first")
	for i := range 2 * requestsKept {
		serve(fmt.Sprint("small", i), "x")
	}
	assert.Equal(t, []int{requestsKept, requestsKept, requestsKept}, []int{len(a.byID), len(a.order), a.bytes})
}
