package wire_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// The call record of the vendor's webhook page (documented).
const documentedCall = `{"session_id":"call_uuid","phone_number":"+919876543210","direction":"outbound","status":"completed",
	"duration_seconds":180,"duration_minutes":3.0,"started_at":"2025-01-15T10:27:00Z","ended_at":"2025-01-15T10:30:00Z",
	"agent_id":"agent_uuid","agent_type":"sales","sentiment":"positive","call_summary":"A summary.","call_end_reason":"agent_ended",
	"ended_by":"agent","details_collection":{"status":"partial","score":0.75,"collected_details":["full_name","email"],
	"collected_values":{"full_name":"Rahul Sharma","email":"rahul@example.com"}},
	"transcript":[{"role":"agent","content":"Hello.","timestamp":"10:27:01"},{"role":"user","content":"Hi.","timestamp":"10:27:05"}],
	"recording_url":"https://storage.example.com/recordings/call_uuid.wav","metadata":{"customer_name":"Rahul","campaign_id":"campaign_uuid"},
	"ai_cost":0.02,"telephony_cost":0.05,"total_cost":0.07}`

// getCall decodes a call as GET /calls/{call_id} and as GET /calls do, which must come to the same.
func getCall(t *testing.T, data string) *voiceagent.Call {
	t.Helper()
	call, err := testkit.NewAnswering(t, 200, `{"data":`+data+`}`).Calls.Get(t.Context(), "call_1")
	require.NoError(t, err, data)
	page, err := testkit.NewAnswering(t, 200, `{"data":[`+data+`,`+data+`]}`).Calls.List(t.Context(), voiceagent.CallListParams{})
	require.NoError(t, err, data)
	require.Len(t, page.Data, 2)
	assert.Equal(t, call, &page.Data[0])
	assert.Equal(t, call, &page.Data[1])
	return call
}

func TestDocumentedCall(t *testing.T) {
	t.Parallel()
	call := getCall(t, documentedCall)
	clock := func(h, m, s int) time.Time { return time.Date(0, 1, 1, h, m, s, 0, time.UTC) }
	require.Len(t, call.Transcript, 2)
	assert.Equal(t, "10:27:05", call.Transcript[1].Timestamp.Raw())
	assert.True(t, call.Transcript[0].Timestamp.Equal(clock(10, 27, 1)))
	call.Transcript = nil
	assert.Equal(t, &voiceagent.Call{
		SessionID: "call_uuid", PhoneNumber: "+919876543210", Direction: voiceagent.CallOutbound, Status: voiceagent.CallCompleted,
		DurationSeconds: voiceagent.Ptr(180.0), DurationMinutes: voiceagent.Ptr(3.0),
		StartedAt: voiceagent.Timestamp{Time: time.Date(2025, 1, 15, 10, 27, 0, 0, time.UTC)},
		EndedAt:   voiceagent.Timestamp{Time: time.Date(2025, 1, 15, 10, 30, 0, 0, time.UTC)},
		AgentID:   "agent_uuid", AgentType: "sales", Sentiment: "positive", Summary: "A summary.", EndReason: "agent_ended", EndedBy: "agent",
		Details: &voiceagent.DetailsCollection{
			Status: "partial", Score: voiceagent.Ptr(0.75), CollectedDetails: []string{"full_name", "email"},
			CollectedValues: map[string]any{"full_name": "Rahul Sharma", "email": "rahul@example.com"},
		},
		RecordingURL: "https://storage.example.com/recordings/call_uuid.wav",
		Metadata:     map[string]any{"customer_name": "Rahul", "campaign_id": "campaign_uuid"},
		AICost:       voiceagent.Ptr(0.02), TelephonyCost: voiceagent.Ptr(0.05), TotalCost: voiceagent.Ptr(0.07),
	}, call)
	assert.Equal(t, "call_uuid", call.Ref())
	assert.True(t, call.Ended())
	assert.Equal(t, 3*time.Minute, call.Duration())
}

