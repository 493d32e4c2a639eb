package boltledger_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
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

// step is one request of a ledger, and what must come of it.
type step struct {
	begin, finish voiceagent.LedgerEntry // one of them has a key
	forget        string                 // or this is one
	stands        voiceagent.LedgerEntry // what Begin finds
	err           error
}

// rules are those of every ledger.
var rules = map[string][]step{
	"an open key is busy": {
		{begin: begun("a")},
		{begin: begun("a"), stands: begun("a"), err: voiceagent.ErrLedgerBusy},
		{begin: begun("b")},
	},
	"what is done is returned, each time": {
		{begin: begun("a")},
		{finish: done("a", "call_1", "session_1")},
		{begin: begun("a"), stands: done("a", "call_1", "session_1")},
		{begin: begun("a"), stands: done("a", "call_1", "session_1")},
	},
	"what is unknown is returned, and busy then": {
		{begin: begun("a")},
		{finish: unknown("a")},
		{begin: begun("a"), stands: unknown("a")},
		{begin: begun("a"), stands: unknown("a"), err: voiceagent.ErrLedgerBusy},
		{finish: unknown("a")},
		{begin: begun("a"), stands: unknown("a")},
		{finish: done("a", "call_1")},
		{begin: begun("a"), stands: done("a", "call_1")},
	},
	"other parameters are a mismatch, busy or not, and leave the key as it is": {
		{begin: begun("a")},
		{begin: other("a"), stands: begun("a"), err: voiceagent.ErrLedgerMismatch},
		{begin: begun("a"), stands: begun("a"), err: voiceagent.ErrLedgerBusy},
		{finish: unknown("a")},
		{begin: other("a"), stands: unknown("a"), err: voiceagent.ErrLedgerMismatch},
		{begin: begun("a"), stands: unknown("a")},
		{finish: done("a")},
		{begin: other("a"), stands: done("a"), err: voiceagent.ErrLedgerMismatch},
	},
	"an id has one key, and a refused entry changes nothing": {
		{begin: begun("a")},
		{begin: begun("b")},
		{begin: begun("c")},
		{finish: done("a", "call_1", "session_1")},
		{finish: done("b", "call_2", "session_1"), err: voiceagent.ErrLedgerTaken},
		{begin: begun("b"), stands: begun("b"), err: voiceagent.ErrLedgerBusy},
		{finish: done("c", "call_2")},
		{finish: unknown("b")},
		{begin: begun("b"), stands: unknown("b")},
		{finish: done("a", "call_1", "session_1")},
	},
	"a forgotten key is free, for anything": {
		{begin: begun("a")},
		{forget: "a"},
		{begin: other("a")},
		{begin: other("a"), stands: other("a"), err: voiceagent.ErrLedgerBusy},
		{forget: "never heard of"},
	},
	"what a forgotten key had made is still its own": {
		{finish: done("a", "call_1")},
		{forget: "a"},
		{begin: begun("b")},
		{finish: done("b", "call_1"), err: voiceagent.ErrLedgerTaken},
		{finish: done("a", "call_1")},
	},
	"an entry that was begun elsewhere can be finished": {
		{finish: begun("a")},
		{begin: begun("a"), stands: begun("a")},
		{begin: begun("a"), stands: begun("a"), err: voiceagent.ErrLedgerBusy},
	},
}

var ledgers = map[string]func(*testing.T) voiceagent.Ledger{
	"memory": func(*testing.T) voiceagent.Ledger { return voiceagent.NewMemoryLedger() },
	"file":   func(t *testing.T) voiceagent.Ledger { return open(t, filepath.Join(t.TempDir(), "l")) },
}

func TestRules(t *testing.T) {
	for kind, fresh := range ledgers {
		for name, steps := range rules {
			t.Run(kind+": "+name, func(t *testing.T) {
				l := fresh(t)
				for i, s := range steps {
					var err error
					switch {
					case s.begin.Key != "":
						want, isThere := s.stands, s.stands.Key != ""
						if !isThere {
							want = s.begin
						}
						var standing voiceagent.LedgerEntry
						var found bool
						standing, found, err = l.Begin(t.Context(), s.begin)
						assert.Equal(t, isThere, found, "step %d", i)
						assert.Equal(t, want, standing, "step %d", i)
					case s.finish.Key != "":
						err = l.Finish(t.Context(), s.finish)
					default:
						err = l.Forget(t.Context(), s.forget)
					}
					require.ErrorIs(t, err, s.err, "step %d", i)
				}
			})
		}
	}
}

