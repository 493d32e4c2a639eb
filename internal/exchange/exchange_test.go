package exchange

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
)

var again = Decision{Retry: true, Wait: 2 * time.Second, Reason: "again"}

// Each story ends in its phase, and the call does exactly what the story says.
func TestStories(t *testing.T) {
	t.Parallel()
	const (
		lost, vouched, refused = lifecycle.Lost, lifecycle.Vouched, lifecycle.Refused
		looking                = "again; looking first if it was done"
	)
	for name, c := range map[string]struct {
		story
		phase Phase
		stop  StopReason
		did   []string
	}{
		"a call that succeeds":      {story{results: []lifecycle.Result{succeeded}}, Done, NotStopped, []string{"send"}},
		"a read that fails at once": {story{results: []lifecycle.Result{refused}}, Failed, ByPolicy, []string{"send"}},
		"a read that is lost, and then succeeds": {
			story{results: []lifecycle.Result{lost, succeeded}, decision: again}, Done, NotStopped,
			[]string{"send", "await false", "retry: again", "waited backoff", "await true", "send"},
		},
		"a read with too many attempts": {
			story{results: []lifecycle.Result{refused, refused, refused, refused}, decision: Decision{Retry: true}}, Failed, ByRetries,
			[]string{"send", "retry: ", "send", "retry: ", "send", "retry: ", "send"},
		},
		"a creation that is lost, and found": {
			story{rules: lifecycle.Look, makes: true, results: []lifecycle.Result{lost}, sights: []lifecycle.Sight{lifecycle.Doubtful, lifecycle.Found}},
			Done, NotStopped,
			[]string{"send", "await false", "retry: ; looking first if it was done", "waited lookup", "look", "waited lookup", "look"},
		},
		"a creation that is vouched for, not there, and sent again": {
			story{rules: lifecycle.Look, makes: true, results: []lifecycle.Result{vouched, succeeded}, sights: []lifecycle.Sight{lifecycle.Silent}, decision: again},
			Done, NotStopped,
			[]string{"send", "await false", "retry: " + looking, "waited lookup", "look", "await true", "send"},
		},
		"a creation that can't be looked for": {
			story{rules: lifecycle.NoLook, results: []lifecycle.Result{lost}}, Unknown, NotStopped, []string{"send", "await false"},
		},
		"an action whose repetition is refused, and that was done": {
			story{rules: lifecycle.Confirmable, results: []lifecycle.Result{lost, refused}, sights: []lifecycle.Sight{lifecycle.Found}, decision: again},
			Done, NotStopped,
			[]string{"send", "await false", "retry: again", "waited backoff", "await true", "send", "retry: " + looking, "look"},
		},
		"an action whose repetition is refused, and that was not done": {
			story{rules: lifecycle.Confirmable, results: []lifecycle.Result{lost, refused}, sights: []lifecycle.Sight{lifecycle.Silent}, decision: again},
			Failed, NotStopped,
			[]string{"send", "await false", "retry: again", "waited backoff", "await true", "send", "retry: " + looking, "look"},
		},
		"a look that is denied": {
			story{rules: lifecycle.Look, results: []lifecycle.Result{lost}, sights: []lifecycle.Sight{lifecycle.Denied}}, Unknown, NotStopped,
			[]string{"send", "await false", "retry: ; looking first if it was done", "waited lookup", "look"},
		},
		"a wait that is too long": {
			story{results: []lifecycle.Result{refused}, decision: Decision{Retry: true, Wait: LongestWait + time.Minute}}, Failed, ByLongestWait,
			[]string{"send"},
		},
		"a wait beyond the end": {
			story{results: []lifecycle.Result{refused}, decision: Decision{Retry: true, Wait: time.Hour}}, Failed, ByMaxElapsed, []string{"send"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.run(t, func(t *testing.T, x *Exchange, err error) {
				require.NoError(t, err)
				assert.Equal(t, c.phase, x.Phase())
				assert.Equal(t, c.stop, x.Stop.Reason)
				assert.Equal(t, c.did, c.story.did)
				assert.Equal(t, c.phase == Unknown, x.MayBeDone())
			})
		})
	}
}

