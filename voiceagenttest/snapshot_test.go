package voiceagenttest

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/internal/simulator/view"
	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

func TestSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{limits: PerMinute(60), outcome: always(world.StatusCompleted)})
		id := a.agent("Asha")
		a.callTo(id, "+919876543210")
		a.srv.Advance(5 * time.Minute)
		a.campaign(id, 3, object{"name": "Reminders", "max_concurrent_calls": 2})
		a.callTo(id, "+919876543210")
		a.srv.Advance(2 * time.Second) // the campaign has begun

		s := a.srv.snapshot(10)
		assert.Equal(t, map[string]int{world.StatusCompleted: 1, world.StatusRinging: 3}, s.Statuses)
		assert.Equal(t, []int{4, 3, 1, 1}, []int{s.Dialled, s.Numbers, s.Repeated, s.Campaigned}, "one number was called twice")
		assert.Equal(t, []view.Campaign{{
			ID: s.Campaigns[0].ID, Name: "Reminders", Agent: "Asha", Status: world.CampaignInProgress, Total: 3, Active: 2,
		}}, s.Campaigns)
		assert.Len(t, s.Calls, 4)
		assert.Equal(t, view.Call{
			ID: s.Calls[0].ID, Number: "...0001", Agent: "Asha", Campaign: "Reminders", Status: world.StatusRinging, Seconds: 1, Rang: 1,
		}, s.Calls[0], "the newest first")
		first := s.Calls[3]
		assert.Equal(t, []any{"...3210", "", world.StatusCompleted, true, 2, true}, []any{first.Number, first.Campaign, first.Status, first.Over, first.Rang, first.Repeated})
		assert.InDelta(t, a.srv.world.Calls()[0].Fate.Ended.Seconds(), first.Seconds, 0, "it doesn't grow after the end")

		time.Sleep(10 * time.Minute) // the look itself brings everything to the present
		s = a.srv.snapshot(2)
		assert.Len(t, s.Calls, 2)
		assert.Equal(t, map[string]int{world.StatusCompleted: 5}, s.Statuses)
		assert.Equal(t, []any{world.CampaignCompleted, 3, 0}, []any{s.Campaigns[0].Status, s.Campaigns[0].Completed, s.Campaigns[0].Active})
	})
}

// A retry that a campaign asked for isn't a number that was dialled again by mistake.
func TestSnapshotOfRings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{outcome: func(_ string, attempt int) string {
			if attempt == 1 {
				return world.StatusNoAnswer
			}
			return world.StatusCompleted
		}})
		id := a.agent("Asha")
		a.campaign(id, 1, object{"name": "Reminders", "retry_config": object{
			"enabled": true, "on_statuses": []string{"no_answer"}, "interval_value": 1, "interval_unit": "minutes", "max_retries": 1,
		}})
		time.Sleep(time.Hour)
		s := a.srv.snapshot(10)
		assert.Equal(t, []any{2, 1, 0}, []any{s.Dialled, s.Numbers, s.Repeated})
		assert.Equal(t, []any{2, false}, []any{s.Calls[0].Rang, s.Calls[0].Repeated})

		a.callTo(id, a.srv.Dialed()[0])
		s = a.srv.snapshot(10)
		assert.Equal(t, 1, s.Repeated)
		for _, c := range s.Calls {
			assert.Equal(t, []any{3, true}, []any{c.Rang, c.Repeated}, "each of the number's calls says so")
		}
		a.callTo(id, a.srv.Dialed()[0])
		s = a.srv.snapshot(10)
		assert.Equal(t, []any{1, 4}, []any{s.Repeated, s.Calls[0].Rang}, "it is one number still")

		time.Sleep(time.Hour)
		r, ok := a.srv.viewRecord(s.Calls[0].ID, 3)
		assert.True(t, ok)
		assert.Equal(t, s.Calls[0].ID, r.Call.ID)
		assert.Equal(t, []view.Ring{
			{CallID: s.Calls[0].ID, Time: r.Rings[0].Time, Attempt: 4, Status: world.StatusCompleted},
			{CallID: s.Calls[1].ID, Time: r.Rings[1].Time, Attempt: 3, Status: world.StatusCompleted},
			{CallID: s.Calls[2].ID, Time: r.Rings[2].Time, Campaign: "Reminders", Attempt: 2, Status: world.StatusCompleted},
		}, r.Rings)
		var record object
		assert.NoError(t, json.Unmarshal(r.JSON, &record))
		assert.Equal(t, a.get("/calls/"+r.Call.ID).is(200).data(), record)
		_, ok = a.srv.viewRecord("nothing", 2)
		assert.False(t, ok)
	})
}

