package redisvoiceagent_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

// ledgerWork is what a holder does with the key k.
type ledgerWork func(context.Context, *redisvoiceagent.Ledger) error

func finish(entry voiceagent.LedgerEntry) ledgerWork {
	return func(ctx context.Context, l *redisvoiceagent.Ledger) error { return l.Finish(ctx, entry) }
}

func forgetK(ctx context.Context, l *redisvoiceagent.Ledger) error { return l.Forget(ctx, "k") }
func doNothing(context.Context, *redisvoiceagent.Ledger) error     { return nil }

// doneOtherwise is what is done under k by another request.
var doneOtherwise = func() voiceagent.LedgerEntry {
	entry := done("k", "call_9")
	entry.Fingerprint = "g"
	return entry
}()

// staleCases are what a holder that has lost its key says of it, after what the one who took it
// over has done.
var staleCases = map[string]struct {
	taker, stale ledgerWork
	err          string // of the stale one
	want         voiceagent.LedgerEntry
	busy         bool       // the taker still holds it
	after        ledgerWork // the taker, then
	end          voiceagent.LedgerEntry
}{
	"made, while the other is at work": {taker: doNothing, stale: finish(done("k", "call_1")),
		want: done("k", "call_1"), after: finish(done("k", "call_1")), end: done("k", "call_1")},
	"made, and the other doesn't find it": {taker: doNothing, stale: finish(done("k", "call_1")),
		want: done("k", "call_1"), after: finish(unknown("k")), end: done("k", "call_1")},
	"made, and the other makes nothing": {taker: doNothing, stale: finish(done("k", "call_1")),
		want: done("k", "call_1"), after: forgetK, end: done("k", "call_1")},
	"made, after the other knew no more": {taker: finish(unknown("k")), stale: finish(done("k", "call_1")),
		want: done("k", "call_1"), after: doNothing, end: done("k", "call_1")},
	"made, after the other made nothing": {taker: forgetK, stale: finish(done("k", "call_1")),
		want: done("k", "call_1"), after: doNothing, end: done("k", "call_1")},
	"made, as the other found": {taker: finish(done("k", "call_1")), stale: finish(done("k", "call_1", "session_1")),
		want: done("k", "call_1", "session_1"), after: doNothing, end: done("k", "call_1", "session_1")},
	"made, and so did the other": {taker: finish(done("k", "call_2")), stale: finish(done("k", "call_1")),
		err: "stands as done already, of something else: [call_1]", want: done("k", "call_2"), after: doNothing, end: done("k", "call_2")},
	"unknown, while the other is at work, which then makes it": {taker: doNothing, stale: finish(unknown("k")),
		want: unknown("k"), busy: true, after: finish(done("k", "call_2")), end: done("k", "call_2")},
	"unknown, while the other is at work, and is refused": {taker: doNothing, stale: finish(unknown("k")),
		want: unknown("k"), busy: true, after: forgetK, end: unknown("k")},
	"unknown, after the other made it": {taker: finish(done("k", "call_2")), stale: finish(unknown("k")),
		want: done("k", "call_2"), after: doNothing, end: done("k", "call_2")},
	"unknown, after the other made nothing": {taker: forgetK, stale: finish(unknown("k")),
		want: unknown("k"), after: doNothing, end: unknown("k")},
	"open, while the other is at work": {taker: doNothing, stale: finish(begun("k")),
		want: begun("k"), busy: true, after: forgetK},
	"nothing, while the other is at work": {taker: doNothing, stale: forgetK,
		want: begun("k"), busy: true, after: finish(unknown("k")), end: unknown("k")},
	"nothing, after the other made it": {taker: finish(done("k", "call_2")), stale: forgetK,
		want: done("k", "call_2"), after: doNothing, end: done("k", "call_2")},
	"nothing, after the other knew no more": {taker: finish(unknown("k")), stale: forgetK,
		want: unknown("k"), after: doNothing, end: unknown("k")},
	"nothing, after the other made nothing": {taker: forgetK, stale: forgetK, after: doNothing},
	"made, and the key is another request's by now": {
		taker: func(ctx context.Context, l *redisvoiceagent.Ledger) error {
			if err := l.Forget(ctx, "k"); err != nil {
				return err
			}
			return l.Finish(ctx, doneOtherwise)
		},
		stale: finish(done("k", "call_1")), err: voiceagent.ErrLedgerMismatch.Error(), want: doneOtherwise, after: doNothing, end: doneOtherwise},
}

