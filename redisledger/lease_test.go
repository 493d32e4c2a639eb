package redisledger_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisledger"
)

const shortLease = 500 * time.Millisecond

// two returns two ledgers that share a Redis, with a lease.
func two(t *testing.T, lease time.Duration) (a, b *redisledger.Ledger) {
	t.Helper()
	rdb := dial(t, startRedis(t).Addr())
	p := redisledger.Params{Lease: lease}
	return redisledger.New(rdb, p), redisledger.New(rdb, p)
}

// While the process lives, and knows nothing of the end of its work, its leases are renewed, again and again.
func TestHeartbeatsKeepAKey(t *testing.T) {
	rdb := dial(t, startRedis(t).Addr())
	a, b := redisledger.New(rdb, redisledger.Params{Lease: shortLease}), redisledger.New(rdb, redisledger.Params{})
	takes(t, a, "k")
	ends := func() int64 {
		until, err := rdb.HGet(t.Context(), "{voiceagent:ledger}:entry:k", "until").Int64()
		require.NoError(t, err)
		return until
	}
	began := ends()
	for last := began; last < began+3*shortLease.Milliseconds(); {
		require.Eventually(t, func() bool { return ends() > last }, 30*time.Second, time.Millisecond, "it is renewed")
		last = ends()
	}
	require.NoError(t, a.Held(t.Context(), "k"))
	assert.True(t, isBusy(t, b, "k"), "just renewed, for longer than its first lease")
	require.NoError(t, a.Finish(t.Context(), unknown("k")))
	assert.True(t, takes(t, b, "k"), "free at once")
	require.NoError(t, b.Finish(t.Context(), done("k", "call_1")))
}

// Nothing runs but while a key is held.
func TestHeartbeatsEnd(t *testing.T) {
	a, b := two(t, 0)
	assert.False(t, redisledger.Beating(a))
	takes(t, a, "k")
	takes(t, a, "m")
	require.True(t, isBusy(t, b, "k"))
	require.True(t, isBusy(t, a, "k"))
	assert.False(t, redisledger.Beating(b))
	require.NoError(t, a.Finish(t.Context(), done("k")))
	assert.True(t, redisledger.Beating(a))
	require.NoError(t, a.Forget(t.Context(), "m"))
	assert.False(t, redisledger.Beating(a))
	takes(t, a, "k")
	assert.False(t, redisledger.Beating(a), "what is done isn't held")
	_, _, err := a.Begin(t.Context(), other("k"))
	require.ErrorIs(t, err, voiceagent.ErrLedgerMismatch)
	assert.False(t, redisledger.Beating(a))
	takes(t, a, "m")
	assert.True(t, redisledger.Beating(a))
	require.NoError(t, a.Finish(t.Context(), done("m")))
	assert.False(t, redisledger.Beating(a))
}

// Many keys are renewed at once, in several requests.
func TestManyHeartbeats(t *testing.T) {
	rdb := dial(t, startRedis(t).Addr())
	l := redisledger.New(rdb, redisledger.Params{Lease: 3 * time.Second})
	names := make([]string, 1200)
	for i := range names {
		names[i] = fmt.Sprint("row-", i)
		takes(t, l, names[i])
	}
	ends := func(name string) int64 {
		until, err := rdb.HGet(t.Context(), "{voiceagent:ledger}:entry:"+name, "until").Int64()
		require.NoError(t, err)
		return until
	}
	began := ends(names[len(names)-1]) // the last
	for _, name := range names {
		require.Eventually(t, func() bool { return ends(name) > began }, 30*time.Second, time.Millisecond, name)
	}
	for _, name := range names {
		require.NoError(t, l.Held(t.Context(), name))
		require.NoError(t, l.Forget(t.Context(), name))
	}
	assert.False(t, redisledger.Beating(l))
}

// A holder that is gone loses its keys with the end of its lease.
func TestLeaseEnds(t *testing.T) {
	a, b := two(t, shortLease)
	takes(t, a, "open")
	takes(t, a, "un")
	require.NoError(t, a.Finish(t.Context(), unknown("un")))
	assert.True(t, takes(t, a, "un"))
	redisledger.Freeze(a)
	began := time.Now()
	assert.True(t, eventuallyTakes(t, b, "open"), "what stands is found")
	assert.GreaterOrEqual(t, time.Since(began), shortLease/2)
	standing, _ := stands(t, b, "open")
	assert.Equal(t, begun("open"), standing)
	assert.True(t, eventuallyTakes(t, b, "un"))
	assert.True(t, isBusy(t, a, "open"))
	require.NoError(t, b.Finish(t.Context(), done("open")))
	require.NoError(t, b.Finish(t.Context(), done("un")))
}