// The phases have names, and each attempt knows how long it waited.
func TestPhases(t *testing.T) {
	t.Parallel()
	s := story{rules: lifecycle.Look, makes: true, results: []lifecycle.Result{lifecycle.Vouched, succeeded}, decision: again,
		sights: []lifecycle.Sight{lifecycle.Silent}}
	s.run(t, func(t *testing.T, x *Exchange, _ error) {
		assert.Equal(t, []Phase{Queueing, Sending, Deciding, Pausing, Searching, Queueing, Sending}, s.phases)
		assert.Equal(t, []time.Duration{0, again.Wait}, s.waits)
		assert.Zero(t, x.Waited)
	})
	s = story{rules: lifecycle.Look, results: []lifecycle.Result{lifecycle.Lost, succeeded}, decision: again, acquire: func(context.Context) error {
		time.Sleep(time.Second)
		return nil
	}, sights: []lifecycle.Sight{lifecycle.Found}}
	s.run(t, func(t *testing.T, x *Exchange, _ error) {
		assert.Equal(t, []time.Duration{time.Second}, s.waits)
		assert.Positive(t, x.Waited, "before the look that found it")
	})
}

// An answer that comes with an error is none.
func TestAnswerWithAnError(t *testing.T) {
	t.Parallel()
	got := &http.Response{}
	x := &Exchange{}
	x.Init(t.Context(), &observing{story: &story{results: []lifecycle.Result{succeeded}}, got: &got}, settings(), &reconcile.Twins{})
	x.Answered(got, errLost)
	assert.Nil(t, got)
}

type observing struct {
	*story
	got **http.Response
}

func (o *observing) Observe(resp *http.Response) { *o.got = resp }

// A search goes on with growing pauses until the settle time is over; then silence counts.
func TestSearchUntilSettled(t *testing.T) {
	t.Parallel()
	s := story{rules: lifecycle.Look, results: []lifecycle.Result{lifecycle.Late, succeeded}, sights: []lifecycle.Sight{lifecycle.Silent}, decision: again}
	s.run(t, func(t *testing.T, x *Exchange, _ error) {
		assert.Equal(t, Done, x.Phase())
		assert.Equal(t, 2, s.answers)
		assert.InDelta(t, 8, x.Search.Looks, 1.5)
		assert.InDelta(t, 30.2, time.Since(s.began).Seconds(), 0.1, "it is sent again when the settle time is over")
	})
}

// What witnesses have shown of the list's delay is waited for, and no longer.
func TestSearchWaitsForWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := story{rules: lifecycle.Look, results: []lifecycle.Result{lifecycle.Vouched, succeeded},
		sights: []lifecycle.Sight{lifecycle.Doubtful, lifecycle.Silent}, decision: again}
	synctest.Test(t, func(t *testing.T) {
		x := &Exchange{}
		x.Init(t.Context(), &lagging{story: &s, x: x, lag: 2300 * time.Millisecond}, settings(), &reconcile.Twins{})
		s.began = time.Now()
		require.NoError(t, x.Run(&s, nil))
		assert.Equal(t, Done, x.Phase())
		assert.Equal(t, 2, x.Search.Looks)
		assert.InDelta(t, 2.5, time.Since(s.began).Seconds(), 0.01, "the attempts take 0.1 s each")
	})
}

// lagging is a list of which a look shows how late it is.
type lagging struct {
	*story
	x   *Exchange
	lag time.Duration
}

func (l *lagging) Look(ctx context.Context) (lifecycle.Sight, error) {
	l.x.Search.Lag = l.lag
	return l.story.Look(ctx)
}

// The last look is made before the call has to end.
func TestLastLookBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		deadline, most time.Duration // of the context, of the call
		settle         time.Duration
		sight          lifecycle.Sight
		ends           float64 // after so many seconds at the least, and at the most a second later
	}{
		"the context's deadline":                     {10 * time.Second, 5 * time.Minute, 30 * time.Second, lifecycle.Doubtful, 9},
		"MaxElapsed":                                 {0, 10 * time.Second, 30 * time.Second, lifecycle.Doubtful, 9},
		"the nearer of both":                         {20 * time.Second, 10 * time.Second, 30 * time.Second, lifecycle.Failed, 9},
		"less than a look takes":                     {600 * time.Millisecond, 5 * time.Minute, 30 * time.Second, lifecycle.Doubtful, 0.35},
		"the settle time":                            {0, 5 * time.Minute, 30 * time.Second, lifecycle.Doubtful, 30.1},
		"a server that is down":                      {0, 0, 30 * time.Second, lifecycle.Failed, 329.1},
		"one that is down, and a deadline after it":  {time.Hour, 0, 30 * time.Second, lifecycle.Failed, 329.1},
		"one that is down, and a deadline before it": {time.Minute, 0, 30 * time.Second, lifecycle.Failed, 59},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := story{rules: lifecycle.Look, makes: true, results: []lifecycle.Result{lifecycle.Lost}, sights: []lifecycle.Sight{c.sight}}
				ctx := t.Context()
				if c.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, c.deadline)
					defer cancel()
				}
				set := settings()
				set.MaxElapsed, set.SettleTime = c.most, c.settle
				x, err := s.call(ctx, set, &reconcile.Twins{}, nil)
				require.NoError(t, err)
				assert.Equal(t, Unknown, x.Phase())
				assert.GreaterOrEqual(t, time.Since(s.began).Seconds(), c.ends)
				assert.Less(t, time.Since(s.began).Seconds(), c.ends+1)
				_, byContext := ctx.Deadline()
				byContext = byContext && c.deadline <= time.Minute && (c.most == 0 || c.deadline < c.most)
				if byContext {
					assert.Less(t, time.Since(s.began), c.deadline)
				}
				assert.Equal(t, byContext, errors.Is(errors.Join(x.Causes...), context.DeadlineExceeded))
			})
		})
	}
}

