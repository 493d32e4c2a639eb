package rediswebhook_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/rediswebhook"
	"github.com/voiceagent-go/voiceagent/webhook"
)

const soon = 30 * time.Second // for what has to happen, on any machine

func TestClaims(t *testing.T) {
	t.Parallel()
	rdb := dial(t, startRedis(t).Addr())
	one, two := rediswebhook.New(rdb, rediswebhook.Params{}), rediswebhook.New(rdb, rediswebhook.Params{})
	is := func(s webhook.Store, want error) {
		t.Helper()
		_, err := s.Claim(t.Context(), "CALL_ENDED:a")
		assert.ErrorIs(t, err, want)
	}
	claim := claims(t, one, "CALL_ENDED:a")
	is(one, webhook.ErrClaimed)
	is(two, webhook.ErrClaimed)
	left := rdb.PTTL(t.Context(), "voiceagent:webhook:CALL_ENDED:a").Val()
	assert.True(t, left > 0 && left <= 5*time.Second, left)
	require.NoError(t, claim.Release(t.Context()))
	claim = claims(t, two, "CALL_ENDED:a")
	is(one, webhook.ErrClaimed)
	require.NoError(t, claim.Done(t.Context()))
	is(one, webhook.ErrDone)
	is(two, webhook.ErrDone)
	left = rdb.PTTL(t.Context(), "voiceagent:webhook:CALL_ENDED:a").Val()
	assert.True(t, left > 23*time.Hour && left <= 24*time.Hour, left)

	other := rediswebhook.New(rdb, rediswebhook.Params{Prefix: "other", Keep: time.Minute})
	require.NoError(t, claims(t, other, "CALL_ENDED:a").Done(t.Context()))
	left = rdb.PTTL(t.Context(), "other:CALL_ENDED:a").Val()
	assert.True(t, left > 0 && left <= time.Minute, left)
}

// A lease is renewed until its claim ends, and no longer.
func TestRenewing(t *testing.T) {
	t.Parallel()
	rdb := dial(t, startRedis(t).Addr())
	store := rediswebhook.New(rdb, rediswebhook.Params{Prefix: "p", Lease: 300 * time.Millisecond})
	claim := claims(t, store, "a")
	renewed := func() bool {
		require.NoError(t, rdb.PExpire(t.Context(), "p:a", time.Hour).Err())
		return assert.Eventually(t, func() bool { return rdb.PTTL(t.Context(), "p:a").Val() <= 300*time.Millisecond }, soon, 5*time.Millisecond)
	}
	for range 3 {
		require.True(t, renewed())
	}
	require.NoError(t, claim.Done(t.Context()))
	require.NoError(t, rdb.PExpire(t.Context(), "p:a", time.Hour).Err())
	assert.Never(t, func() bool { return rdb.PTTL(t.Context(), "p:a").Val() < time.Minute }, 500*time.Millisecond, 50*time.Millisecond)
}

// Who has lost a claim takes nothing away from who has it now, but what was handled is recorded.
func TestALostClaim(t *testing.T) {
	t.Parallel()
	rdb := dial(t, startRedis(t).Addr())
	store := rediswebhook.New(rdb, rediswebhook.Params{Prefix: "p", Lease: 300 * time.Millisecond})
	first := claims(t, store, "a")
	require.NoError(t, rdb.Del(t.Context(), "p:a").Err())
	second := claims(t, store, "a")
	require.NoError(t, first.Release(t.Context()))
	_, err := store.Claim(t.Context(), "a")
	require.ErrorIs(t, err, webhook.ErrClaimed)

	require.NoError(t, rdb.Del(t.Context(), "p:a").Err())
	third := claims(t, store, "a")
	require.NoError(t, second.Done(t.Context()))
	_, err = store.Claim(t.Context(), "a")
	require.ErrorIs(t, err, webhook.ErrDone)
	assert.Never(t, func() bool { return rdb.PTTL(t.Context(), "p:a").Val() < time.Hour }, 500*time.Millisecond, 10*time.Millisecond,
		"the third still renews what it believes to be its lease")
	require.NoError(t, third.Release(t.Context()))
	_, err = store.Claim(t.Context(), "a")
	require.ErrorIs(t, err, webhook.ErrDone)
}

// The documentation's user may do all that is needed, and no more.
func TestTheLeastUser(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	require.NoError(t, dial(t, srv.Addr()).ACLSetUser(t.Context(), "least", "on", ">secret", "~p:*", "nocommands",
		"+get", "+set", "+del", "+pexpire", "+eval", "+evalsha").Err())
	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr(), Username: "least", Password: "secret"})
	defer rdb.Close()
	store := rediswebhook.New(rdb, rediswebhook.Params{Prefix: "p"})
	require.NoError(t, claims(t, store, "a").Release(t.Context()))
	require.NoError(t, claims(t, store, "a").Done(t.Context()))
	_, err := rediswebhook.New(rdb, rediswebhook.Params{}).Claim(t.Context(), "a")
	assert.ErrorContains(t, err, "rediswebhook: claiming a: ")
}

// A Redis that answers nothing doesn't hold anybody for longer than they want to wait, and what it does too late is given
// back. What can't be given back is free when its lease is over.
func TestAPausedRedis(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	rdb := dial(t, srv.Addr())
	store := rediswebhook.New(rdb, rediswebhook.Params{Prefix: "p", Lease: time.Hour})
	held := claims(t, rediswebhook.New(rdb, rediswebhook.Params{Prefix: "p", Lease: time.Second}), "held")
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
			soon, 10*time.Millisecond, id)
	}
}
