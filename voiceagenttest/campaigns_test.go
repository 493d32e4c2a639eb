package voiceagenttest

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

func TestCampaignRunsToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{seed: 7})
		agentID := a.agent("A")
		id := a.campaign(agentID, 25, object{"max_concurrent_calls": 5})
		c := a.get("/campaigns/" + id).is(200).data()
		assert.Equal(t, "pending", c["status"])
		assert.EqualValues(t, 25, c["total_contacts"])
		assert.EqualValues(t, 25, c["valid_contacts"])
		assert.Nil(t, c["pickup_rate"])
		assert.Nil(t, c["start_time"])

		began := time.Now()
		most, last := 0, 0.0
		for c["status"] != "completed" {
			require.Less(t, time.Since(began), 5*time.Minute)
			time.Sleep(time.Second)
			c = a.get("/campaigns/" + id).data()
			finished := c["completed"].(float64) + c["failed"].(float64) + c["no_answer"].(float64) + c["voicemail"].(float64)
			assert.GreaterOrEqual(t, finished, last)
			last = finished
			going := len(a.srv.Dials()) - int(finished)
			most = max(most, going)
			assert.LessOrEqual(t, going, 5)
			if going > 0 {
				assert.Equal(t, "in_progress", c["status"])
			}
		}
		assert.Equal(t, 5, most, "the concurrency is used")
		assert.Equal(t, 25, int(last))
		assert.NotNil(t, c["end_time"])
		assert.InDelta(t, 100*c["completed"].(float64)/25, c["pickup_rate"], 0.01)
		assert.NotNil(t, c["collection_rate"])
		assert.Greater(t, c["total_cost"], 0.0)

		var want []string
		for i := range 25 {
			want = append(want, phone(i))
		}
		assert.Equal(t, want, a.srv.Dialed(), "each once, in order")
		call := a.get("/calls?page_size=1").list()[0]
		assert.Equal(t, object{"campaign_id": id, "name": "Person"}, call["metadata"])
	})
}

func TestCampaignIsTheSameHoweverItIsWatched(t *testing.T) {
	run := func(t *testing.T, poll time.Duration) (dials []Dial) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			a := inMemory(t, config{seed: 3, start: onDay(12, 0)})
			id := a.campaign(a.agent("A"), 40, object{"max_concurrent_calls": 7, "retry_config": object{
				"enabled": true, "on_statuses": []string{"no_answer", "failed"}, "interval_value": 1, "max_retries": 2,
			}})
			for range time.Hour / poll {
				time.Sleep(poll)
				a.get("/campaigns/" + id).is(200)
			}
			dials = a.srv.Dials()
		})
		return dials
	}
	often, once := run(t, time.Second), run(t, time.Hour)
	require.Greater(t, len(once), 40, "some were retried")
	assert.Equal(t, once, often)
}

func TestCampaignRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{outcome: func(number string, attempt int) string {
			switch {
			case number == phone(0):
				return world.StatusNoAnswer // never reached
			case number == phone(1) && attempt == 1:
				return world.StatusVoicemail // reached at the second attempt
			case number == phone(2):
				return world.StatusFailed // not among on_statuses
			default:
				return world.StatusCompleted
			}
		}})
		id := a.campaign(a.agent("A"), 4, object{"max_concurrent_calls": 4, "retry_config": object{
			"enabled": true, "on_statuses": []string{"no_answer", "voicemail"}, "interval_value": 30, "interval_unit": "minutes", "max_retries": 2,
		}})
		time.Sleep(5 * time.Minute)
		c := a.get("/campaigns/" + id).data()
		assert.Equal(t, []any{"in_progress", 2.0, 1.0, 1.0, true, 2.0},
			[]any{c["status"], c["pending_retries"], c["completed"], c["failed"], c["retry_enabled"], c["max_retries"]})
		time.Sleep(2 * time.Hour)
		c = a.get("/campaigns/" + id).data()
		assert.Equal(t, []any{"completed", 0.0, 2.0, 1.0, 1.0, 0.0},
			[]any{c["status"], c["pending_retries"], c["completed"], c["failed"], c["no_answer"], c["voicemail"]})

		attempts := map[string][]int{}
		times := map[string][]time.Time{}
		for _, d := range a.srv.Dials() {
			assert.Equal(t, id, d.CampaignID)
			attempts[d.Number] = append(attempts[d.Number], d.Attempt)
			times[d.Number] = append(times[d.Number], d.Time)
		}
		assert.Equal(t, map[string][]int{phone(0): {1, 2, 3}, phone(1): {1, 2}, phone(2): {1}, phone(3): {1}}, attempts)
		gap := times[phone(0)][1].Sub(times[phone(0)][0])
		assert.InDelta(t, 30*60+18, gap.Seconds(), 5, "half an hour after the call ended")
	})
}

// What the campaign counts and what its calls say agree at every moment.
func TestCampaignAgreesWithItsCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{})
		id := a.campaign(a.agent("A"), 10, object{"max_concurrent_calls": 3})
		for range 180 {
			c := a.get("/campaigns/" + id).data()
			counted := map[string]int{}
			for _, call := range a.get("/calls?page_size=100").list() {
				counted[call["status"].(string)]++
			}
			for _, status := range []string{"completed", "failed", "no_answer", "voicemail"} {
				require.EqualValues(t, counted[status], c[status], status)
			}
			time.Sleep(time.Second)
		}
		assert.Equal(t, "completed", a.get("/campaigns/" + id).data()["status"])
	})
}

func TestCampaignList(t *testing.T) {
	a := inMemory(t, config{})
	agentID := a.agent("A")
	for i := range 25 {
		id := a.campaign(agentID, 1, object{"name": fmt.Sprint("C", i)})
		if i%5 == 0 {
			a.post("/campaigns/"+id+"/pause", nil).is(200)
		}
	}
	ans := a.get("/campaigns?page_size=10")
	assert.Equal(t, "C24", ans.list()[0]["name"])
	assert.EqualValues(t, 25, ans.json()["total"])
	assert.Contains(t, ans.list()[0], "total", "lists say total")
	assert.NotContains(t, ans.list()[0], "total_contacts")
	paused := a.get("/campaigns?status=paused&page=2&page_size=3")
	assert.EqualValues(t, 5, paused.json()["total"])
	assert.Len(t, paused.list(), 2)
	assert.Equal(t, "C0", paused.list()[1]["name"])
	assert.Empty(t, a.get("/campaigns?status=cancelled").list())
}

func TestCampaignsShareTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{})
		agentID := a.agent("A")
		a.campaign(agentID, 30, object{"max_concurrent_calls": 2})
		a.campaign(agentID, 30, object{"max_concurrent_calls": 3})
		time.Sleep(time.Hour)
		a.callTo(agentID, phone(99))
		dials := a.srv.Dials()
		require.Len(t, dials, 61)
		assert.True(t, slices.IsSortedFunc(dials, func(a, b Dial) int { return a.Time.Compare(b.Time) }))
		assert.NotEqual(t, dials[0].CampaignID, dials[2].CampaignID, "they run side by side")
	})
}
