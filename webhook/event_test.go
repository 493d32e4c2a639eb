package webhook_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// documented is the vendor's example.
const documented = `{"event":"CALL_ENDED","timestamp":"2025-01-15T10:30:00Z","data":{"session_id":"call_uuid","phone_number":"+919876543210",
"direction":"outbound","status":"completed","duration_seconds":180,"duration_minutes":3.0,"started_at":"2025-01-15T10:27:00Z",
"ended_at":"2025-01-15T10:30:00Z","agent_id":"agent_uuid","agent_type":"sales","sentiment":"positive","call_summary":"...",
"call_end_reason":"agent_ended","ended_by":"agent","details_collection":{"status":"partial","score":0.75,
"collected_details":["full_name","email"],"collected_values":{"full_name":"Rahul Sharma","email":"rahul@example.com"}},
"transcript":[{"role":"agent","content":"Hello.","timestamp":"10:27:01"},{"speaker":"user","text":"Yes?","timestamp":"10:27:05"}],
"recording_url":"https://storage.example.com/call_uuid.wav","metadata":{"customer_name":"Rahul","campaign_id":"campaign_uuid"},
"ai_cost":0.02,"telephony_cost":0.05,"total_cost":0.07}}`

func parse(t *testing.T, body string) webhook.Event {
	t.Helper()
	event, err := webhook.Parse([]byte(body))
	require.NoError(t, err, body)
	return event
}

func parseEnded(t *testing.T, body string) *webhook.CallEnded {
	t.Helper()
	event := parse(t, body)
	require.IsType(t, &webhook.CallEnded{}, event)
	return event.(*webhook.CallEnded)
}

func TestParseTheDocumentedEvent(t *testing.T) {
	t.Parallel()
	event := parseEnded(t, documented)
	assert.Equal(t, "CALL_ENDED", event.EventName())
	assert.Equal(t, "CALL_ENDED:call_uuid", event.ID())
	assert.True(t, event.Timestamp.Equal(time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)))
	assert.Nil(t, event.Extra)
	call := event.Call
	assert.Equal(t, "call_uuid", call.Ref())
	assert.Equal(t, voiceagent.CallCompleted, call.Status)
	assert.Equal(t, 3*time.Minute, call.Duration())
	assert.Equal(t, "rahul@example.com", call.Details.CollectedValues["email"])
	require.Len(t, call.Transcript, 2)
	assert.Equal(t, "user: Yes?", call.Transcript[1].Role+": "+call.Transcript[1].Content)
	assert.Equal(t, "campaign_uuid", call.Metadata["campaign_id"])
	assert.InDelta(t, 0.07, *call.TotalCost, 0)
	assert.Nil(t, call.Extra)
}

func TestParseIsTolerant(t *testing.T) {
	t.Parallel()
	event := parseEnded(t, `{"event":"CALL_ENDED","timestamp":null,"attempt":2,"data":{"session_id":17,"phone_number":"None","duration_seconds":"180",
		"status":"teleported","sentiment":null,"metadata":"None","new":{"a":[1]},"handover":"True"}}`)
	assert.True(t, event.Timestamp.IsZero())
	assert.Equal(t, map[string]json.RawMessage{"attempt": json.RawMessage("2")}, event.Extra)
	assert.Equal(t, "CALL_ENDED:17", event.ID())
	assert.Equal(t, &voiceagent.Call{SessionID: "17", Status: "teleported", DurationSeconds: voiceagent.Ptr(180.0), Handover: true,
		Extra: map[string]json.RawMessage{"new": json.RawMessage(`{"a":[1]}`)}}, event.Call)
}