// What the facts say may come, and what a Python server may do.
func TestTolerantCalls(t *testing.T) {
	t.Parallel()
	turn := func(role, content string) voiceagent.TranscriptEntry {
		return voiceagent.TranscriptEntry{Role: role, Content: content}
	}
	type calls = voiceagent.Call
	for name, c := range map[string]struct {
		data string
		want calls
	}{
		"nothing":                     {`{"unknown":1}`, calls{Extra: map[string]json.RawMessage{"unknown": json.RawMessage("1")}}},
		"transcript, listed spelling": {`{"transcript":[{"speaker":"agent","text":"Hello."}]}`, calls{Transcript: []voiceagent.TranscriptEntry{turn("agent", "Hello.")}}},
		"transcript, both spellings":  {`{"transcript":[{"speaker":"a","text":"b","role":"c","content":"d"}]}`, calls{Transcript: []voiceagent.TranscriptEntry{turn("c", "d")}}},
		"transcript, an escape":       {`{"transcript":[{"speaker":"agent","text":"\"Hello.\""}]}`, calls{Transcript: []voiceagent.TranscriptEntry{turn("agent", `"Hello."`)}}},
		"transcript, odd scalars":     {`{"transcript":[{"role":5,"content":null,"extra":{}}]}`, calls{Transcript: []voiceagent.TranscriptEntry{turn("5", "")}}},
		"transcript null":             {`{"transcript":null}`, calls{}},
		"transcript None":             {`{"transcript":"None"}`, calls{}},
		"number None":                 {`{"phone_number":"None","direction":"web"}`, calls{Direction: "web"}},
		"number none":                 {`{"phone_number":"none"}`, calls{}},
		"number null":                 {`{"phone_number":null}`, calls{}},
		"number as a number":          {`{"phone_number":919876543210}`, calls{PhoneNumber: "919876543210"}},
		"numbers as texts":            {`{"duration_seconds":"180","total_cost":" 0.07 "}`, calls{DurationSeconds: voiceagent.Ptr(180.0), TotalCost: voiceagent.Ptr(0.07)}},
		"numbers None":                {`{"duration_seconds":"None","total_cost":"","ai_cost":null,"telephony_cost":"NaN"}`, calls{}},
		"numbers that are none":       {`{"duration_seconds":"three minutes","total_cost":"$0.07","ai_cost":true}`, calls{}},
		"zero is a number":            {`{"total_cost":"0","ai_cost":0}`, calls{TotalCost: voiceagent.Ptr(0.0), AICost: voiceagent.Ptr(0.0)}},
		"status as a number":          {`{"id":17,"status":3}`, calls{ID: "17", Status: "3"}},
		"status as a text":            {`{"status":"3"}`, calls{Status: "3"}},
		"unknown values":              {`{"status":"teleported","direction":"sideways"}`, calls{Status: "teleported", Direction: "sideways"}},
		"flags as texts":              {`{"handover":"True"}`, calls{Handover: true}},
		"flags as numbers":            {`{"handover":1}`, calls{Handover: true}},
		"flags None":                  {`{"handover":"None"}`, calls{}},
		"flags null":                  {`{"handover":null}`, calls{}},
		"objects None":                {`{"metadata":"None","variables":"","details_collection":"None"}`, calls{}},
		"objects null":                {`{"metadata":null,"variables":null,"details_collection":null}`, calls{}},
		"variables":                   {`{"variables":{"a":{"b":[1]}}}`, calls{Variables: map[string]any{"a": map[string]any{"b": []any{1.0}}}}},
		"score 0 to 10":               {`{"details_collection":{"score":"7.5"}}`, calls{Details: &voiceagent.DetailsCollection{Score: voiceagent.Ptr(7.5)}}},
		"details of odd kinds":        {`{"details_collection":{"collected_details":[1,null,"a"]}}`, calls{Details: &voiceagent.DetailsCollection{CollectedDetails: []string{"1", "", "a"}}}},
		"both ids":                    {`{"id":"a","session_id":"b"}`, calls{ID: "a", SessionID: "b"}},
		"keys twice, the last wins":   {`{"id":"a","id":"b","x":1,"x":2}`, calls{ID: "b", Extra: map[string]json.RawMessage{"x": json.RawMessage("2")}}},
		"times that are none":         {`{"started_at":{"a":1},"ended_at":"None"}`, calls{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			call := getCall(t, c.data)
			if name == "times that are none" {
				assert.Equal(t, `{"a":1}`, call.StartedAt.Raw())
				call.StartedAt = voiceagent.Timestamp{}
			}
			assert.Equal(t, &c.want, call)
		})
	}
}

