package redisvoiceagent_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

const shortLease = 500 * time.Millisecond

// While the process lives, and its work hasn't ended, its leases are renewed again and again.
func TestLedgerHeartbeatsKeepAKey(t *testing.T) {
	rdb := connect(t, startRedis(t))
	a, b := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Lease: shortLease}), redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{})
	takes(t, a, "k")
	ends := func() int64 {
		until, err := rdb.HGet(t.Context(), "{voiceagent:ledger}:entry:k", "until").Int64()
		require.NoError(t, err)
		return until
	}
	began := ends()
	for last := began; last < began+3*shortLease.Milliseconds(); {
		require.Eventually(t, func() bool { return ends() > last }, eventually, time.Millisecond, "it is renewed")
		last = ends()
	}
	require.NoError(t, a.Held(t.Context(), "k"))
	assert.True(t, isBusy(t, b, "k"), "just renewed, for longer than its first lease")
	require.NoError(t, a.Finish(t.Context(), unknown("k")))
	assert.True(t, takes(t, b, "k"), "free at once")
	require.NoError(t, b.Finish(t.Context(), done("k", "call_1")))
}

// Nothing runs but while a key is held.
func TestLedgerHeartbeatsEnd(t *testing.T) {
	a, b := twoLedgers(t, 0)
	assert.False(t, redisvoiceagent.Renewing(a))
	takes(t, a, "k")
	takes(t, a, "m")
	require.True(t, isBusy(t, b, "k"))
	require.True(t, isBusy(t, a, "k"))
	assert.False(t, redisvoiceagent.Renewing(b))
	require.NoError(t, a.Finish(t.Context(), done("k")))
	assert.True(t, redisvoiceagent.Renewing(a))
	require.NoError(t, a.Forget(t.Context(), "m"))
	assert.False(t, redisvoiceagent.Renewing(a))
	takes(t, a, "k")
	assert.False(t, redisvoiceagent.Renewing(a), "what is done isn't held")
	_, _, err := a.Begin(t.Context(), other("k"))
	require.ErrorIs(t, err, voiceagent.ErrLedgerMismatch)
	assert.False(t, redisvoiceagent.Renewing(a))
	takes(t, a, "m")
	assert.True(t, redisvoiceagent.Renewing(a))
	require.NoError(t, a.Finish(t.Context(), done("m")))
	assert.False(t, redisvoiceagent.Renewing(a))
}

// Many keys are renewed at once, in several requests.
func TestLedgerManyHeartbeats(t *testing.T) {
	rdb := connect(t, startRedis(t))
	l := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Lease: 3 * time.Second})
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
		require.Eventually(t, func() bool { return ends(name) > began }, eventually, time.Millisecond, name)
	}
	for _, name := range names {
		require.NoError(t, l.Held(t.Context(), name))
		require.NoError(t, l.Forget(t.Context(), name))
	}
	assert.False(t, redisvoiceagent.Renewing(l))
}

