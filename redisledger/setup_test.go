package redisledger_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/redistest"
	"github.com/voiceagent-go/voiceagent/redisledger"
)

// startRedis runs a server for a test. Without one installed the test is left out, but not on CI.
func startRedis(t *testing.T, args ...string) *redistest.Server {
	t.Helper()
	srv, err := redistest.Start(args...)
	if errors.Is(err, redistest.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	return srv
}

// dial returns a client of a server.
func dial(t *testing.T, addr string) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { assert.NoError(t, rdb.Close()) })
	return rdb
}

func fresh(t *testing.T) *redisledger.Ledger {
	t.Helper()
	return redisledger.New(dial(t, startRedis(t).Addr()), redisledger.Params{})
}

func begun(key string) voiceagent.LedgerEntry {
	return voiceagent.LedgerEntry{Key: key, Fingerprint: "f", State: voiceagent.LedgerOpen, Began: time.Unix(1_700_000_000, 5).UTC(),
		Ahead: -time.Minute, AheadKnown: true}
}

// other is begun with other parameters.
func other(key string) voiceagent.LedgerEntry {
	e := begun(key)
	e.Fingerprint = "g"
	return e
}

func unknown(key string) voiceagent.LedgerEntry {
	e := begun(key)
	e.State = voiceagent.LedgerUnknown
	return e
}

func done(key string, ids ...string) voiceagent.LedgerEntry {
	e := begun(key)
	e.State, e.IDs, e.Record = voiceagent.LedgerDone, ids, []byte(`{"id":"call_1"}`)
	return e
}

// takes begins a key that must be free, and says if it was there.
func takes(t *testing.T, l voiceagent.Ledger, key string) (found bool) {
	t.Helper()
	_, found, err := l.Begin(t.Context(), begun(key))
	require.NoError(t, err)
	return found
}

// isBusy says if a key is.
func isBusy(t *testing.T, l voiceagent.Ledger, key string) bool {
	t.Helper()
	_, _, err := l.Begin(t.Context(), begun(key))
	if err != nil {
		require.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
	}
	return err != nil
}

// eventuallyTakes begins a key as soon as it is free, and says if it was there.
func eventuallyTakes(t *testing.T, l voiceagent.Ledger, key string) (found bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		_, found, err := l.Begin(t.Context(), begun(key))
		if err == nil {
			return found
		}
		require.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
		require.True(t, time.Now().Before(deadline), "%s stays busy", key)
		time.Sleep(10 * time.Millisecond)
	}
}

// stands is what is under a key.
func stands(t *testing.T, l *redisledger.Ledger, key string) (voiceagent.LedgerEntry, bool) {
	t.Helper()
	entry, found, err := l.Entry(context.WithoutCancel(t.Context()), key)
	require.NoError(t, err)
	return entry, found
}
