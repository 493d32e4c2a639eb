package redisvoiceagent_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/webhook"
)

func TestWebhookClaims(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, connect func() redis.UniversalClient, prefix string) {
		rdb := connect()
		one, two := redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{Prefix: prefix}), redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{Prefix: prefix})
		is := func(s webhook.Store, want error) {
			t.Helper()
			_, err := s.Claim(t.Context(), "CALL_ENDED:a")
			assert.ErrorIs(t, err, want)
		}
		claim := claims(t, one, "CALL_ENDED:a")
		is(one, webhook.ErrClaimed)
		is(two, webhook.ErrClaimed)
		left := rdb.PTTL(t.Context(), eventKey(prefix, "CALL_ENDED:a")).Val()
		assert.True(t, left > 0 && left <= 5*time.Second, left)
		require.NoError(t, claim.Release(t.Context()))
		claim = claims(t, two, "CALL_ENDED:a")
		is(one, webhook.ErrClaimed)
		require.NoError(t, claim.Done(t.Context()))
		is(one, webhook.ErrDone)
		is(two, webhook.ErrDone)
		left = rdb.PTTL(t.Context(), eventKey(prefix, "CALL_ENDED:a")).Val()
		assert.True(t, left > 23*time.Hour && left <= 24*time.Hour, left)

		other := redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{Prefix: prefix + "other", Keep: time.Minute})
		require.NoError(t, claims(t, other, "CALL_ENDED:a").Done(t.Context()))
		left = rdb.PTTL(t.Context(), eventKey(prefix+"other", "CALL_ENDED:a")).Val()
		assert.True(t, left > 0 && left <= time.Minute, left)
	})
}

// Leases are renewed, each until its claim ends.
func TestWebhookRenewing(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, connect func() redis.UniversalClient, prefix string) {
		rdb := connect()
		store := redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{Prefix: prefix, Lease: 300 * time.Millisecond})
		left := func(id string) time.Duration { return rdb.PTTL(t.Context(), eventKey(prefix, id)).Val() }
		prolong := func(id string) { require.NoError(t, rdb.PExpire(t.Context(), eventKey(prefix, id), time.Hour).Err()) }
		isRenewed := func(id string) {
			t.Helper()
			prolong(id)
			require.Eventually(t, func() bool { return left(id) <= 300*time.Millisecond }, eventually, 5*time.Millisecond, id)
		}
		a, b := claims(t, store, "a"), claims(t, store, "b")
		for range 3 {
			isRenewed("a")
			isRenewed("b")
		}
		require.NoError(t, a.Done(t.Context()))
		prolong("a")
		for range 3 {
			isRenewed("b")
		}
		assert.Greater(t, left("a"), time.Minute)
		require.NoError(t, b.Release(t.Context()))
	})
}

// Who has lost a claim takes nothing away from who has it now, but what was handled is recorded.
func TestWebhookALostClaim(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, connect func() redis.UniversalClient, prefix string) {
		rdb := connect()
		store := redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{Prefix: prefix, Lease: 300 * time.Millisecond})
		first := claims(t, store, "a")
		require.NoError(t, rdb.Del(t.Context(), eventKey(prefix, "a")).Err())
		second := claims(t, store, "a")
		require.NoError(t, first.Release(t.Context()))
		_, err := store.Claim(t.Context(), "a")
		require.ErrorIs(t, err, webhook.ErrClaimed)

		require.NoError(t, rdb.Del(t.Context(), eventKey(prefix, "a")).Err())
		third := claims(t, store, "a")
		require.NoError(t, second.Done(t.Context()))
		_, err = store.Claim(t.Context(), "a")
		require.ErrorIs(t, err, webhook.ErrDone)
		assert.Never(t, func() bool { return rdb.PTTL(t.Context(), eventKey(prefix, "a")).Val() < time.Hour }, 500*time.Millisecond, 10*time.Millisecond,
			"the third still renews what it believes to be its lease")
		require.NoError(t, third.Release(t.Context()))
		_, err = store.Claim(t.Context(), "a")
		require.ErrorIs(t, err, webhook.ErrDone)
	})
}

// If Redis doesn't answer, no caller waits longer than its context. A claim that comes too late is
// given back. If it can't be given back, it is free when its lease is over.
func TestWebhookAPausedRedis(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	rdb := connect(t, srv)
	store := redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{Prefix: "p", Lease: time.Hour})
	held := claims(t, redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{Prefix: "p", Lease: time.Second}), "held")
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	require.NoError(t, srv.Pause())
	start := time.Now()
	_, err := store.Claim(short(), "a")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorIs(t, held.Release(short()), context.DeadlineExceeded)
	require.Less(t, time.Since(start), 2500*time.Millisecond, "go-redis would wait for 3 s each time")
	require.NoError(t, srv.Resume())
	for _, id := range []string{"a", "held"} {
		require.Eventually(t, func() bool {
			claim, err := store.Claim(t.Context(), id)
			return err == nil && claim.Done(t.Context()) == nil
		},
			eventually, 10*time.Millisecond, id)
	}
}
