package voiceagenttest

import (
	"maps"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

func TestCallPassesThroughItsStates(t *testing.T) {
	cases := map[string][]string{
		world.StatusCompleted: {world.StatusInitiated, world.StatusRinging, world.StatusInProgress, world.StatusCompleted},
		world.StatusVoicemail: {world.StatusInitiated, world.StatusRinging, world.StatusInProgress, world.StatusVoicemail},
		world.StatusNoAnswer:  {world.StatusInitiated, world.StatusRinging, world.StatusNoAnswer},
		world.StatusFailed:    {world.StatusInitiated, world.StatusRinging, world.StatusFailed},
	}
	for outcome, want := range cases {
		t.Run(outcome, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := inMemory(t, config{outcome: always(outcome)})
				c := a.callTo(a.agent("A"), "+919876543210")
				var seen []string
				for range 60 {
					status := a.get("/calls/" + c["id"].(string)).is(200).data()["status"].(string)
					if len(seen) == 0 || seen[len(seen)-1] != status {
						seen = append(seen, status)
					}
					time.Sleep(time.Second)
				}
				assert.Equal(t, want, seen)
			})
		})
	}
}

func TestCallRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{outcome: always(world.StatusCompleted)})
		agentID := a.agent("A")
		c := a.post("/call", object{
			"agent_id": agentID, "source_number": "00919240018601", "phone_number": "+919876543210",
			"metadata": object{"customer_name": "Rahul", "deep": object{"n": 1}},
		}).is(200).data()
		assert.Equal(t, "initiated", c["status"])
		require.NotEqual(t, c["id"], c["session_id"])

		going := a.get("/calls/" + c["id"].(string)).data()
		for _, key := range []string{"ended_at", "duration_seconds", "total_cost", "transcript", "sentiment", "recording_url"} {
			assert.Contains(t, going, key)
			assert.Nil(t, going[key], key)
		}
		time.Sleep(time.Minute)
		done := a.get("/calls/" + c["session_id"].(string)).is(200).data() // by either id
		assert.Equal(t, c["id"], done["id"])
		assert.Equal(t, "+919876543210", done["phone_number"])
		assert.Equal(t, agentID, done["agent_id"])
		assert.Equal(t, object{"customer_name": "Rahul", "deep": object{"n": 1.0}}, done["metadata"])
		started, err := time.Parse(time.RFC3339, done["started_at"].(string))
		require.NoError(t, err)
		ended, err := time.Parse(time.RFC3339, done["ended_at"].(string))
		require.NoError(t, err)
		assert.EqualValues(t, int(ended.Sub(started).Seconds()), done["duration_seconds"])
		assert.Greater(t, done["total_cost"], done["ai_cost"])
		line := done["transcript"].([]any)[0].(object)
		assert.Equal(t, "agent", line["role"])
		assert.NotEmpty(t, line["content"])
		assert.Regexp(t, `^\d\d:\d\d:\d\d$`, line["timestamp"])
		assert.Contains(t, done["recording_url"], c["session_id"])
		assert.Equal(t, done, a.get("/calls").list()[0], "the list shows the same record")
	})
}

func TestCallIsRefused(t *testing.T) {
	a := inMemory(t, config{})
	agentID := a.agent("A")
	whole := func(change object) object {
		body := object{"agent_id": agentID, "source_number": "+919240018601", "phone_number": "+919876543210"}
		maps.Copy(body, change)
		return body
	}
	cases := map[string]struct {
		body    any
		status  int
		code    string
		message string
	}{
		"not E.164":       {whole(object{"phone_number": "9876543210"}), 422, "validation_error", "phone_number must be E.164 format"},
		"too long":        {whole(object{"phone_number": "+1234567890123456"}), 422, "validation_error", "phone_number must be E.164 format"},
		"leading zero":    {whole(object{"phone_number": "+0234567890"}), 422, "validation_error", "phone_number must be E.164 format"},
		"letters":         {whole(object{"phone_number": "+91987654321O"}), 422, "validation_error", "phone_number must be E.164 format"},
		"no number":       {whole(object{"phone_number": nil}), 400, "bad_request", "phone_number is required"},
		"no source":       {object{"agent_id": agentID, "phone_number": "+919876543210"}, 400, "bad_request", "source_number is required"},
		"odd source":      {whole(object{"source_number": "me"}), 422, "validation_error", "source_number must be a phone number"},
		"no such agent":   {whole(object{"agent_id": "nobody"}), 404, "not_found", "Agent not found"},
		"metadata a list": {whole(object{"metadata": []int{1}}), 422, "validation_error", "metadata must be an object"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			code, message := a.post("/call", c.body).is(c.status).failure()
			assert.Equal(t, c.code, code)
			assert.Equal(t, c.message, message)
		})
	}
	assert.Empty(t, a.srv.Dialed(), "nobody's phone rang")
	a.get("/calls/nothing").is(404)
}

func TestCallList(t *testing.T) {
	// In a bubble, so that all times are whole seconds.
	synctest.Test(t, testCallList)
}

