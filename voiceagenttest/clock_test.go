package voiceagenttest

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

func TestOneClockUnlessAskedOtherwise(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(config{skew: -time.Hour})
		defer s.Close()
		time.Sleep(time.Minute)
		assert.Equal(t, s.ServerTime(), s.Now())
		assert.Equal(t, time.Now().Add(-time.Hour).UTC(), s.Now())
	})
}

// However fast calls go, an answer tells when they were made, and in which order, by the clock that
// its Date header shows.
func TestTimesOfAnswersAreThoseOfDate(t *testing.T) {
	for name, cfg := range map[string]config{
		"real": {}, "fast": {speed: 1000}, "slow": {speed: 0.1}, "start": {speed: 10, start: time.Date(2020, 3, 10, 9, 0, 0, 0, time.UTC)},
		"skew": {speed: 10, skew: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := inMemory(t, cfg)
				agent, last := a.agent("A"), time.Time{}
				on := func(record map[string]any, key string) time.Time {
					at, err := time.Parse(time.RFC3339, record[key].(string))
					require.NoError(t, err)
					return at
				}
				for i := range 4 {
					time.Sleep(90 * time.Second)
					if i == 2 {
						a.srv.Advance(time.Hour)
					}
					created := a.post("/call", object{"agent_id": agent, "source_number": "+919240018601", "phone_number": "+919876543210"})
					date, err := http.ParseTime(created.header.Get("Date"))
					require.NoError(t, err)
					assert.WithinDuration(t, date, on(created.data(), "created_at"), time.Second)
					assert.Greater(t, date.Sub(last), 89*time.Second)
					last = date
				}
				a.srv.Advance(time.Hour)
				listed := a.get("/calls?from_date=" + last.Format(time.RFC3339)).list()
				require.Len(t, listed, 1, "what is asked for by that clock is found")
				assert.WithinDuration(t, last, on(listed[0], "started_at"), time.Second)
				assert.False(t, on(listed[0], "ended_at").After(a.srv.ServerTime()))
			})
		})
	}
}

func TestSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{speed: 60, outcome: always(world.StatusCompleted)})
		id := a.campaign(a.agent("A"), 25, object{"max_concurrent_calls": 5})
		time.Sleep(5 * time.Second)
		assert.Equal(t, "completed", a.get("/campaigns/" + id).data()["status"])
	})
}