// A holder that is gone loses its keys with the end of its lease.
func TestLedgerLeaseEnds(t *testing.T) {
	a, b := twoLedgers(t, shortLease)
	takes(t, a, "open")
	takes(t, a, "un")
	require.NoError(t, a.Finish(t.Context(), unknown("un")))
	assert.True(t, takes(t, a, "un"))
	redisvoiceagent.Freeze(a)
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
func TestLedgerHeld(t *testing.T) {
	a, b := twoLedgers(t, time.Hour)
	require.ErrorIs(t, a.Held(t.Context(), "k"), redisvoiceagent.ErrNotHeld, "not begun")
	takes(t, a, "k")
	require.NoError(t, a.Held(t.Context(), "k"))
	require.ErrorIs(t, b.Held(t.Context(), "k"), redisvoiceagent.ErrNotHeld)

	require.NoError(t, redisvoiceagent.EndLease(t.Context(), a, "k"))
	require.True(t, isBusy(t, a, "k"), "its own process knows that somebody is at work on it, lease or not")
	require.NoError(t, a.Held(t.Context(), "k"), "it rests on what it knows")
	redisvoiceagent.Lapse(a, "k")
	require.NoError(t, a.Held(t.Context(), "k"))
	require.True(t, isBusy(t, b, "k"), "renewed")

	require.NoError(t, redisvoiceagent.EndLease(t.Context(), a, "k"))
	require.True(t, takes(t, b, "k"))
	redisvoiceagent.Lapse(a, "k")
	err := a.Held(t.Context(), "k")
	require.ErrorIs(t, err, redisvoiceagent.ErrNotHeld)
	require.ErrorContains(t, err, "taken over")
	require.NoError(t, b.Finish(t.Context(), unknown("k")))
	require.ErrorIs(t, a.Held(t.Context(), "k"), redisvoiceagent.ErrNotHeld, "for good")
	require.NoError(t, a.Forget(t.Context(), "k"))
	standing, _ := stands(t, a, "k")
	assert.Equal(t, unknown("k"), standing)
	require.ErrorIs(t, a.Held(t.Context(), "k"), redisvoiceagent.ErrNotHeld, "ended")
}

// While Redis is away a process may send for as long as it knows its lease to last, and not after.
func TestLedgerHeldWithoutRedis(t *testing.T) {
	srv := startRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	l := redisvoiceagent.NewLedger(connect(t, srv), redisvoiceagent.LedgerParams{Lease: time.Hour})
	takes(t, l, "k")
	require.NoError(t, srv.Kill())
	require.NoError(t, l.Held(t.Context(), "k"))
	redisvoiceagent.Lapse(l, "k")
	err := l.Held(t.Context(), "k")
	require.ErrorIs(t, err, redisvoiceagent.ErrNotHeld)
	require.ErrorContains(t, err, "could not be renewed")
	require.NoError(t, srv.Restart())
	require.NoError(t, l.Held(t.Context(), "k"))
	require.NoError(t, l.Forget(t.Context(), "k"))
}

// A key whose Finish failed isn't kept for ever: the work on it has ended.
func TestLedgerFailedFinishEndsTheRenewing(t *testing.T) {
	srv := startRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	rdb := connect(t, srv)
	a, b := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Lease: shortLease}), redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Lease: shortLease})
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
	assert.False(t, redisvoiceagent.Renewing(a))
}

// A client that was closed renews nothing.
func TestLedgerClosedClientEndsTheRenewing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, connect func() redis.UniversalClient, prefix string) {
		open := connect()
		var rdb redis.UniversalClient
		switch c := open.(type) {
		case *redis.ClusterClient:
			rdb = redis.NewClusterClient(c.Options())
		case *redis.Client:
			rdb = redis.NewClient(c.Options())
		}
		l := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Lease: shortLease, Prefix: prefix})
		takes(t, l, "k")
		require.NoError(t, rdb.Close())
		require.Eventually(t, func() bool { return !redisvoiceagent.Renewing(l) }, eventually, 10*time.Millisecond)
	})
}

// After a Finish that is refused because the record belongs to another key, the holder may go on.
// It doesn't report when it gives up.
func TestLedgerTakenEndsTheRenewingLater(t *testing.T) {
	a, b := twoLedgers(t, shortLease)
	require.NoError(t, b.Finish(t.Context(), done("other", "call_1")))
	takes(t, a, "k")
	require.ErrorIs(t, a.Finish(t.Context(), done("k", "call_1")), voiceagent.ErrLedgerTaken)
	assert.True(t, isBusy(t, b, "k"))
	assert.True(t, isBusy(t, a, "k"))
	began := time.Now()
	assert.True(t, eventuallyTakes(t, b, "k"))
	assert.Greater(t, time.Since(began), 3*shortLease)
	require.ErrorIs(t, a.Held(t.Context(), "k"), redisvoiceagent.ErrNotHeld)
	require.NoError(t, b.Finish(t.Context(), done("k")))

	takes(t, a, "m")
	require.ErrorIs(t, a.Finish(t.Context(), done("m", "call_1")), voiceagent.ErrLedgerTaken)
	require.Eventually(t, func() bool { return !redisvoiceagent.Renewing(a) }, eventually, 10*time.Millisecond)
	redisvoiceagent.Lapse(a, "m")
	require.NoError(t, a.Held(t.Context(), "m"), "nobody has taken it")
	assert.True(t, redisvoiceagent.Renewing(a), "it is renewed again")
	require.NoError(t, a.Forget(t.Context(), "m"))
	assert.False(t, redisvoiceagent.Renewing(a))
}
