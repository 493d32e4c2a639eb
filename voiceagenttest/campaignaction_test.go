package voiceagenttest

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

func TestCampaignPauseAndResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{})
		id := a.campaign(a.agent("A"), 20, object{"max_concurrent_calls": 2})
		time.Sleep(30 * time.Second)
		paused := a.post("/campaigns/"+id+"/pause", nil).is(200)
		assert.Equal(t, "Campaign paused", paused.json()["message"])
		assert.NotContains(t, paused.json(), "data")
		dialled := len(a.srv.Dials())
		time.Sleep(time.Hour)
		assert.Len(t, a.srv.Dials(), dialled, "nothing is dialled while paused")
		c := a.get("/campaigns/" + id).data()
		assert.Equal(t, "paused", c["status"])
		finished := c["completed"].(float64) + c["failed"].(float64) + c["no_answer"].(float64) + c["voicemail"].(float64)
		assert.Equal(t, dialled, int(finished), "calls that were going on have ended")

		a.post("/campaigns/"+id+"/resume", nil).is(200)
		resumed := time.Now()
		time.Sleep(time.Hour)
		assert.Len(t, a.srv.Dials(), 20)
		assert.WithinDuration(t, resumed, a.srv.Dials()[dialled].Time, 0)
		assert.Equal(t, "completed", a.get("/campaigns/" + id).data()["status"])
	})
}

func TestCampaignStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{outcome: always(world.StatusNoAnswer)})
		id := a.campaign(a.agent("A"), 20, object{"max_concurrent_calls": 3, "retry_config": object{"enabled": true, "interval_value": 1}})
		time.Sleep(30 * time.Second)
		require.NotZero(t, a.get("/campaigns/" + id).data()["pending_retries"])
		a.post("/campaigns/"+id+"/stop", nil).is(200)
		dialled := len(a.srv.Dials())
		time.Sleep(time.Hour)
		assert.Len(t, a.srv.Dials(), dialled)
		c := a.get("/campaigns/" + id).data()
		assert.Equal(t, "stopped", c["status"])
		assert.EqualValues(t, 0, c["pending_retries"])
	})
}

func TestCampaignActionsNeedTheRightState(t *testing.T) {
	reach := map[string]func(a *api, agentID string) string{
		"scheduled": func(a *api, agentID string) string {
			return a.campaign(agentID, 1, object{"schedule_time": "2100-01-01T00:00:00Z"})
		},
		"pending": func(a *api, agentID string) string { return a.campaign(agentID, 1, nil) },
		"in_progress": func(a *api, agentID string) string {
			id := a.campaign(agentID, 1, nil)
			time.Sleep(2 * time.Second)
			return id
		},
		"paused": func(a *api, agentID string) string {
			id := a.campaign(agentID, 1, nil)
			a.post("/campaigns/"+id+"/pause", nil).is(200)
			return id
		},
		"stopped": func(a *api, agentID string) string {
			id := a.campaign(agentID, 1, nil)
			a.post("/campaigns/"+id+"/stop", nil).is(200)
			return id
		},
		"cancelled": func(a *api, agentID string) string {
			id := a.campaign(agentID, 1, object{"schedule_time": "2100-01-01T00:00:00Z"})
			a.post("/campaigns/"+id+"/cancel", nil).is(200)
			return id
		},
		"completed": func(a *api, agentID string) string {
			id := a.campaign(agentID, 1, nil)
			time.Sleep(time.Hour)
			return id
		},
	}
	allowed := map[string][]string{
		"pause": {"pending", "in_progress"}, "resume": {"paused"},
		"stop": {"pending", "in_progress", "paused"}, "cancel": {"scheduled"},
	}
	after := map[string]string{"pause": "paused", "resume": "in_progress", "stop": "stopped", "cancel": "cancelled"}
	for state, reach := range reach {
		for verb, from := range allowed {
			t.Run(verb+" "+state, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					a := inMemory(t, config{dialect: Dialect{ActionData: true, WrongStateStatus: 400}})
					id := reach(a, a.agent("A"))
					require.Equal(t, state, a.get("/campaigns/" + id).data()["status"])
					if slices.Contains(from, state) {
						assert.Equal(t, after[verb], a.post("/campaigns/"+id+"/"+verb, nil).is(200).data()["status"])
						return
					}
					_, message := a.post("/campaigns/"+id+"/"+verb, nil).is(400).failure()
					assert.Equal(t, fmt.Sprintf("Cannot %s a campaign that is %s", verb, state), message)
					assert.Equal(t, state, a.get("/campaigns/" + id).data()["status"], "nothing changed")
				})
			})
		}
	}
	a := inMemory(t, config{})
	a.post("/campaigns/nothing/pause", nil).is(404)
	a.get("/campaigns/nothing").is(404)
	id := a.campaign(a.agent("A"), 1, nil)
	a.post("/campaigns/"+id+"/resume", nil).is(http.StatusConflict)
}