func TestSnapshotOfWindows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{limits: PerMinute(3)})
		atSecond(20)
		a.get("/agents")
		a.key = "lev_test_9999"
		for range 5 {
			a.get("/agents")
		}
		start := a.srv.ServerTime().Truncate(time.Minute)
		want := []view.Window{
			{Key: "...9999", Limit: 3, Used: 3, Start: start, Reset: start.Add(time.Minute)},
			{Key: "...1234", Limit: 3, Used: 1, Start: start, Reset: start.Add(time.Minute)},
		}
		assert.Equal(t, want, a.srv.snapshot(10).Windows)
		assert.Equal(t, want[:1], a.srv.snapshot(1).Windows)

		time.Sleep(40 * time.Second)
		for _, w := range a.srv.snapshot(10).Windows {
			assert.Equal(t, []any{0, start.Add(2 * time.Minute)}, []any{w.Used, w.Reset}, "a new window")
		}
		a.get("/agents").is(200)
	})
}

// A look shows nobody's number and no key, and isn't a request.
func TestSnapshotIsDiscreet(t *testing.T) {
	a := inMemory(t, config{limits: PerMinute(9)})
	a.callTo(a.agent("Asha"), "+919876543210")
	text, err := json.Marshal(a.srv.snapshot(10))
	assert.NoError(t, err)
	assert.NotContains(t, string(text), "9876543210")
	assert.NotContains(t, string(text), a.key)
	assert.Equal(t, 2, a.srv.RequestCount())
}

// Seeded calls were never dialled, and an agent that is gone is known by its id.
func TestSnapshotOfSeededCalls(t *testing.T) {
	a := inMemory(t, config{})
	id := a.agent("Gone")
	a.srv.SeedCalls(5, CallSeed{AgentID: id, Directions: []string{world.DirectionWeb}})
	a.do("DELETE", "/agents/"+id, nil).is(200)
	s := a.srv.snapshot(3)
	assert.Len(t, s.Calls, 3)
	assert.Equal(t, []any{id, ""}, []any{s.Calls[0].Agent, s.Calls[0].Number})
	assert.Equal(t, []int{0, 0}, []int{s.Dialled, s.Numbers})
	r, ok := a.srv.viewRecord(s.Calls[0].ID, 3)
	assert.Equal(t, []any{true, []view.Ring{}}, []any{ok, r.Rings})
	total := 0
	for _, n := range s.Statuses {
		total += n
	}
	assert.Equal(t, 5, total)
}

func TestFaultsInForce(t *testing.T) {
	a := inMemory(t, config{})
	a.srv.Fail(Fault{Method: "GET", Route: "/agents/{id}", Status: 503, Times: 2}, Fault{Kind: Throttle, Times: -1}, Fault{Kind: HTML, Rate: 1})
	a.get("/agents/x").is(503)
	assert.Equal(t, []Fault{
		{Method: "GET", Route: "/agents/{id}", Kind: StatusBefore, Status: 503, Times: 1},
		{Kind: Throttle, Times: -1},
		{Kind: HTML, Rate: 1, Times: -1},
	}, a.srv.faults.inForce())
	a.get("/agents/x").is(503)
	assert.Len(t, a.srv.faults.inForce(), 2, "one that is used up is gone")
	a.srv.ClearFaults()
	assert.Empty(t, a.srv.faults.inForce())
}