func TestLedgerStaleHolder(t *testing.T) {
	for name, c := range staleCases {
		t.Run(name, func(t *testing.T) {
			a, b := twoLedgers(t, time.Hour)
			takes(t, a, "k")
			require.NoError(t, redisvoiceagent.EndLease(t.Context(), a, "k"))
			require.True(t, takes(t, b, "k"))
			require.NoError(t, c.taker(t.Context(), b))
			if err := c.stale(t.Context(), a); c.err != "" {
				require.ErrorContains(t, err, c.err)
			} else {
				require.NoError(t, err)
			}
			standing, _ := stands(t, b, "k")
			assert.Equal(t, c.want, standing)
			if c.busy {
				redisvoiceagent.Lapse(b, "k")
				require.NoError(t, b.Held(t.Context(), "k"))
				_, _, err := a.Begin(t.Context(), begun("k"))
				require.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
			} else {
				redisvoiceagent.Lapse(b, "k")
				require.ErrorIs(t, b.Held(t.Context(), "k"), redisvoiceagent.ErrNotHeld, "the taker must not send")
			}
			require.NoError(t, c.after(t.Context(), b))
			standing, _ = stands(t, b, "k")
			assert.Equal(t, c.end, standing)
			if c.end.Key != "" && c.end.Fingerprint == "f" {
				assert.True(t, takes(t, a, "k"), "it is free")
			}
		})
	}
}

// A doubt that the next holder has seen doesn't keep it from forgetting, as in any ledger.
func TestLedgerDoubtIsSeen(t *testing.T) {
	a, b := twoLedgers(t, time.Hour)
	takes(t, a, "k")
	require.NoError(t, redisvoiceagent.EndLease(t.Context(), a, "k"))
	takes(t, b, "k")
	require.NoError(t, a.Finish(t.Context(), unknown("k")))
	require.NoError(t, redisvoiceagent.EndLease(t.Context(), b, "k"))
	standing, _, err := a.Begin(t.Context(), begun("k"))
	require.NoError(t, err)
	assert.Equal(t, unknown("k"), standing)
	require.NoError(t, a.Forget(t.Context(), "k"))
	_, found := stands(t, a, "k")
	assert.False(t, found)
	require.NoError(t, b.Forget(t.Context(), "k"))
}

// Whoever doesn't hold a key can forget it, but not while another is at work on it.
func TestLedgerForgetOfAnother(t *testing.T) {
	a, b := twoLedgers(t, time.Hour)
	takes(t, a, "k")
	require.ErrorIs(t, b.Forget(t.Context(), "k"), voiceagent.ErrLedgerBusy)
	require.NoError(t, a.Finish(t.Context(), unknown("k")))
	require.NoError(t, b.Forget(t.Context(), "k"))
	_, found := stands(t, a, "k")
	assert.False(t, found)
}

// By its next heartbeat a holder notices that its key was taken over.
func TestLedgerHeartbeatNoticesALoss(t *testing.T) {
	a, b := twoLedgers(t, 3*time.Second)
	takes(t, a, "k")
	require.NoError(t, redisvoiceagent.EndLease(t.Context(), a, "k"))
	if !takes(t, b, "k") {
		t.FailNow()
	}
	require.Eventually(t, func() bool { return a.Held(t.Context(), "k") != nil }, eventually, 10*time.Millisecond)
	require.Eventually(t, func() bool { return !redisvoiceagent.Renewing(a) }, eventually, 10*time.Millisecond)
	require.NoError(t, a.Forget(t.Context(), "k"))
	require.NoError(t, b.Forget(t.Context(), "k"))
}
