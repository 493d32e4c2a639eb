package exchange

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
)

// A request that an earlier process began is looked for before anything is sent, until the settle
// time is over.
func TestResume(t *testing.T) {
	t.Parallel()
	const silent, doubtful, found = lifecycle.Silent, lifecycle.Doubtful, lifecycle.Found
	for name, c := range map[string]struct {
		rules    lifecycle.Rules
		open     bool
		age      time.Duration
		sight    lifecycle.Sight
		deadline time.Duration
		phase    Phase
		origin   Origin
		sent     int
		ends     float64 // after so many seconds
	}{
		"found":                               {lifecycle.Look, true, 0, found, 0, Done, Resumed, 0, 0.45},
		"not made":                            {lifecycle.Look, true, 0, silent, 0, Done, Resumed, 1, 30.1},
		"not made, and begun long ago":        {lifecycle.Look, true, time.Hour, silent, 0, Done, Resumed, 1, 0.55},
		"not made, and begun a minute ago":    {lifecycle.Look, true, time.Minute, silent, 0, Done, Resumed, 1, 30.1},
		"given up, and not made":              {lifecycle.Look, false, 0, silent, 0, Unknown, Resumed, 0, 30},
		"given up, and found":                 {lifecycle.Look, false, 0, found, 0, Done, Resumed, 0, 0.45},
		"nobody can tell":                     {lifecycle.Look, true, 0, doubtful, 0, Unknown, Resumed, 0, 30},
		"no looks are wanted":                 {lifecycle.GiveUpOnce, true, 0, found, 0, Unknown, Resumed, 0, 0},
		"repeated without knowing":            {lifecycle.RepeatAll, true, 0, found, 0, Done, Unproven, 1, 0.1},
		"the context ends before the look":    {lifecycle.Look, true, 0, found, -time.Second, Unknown, Resumed, 0, 0},
		"the context ends while it is sought": {lifecycle.Look, true, 0, doubtful, 10 * time.Second, Unknown, Resumed, 0, 9},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if c.deadline != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				s := story{rules: c.rules, makes: true, results: []lifecycle.Result{succeeded}, sights: []lifecycle.Sight{c.sight}}
				began := time.Now().Add(-c.age)
				x, err := s.call(ctx, settings(), &reconcile.Twins{}, &Earlier{Began: began, Open: c.open, Age: c.age})
				require.NoError(t, err)
				assert.Equal(t, c.phase, x.Phase())
				assert.Equal(t, c.origin, x.Origin())
				assert.Equal(t, c.sent, s.answers)
				assert.InDelta(t, c.ends, time.Since(s.began).Seconds(), 0.1)
				assert.True(t, began.Equal(x.FirstSent))
				assert.Equal(t, c.phase == Unknown, x.MayBeDone())
				if c.phase == Unknown {
					assert.NotEmpty(t, x.Causes)
				}
			})
		})
	}
}

// The witnesses of an earlier process were placed before the earliest time at which it may have
// begun.
func TestWitnessesOfAnEarlierProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := story{rules: lifecycle.Look, makes: true, sights: []lifecycle.Sight{lifecycle.Found}}
		e := Earlier{Open: true, Age: 6 * time.Minute, Witnesses: []Witness{{IDs: []string{"call_0"}, Age: 3 * time.Second, Took: time.Second}}}
		now := time.Now()
		x, err := s.call(t.Context(), settings(), &reconcile.Twins{}, &e)
		require.NoError(t, err)
		first := now.Add(-time.Minute) // it may have taken 5 of the 6 minutes
		assert.Equal(t, first, x.Search.First)
		assert.Equal(t, []reconcile.Placed{{
			Twin: reconcile.Twin{Owner: twin.Owner}, IDs: []string{"call_0"}, Sent: first.Add(-4 * time.Second), At: first.Add(-3 * time.Second),
		}}, x.Search.Witnesses)
	})
}
