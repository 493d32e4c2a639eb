package reconcile_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/internal/reconcile"
)

func TestWindow(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 1, 15, 10, 27, 40, 0, time.UTC)
	window := reconcile.Window{From: from, To: from.Add(30 * time.Second)}
	at := from.Add
	for want, times := range map[reconcile.Verdict][]time.Time{
		reconcile.Ours: {
			at(0), at(10 * time.Second), at(30 * time.Second), at(-2 * time.Second), at(32 * time.Second),
			at(10 * time.Second).In(time.FixedZone("IST", 19800)),
		},
		reconcile.Maybe: {
			// Nothing, or no date.
			{}, time.Date(0, 1, 1, 10, 27, 50, 0, time.UTC), time.Date(1, 1, 1, 5, 30, 0, 0, time.UTC),
			// A clock that is off.
			at(-5 * time.Second), at(35 * time.Second), at(-2 * time.Minute), at(150 * time.Second),
			// Cut to the minute.
			from.Truncate(time.Minute),
			// Zones.
			at(30*time.Second + 330*time.Minute), at(32*time.Second + 330*time.Minute), at(330*time.Minute - 2*time.Second), at(10*time.Second + 330*time.Minute), at(10*time.Second - 8*time.Hour), at(345 * time.Minute), at(-14 * time.Hour),
			// No more than a date.
			time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 14, 0, 0, 0, 0, time.UTC),
			// Cut to the hour, to five minutes.
			time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC), time.Date(2026, 1, 15, 10, 20, 0, 0, time.UTC),
		},
		reconcile.Not: {
			at(-2*time.Minute - time.Second), at(151 * time.Second), at(-time.Hour - time.Minute), at(time.Hour + time.Minute),
			at(33*time.Second + 330*time.Minute), at(330*time.Minute - 3*time.Second), at(-15 * time.Hour), time.Date(2026, 1, 15, 10, 21, 0, 0, time.UTC), at(-30 * 24 * time.Hour), time.Date(2026, 1, 12, 0, 0, 0, 0, time.UTC),
			time.Date(2026, 1, 14, 13, 0, 0, 0, time.UTC), time.Date(2026, 1, 14, 0, 20, 0, 0, time.UTC), // no date alone
		},
	} {
		for _, shown := range times {
			assert.Equal(t, want, window.Test(shown), "%v", shown)
		}
	}
	assert.Equal(t, reconcile.Maybe, reconcile.Window{}.Test(from), "nothing is known of the clock")
}