// An answer may have both ids. The webhook's event has the session id alone.
func TestRef(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]string{
		`{"id":"a","session_id":"b"}`:       "b",
		`{"session_id":"b"}`:                "b",
		`{"id":"a"}`:                        "a",
		`{"id":"a","session_id":"None"}`:    "a",
		`{"id":"None","session_id":"null"}`: "",
		`{}`:                                "",
	} {
		assert.Equal(t, want, getCall(t, data).Ref(), data)
	}
}

func TestFromTo(t *testing.T) {
	t.Parallel()
	for data, want := range map[string][2]string{
		`{"source_number":"+15550100000","phone_number":"+919876543210","direction":"outbound"}`: {"+15550100000", "+919876543210"},
		`{"source_number":"+15550100000","phone_number":"+919876543210"}`:                        {"+15550100000", "+919876543210"},
		`{"source_number":"+15550100000","phone_number":"+919876543210","direction":"inbound"}`:  {"+919876543210", "+15550100000"},
		`{"phone_number":"+919876543210"}`:                                                       {"", "+919876543210"},
		`{"phone_number":"None","direction":"web"}`:                                              {"", ""},
	} {
		call := getCall(t, data)
		assert.Equal(t, want, [2]string{call.From(), call.To()}, data)
	}
}

func TestTolerantCampaigns(t *testing.T) {
	t.Parallel()
	for data, want := range map[string]int{
		`{"total":1250}`:                            1250,
		`{"total_contacts":1250}`:                   1250,
		`{"total":0,"total_contacts":"1250"}`:       1250,
		`{"total":"1250.0","total_contacts":null}`:  1250,
		`{"total":1250.0}`:                          1250,
		`{"total":"None","total_contacts":"1,250"}`: 0,
		`{}`:             0,
		`{"total":1e30}`: int(^uint(0) >> 1),
	} {
		campaign, err := testkit.NewAnswering(t, 200, `{"data":`+data+`}`).Campaigns.Get(t.Context(), "cmp_1")
		require.NoError(t, err, data)
		assert.Equal(t, want, campaign.Contacts(), data)
		assert.Empty(t, campaign.Extra, data)
		page, err := testkit.NewAnswering(t, 200, `{"data":[`+data+`]}`).Campaigns.List(t.Context(), voiceagent.CampaignListParams{})
		require.NoError(t, err, data)
		assert.Equal(t, want, page.Data[0].Contacts(), data)
	}
	campaign, err := testkit.NewAnswering(t, 200, `{"data":{"pickup_rate":"62.5","collection_rate":null,"retry_enabled":"true","max_retries":"3",
		"daily_start_time":900,"status":"hibernating","start_time":"2025-01-01 09:00:00"}}`).Campaigns.Get(t.Context(), "cmp_1")
	require.NoError(t, err)
	assert.Equal(t, &voiceagent.Campaign{
		PickupRate: voiceagent.Ptr(62.5), RetryEnabled: true, MaxRetries: 3, DailyStartTime: "900", Status: "hibernating",
		StartTime: voiceagent.Timestamp{Time: time.Date(2025, 1, 1, 9, 0, 0, 0, time.UTC)},
	}, campaign)
	assert.False(t, campaign.Ended(), "an unknown state is no end")
}

func TestDetailsToCollect(t *testing.T) {
	t.Parallel()
	agent, err := testkit.NewAnswering(t, 200, `{"data":{"details_to_collect":["email",{"key":"age","type":"integer","description":"In years"},
		{"name":"city"},{"key":7,"type":null}]}}`).Agents.Get(t.Context(), "ag_1")
	require.NoError(t, err)
	assert.Equal(t, []voiceagent.DetailToCollect{
		{Key: "email", Type: "string"}, {Key: "age", Type: "integer", Description: "In years"}, {Key: "city", Type: "string"}, {Key: "7", Type: "string"},
	}, agent.DetailsToCollect)
}

