package simulator

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestClock(t *testing.T) {
	start := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Start: start, Speed: 60, Skew: time.Hour})
		defer s.Close()
		began := time.Now()
		time.Sleep(time.Minute)
		assert.Equal(t, start.Add(time.Hour), s.Now())
		assert.Equal(t, began.Add(time.Minute+time.Hour).UTC(), s.ServerTime())
		s.Advance(24 * time.Hour)
		assert.Equal(t, start.Add(25*time.Hour), s.Now())
		assert.Equal(t, began.Add(time.Minute+25*time.Hour).UTC(), s.ServerTime())
		assert.InDelta(t, time.Second, s.clock.until(s.Now().Add(time.Minute)), 2)
	})
	synctest.Test(t, func(t *testing.T) {
		s := New(Config{Skew: -time.Hour})
		defer s.Close()
		time.Sleep(time.Minute)
		assert.Equal(t, s.ServerTime(), s.Now(), "one clock unless asked otherwise")
	})
}

func TestSpeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, Config{Speed: 60, Outcome: always(StatusCompleted)})
		id := a.campaign(a.agent("A"), 25, object{"max_concurrent_calls": 5})
		time.Sleep(5 * time.Second)
		assert.Equal(t, "completed", a.get("/campaigns/" + id).data()["status"])
	})
}
