package redisvoiceagent_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestLedgerEntry(t *testing.T) {
	l := freshLedger(t)
	_, found := stands(t, l, "a")
	assert.False(t, found)
	takes(t, l, "a")
	entry, found := stands(t, l, "a")
	assert.True(t, found)
	assert.Equal(t, begun("a"), entry)
	require.NoError(t, l.Finish(t.Context(), done("a", "call_1")))
	entry, _ = stands(t, l, "a")
	assert.Equal(t, done("a", "call_1"), entry)
}

// All keys have the hash tag, so that a cluster has them in one slot. Only done entries expire.
func TestLedgerKeysAndHowLongTheyAreKept(t *testing.T) {
	srv := startRedis(t)
	rdb := connect(t, srv)
	for prefix, tag := range map[string]string{"": "{voiceagent:ledger}:", "own": "{own}:", "{x}}y": "{xy}:", "{}": "{voiceagent:ledger}:"} {
		require.NoError(t, rdb.FlushAll(t.Context()).Err())
		l := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Prefix: prefix})
		takes(t, l, "open")
		takes(t, l, "un")
		require.NoError(t, l.Finish(t.Context(), unknown("un")))
		require.NoError(t, l.Finish(t.Context(), done("done", "call_1")))
		keys, err := rdb.Keys(t.Context(), "*").Result()
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{tag + "entry:open", tag + "entry:un", tag + "entry:done", tag + "owner:call_1",
			tag + "twin:t"}, keys)
		for _, key := range keys {
			ttl, err := rdb.PTTL(t.Context(), key).Result()
			require.NoError(t, err)
			switch {
			case strings.HasSuffix(key, "done"), strings.HasSuffix(key, "call_1"):
				assert.InDelta(t, 90*24, ttl.Hours(), 1, key)
			case strings.HasSuffix(key, "twin:t"):
				assert.InDelta(t, 24, ttl.Hours(), 1, key)
			default:
				assert.Equal(t, time.Duration(-1), ttl, key)
			}
		}
		require.NoError(t, l.Forget(t.Context(), "open"))
	}
	short, ever := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Keep: time.Nanosecond}), redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Keep: -1})
	require.NoError(t, short.Finish(t.Context(), done("short", "call_2")))
	require.Eventually(t, func() bool { _, found := stands(t, short, "short"); return !found }, eventually, time.Millisecond)
	require.NoError(t, short.Finish(t.Context(), done("other", "call_2")), "whose it was is forgotten with it")
	require.NoError(t, ever.Finish(t.Context(), done("ever", "call_3")))
	ttl, err := rdb.PTTL(t.Context(), "{voiceagent:ledger}:entry:ever").Result()
	require.NoError(t, err)
	assert.Equal(t, time.Duration(-1), ttl)

	require.NoError(t, ever.Finish(t.Context(), done("again", "call_4")))
	require.NoError(t, redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{}).Finish(t.Context(), done("again", "call_4")))
	ttl, err = rdb.PTTL(t.Context(), "{voiceagent:ledger}:owner:call_4").Result()
	require.NoError(t, err)
	assert.Positive(t, ttl)
}

