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

// What isn't quite JSON, as other languages write it, doesn't cost the event.
func TestParseWhatIsNotQuiteJSON(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]voiceagent.Call{
		"\ufeff" + ended("s"): {SessionID: "s", Status: "completed", PhoneNumber: "+919876543210"},
		`{"event":"CALL_ENDED","data":{"session_id":"s","ai_cost":NaN,"total_cost":-Infinity,"telephony_cost":"Infinity","metadata":{"score":NaN}}}`: {
			SessionID: "s", Metadata: map[string]any{"score": nil}},
		"{\"event\":\"CALL_ENDED\",\"data\":{\"session_id\":\"s\",\"call_summary\":\"One\ntwo\t\x00\xff\"}}": {SessionID: "s", Summary: "One\ntwo\t\x00\ufffd"},
		`{"event":"X","event":"CALL_ENDED","data":{"session_id":"r"},"data":{"session_id":"s","status":"failed","status":"completed"}}`: {
			SessionID: "s", Status: "completed"},
		`{"event":"CALL_ENDED","data":{"session_id":17,"transcript":{"text":NaN},"ai_cost":NaN}}`: {SessionID: "17",
			Extra: map[string]json.RawMessage{"transcript": json.RawMessage(`{"text":null}`)}},
		`{"event":"CALL_ENDED","data":{"session_id":"s","metadata":{"lead":9007199254740993}}}`: {SessionID: "s",
			Metadata: map[string]any{"lead": json.Number("9007199254740993")}},
	} {
		event := parseEnded(t, body)
		assert.Equal(t, &want, event.Call, body)
		assert.Equal(t, body, string(event.Raw()))
	}
	unknown := parse(t, "\ufeff"+`{"event":"X","data":NaN}`)
	assert.Equal(t, "X", unknown.EventName())
	assert.NoError(t, unknown.(*webhook.UnknownEvent).Err)
	assert.Equal(t, "\ufeff"+`{"event":"X","data":NaN}`, string(unknown.Raw()))
}

// The event keeps the body, whatever its caller does with the buffer.
func TestRawIsACopy(t *testing.T) {
	t.Parallel()
	body := []byte(ended("s"))
	event, err := webhook.Parse(body)
	require.NoError(t, err)
	clear(body)
	assert.Equal(t, ended("s"), string(event.Raw()))
}

// What can't be read is handed on once its signature is right, and once, as it won't come in
// another form.
func TestHandlerHandsOnWhatItCantRead(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"[" + ended("a") + "]", "null", "{}", "event=CALL_ENDED", `{"event":"CALL_ENDED","data":{"session_id":"a"`, `{"event":"CALL_ENDED","data":null}`,
		ended("a") + "x", "\xff\xfe{\x00", "\x00", strings.Repeat("[", 5_000)} {
		var c consumer
		h := receiver(t, &c, nil)
		assert.Equal(t, []int{200, 200}, []int{status(h, body), status(h, body)}, body)
		require.Len(t, c.events, 1, body)
		require.IsType(t, &webhook.UnknownEvent{}, c.events[0])
		event := c.events[0].(*webhook.UnknownEvent)
		assert.Equal(t, body, string(event.Raw()))
		require.ErrorIs(t, event.Err, webhook.ErrMalformed)
		assert.Regexp(t, "^sha256:[0-9a-f]{64}$", event.ID())
		assert.Empty(t, event.EventName())

		r := request(body)
		r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), "whsec_test_2"))
		assert.Equal(t, 401, answer(h, r).StatusCode)
		require.Len(t, c.events, 1, body)
	}
	for _, body := range []string{"", " \n", deep, strings.Repeat("[", 100_000), strings.Repeat(`{"event":`, 10_001)} {
		var c consumer
		assert.Equal(t, 400, status(receiver(t, &c, nil), body))
		assert.Empty(t, c.events)
	}
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
