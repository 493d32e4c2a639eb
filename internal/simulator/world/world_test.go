package world

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)

func TestClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewClock(start, 60, 0)
		time.Sleep(time.Minute)
		assert.Equal(t, start.Add(time.Hour), c.Now())
		assert.Equal(t, start.Add(time.Minute), c.Wall())
		c.Advance(24 * time.Hour)
		assert.Equal(t, start.Add(25*time.Hour), c.Now())
		assert.Equal(t, start.Add(time.Minute+24*time.Hour), c.Wall())
		assert.Equal(t, c.Wall(), c.Shown(c.Now()))
		assert.InDelta(t, time.Second, c.Until(c.Now().Add(time.Minute)), 2)
	})
}

// The world's course needs nobody at its door: a campaign calls its contacts, calls again those
// that it should, and is over.
func TestCampaign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended []string
		w := New(Config{
			Start: start, Speed: 1,
			Outcome: func(_ string, attempt int) string {
				return []string{StatusNoAnswer, StatusCompleted}[attempt-1]
			},
			Ended: func(c *Call) { ended = append(ended, c.Number) },
		})
		w.Lock()
		defer w.Unlock()
		c := &Campaign{
			Concurrency: 2, Hours: Hours{Zone: time.UTC},
			Contacts: []Contact{{Number: "+919876543210"}, {Number: "+919876543211"}},
			Retry:    Retry{Enabled: true, Statuses: []string{StatusNoAnswer}, Interval: time.Hour, Max: 1},
		}
		w.Launch(c, w.Step())
		assert.Same(t, c, w.Campaign(c.ID))
		assert.Equal(t, CampaignPending, c.Status(w.Step()))

		time.Sleep(time.Minute)
		assert.Equal(t, CampaignInProgress, c.Status(w.Step()))
		assert.Equal(t, []int{2, 0, 2}, []int{len(ended), c.Active, c.Waiting()}, "nobody answered")

		time.Sleep(2 * time.Hour)
		assert.Equal(t, CampaignCompleted, c.Status(w.Step()))
		assert.Equal(t, map[string]int{StatusCompleted: 2}, c.Done)
		assert.Len(t, ended, 4)
		rate, ok := c.PickupRate()
		assert.Equal(t, []any{50.0, true}, []any{rate, ok})
	})
}

func TestActions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := New(Config{Start: start, Speed: 1})
		w.Lock()
		defer w.Unlock()
		c := &Campaign{Concurrency: 1, Hours: Hours{Zone: time.UTC}, Contacts: make([]Contact, 20)}
		w.Launch(c, w.Step())
		assert.False(t, w.Act(c, Resume, w.Step()), "it isn't paused")
		assert.False(t, w.Act(c, Cancel, w.Step()), "nor scheduled")
		require.True(t, w.Act(c, Pause, w.Step()))
		time.Sleep(time.Hour)
		w.Step()
		assert.Empty(t, w.Calls())
		require.True(t, w.Act(c, Resume, w.Step()))
		time.Sleep(time.Second)
		w.Step()
		assert.Equal(t, 1, c.Active)
		require.True(t, w.Act(c, Stop, w.Step()))
		assert.Len(t, w.dialler.live, 1, "a call is going on")
		time.Sleep(time.Hour)
		w.Step()
		assert.Len(t, w.Calls(), 1, "it calls nobody else")
		assert.Empty(t, w.dialler.live, "nothing is kept to be looked at")
		_, more := w.Next()
		assert.False(t, more)

		later := &Campaign{
			Concurrency: 1, Hours: Hours{Zone: time.UTC}, Contacts: make([]Contact, 1),
			Scheduled: true, Begin: w.Step().Add(time.Hour),
		}
		w.Launch(later, w.Step())
		assert.Equal(t, CampaignScheduled, later.Status(w.Step()))
		require.True(t, w.Act(later, Cancel, w.Step()))
		assert.Empty(t, w.dialler.live, "it has no call to wait for")
	})
}