func TestMany(t *testing.T) {
	for kind, fresh := range ledgers {
		t.Run(kind, func(t *testing.T) {
			l := fresh(t)
			var all sync.WaitGroup
			var winners, takers atomic.Int32
			for range 20 {
				all.Go(func() {
					if _, found, err := l.Begin(t.Context(), begun("a")); err == nil && !found {
						winners.Add(1)
					} else {
						assert.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
					}
				})
			}
			all.Wait()
			assert.EqualValues(t, 1, winners.Load())

			for i := range 20 {
				all.Go(func() {
					if err := l.Finish(t.Context(), done(fmt.Sprint("key ", i), "call_1")); err == nil {
						takers.Add(1)
					} else {
						assert.ErrorIs(t, err, voiceagent.ErrLedgerTaken)
					}
				})
			}
			all.Wait()
			assert.EqualValues(t, 1, takers.Load())

			require.NoError(t, l.Finish(t.Context(), done("b", "call_2")))
			for range 20 {
				all.Go(func() {
					for range 100 {
						standing, _, err := l.Begin(t.Context(), begun("b"))
						if !assert.NoError(t, err, "what is done is never busy") {
							return
						}
						assert.Equal(t, done("b", "call_2"), standing)
					}
				})
			}
			all.Wait()
		})
	}
}

func TestEntriesOutliveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	l := open(t, path)
	for _, key := range []string{"open", "done"} {
		_, _, err := l.Begin(t.Context(), begun(key))
		require.NoError(t, err)
	}
	require.NoError(t, l.Finish(t.Context(), done("done", "call_1")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	_, err = boltledger.Open(path)
	require.ErrorContains(t, err, "another process has it open")
	require.ErrorContains(t, err, path)
	require.NoError(t, l.Close())

	l = open(t, path)
	standing, found, err := l.Begin(t.Context(), begun("open"))
	require.NoError(t, err, "nobody is at work on it")
	assert.True(t, found)
	assert.Equal(t, begun("open"), standing)
	standing, _, err = l.Begin(t.Context(), begun("done"))
	require.NoError(t, err)
	assert.Equal(t, done("done", "call_1"), standing)
	require.ErrorIs(t, l.Finish(t.Context(), done("open", "call_1")), voiceagent.ErrLedgerTaken)

	standing, found, err = l.Entry("done")
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, done("done", "call_1"), standing)
	_, found, err = l.Entry("never heard of")
	require.NoError(t, err)
	assert.False(t, found)
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, left, 1)
}

// Of several that start at once, none takes another's ledger away.
func TestMadeByManyAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			l, err := boltledger.Open(path)
			for err != nil && strings.Contains(err.Error(), "another process") {
				l, err = boltledger.Open(path)
			}
			if !assert.NoError(t, err) {
				return
			}
			_, found, err := l.Begin(t.Context(), begun(fmt.Sprint(i)))
			assert.NoError(t, err)
			assert.False(t, found)
			assert.NoError(t, l.Close())
		})
	}
	all.Wait()
	l := open(t, path)
	for i := range 4 {
		_, found, err := l.Entry(fmt.Sprint(i))
		require.NoError(t, err)
		assert.True(t, found, i)
	}
}

func TestNoKey(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "l"))
	_, _, err := l.Begin(t.Context(), begun(""))
	require.ErrorContains(t, err, "needs a key")
	require.Error(t, l.Finish(t.Context(), done("")))
}

// call places one, through a client with the ledger.
func call(t *testing.T, srv *voiceagenttest.Server, agent string, l voiceagent.Ledger) (*voiceagent.Call, error) {
	t.Helper()
	return srv.Client(voiceagent.WithLedger(l)).Calls.Create(t.Context(), voiceagent.CallCreateParams{
		AgentID: agent, From: "+15550100000", To: "+15550100001"}, voiceagent.WithIdempotencyKey("row-1"))
}

// A ledger that can't be written stops a call before it is sent.
func TestUnwritableLedgerStopsACall(t *testing.T) {
	for name, spoil := range map[string]func(*testing.T, string) *boltledger.Ledger{
		"closed": func(t *testing.T, path string) *boltledger.Ledger {
			l := open(t, path)
			require.NoError(t, l.Close())
			return l
		},
		"read-only": func(t *testing.T, path string) *boltledger.Ledger {
			require.NoError(t, open(t, path).Close())
			l, err := boltledger.OpenReadOnly(path)
			require.NoError(t, err)
			t.Cleanup(func() { _ = l.Close() })
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			srv := voiceagenttest.NewServer()
			defer srv.Close()
			path := filepath.Join(t.TempDir(), "l")
			_, err := call(t, srv, srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"}), spoil(t, path))
			requireNotSent(t, srv, path, err)
		})
	}
}

func requireNotSent(t *testing.T, srv *voiceagenttest.Server, path string, err error) {
	t.Helper()
	require.ErrorContains(t, err, "not sent, as the ledger did not take it down")
	require.ErrorContains(t, err, path)
	assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	_, typed := errors.AsType[*voiceagent.APIError](err)
	assert.False(t, typed)
	assert.Zero(t, srv.RequestCount())
}
