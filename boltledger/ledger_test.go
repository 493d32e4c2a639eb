package boltledger_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/boltledger"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func open(t *testing.T, path string) *boltledger.Ledger {
	t.Helper()
	ledger, err := boltledger.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = ledger.Close() })
	return ledger
}

func entry(key string) voiceagent.LedgerEntry {
	return voiceagent.LedgerEntry{Key: key, Fingerprint: "f", State: voiceagent.LedgerOpen, Began: time.Unix(1_700_000_000, 0).UTC(),
		Ahead: -time.Minute, AheadKnown: true}
}

func done(key string, ids ...string) voiceagent.LedgerEntry {
	e := entry(key)
	e.State, e.IDs, e.Record = voiceagent.LedgerDone, ids, []byte(`{"id":"call_1"}`)
	return e
}

// Both ledgers keep the same rules.
func TestRules(t *testing.T) {
	ledgers := map[string]func(*testing.T) voiceagent.Ledger{
		"memory": func(*testing.T) voiceagent.Ledger { return voiceagent.NewMemoryLedger() },
		"file":   func(t *testing.T) voiceagent.Ledger { return open(t, filepath.Join(t.TempDir(), "l")) },
	}
	for name, fresh := range ledgers {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			l := fresh(t)
			_, found, err := l.Begin(ctx, entry("a"))
			require.NoError(t, err)
			assert.False(t, found)

			_, _, err = l.Begin(ctx, entry("a"))
			require.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
			other := entry("a")
			other.Fingerprint = "g"
			_, _, err = l.Begin(ctx, other)
			require.ErrorIs(t, err, voiceagent.ErrLedgerMismatch)

			require.NoError(t, l.Finish(ctx, done("a", "call_1", "session_1")))
			for range 2 {
				standing, found, err := l.Begin(ctx, entry("a"))
				require.NoError(t, err)
				assert.True(t, found)
				assert.Equal(t, done("a", "call_1", "session_1"), standing)
			}
			_, _, err = l.Begin(ctx, other)
			require.ErrorIs(t, err, voiceagent.ErrLedgerMismatch)

			_, _, err = l.Begin(ctx, entry("b"))
			require.NoError(t, err)
			require.ErrorIs(t, l.Finish(ctx, done("b", "call_2", "session_1")), voiceagent.ErrLedgerTaken)
			_, _, err = l.Begin(ctx, entry("b"))
			require.ErrorIs(t, err, voiceagent.ErrLedgerBusy, "still at work on it")
			unknown := entry("b")
			unknown.State = voiceagent.LedgerUnknown
			require.NoError(t, l.Finish(ctx, unknown))
			standing, found, err := l.Begin(ctx, entry("b"))
			require.NoError(t, err)
			assert.True(t, found)
			assert.Equal(t, unknown, standing)
			require.NoError(t, l.Finish(ctx, done("b", "call_2")), "the id that was refused with the other is free")

			_, _, err = l.Begin(ctx, entry("c"))
			require.NoError(t, err)
			require.NoError(t, l.Forget(ctx, "c"))
			other.Key = "c"
			_, found, err = l.Begin(ctx, other)
			require.NoError(t, err)
			assert.False(t, found)

			var winners sync.Map
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					if _, found, err := l.Begin(ctx, entry("d")); err == nil && !found {
						winners.Store(i, true)
					} else {
						assert.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
					}
				})
			}
			all.Wait()
			n := 0
			winners.Range(func(any, any) bool { n++; return true })
			assert.Equal(t, 1, n)
		})
	}
}

func TestEntriesOutliveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	l := open(t, path)
	for _, key := range []string{"open", "done"} {
		_, _, err := l.Begin(t.Context(), entry(key))
		require.NoError(t, err)
	}
	require.NoError(t, l.Finish(t.Context(), done("done", "call_1")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	_, err = boltledger.Open(path)
	require.ErrorContains(t, err, "another process has it open")
	assert.ErrorContains(t, err, path)
	require.NoError(t, l.Close())

	l = open(t, path)
	standing, found, err := l.Begin(t.Context(), entry("open"))
	require.NoError(t, err, "nobody is at work on it")
	assert.True(t, found)
	assert.Equal(t, entry("open"), standing)
	standing, _, err = l.Begin(t.Context(), entry("done"))
	require.NoError(t, err)
	assert.Equal(t, done("done", "call_1"), standing)
	left, err := filepath.Glob(path + ".new-*")
	require.NoError(t, err)
	assert.Empty(t, left)
}

// A damaged file is reported with its path, and not touched.
func TestDamagedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	l := open(t, path)
	for _, key := range []string{"a", "b"} {
		_, _, err := l.Begin(t.Context(), entry(key))
		require.NoError(t, err)
		require.NoError(t, l.Finish(t.Context(), done(key, "call_"+key)))
	}
	require.NoError(t, l.Close())
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	flip := func(at int) []byte {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x55
		return damaged
	}
	for name, content := range map[string][]byte{
		"empty":              {},
		"too short":          whole[:100],
		"cut off":            whole[:len(whole)/2],
		"no ledger":          bytes.Repeat([]byte("no ledger\n"), 5000),
		"a byte of a record": flip(bytes.LastIndex(whole, []byte(`"fingerprint"`)) + 20),
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "l")
			require.NoError(t, os.WriteFile(path, content, 0o600))
			_, err := boltledger.Open(path)
			require.Error(t, err)
			assert.ErrorContains(t, err, path)
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, content, after, "left as it was")
		})
	}
	t.Run("a directory", func(t *testing.T) {
		dir := t.TempDir()
		_, err := boltledger.Open(dir)
		require.ErrorContains(t, err, dir)
	})
	t.Run("no directory", func(t *testing.T) {
		_, err := boltledger.Open(filepath.Join(t.TempDir(), "none", "l"))
		require.ErrorContains(t, err, "can't be made")
	})
}

// A ledger that can't be written stops a call before it is sent.
func TestUnwritableLedgerStopsACall(t *testing.T) {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	path := filepath.Join(t.TempDir(), "l")
	l := open(t, path)
	require.NoError(t, l.Close())
	_, err := srv.Client(voiceagent.WithLedger(l)).Calls.Create(t.Context(), voiceagent.CallCreateParams{
		AgentID: srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"}), From: "+15550100000", To: "+15550100001"})
	require.ErrorContains(t, err, "not sent")
	require.ErrorContains(t, err, path)
	assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	_, typed := errors.AsType[*voiceagent.APIError](err)
	assert.False(t, typed)
	assert.Zero(t, srv.RequestCount())
}