// Another's data, or damage, is an error, and left as it is.
func TestLedgerForeignValues(t *testing.T) {
	srv := startRedis(t)
	rdb := connect(t, srv)
	l := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{})
	const name = "{voiceagent:ledger}:entry:a"
	ctx := t.Context()
	entry := func(data string) func() error {
		return func() error {
			return rdb.HSet(ctx, name, "entry", data, "fingerprint", "f", "state", "open").Err()
		}
	}
	for kind, c := range map[string]struct {
		put  func() error
		want string
	}{
		"a string":         {func() error { return rdb.Set(ctx, name, "x", 0).Err() }, "not of a ledger"},
		"a list":           {func() error { return rdb.LPush(ctx, name, "x").Err() }, "not of a ledger"},
		"another hash":     {func() error { return rdb.HSet(ctx, name, "x", "y").Err() }, "not of a ledger"},
		"half an entry":    {func() error { return rdb.HSet(ctx, name, "entry", "{}").Err() }, "not of a ledger"},
		"no JSON":          {entry(`{"key":"a",`), "is damaged"},
		"another's":        {entry(`{"key":"b","fingerprint":"f","state":"open"}`), `is that of key "b"`},
		"two fingerprints": {entry(`{"key":"a","fingerprint":"g","state":"open"}`), "two fingerprints"},
		"two states":       {entry(`{"key":"a","fingerprint":"f","state":"done"}`), "both done and open"},
	} {
		t.Run(kind, func(t *testing.T) {
			require.NoError(t, rdb.FlushAll(ctx).Err())
			require.NoError(t, c.put())
			for range 2 { // the second time it may be busy as well
				_, _, err := l.Begin(ctx, begun("a"))
				require.ErrorContains(t, err, c.want)
				require.ErrorContains(t, err, `Begin of key "a"`)
			}
			_, _, err := l.Entry(ctx, "a")
			require.ErrorContains(t, err, `Entry of key "a"`)
			if c.want != "not of a ledger" {
				return
			}
			before, err := rdb.Dump(ctx, name).Result()
			require.NoError(t, err)
			require.ErrorContains(t, l.Finish(ctx, done("a", "call_1")), c.want)
			require.ErrorContains(t, l.Forget(ctx, "a"), c.want)
			after, err := rdb.Dump(ctx, name).Result()
			require.NoError(t, err)
			assert.Equal(t, before, after)
			keys, err := rdb.Keys(ctx, "*").Result()
			require.NoError(t, err)
			assert.Len(t, keys, 1)
		})
	}
	t.Run("an owner", func(t *testing.T) {
		require.NoError(t, rdb.FlushAll(ctx).Err())
		require.NoError(t, rdb.LPush(ctx, "{voiceagent:ledger}:owner:call_1", "x").Err())
		require.ErrorContains(t, l.Finish(ctx, done("a", "call_1")), "owner:call_1")
		_, found := stands(t, l, "a")
		assert.False(t, found)
	})
}

func TestLedgerNoKey(t *testing.T) {
	l := freshLedger(t)
	_, _, err := l.Begin(t.Context(), begun(""))
	require.ErrorContains(t, err, "needs a key")
	require.ErrorContains(t, l.Finish(t.Context(), done("")), "needs a key")
	require.ErrorContains(t, l.Finish(t.Context(), voiceagent.LedgerEntry{Key: "a"}), "needs a state")
}

// call places one, through a client with the ledger.
func call(t *testing.T, srv *voiceagenttest.Server, agent string, l voiceagent.Ledger) (*voiceagent.Call, error) {
	t.Helper()
	return srv.Client(voiceagent.WithLedger(l)).Calls.Create(t.Context(), voiceagent.CallCreateParams{
		AgentID: agent, From: "+15550100000", To: "+15550100001"}, voiceagent.WithIdempotencyKey("row-1"))
}

// While Redis can't be reached no call is sent.
func TestLedgerUnreachableRedisStopsACall(t *testing.T) {
	server := startRedis(t)
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	l := redisvoiceagent.NewLedger(connect(t, server), redisvoiceagent.LedgerParams{})
	require.NoError(t, server.Kill())
	_, err := call(t, srv, agent, l)
	require.ErrorContains(t, err, "not sent, as the ledger did not take it down")
	require.ErrorContains(t, err, `redisvoiceagent: Begin of key "row-1"`)
	assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	assert.Zero(t, srv.RequestCount())

	require.NoError(t, server.Restart())
	made, err := call(t, srv, agent, l)
	require.NoError(t, err, "the key is free")
	again, err := call(t, srv, agent, redisvoiceagent.NewLedger(connect(t, server), redisvoiceagent.LedgerParams{}))
	require.NoError(t, err)
	assert.Equal(t, made.Ref(), again.Ref())
	assert.Len(t, srv.Dials(), 1)
}

// A Redis that is full stops calls as well, but what was made is still recorded.
func TestLedgerFullRedis(t *testing.T) {
	rdb := connect(t, startRedis(t))
	l := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{})
	takes(t, l, "a")
	takes(t, l, "b")
	require.NoError(t, rdb.ConfigSet(t.Context(), "maxmemory", "1").Err())
	_, _, err := l.Begin(t.Context(), begun("c"))
	require.ErrorContains(t, err, "OOM")
	redisvoiceagent.Lapse(l, "a")
	require.ErrorContains(t, l.Held(t.Context(), "a"), "OOM")
	require.NoError(t, l.Finish(t.Context(), done("a", "call_1")))
	require.NoError(t, l.Forget(t.Context(), "b"))
	entry, _ := stands(t, l, "a")
	assert.Equal(t, done("a", "call_1"), entry)
}
