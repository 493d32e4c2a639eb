package exchange

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
)

// isFree reports whether nobody is counted in with a twin.
func isFree(t *testing.T, twins *reconcile.Twins) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if twins.Look(ctx, twin) != nil {
		return false
	}
	twins.Looked(twin)
	return true
}

// A call that waits for a permit is sent when it gets one, and its wait is reported.
func TestWaitsForAPermit(t *testing.T) {
	t.Parallel()
	s := story{results: []lifecycle.Result{succeeded}, acquire: func(context.Context) error { time.Sleep(time.Second); return nil }}
	s.run(t, func(t *testing.T, x *Exchange, err error) {
		require.NoError(t, err)
		assert.Equal(t, []string{"waited permit", "send"}, s.did)
		assert.Equal(t, time.Second, x.SentAt.Sub(s.began))
		assert.Equal(t, x.SentAt, x.FirstSent)
	})
}

// A call that gets no permit before it has to end isn't sent.
func TestNoPermit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var twins reconcile.Twins
		s := story{rules: lifecycle.Look, makes: true, acquire: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		set := settings()
		x, err := s.call(t.Context(), set, &twins, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, Unsent, x.Phase())
		assert.False(t, x.MayBeDone())
		assert.Equal(t, set.MaxElapsed, time.Since(s.began))
		assert.Equal(t, []string{"waited permit"}, s.did)
		assert.True(t, isFree(t, &twins))
	})
}

// The permit of an attempt that the ledger stops is given back.
func TestLedgerStopsAnAttempt(t *testing.T) {
	t.Parallel()
	stopped := errors.New("not held")
	for name, s := range map[string]story{
		"not held":    {held: stopped},
		"not awaited": {await: stopped},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var twins reconcile.Twins
				s.makes, s.rules = true, lifecycle.RepeatAll
				x, err := s.call(t.Context(), settings(), &twins, &Earlier{Began: time.Now(), Open: true})
				require.ErrorIs(t, err, stopped)
				assert.Equal(t, Unsent, x.Phase())
				assert.Contains(t, s.did, "release")
				assert.NotContains(t, s.did, "send")
				assert.True(t, isFree(t, &twins))
				assert.True(t, x.MayBeDone(), "the earlier process may have had it done")
			})
		})
	}
}

// The permit of a repetition that isn't sent is given back, too, and the reason is kept.
func TestNoPermitForARepetition(t *testing.T) {
	t.Parallel()
	refused := errors.New("the reset is too far")
	s := story{results: []lifecycle.Result{lifecycle.Vouched}, decision: again}
	s.onAnswer = func() { s.acquire = func(context.Context) error { return refused } }
	s.run(t, func(t *testing.T, x *Exchange, err error) {
		require.NoError(t, err)
		assert.Equal(t, Failed, x.Phase())
		assert.Equal(t, []error{refused}, x.Causes)
	})
}

// No twin is sent while a call looks for its record, and no call looks while a twin is on its way.
func TestTwinsAreKeptApart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var twins reconcile.Twins
		require.True(t, twins.TryEnter(twin))
		time.AfterFunc(10*time.Second, func() { twins.Leave(twin) })
		s := story{rules: lifecycle.Look, makes: true, results: []lifecycle.Result{lifecycle.Lost}, sights: []lifecycle.Sight{lifecycle.Found}}
		x, err := s.call(t.Context(), settings(), &twins, nil)
		require.NoError(t, err)
		assert.Equal(t, Done, x.Phase())
		assert.Equal(t, 10*time.Second, time.Since(s.began), "it looks when the twin has its answer")
		assert.True(t, isFree(t, &twins))

		require.NoError(t, twins.Look(t.Context(), twin))
		time.AfterFunc(10*time.Second, func() { twins.Looked(twin) })
		s = story{rules: lifecycle.Look, makes: true, results: []lifecycle.Result{succeeded}}
		x, err = s.call(t.Context(), settings(), &twins, nil)
		require.NoError(t, err)
		assert.Equal(t, Done, x.Phase())
		assert.Equal(t, []string{"waited lookup", "send"}, s.did)
		assert.Equal(t, 10*time.Second, x.SentAt.Sub(s.began))
	})
}

// Who waits for a twin's look, or for a twin's answer, waits no longer than the call may take.
func TestTwinsAreNotWaitedForForever(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var twins reconcile.Twins
		require.NoError(t, twins.Look(t.Context(), twin))
		s := story{rules: lifecycle.Look, makes: true}
		x, err := s.call(t.Context(), settings(), &twins, nil)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, Unsent, x.Phase())
		assert.Equal(t, 5*time.Minute, time.Since(s.began))
		twins.Looked(twin)

		require.True(t, twins.TryEnter(twin))
		s = story{rules: lifecycle.Look, makes: true, results: []lifecycle.Result{lifecycle.Lost}}
		x, err = s.call(t.Context(), settings(), &twins, nil)
		require.NoError(t, err)
		assert.Equal(t, Unknown, x.Phase())
		assert.Zero(t, s.looks)
		assert.LessOrEqual(t, time.Since(s.began), 5*time.Minute)
		twins.Leave(twin)
	})
}

// A panic gives back what the attempt took, and the call may have been done.
func TestPanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var twins reconcile.Twins
		x := &Exchange{}
		s := &story{rules: lifecycle.Look, makes: true}
		x.Init(t.Context(), s, settings(), &twins)
		assert.Panics(t, func() { _ = x.Run(nil, nil) })
		assert.Equal(t, []string{"release"}, s.did)
		assert.True(t, isFree(t, &twins))
		assert.True(t, x.MayBeDone())

		s = &story{makes: true, onAnswer: func() { panic("while it is read") }}
		assert.Panics(t, func() { _, _ = s.call(t.Context(), settings(), &twins, nil) })
		assert.Equal(t, []string{"send"}, s.did, "the limiter was told already")
		assert.True(t, isFree(t, &twins))
	})
}
