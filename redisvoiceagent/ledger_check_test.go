package redisvoiceagent_test

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

func TestLedgerCheck(t *testing.T) {
	srv := startRedis(t, "--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction")
	rdb := connect(t, srv)
	ctx := t.Context()
	check := func(rdb redis.UniversalClient) error {
		return redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{}).Check(ctx)
	}
	set := func(name, value string) {
		t.Helper()
		require.NoError(t, rdb.ConfigSet(ctx, name, value).Err())
	}
	require.NoError(t, check(rdb))
	set("appendfsync", "everysec")
	require.ErrorContains(t, check(rdb), "appendfsync is everysec, not always: if Redis or the machine crashes")
	set("appendfsync", "no")
	set("maxmemory-policy", "allkeys-lru")
	err := check(rdb)
	require.ErrorContains(t, err, "appendfsync is no, not always")
	require.ErrorContains(t, err, "maxmemory-policy is allkeys-lru, not noeviction")
	set("appendonly", "no")
	err = check(rdb)
	require.ErrorContains(t, err, "appendonly is off")
	assert.NotContains(t, err.Error(), "appendfsync")
	set("maxmemory-policy", "noeviction")
	set("appendonly", "yes")
	set("appendfsync", "always")
	require.NoError(t, check(rdb))

	// As with a managed Redis, and worse.
	as := func(user string, rules ...string) redis.UniversalClient {
		require.NoError(t, rdb.ACLSetUser(ctx, user, append([]string{"on", ">secret", "~*", "+@all"}, rules...)...).Err())
		c := redis.NewClient(&redis.Options{Addr: srv.Addr(), Username: user, Password: "secret"})
		t.Cleanup(func() { assert.NoError(t, c.Close()) })
		return c
	}
	err = check(as("noconfig", "-config"))
	require.ErrorContains(t, err, "appendfsync can't be checked: NOPERM")
	assert.NotContains(t, err.Error(), "maxmemory", "INFO has shown it")
	require.NoError(t, check(as("noinfo", "-info")))
	err = check(as("neither", "-info", "-config"))
	require.ErrorContains(t, err, "appendonly can't be checked: NOPERM")
	require.ErrorContains(t, err, "maxmemory-policy can't be checked: NOPERM")

	require.NoError(t, srv.Kill())
	require.ErrorContains(t, check(rdb), "nothing can be checked")
}