// Where there is no time for a look, the outcome is unknown without one.
func TestNoTimeToLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := story{rules: lifecycle.Look, results: []lifecycle.Result{lifecycle.Lost}}
		set := settings()
		set.MaxElapsed = 100 * time.Millisecond // what the attempt takes
		x, err := s.call(t.Context(), set, &reconcile.Twins{}, nil)
		require.NoError(t, err)
		assert.Equal(t, Unknown, x.Phase())
		require.Len(t, x.Causes, 1)
		require.ErrorIs(t, x.Causes[0], errNoTimeToLook)
		assert.Zero(t, s.looks)
	})
}

// Cancelling ends a wait at once, and the cause is kept.
func TestCancelled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		story
		phase Phase
	}{
		"while it backs off":  {story{results: []lifecycle.Result{lifecycle.Vouched}, decision: again}, Failed},
		"before a look":       {story{rules: lifecycle.Look, results: []lifecycle.Result{lifecycle.Vouched}, decision: again}, Unknown},
		"between two looks":   {story{rules: lifecycle.Look, results: []lifecycle.Result{lifecycle.Lost}, sights: []lifecycle.Sight{lifecycle.Silent}}, Unknown},
		"after a failed look": {story{rules: lifecycle.Look, results: []lifecycle.Result{lifecycle.Lost}, sights: []lifecycle.Sight{lifecycle.Failed}, lookErr: errLost}, Unknown},
		"while it is answered": {
			story{rules: lifecycle.Look, results: []lifecycle.Result{lifecycle.Lost}, onAnswer: func() { time.Sleep(1100 * time.Millisecond) }}, Unknown,
		},
		"while nobody knows, and it may be repeated": {
			story{rules: lifecycle.RepeatAll, results: []lifecycle.Result{lifecycle.Lost}, decision: again}, Unknown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cause := errors.New("the user went away")
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(1150*time.Millisecond, func() { cancel(cause) })
				x, err := c.call(ctx, settings(), &reconcile.Twins{}, nil)
				require.NoError(t, err)
				assert.Equal(t, c.phase, x.Phase())
				assert.InDelta(t, 1.15, time.Since(c.began).Seconds(), 0.06)
				all := errors.Join(x.Causes...)
				require.ErrorIs(t, all, context.Canceled)
				require.ErrorIs(t, all, cause)
			})
		})
	}
}

// A wait that would pass the context's deadline isn't begun.
func TestDeadlineIsComparedFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := story{results: []lifecycle.Result{lifecycle.Vouched}, decision: again}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		x, err := s.call(ctx, settings(), &reconcile.Twins{}, nil)
		require.NoError(t, err)
		assert.Equal(t, Failed, x.Phase())
		assert.Equal(t, Stop{ByDeadline, again.Wait}, x.Stop)
		assert.Equal(t, 100*time.Millisecond, time.Since(s.began))
		assert.Equal(t, []error{context.DeadlineExceeded}, x.Causes)
	})
}

// The policy may give the next attempt more time.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	longer := again
	longer.Timeout = time.Minute
	s := story{results: []lifecycle.Result{lifecycle.Lost, succeeded}, decision: longer}
	s.run(t, func(t *testing.T, x *Exchange, _ error) { assert.Equal(t, time.Minute, x.Timeout) })
}

func TestReplay(t *testing.T) {
	t.Parallel()
	var x Exchange
	x.Replay()
	assert.Equal(t, Done, x.Phase())
	assert.Equal(t, Replayed, x.Origin())
	assert.False(t, x.MayBeDone())
}