// Keys that the client doesn't know are kept as they came, and nothing else is.
func TestExtra(t *testing.T) {
	t.Parallel()
	const unknown = `"new":{"a":[1,2.50,"x"]},"ID":"upper case","next":null`
	want := map[string]json.RawMessage{"new": json.RawMessage(`{"a":[1,2.50,"x"]}`), "ID": json.RawMessage(`"upper case"`), "next": json.RawMessage(`null`)}
	get := func(t *testing.T, data string) map[string]map[string]json.RawMessage {
		t.Helper()
		client := testkit.NewAnswering(t, 200, `{"data":`+data+`,"request_id":"req_1","also":"unknown"}`)
		agent, err := client.Agents.Get(t.Context(), "x_1")
		require.NoError(t, err)
		call, err := client.Calls.Get(t.Context(), "x_1")
		require.NoError(t, err)
		campaign, err := client.Campaigns.Get(t.Context(), "x_1")
		require.NoError(t, err)
		health, err := client.Health(t.Context())
		require.NoError(t, err)
		action, err := client.Campaigns.Stop(t.Context(), "x_1")
		require.NoError(t, err)
		return map[string]map[string]json.RawMessage{
			"agent": agent.Extra, "call": call.Extra, "campaign": campaign.Extra, "health": health.Extra, "action": action.Campaign.Extra,
		}
	}
	for name, extra := range get(t, `{"status":"ok",`+unknown+`}`) {
		if name == "agent" {
			extra = maps.Clone(extra)
			delete(extra, "status") // an agent has none
		}
		assert.Equal(t, want, extra, name)
	}
	for name, extra := range get(t, `{"status":null}`) {
		if name != "agent" {
			assert.Nil(t, extra, name)
		}
	}
	details := getCall(t, `{"details_collection":{"status":"partial","confidence":"high"}}`).Details
	assert.Equal(t, map[string]json.RawMessage{"confidence": json.RawMessage(`"high"`)}, details.Extra)
	assert.Nil(t, getCall(t, documentedCall).Extra)
	assert.Nil(t, getCall(t, documentedCall).Details.Extra)
}

// What was read can be written and read again without loss.
func TestRecordsRoundTrip(t *testing.T) {
	t.Parallel()
	call := getCall(t, `{"id":"a","new":[1],"started_at":"2025-01-15T10:27:00.5","ended_at":"soon","transcript":[{"speaker":"u","text":"x","timestamp":"10:27"}]}`)
	text, err := json.Marshal(call.Transcript)
	require.NoError(t, err)
	assert.JSONEq(t, `[{"role":"u","content":"x","timestamp":"10:27"}]`, string(text))
	text, err = json.Marshal([]voiceagent.Timestamp{call.StartedAt, call.EndedAt, call.CreatedAt})
	require.NoError(t, err)
	assert.JSONEq(t, `["2025-01-15T10:27:00.5Z","soon",null]`, string(text))
}

func TestPageFields(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]voiceagent.Page[voiceagent.Agent]{
		`{"success":true,"data":[],"total":1250,"page":1,"page_size":20,"has_more":true,"request_id":"req_1"}`: {Total: 1250, Page: 1, PageSize: 20, HasMore: true, RequestID: "req_1"},
		`{"success":null,"data":[],"total":"1250","page":"2","page_size":20.0,"has_more":false}`:               {Total: 1250, Page: 2, PageSize: 20},
		`{"data":[],"total":41,"page":2,"page_size":20}`:                                                       {Total: 41, Page: 2, PageSize: 20, HasMore: true},
		`{"data":[],"total":40,"page":2,"page_size":20}`:                                                       {Total: 40, Page: 2, PageSize: 20},
		`{"data":[],"total":41,"page":2,"page_size":20,"has_more":null}`:                                       {Total: 41, Page: 2, PageSize: 20, HasMore: true},
		`{"data":[],"total":null,"page":null}`:                                                                 {},
	} {
		page, err := testkit.NewAnswering(t, 200, body).Agents.List(t.Context(), voiceagent.AgentListParams{})
		require.NoError(t, err, body)
		want.Data = []voiceagent.Agent{}
		assert.Equal(t, &want, page, body)
	}
}

