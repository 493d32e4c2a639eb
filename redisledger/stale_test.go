package redisledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisledger"
)

// What a holder that has lost its key says of it, after what the one who took it over has done.
func TestStaleHolder(t *testing.T) {
	type do = func(*redisledger.Ledger) error
	finish := func(e voiceagent.LedgerEntry) do {
		return func(l *redisledger.Ledger) error { return l.Finish(t.Context(), e) }
	}
	forget := func(l *redisledger.Ledger) error { return l.Forget(t.Context(), "k") }
	nothing := func(*redisledger.Ledger) error { return nil }
	otherDone := done("k", "call_9")
	otherDone.Fingerprint = "g"
	for name, c := range map[string]struct {
		taker, stale do
		err          string // of the stale one
		want         voiceagent.LedgerEntry
		busy         bool // the taker still holds it
		after        do   // the taker, then
		end          voiceagent.LedgerEntry
	}{
		"made, while the other is at work": {taker: nothing, stale: finish(done("k", "call_1")),
			want: done("k", "call_1"), after: finish(done("k", "call_1")), end: done("k", "call_1")},
		"made, and the other doesn't find it": {taker: nothing, stale: finish(done("k", "call_1")),
			want: done("k", "call_1"), after: finish(unknown("k")), end: done("k", "call_1")},
		"made, and the other makes nothing": {taker: nothing, stale: finish(done("k", "call_1")),
			want: done("k", "call_1"), after: forget, end: done("k", "call_1")},
		"made, after the other knew no more": {taker: finish(unknown("k")), stale: finish(done("k", "call_1")),
			want: done("k", "call_1"), after: nothing, end: done("k", "call_1")},
		"made, after the other made nothing": {taker: forget, stale: finish(done("k", "call_1")),
			want: done("k", "call_1"), after: nothing, end: done("k", "call_1")},
		"made, as the other found": {taker: finish(done("k", "call_1")), stale: finish(done("k", "call_1", "session_1")),
			want: done("k", "call_1", "session_1"), after: nothing, end: done("k", "call_1", "session_1")},
		"made, and so did the other": {taker: finish(done("k", "call_2")), stale: finish(done("k", "call_1")),
			err: "stands as done already, of something else: [call_1]", want: done("k", "call_2"), after: nothing, end: done("k", "call_2")},
		"unknown, while the other is at work, which then makes it": {taker: nothing, stale: finish(unknown("k")),
			want: unknown("k"), busy: true, after: finish(done("k", "call_2")), end: done("k", "call_2")},
		"unknown, while the other is at work, and is refused": {taker: nothing, stale: finish(unknown("k")),
			want: unknown("k"), busy: true, after: forget, end: unknown("k")},
		"unknown, after the other made it": {taker: finish(done("k", "call_2")), stale: finish(unknown("k")),
			want: done("k", "call_2"), after: nothing, end: done("k", "call_2")},
		"unknown, after the other made nothing": {taker: forget, stale: finish(unknown("k")),
			want: unknown("k"), after: nothing, end: unknown("k")},
		"open, while the other is at work": {taker: nothing, stale: finish(begun("k")),
			want: begun("k"), busy: true, after: forget},
		"nothing, while the other is at work": {taker: nothing, stale: forget,
			want: begun("k"), busy: true, after: finish(unknown("k")), end: unknown("k")},
		"nothing, after the other made it": {taker: finish(done("k", "call_2")), stale: forget,
			want: done("k", "call_2"), after: nothing, end: done("k", "call_2")},
		"nothing, after the other knew no more": {taker: finish(unknown("k")), stale: forget,
			want: unknown("k"), after: nothing, end: unknown("k")},
		"nothing, after the other made nothing": {taker: forget, stale: forget, after: nothing},
		"made, and the key is another request's by now": {
			taker: func(l *redisledger.Ledger) error {
				if err := l.Forget(t.Context(), "k"); err != nil {
					return err
				}
				return l.Finish(t.Context(), otherDone)
			},
			stale: finish(done("k", "call_1")), err: voiceagent.ErrLedgerMismatch.Error(), want: otherDone, after: nothing, end: otherDone},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := two(t, time.Hour)
			takes(t, a, "k")
			require.NoError(t, redisledger.End(t.Context(), a, "k"))
			require.True(t, takes(t, b, "k"))
			require.NoError(t, c.taker(b))
			if err := c.stale(a); c.err != "" {
				require.ErrorContains(t, err, c.err)
			} else {
				require.NoError(t, err)
			}
			standing, _ := stands(t, b, "k")
			assert.Equal(t, c.want, standing)
			if c.busy {
				redisledger.Lapse(b, "k")
				require.NoError(t, b.Held(t.Context(), "k"))
				_, _, err := a.Begin(t.Context(), begun("k"))
				require.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
			} else {
				redisledger.Lapse(b, "k")
				require.ErrorIs(t, b.Held(t.Context(), "k"), redisledger.ErrNotHeld, "the taker must not send")
			}
			require.NoError(t, c.after(b))
			standing, _ = stands(t, b, "k")
			assert.Equal(t, c.end, standing)
			if c.end.Key != "" && c.end.Fingerprint == "f" {
				assert.True(t, takes(t, a, "k"), "it is free")
			}
		})
	}
}

// A doubt that the next holder has seen doesn't keep it from forgetting, as in any ledger.
func TestDoubtIsSeen(t *testing.T) {
	a, b := two(t, time.Hour)
	takes(t, a, "k")
	require.NoError(t, redisledger.End(t.Context(), a, "k"))
	takes(t, b, "k")
	require.NoError(t, a.Finish(t.Context(), unknown("k")))
	require.NoError(t, redisledger.End(t.Context(), b, "k"))
	standing, _, err := a.Begin(t.Context(), begun("k"))
	require.NoError(t, err)
	assert.Equal(t, unknown("k"), standing)
	require.NoError(t, a.Forget(t.Context(), "k"))
	_, found := stands(t, a, "k")
	assert.False(t, found)
	require.NoError(t, b.Forget(t.Context(), "k"))
}

// Whoever doesn't hold a key can forget it, but not while another is at work on it.
func TestForgetOfAnother(t *testing.T) {
	a, b := two(t, time.Hour)
	takes(t, a, "k")
	require.ErrorIs(t, b.Forget(t.Context(), "k"), voiceagent.ErrLedgerBusy)
	require.NoError(t, a.Finish(t.Context(), unknown("k")))
	require.NoError(t, b.Forget(t.Context(), "k"))
	_, found := stands(t, a, "k")
	assert.False(t, found)
}

// The next heartbeat tells a holder that its key is gone, without being asked.
func TestHeartbeatNoticesALoss(t *testing.T) {
	a, b := two(t, 3*time.Second)
	takes(t, a, "k")
	require.NoError(t, redisledger.End(t.Context(), a, "k"))
	if !takes(t, b, "k") {
		t.FailNow()
	}
	require.Eventually(t, func() bool { return a.Held(t.Context(), "k") != nil }, 30*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { return !redisledger.Beating(a) }, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, a.Forget(t.Context(), "k"))
	require.NoError(t, b.Forget(t.Context(), "k"))
}
