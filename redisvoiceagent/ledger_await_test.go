package redisvoiceagent_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

const twinSet = "{voiceagent:ledger}:twin:t"

// A worker whose lease is over isn't waited for, unless it comes back.
func TestLedgerDeadWorkerIsNotAwaited(t *testing.T) {
	a, b := twoLedgers(t, time.Hour)
	takes(t, a, "k")
	require.True(t, isAwaited(t, b, "m"))
	require.NoError(t, redisvoiceagent.EndLease(t.Context(), a, "k"))
	assert.False(t, isAwaited(t, b, "m"))
	redisvoiceagent.Lapse(a, "k")
	require.NoError(t, a.Held(t.Context(), "k"))
	assert.True(t, isAwaited(t, b, "m"), "it came back, and may still get its answer")

	require.NoError(t, redisvoiceagent.EndLease(t.Context(), a, "k"))
	require.True(t, takes(t, b, "k"))
	assert.False(t, isAwaited(t, b, "m"), "who takes it over looks")
	require.NoError(t, a.Forget(t.Context(), "k"))
	require.NoError(t, b.Forget(t.Context(), "k"))
}

// A worker that has lost its key can't send, and changes nothing for the one that has it.
func TestLedgerAwaitOfALostKey(t *testing.T) {
	a, b := twoLedgers(t, time.Hour)
	require.ErrorIs(t, a.Await(t.Context(), "k", true), redisvoiceagent.ErrNotHeld, "not begun")
	takes(t, a, "k")
	require.ErrorIs(t, b.Await(t.Context(), "k", true), redisvoiceagent.ErrNotHeld)
	require.NoError(t, redisvoiceagent.EndLease(t.Context(), a, "k"))
	require.NoError(t, a.Await(t.Context(), "k", true))
	assert.True(t, isBusy(t, b, "k"), "it renews the lease")

	require.NoError(t, redisvoiceagent.EndLease(t.Context(), a, "k"))
	require.True(t, takes(t, b, "k"))
	err := a.Await(t.Context(), "k", true)
	require.ErrorIs(t, err, redisvoiceagent.ErrNotHeld)
	require.ErrorContains(t, err, "taken over")
	assert.False(t, isAwaited(t, a, "m"), "b looks")
	require.NoError(t, b.Await(t.Context(), "k", true))
	require.ErrorIs(t, a.Await(t.Context(), "k", false), redisvoiceagent.ErrNotHeld)
	assert.True(t, isAwaited(t, a, "m"), "b waits")
	require.NoError(t, a.Finish(t.Context(), unknown("k")))
	assert.True(t, isAwaited(t, a, "m"), "a doubt of another doesn't end it")
	require.NoError(t, a.Finish(t.Context(), done("k", "call_1")))
	assert.False(t, isAwaited(t, a, "m"), "what it waits for is known")
	require.NoError(t, b.Forget(t.Context(), "k"))
}

// While Redis is away nothing is taken and nothing is sent.
func TestLedgerAwaitWithoutRedis(t *testing.T) {
	srv := startRedis(t, "--appendonly", "yes", "--appendfsync", "always")
	l := redisvoiceagent.NewLedger(connect(t, srv), redisvoiceagent.LedgerParams{Lease: time.Hour})
	takes(t, l, "k")
	require.NoError(t, srv.Kill())
	_, err := l.Awaited(t.Context(), "t", "m")
	require.ErrorContains(t, err, `redisvoiceagent: Awaited of key "m"`)
	err = l.Await(t.Context(), "k", true)
	require.ErrorIs(t, err, redisvoiceagent.ErrNotHeld)
	require.ErrorContains(t, err, "could not be renewed")
	require.NoError(t, srv.Restart())
	assert.True(t, isAwaited(t, l, "m"), "who waits is on the disk")
	require.NoError(t, l.Await(t.Context(), "k", true))
	require.NoError(t, l.Forget(t.Context(), "k"))
}

// A set of twins holds who waits, and goes by itself.
func TestLedgerTwinSet(t *testing.T) {
	rdb := connect(t, startRedis(t))
	l := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Lease: time.Hour})
	waiting := func() []string {
		t.Helper()
		names, err := rdb.SMembers(t.Context(), twinSet).Result()
		require.NoError(t, err)
		return names
	}
	age := func() { // as if half a day had passed
		t.Helper()
		require.NoError(t, rdb.Expire(t.Context(), twinSet, 12*time.Hour).Err())
	}
	isFresh := func() {
		t.Helper()
		ttl, err := rdb.TTL(t.Context(), twinSet).Result()
		require.NoError(t, err)
		assert.InDelta(t, 24, ttl.Hours(), 1)
	}
	takes(t, l, "a")
	isFresh()
	age()
	takes(t, l, "b")
	isFresh()
	assert.Len(t, waiting(), 2)
	age()
	require.NoError(t, l.Await(t.Context(), "a", true))
	isFresh()
	require.NoError(t, l.Await(t.Context(), "a", false))
	assert.Equal(t, []string{"{voiceagent:ledger}:entry:b"}, waiting())
	require.NoError(t, l.Finish(t.Context(), done("b", "call_1")))
	require.NoError(t, l.Forget(t.Context(), "a"))
	takes(t, l, "c")
	assert.Len(t, waiting(), 1)
	require.NoError(t, l.Forget(t.Context(), "c"))
	assert.Empty(t, waiting())

	takes(t, l, "a")
	require.NoError(t, rdb.Del(t.Context(), "{voiceagent:ledger}:entry:a").Err())
	assert.False(t, isAwaited(t, l, "b"))
	assert.Empty(t, waiting(), "what isn't there any more is taken out")
	require.NoError(t, l.Forget(t.Context(), "a"))

	require.NoError(t, rdb.Set(t.Context(), twinSet, "x", 0).Err())
	_, _, err := l.Begin(t.Context(), begun("a"))
	require.ErrorContains(t, err, "WRONGTYPE")
	_, found := stands(t, l, "a")
	assert.False(t, found, "nothing was written")
}