// A key that nobody can read doesn't cost the event.
func TestParseKeepsWhatItCantRead(t *testing.T) {
	t.Parallel()
	event := parseEnded(t, `{"event":"CALL_ENDED","data":{"session_id":"s","metadata":["a"],"transcript":{"text":"Hello."},"phone_number":"None",
		"new":1,"call_summary":"Fine."}}`)
	assert.Equal(t, "CALL_ENDED:s", event.ID())
	assert.Equal(t, &voiceagent.Call{SessionID: "s", Summary: "Fine.", Extra: map[string]json.RawMessage{
		"metadata": json.RawMessage(`["a"]`), "transcript": json.RawMessage(`{"text":"Hello."}`), "new": json.RawMessage("1"),
	}}, event.Call)
	event = parseEnded(t, `{"event":"CALL_ENDED","data":{"session_id":"s","metadata":["a"]}}`)
	assert.Equal(t, map[string]json.RawMessage{"metadata": json.RawMessage(`["a"]`)}, event.Call.Extra)
}

func TestParseUnknownEvents(t *testing.T) {
	t.Parallel()
	event := parse(t, `{"event":"CALL_STARTED","timestamp":"2025-01-15T10:27:00","data":{"session_id":"s","x":[1]},"v":2}`)
	require.IsType(t, &webhook.UnknownEvent{}, event)
	unknown := event.(*webhook.UnknownEvent)
	assert.Equal(t, "CALL_STARTED", unknown.EventName())
	assert.Regexp(t, "^sha256:[0-9a-f]{64}$", unknown.ID())
	assert.JSONEq(t, `{"session_id":"s","x":[1]}`, string(unknown.Data))
	assert.Equal(t, time.Date(2025, 1, 15, 10, 27, 0, 0, time.UTC), unknown.Timestamp.UTC())
	assert.Equal(t, map[string]json.RawMessage{"v": json.RawMessage("2")}, unknown.Extra)
	for _, body := range []string{`{"event":"X"}`, `{"event":"X","data":[1]}`, `{"event":"X","data":null}`} {
		assert.Regexp(t, "^sha256:[0-9a-f]{64}$", parse(t, body).ID())
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", " ", "null", "{}", "[]", `"CALL_ENDED"`, "17", `{"event":null}`, `{"event":""}`, `{"event":{}}`, `{"event":"CALL_ENDED"`,
		`{"event":"CALL_ENDED"} x`, `{"event":"CALL_ENDED"}`, `{"event":"CALL_ENDED","data":null}`, `{"event":"CALL_ENDED","data":[]}`,
		`{"event":"CALL_ENDED","data":"+919876543210"}`, `{"data":{"session_id":"s"}}`, strings.Repeat("[", 100_000)} {
		event, err := webhook.Parse([]byte(body))
		assert.ErrorIs(t, err, webhook.ErrMalformed, body)
		assert.Nil(t, event)
		assert.NotContains(t, err.Error(), "9876543210", "it quotes nothing")
	}
}

// The ID is the session's, and never one that two events have by mistake.
func TestIDs(t *testing.T) {
	t.Parallel()
	id := func(body string) string { return parse(t, body).ID() }
	assert.Equal(t, id(ended("a")), id(strings.Replace(ended("a"), "completed", "failed", 1)), "the session decides, not the body")
	assert.NotEqual(t, id(ended("a")), id(strings.Replace(ended("a"), "CALL_ENDED", "CALL_STARTED", 1)))
	none := `{"event":"CALL_ENDED","data":{"session_id":"None","phone_number":"+15550100001"}}`
	sum := sha256.Sum256([]byte(none))
	assert.Equal(t, "sha256:"+hex.EncodeToString(sum[:]), id(none))
	for _, session := range []string{`""`, `null`, `"None"`, `"null"`, `" "`} {
		one := strings.Replace(none, `"None"`, session, 1)
		other := strings.Replace(one, "0001", "0002", 1)
		assert.NotEqual(t, id(one), id(other), session)
		assert.Equal(t, id(one), id(strings.Clone(one)), session)
	}
	long := strings.Repeat("s", 1000)
	assert.LessOrEqual(t, len(id(ended(long))), 200)
	assert.NotEqual(t, id(ended(long)), id(ended(long+"s")))
	assert.NotEqual(t, id(`{"event":"A:B","data":{"session_id":"C"}}`), id(`{"event":"A","data":{"session_id":"B:C"}}`))
}
