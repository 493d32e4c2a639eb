package wire_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// An answer that isn't quite JSON is an answer: nothing is lost, looked for or unknown.
func TestAnAnswerThatIsNotQuiteJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"success":true,"data":{"id":"call_1","ai_cost":NaN,"metadata":{"score":-Infinity}},"request_id":"req_1"}`,
		"\ufeff" + `{"success":true,"data":{"id":"call_1"},"request_id":"req_1"}`,
		"{\"success\":true,\"data\":{\"id\":\"call_1\",\"call_summary\":\"One\ntwo\"},\"request_id\":\"req_1\"}",
	} {
		requests := 0
		client := server(func(r *http.Request) (*http.Response, error) {
			requests++
			return ok(r, body), nil
		}).client(t)
		var response voiceagent.Response
		call, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: "ag_1", From: "+15550100000", To: "+919876543210"},
			voiceagent.WithResponse(&response))
		require.NoError(t, err, body)
		assert.Equal(t, "call_1", call.ID)
		assert.Nil(t, call.AICost)
		assert.Equal(t, "req_1", response.RequestID)
		assert.Equal(t, 1, requests)

		var out struct {
			ID   string   `json:"id"`
			Cost *float64 `json:"ai_cost"`
		}
		require.NoError(t, client.Request(t.Context(), "GET", "/calls/1", nil, &out), body)
		assert.Equal(t, "call_1", out.ID)
		assert.Nil(t, out.Cost)
	}
}

// A refusal is one with a byte order mark before it.
func TestARefusalThatIsNotQuiteJSON(t *testing.T) {
	t.Parallel()
	client := always("\ufeff" + `{"success":false,"error":{"code":"quota_exceeded","message":"No credits","left":NaN}}`).client(t)
	_, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: "ag_1", From: "+15550100000", To: "+919876543210"})
	refused := new(voiceagent.APIError)
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, voiceagent.CodeQuotaExceeded, refused.Code)
}
