package voiceagenttest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

func TestDetailArrays(t *testing.T) {
	a := inMemory(t, config{dialect: Dialect{DetailArrays: true, MissingStatus: 422}})
	agentID := a.agent("A")
	assert.JSONEq(t, `{"detail":[
		{"type":"missing","loc":["body","source_number"],"msg":"Field required"},
		{"type":"value_error","loc":["body","phone_number"],"msg":"phone_number must be E.164 format"}
	]}`, a.post("/call", object{"agent_id": agentID, "phone_number": "9"}).is(422).raw)
	assert.JSONEq(t, `{"detail":[{"type":"value_error","loc":["query","page"],"msg":"page must be an integer of at least 1"}]}`,
		a.get("/calls?page=0").is(422).raw)
	assert.JSONEq(t, `{"detail":[{"type":"json_invalid","loc":["body",0],"msg":"JSON decode error"}]}`, a.post("/call", "{").is(422).raw)
	deep := a.post("/campaigns", object{"name": "C", "agent_id": agentID, "phone_number": "+919240018601", "contacts": []object{{"phone": phone(1)}, {}}}).is(422)
	assert.Contains(t, deep.raw, `"loc":["body","contacts",1,"phone"]`)
}

func TestMissingStatus(t *testing.T) {
	a := inMemory(t, config{dialect: Dialect{MissingStatus: 422}})
	code, message := a.post("/agents", object{"name": "A", "start_flow": "a"}).is(422).failure()
	assert.Equal(t, "validation_error", code)
	assert.Equal(t, "end_flow is required", message)
	a = inMemory(t, config{dialect: Dialect{DetailArrays: true}})
	a.post("/agents", object{"name": "A"}).is(400).failure()
}

func TestSuccessForms(t *testing.T) {
	for form, want := range map[SuccessForm]string{
		SuccessTrue: `{"success":true,`, SuccessNull: `{"success":null,`, SuccessMissing: `{"data":`,
	} {
		a := inMemory(t, config{dialect: Dialect{Success: form}})
		assert.Equal(t, want, a.get("/agents").is(200).raw[:len(want)])
		assert.Equal(t, want, a.get("/health").is(200).raw[:len(want)])
	}
}

func TestTimeForms(t *testing.T) {
	at := time.Date(2025, 1, 15, 10, 27, 0, 123_456_000, time.UTC)
	for form, want := range map[TimeForm]string{
		TimeZ: `"2025-01-15T10:27:00Z"`, TimeFractionZ: `"2025-01-15T10:27:00.123456Z"`,
		TimeNaive: `"2025-01-15T10:27:00.123456"`, TimeNaiveWhole: `"2025-01-15T10:27:00"`,
		TimeOffset: `"2025-01-15T15:57:00+05:30"`, TimeUnix: `1736936820.123`, TimeNaiveIST: `"2025-01-15T15:57:00"`,
		TimeMinutes: `"2025-01-15T10:27"`, TimeNull: `"2025-01-15T10:27:00Z"`,
	} {
		b, err := stamp{at, form}.MarshalJSON()
		require.NoError(t, err)
		assert.Equal(t, want, string(b))
		null, err := stamp{form: form}.MarshalJSON()
		require.NoError(t, err)
		assert.Equal(t, "null", string(null))
	}
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{start: at, dialect: Dialect{Times: TimeUnix}})
		c := a.callTo(a.agent("A"), phone(1))
		got := a.get("/calls/" + c["id"].(string))
		assert.Contains(t, got.raw, `"created_at":1736936820.123,`)
		assert.IsType(t, 0.0, got.json()["timestamp"])
	})
}

func TestCallRefs(t *testing.T) {
	for form, want := range map[CallRef][2]bool{CallRefBoth: {true, true}, CallRefID: {true, false}, CallRefSessionID: {false, true}} {
		a := inMemory(t, config{dialect: Dialect{CallRef: form}})
		c := a.callTo(a.agent("A"), phone(1))
		_, id := c["id"]
		_, session := c["session_id"]
		assert.Equal(t, want, [2]bool{id, session})
		listed := a.get("/calls").list()[0]
		for _, key := range []string{"id", "session_id"} {
			if v, ok := c[key]; ok {
				assert.Equal(t, listed[key], v)
			}
		}
	}
}

func TestCallDialects(t *testing.T) {
	d := Dialect{SpeakerText: true, NullNumbers: true, OmitMetadata: true, OmitCreatedAt: true}
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{dialect: d, outcome: always(world.StatusCompleted)})
		a.post("/call", object{"agent_id": a.agent("A"), "source_number": "+919240018601", "phone_number": phone(1), "metadata": object{"k": "v"}}).is(200)
		time.Sleep(time.Minute)
		c := a.get("/calls").list()[0]
		line := c["transcript"].([]any)[0].(object)
		assert.Equal(t, "agent", line["speaker"])
		assert.NotEmpty(t, line["text"])
		assert.NotContains(t, line, "role")
		for _, key := range []string{"duration_seconds", "duration_minutes", "ai_cost", "telephony_cost", "total_cost"} {
			assert.Contains(t, c, key)
			assert.Nil(t, c[key], key)
		}
		assert.NotContains(t, c, "metadata")
		assert.NotContains(t, c, "created_at")
	})
}

func TestWebCalls(t *testing.T) {
	a := inMemory(t, config{})
	a.srv.SeedCalls(1, CallSeed{Directions: []string{world.DirectionWeb}})
	assert.Equal(t, "None", a.get("/calls").list()[0]["phone_number"])
	a = inMemory(t, config{dialect: Dialect{WebPhoneMissing: true}})
	a.srv.SeedCalls(1, CallSeed{Directions: []string{world.DirectionWeb}})
	assert.NotContains(t, a.get("/calls").list()[0], "phone_number")
}

func TestTotals(t *testing.T) {
	for form, want := range map[TotalsForm][2]string{
		TotalsMixed: {"total", "total_contacts"}, TotalsShort: {"total", "total"}, TotalsLong: {"total_contacts", "total_contacts"},
	} {
		a := inMemory(t, config{dialect: Dialect{Totals: form, NullNumbers: true}})
		id := a.campaign(a.agent("A"), 3, nil)
		a.srv.Advance(time.Hour)
		listed, single := a.get("/campaigns").list()[0], a.get("/campaigns/"+id).data()
		assert.EqualValues(t, 3, listed[want[0]])
		assert.EqualValues(t, 3, single[want[1]])
		for _, c := range []object{listed, single} {
			_, short := c["total"]
			_, long := c["total_contacts"]
			assert.NotEqual(t, short, long, "one of them")
			assert.Nil(t, c["pickup_rate"])
			assert.Nil(t, c["total_cost"])
		}
	}
}