// The shapes of the public endpoints are unknown, so each form that is likely is read.
func TestCatalogForms(t *testing.T) {
	t.Parallel()
	type item = voiceagent.CatalogItem
	raw := func(key, value string) map[string]json.RawMessage {
		return map[string]json.RawMessage{key: json.RawMessage(value)}
	}
	for body, want := range map[string][]item{
		`{"data":["female","male"]}`: {{ID: "female", Name: "female"}, {ID: "male", Name: "male"}},
		`["female"]`:                 {{ID: "female", Name: "female"}},
		`{"data":[{"id":"v_1","name":"Asha","description":"Warm","gender":"female"}]}`: {{ID: "v_1", Name: "Asha", Description: "Warm", Extra: raw("gender", `"female"`)}},
		`{"data":[{"slug":"real_estate","label":"Real estate"}]}`:                      {{ID: "real_estate", Name: "Real estate"}},
		`{"data":[{"code":"hi","name":"Hindi","id":null}]}`:                            {{ID: "hi", Name: "Hindi", Extra: raw("id", "null")}},
		`{"data":[{"name":"Hindi"}]}`:                                                  {{ID: "Hindi", Name: "Hindi"}},
		`{"data":[{"id":7}]}`:                                                          {{ID: "7", Name: "7"}},
		`{"data":[1,true]}`:                                                            {{ID: "1", Name: "1"}, {ID: "true", Name: "true"}},
		`{"data":{"voices":["female"],"total":1}}`:                                     {{ID: "female", Name: "female"}},
		`{"voices":["female"],"request_id":"req_1"}`:                                   {{ID: "female", Name: "female"}},
		`{"data":{"b":["3"],"a":["1","2"]}}`:                                           {{ID: "1", Name: "1"}, {ID: "2", Name: "2"}, {ID: "3", Name: "3"}},
		`{"data":{"hi":"Hindi","en":"English"}}`:                                       {{ID: "en", Name: "English"}, {ID: "hi", Name: "Hindi"}},
		`{"data":{"hi":{"name":"Hindi","rtl":false},"en":{"name":"English"},"ta":1}}`: {
			{ID: "en", Name: "English"}, {ID: "hi", Name: "Hindi", Extra: raw("rtl", "false")}, {ID: "ta", Name: "ta"},
		},
		`{"data":[]}`: {},
	} {
		client := testkit.NewAnswering(t, 200, body)
		voices, err := client.Catalog.Voices(t.Context())
		require.NoError(t, err, body)
		assert.Equal(t, want, voices, body)
		types, err := client.Catalog.AgentTypes(t.Context(), "finance")
		require.NoError(t, err, body)
		assert.Equal(t, want, types, body)
	}
	for name := range maps.Keys(unreadable) {
		if !slices.Contains([]string{"list", "text", "data is a text", "no envelope", "another envelope", "empty object"}, name) {
			_, err := testkit.NewAnswering(t, 200, unreadable[name]).Catalog.Voices(t.Context())
			assert.ErrorAs(t, err, new(*voiceagent.DecodeError), "%s: %s", name, unreadable[name])
		}
	}
}

func TestHealthForms(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"status":"ok"}`: "ok",
		`{"success":true,"data":{"status":"healthy"},"request_id":"req_1"}`: "healthy",
		`{"status":200}`: "200",
		`{"status":"ok","database":{"status":"down"}}`: "ok",
	} {
		health, err := testkit.NewAnswering(t, 200, body).Health(t.Context())
		require.NoError(t, err, body)
		assert.Equal(t, want, health.Status, body)
	}
	for _, body := range []string{``, `OK`, `<html>`, `null`, `[]`, `{"data":null}`, `{"status":"o`} {
		_, err := testkit.NewAnswering(t, 200, body).Health(t.Context())
		assert.ErrorAs(t, err, new(*voiceagent.DecodeError), body)
	}
}
