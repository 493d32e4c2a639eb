package voiceagenttest

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

func TestCampaignHours(t *testing.T) {
	cases := map[string]struct {
		start time.Time
		extra object
		first time.Time // of the dials; zero for none in two days
	}{
		"within":                   {onDay(10, 0), object{"daily_start_time": "09:00", "daily_end_time": "18:00"}, onDay(10, 0).Add(time.Second)},
		"before they begin":        {onDay(7, 30), object{"daily_start_time": "09:00", "daily_end_time": "18:00"}, onDay(9, 0)},
		"after they ended":         {onDay(18, 0), object{"daily_start_time": "09:00", "daily_end_time": "18:00"}, onDay(33, 0)},
		"across midnight, inside":  {onDay(1, 0), object{"daily_start_time": "22:00", "daily_end_time": "02:00"}, onDay(1, 0).Add(time.Second)},
		"across midnight, outside": {onDay(2, 0), object{"daily_start_time": "22:00", "daily_end_time": "02:00"}, onDay(22, 0)},
		"lunch":                    {onDay(13, 0), object{"blackout_periods": []object{{"start": "13:00", "end": "14:00"}}}, onDay(14, 0)},
		"night":                    {onDay(23, 0), object{"blackout_periods": []object{{"start": "21:00", "end": "09:00"}}}, onDay(33, 0)},
		"two in a row": {onDay(13, 0), object{"blackout_periods": []object{
			{"start": "13:00", "end": "14:00"}, {"start": "14:00", "end": "15:00"},
		}}, onDay(15, 0)},
		"a blackout over the opening": {onDay(8, 0), object{"daily_start_time": "09:00", "daily_end_time": "18:00",
			"blackout_periods": []object{{"start": "08:30", "end": "10:15"}}}, onDay(10, 15)},
		"never": {onDay(8, 0), object{"blackout_periods": []object{
			{"start": "00:00", "end": "12:00"}, {"start": "12:00", "end": "00:00"},
		}}, time.Time{}},
		"scheduled":                {onDay(8, 0), object{"schedule_time": onDay(16, 0).UTC().Format("2006-01-02T15:04:05.000Z07:00")}, onDay(16, 0)},
		"scheduled into the night": {onDay(8, 0), object{"schedule_time": onDay(22, 0).Format(time.RFC3339), "daily_start_time": "09:00", "daily_end_time": "18:00"}, onDay(33, 0)},
		"scheduled for the past":   {onDay(8, 0), object{"schedule_time": onDay(7, 0).Format(time.RFC3339)}, onDay(8, 0).Add(time.Second)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := inMemory(t, config{start: c.start})
				id := a.campaign(a.agent("A"), 1, c.extra)
				time.Sleep(48 * time.Hour)
				dials := a.srv.Dials()
				if c.first.IsZero() {
					assert.Empty(t, dials)
					assert.Equal(t, "pending", a.get("/campaigns/" + id).data()["status"])
					return
				}
				require.Len(t, dials, 1)
				assert.Equal(t, c.first.UTC(), dials[0].Time)
			})
		})
	}
}

func TestCampaignStaysWithinItsHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{start: onDay(17, 55), outcome: always(world.StatusNoAnswer)})
		retry := object{"enabled": true, "interval_value": 10, "interval_unit": "minutes", "max_retries": 1}
		hours := object{"daily_start_time": "09:00", "daily_end_time": "18:00", "name": "polite", "retry_config": retry}
		agentID := a.agent("A")
		a.campaign(agentID, 30, hours)
		time.Sleep(7 * 24 * time.Hour)
		dials := a.srv.Dials()
		require.Len(t, dials, 60)
		for _, d := range dials {
			hour := d.Time.In(ist).Hour()
			assert.True(t, hour >= 9 && hour < 18, d.Time.In(ist))
		}

		// A retry that doesn't respect the hours goes before a contact that
		// has to wait for them.
		retry["respect_calling_hours"] = false
		evening := onDay(17, 59).Add(8*24*time.Hour + 50*time.Second)
		a.srv.Advance(evening.Sub(a.srv.Now()))
		a.campaign(agentID, 2, hours)
		time.Sleep(24 * time.Hour)
		var attempts []string
		for _, d := range a.srv.Dials()[60:] {
			attempts = append(attempts, fmt.Sprintf("%s %d at %d", d.Number[len(d.Number)-1:], d.Attempt, d.Time.In(ist).Hour()))
		}
		assert.Equal(t, []string{"0 1 at 17", "0 2 at 18", "1 1 at 9", "1 2 at 9"}, attempts)
	})
}

// A schedule comes due by itself, even when the hours don't allow a call yet.
func TestCampaignScheduleComesDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{start: onDay(20, 0)})
		id := a.campaign(a.agent("A"), 1, object{
			"schedule_time": onDay(21, 0).Format(time.RFC3339), "daily_start_time": "09:00", "daily_end_time": "18:00",
		})
		for _, step := range []struct {
			wait time.Duration
			want string
		}{
			{0, "scheduled"}, {time.Hour - time.Second, "scheduled"}, {time.Second, "pending"}, {11 * time.Hour, "pending"},
			{time.Hour, "in_progress"}, {time.Minute, "completed"},
		} {
			time.Sleep(step.wait)
			c := a.get("/campaigns/" + id).data()
			assert.Equal(t, step.want, c["status"], time.Now())
			assert.NotNil(t, c["schedule_time"])
		}
	})
}

func TestCampaignZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{zone: time.UTC, start: time.Date(2026, 3, 10, 8, 0, 0, 0, time.UTC)})
		a.campaign(a.agent("A"), 1, object{"daily_start_time": "09:00", "daily_end_time": "18:00"})
		time.Sleep(2 * time.Hour)
		assert.Equal(t, 9, a.srv.Dials()[0].Time.Hour())
	})
}