// A lease that has ended is its holder's again if nobody has taken the key.
func TestHeld(t *testing.T) {
	a, b := two(t, time.Hour)
	require.ErrorIs(t, a.Held(t.Context(), "k"), redisledger.ErrNotHeld, "not begun")
	takes(t, a, "k")
	require.NoError(t, a.Held(t.Context(), "k"))
	require.ErrorIs(t, b.Held(t.Context(), "k"), redisledger.ErrNotHeld)

	require.NoError(t, redisledger.End(t.Context(), a, "k"))
	require.True(t, isBusy(t, a, "k"), "its own process knows that somebody is at work on it, lease or not")
	require.NoError(t, a.Held(t.Context(), "k"), "it rests on what it knows")
	redisledger.Lapse(a, "k")
	require.NoError(t, a.Held(t.Context(), "k"))
	require.True(t, isBusy(t, b, "k"), "renewed")

	require.NoError(t, redisledger.End(t.Context(), a, "k"))
	require.True(t, takes(t, b, "k"))
	redisledger.Lapse(a, "k")
	err := a.Held(t.Context(), "k")
	require.ErrorIs(t, err, redisledger.ErrNotHeld)
	require.ErrorContains(t, err, "taken over")
	require.NoError(t, b.Finish(t.Context(), unknown("k")))
	require.ErrorIs(t, a.Held(t.Context(), "k"), redisledger.ErrNotHeld, "for good")
	require.NoError(t, a.Forget(t.Context(), "k"))
	standing, _ := stands(t, a, "k")
	assert.Equal(t, unknown("k"), standing)
	require.ErrorIs(t, a.Held(t.Context(), "k"), redisledger.ErrNotHeld, "ended")
}

// While Redis is away a process may send for as long as it knows its lease to last, and not after.
func TestHeldWithoutRedis(t *testing.T) {
	srv := startRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	l := redisledger.New(dial(t, srv.Addr()), redisledger.Params{Lease: time.Hour})
	takes(t, l, "k")
	require.NoError(t, srv.Kill())
	require.NoError(t, l.Held(t.Context(), "k"))
	redisledger.Lapse(l, "k")
	err := l.Held(t.Context(), "k")
	require.ErrorIs(t, err, redisledger.ErrNotHeld)
	require.ErrorContains(t, err, "could not be renewed")
	require.NoError(t, srv.Restart())
	require.NoError(t, l.Held(t.Context(), "k"))
	require.NoError(t, l.Forget(t.Context(), "k"))
}

// A key whose Finish failed isn't kept for ever: the work on it has ended.
func TestFailedFinishEndsTheRenewing(t *testing.T) {
	srv := startRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	rdb := dial(t, srv.Addr())
	a, b := redisledger.New(rdb, redisledger.Params{Lease: shortLease}), redisledger.New(rdb, redisledger.Params{Lease: shortLease})
	takes(t, a, "k")
	takes(t, a, "m")
	require.NoError(t, srv.Kill())
	require.Error(t, a.Finish(t.Context(), done("k", "call_1")))
	require.Error(t, a.Forget(t.Context(), "m"))
	require.NoError(t, srv.Restart())
	assert.True(t, eventuallyTakes(t, b, "k"))
	assert.True(t, eventuallyTakes(t, a, "m"), "its own process may use it again")
	require.NoError(t, a.Finish(t.Context(), done("k", "call_1")), "late")
	standing, _ := stands(t, b, "k")
	assert.Equal(t, done("k", "call_1"), standing)
	require.NoError(t, b.Finish(t.Context(), done("k", "call_1")))
	require.NoError(t, a.Forget(t.Context(), "m"))
	assert.False(t, redisledger.Beating(a))
}

// After a Finish that was refused, as the record was another key's, the holder may go on, but needn't say that it has given up.
func TestTakenEndsTheRenewingLater(t *testing.T) {
	a, b := two(t, shortLease)
	require.NoError(t, b.Finish(t.Context(), done("other", "call_1")))
	takes(t, a, "k")
	require.ErrorIs(t, a.Finish(t.Context(), done("k", "call_1")), voiceagent.ErrLedgerTaken)
	assert.True(t, isBusy(t, b, "k"))
	assert.True(t, isBusy(t, a, "k"))
	began := time.Now()
	assert.True(t, eventuallyTakes(t, b, "k"))
	assert.Greater(t, time.Since(began), 3*shortLease)
	require.ErrorIs(t, a.Held(t.Context(), "k"), redisledger.ErrNotHeld)
	require.NoError(t, b.Finish(t.Context(), done("k")))

	takes(t, a, "m")
	require.ErrorIs(t, a.Finish(t.Context(), done("m", "call_1")), voiceagent.ErrLedgerTaken)
	require.Eventually(t, func() bool { return !redisledger.Beating(a) }, 30*time.Second, 10*time.Millisecond)
	redisledger.Lapse(a, "m")
	require.NoError(t, a.Held(t.Context(), "m"), "nobody has taken it")
	assert.True(t, redisledger.Beating(a), "it is renewed again")
	require.NoError(t, a.Forget(t.Context(), "m"))
	assert.False(t, redisledger.Beating(a))
}