func testCallList(t *testing.T) {
	a := inMemory(t, config{start: onDay(12, 0)})
	agentID := a.agent("A")
	a.srv.SeedCalls(30, CallSeed{AgentID: agentID, Directions: []string{world.DirectionOutbound, world.DirectionInbound, world.DirectionWeb}})
	a.srv.SeedCalls(10, CallSeed{AgentID: "gone"})
	a.callTo(agentID, "+919876543210")

	total := func(query string) int {
		t.Helper()
		return int(a.get("/calls?" + query).is(200).json()["total"].(float64))
	}
	assert.Equal(t, 41, total(""))
	assert.Equal(t, 31, total("agent_id="+agentID))
	assert.Equal(t, 10, total("agent_id=gone"))
	assert.Equal(t, 10, total("direction=web"))
	assert.Equal(t, 10, total("direction=web&agent_id="+agentID))
	assert.Equal(t, 1, total("status=initiated"))
	ended := total("status=completed") + total("status=no_answer") + total("status=voicemail") + total("status=failed")
	assert.Equal(t, 40, ended)

	var ids []any
	previous := "9999"
	for page := range 5 {
		ans := a.get("/calls?page_size=10&page=" + string(rune('1'+page)))
		for _, c := range ans.list() {
			ids = append(ids, c["id"])
			assert.LessOrEqual(t, c["created_at"], previous, "newest first")
			previous = c["created_at"].(string)
		}
		assert.Equal(t, page < 4, ans.json()["has_more"])
	}
	assert.Len(t, ids, 41)
	assert.ElementsMatch(t, ids, unique(ids))

	seeded := a.get("/calls?page_size=100").list()
	middle := seeded[5]["created_at"].(string)
	assert.Equal(t, 6, total("from_date="+url.QueryEscape(middle)), "from_date is included")
	assert.Equal(t, 36, total("to_date="+url.QueryEscape(middle)), "to_date is included")
	assert.Equal(t, 1, total("from_date="+url.QueryEscape(middle)+"&to_date="+middle))
	assert.Equal(t, 41, total("from_date=2026-03-09"))

	// Filtered paging has the same pages as unfiltered paging.
	assert.Len(t, a.get("/calls?agent_id="+agentID+"&page=4&page_size=10").list(), 1)
	assert.Equal(t, seeded[10:20], a.get("/calls?from_date=2020-01-01&page=2&page_size=10").list())
}

func TestListParametersAreValidated(t *testing.T) {
	a := inMemory(t, config{})
	for _, list := range []string{"/agents", "/calls", "/campaigns"} {
		for _, bad := range []string{"page=0", "page=-1", "page=x", "page_size=0", "page_size=101", "page_size=1.5"} {
			code, _ := a.get(list + "?" + bad).is(422).failure()
			assert.Equal(t, "validation_error", code)
		}
		a.get(list + "?page_size=100").is(200)
	}
	a.get("/calls?from_date=yesterday").is(422)
	clamping := inMemory(t, config{dialect: Dialect{ClampPageSize: true}})
	assert.EqualValues(t, 100, clamping.get("/calls?page_size=500").is(200).json()["page_size"])
}

func TestFatesDependOnTheNumberOnly(t *testing.T) {
	run := func(seed uint64, order []int) map[string]object {
		a := inMemory(t, config{seed: seed, start: onDay(12, 0)})
		agentID := a.agent("A")
		var wg sync.WaitGroup
		for _, i := range order {
			wg.Go(func() { a.callTo(agentID, phone(i)) })
		}
		wg.Wait()
		a.srv.Advance(time.Hour)
		byNumber := make(map[string]object)
		for _, c := range a.get("/calls?page_size=100").list() {
			for _, key := range []string{"created_at", "started_at", "ended_at", "transcript"} {
				delete(c, key) // these follow the clock
			}
			byNumber[c["phone_number"].(string)] = c
		}
		return byNumber
	}
	var up, down []int
	for i := range 50 {
		up, down = append(up, i), append(down, 49-i)
	}
	one := run(1, up)
	assert.Len(t, one, 50)
	assert.Equal(t, one, run(1, down))
	other := run(2, up)
	assert.NotEqual(t, one[phone(0)]["id"], other[phone(0)]["id"])
	outcomes := map[any]int{}
	for _, c := range one {
		outcomes[c["status"]]++
	}
	assert.Greater(t, len(outcomes), 2, "the outcomes vary: %v", outcomes)
}

func TestEqualCallsAreTwoCalls(t *testing.T) {
	a := inMemory(t, config{})
	agentID := a.agent("A")
	first, second := a.callTo(agentID, phone(1)), a.callTo(agentID, phone(1))
	assert.NotEqual(t, first["id"], second["id"])
	assert.Equal(t, []string{phone(1), phone(1)}, a.srv.Dialed())
	dials := a.srv.Dials()
	assert.Equal(t, first["id"], dials[0].CallID)
	assert.Equal(t, []int{1, 2}, []int{dials[0].Attempt, dials[1].Attempt})
}

func TestManyCallsAreListedCheaply(t *testing.T) {
	a := inMemory(t, config{keepRequests: -1})
	a.srv.SeedCalls(100_000, CallSeed{})
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 5 {
				res, err := a.http.Do(a.request(http.MethodGet, "/calls?page_size=20&page="+string(rune('1'+(worker+i)%9)), nil))
				if assert.NoError(t, err) {
					res.Body.Close()
				}
			}
		})
	}
	wg.Wait()
	assert.Empty(t, a.srv.Dialed(), "seeded calls were never dialled")
	list := a.srv.world.Calls()
	looked := 0
	newest(a.srv.world.Between(list, list[len(list)-10].Created, time.Time{}), paging{1, 20}, func(*world.Call) bool { looked++; return true })
	assert.Equal(t, 10, looked, "a from_date bounds the scan")
}

func unique(list []any) []any {
	seen := make(map[any]bool)
	var out []any
	for _, v := range list {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}
