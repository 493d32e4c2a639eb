package boltledger_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/boltledger"
	"github.com/voiceagent-go/voiceagent/internal/ledgertest"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func open(t *testing.T, path string) *boltledger.Ledger {
	t.Helper()
	ledger, err := boltledger.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { _ = ledger.Close() })
	return ledger
}

var begun, done = ledgertest.Begun, ledgertest.Done

func TestRules(t *testing.T) {
	for name, steps := range ledgertest.Rules {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, ledgertest.Run(t.Context(), open(t, filepath.Join(t.TempDir(), "l")), steps))
		})
	}
}

func TestMany(t *testing.T) {
	require.NoError(t, ledgertest.Race(t.Context(), open(t, filepath.Join(t.TempDir(), "l"))))
}

// A request of a process that has ended isn't awaited. A request that could not be recorded is, as
// no other request must take its call.
func TestAwaitedAfterTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "l")
	l := open(t, path)
	_, _, err := l.Begin(t.Context(), begun("a"))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.Error(t, l.Finish(t.Context(), done("a", "call_1")))
	awaited, err := l.Awaited(t.Context(), begun("b").Twin, "b")
	require.NoError(t, err)
	assert.True(t, awaited)

	l = open(t, path)
	awaited, err = l.Awaited(t.Context(), begun("b").Twin, "b")
	require.NoError(t, err)
	assert.False(t, awaited)
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
