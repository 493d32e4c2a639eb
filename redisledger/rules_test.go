package redisledger_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisledger"
)

// pair is two ledgers that share a Redis, as two processes would. Begin alternates between them; what follows goes to the one that has
// begun the key, as in a client.
type pair struct {
	ledgers [2]*redisledger.Ledger
	mu      sync.Mutex
	turn    int
	began   map[string]*redisledger.Ledger
}

func newPair(t *testing.T) *pair {
	t.Helper()
	srv := startRedis(t)
	p := &pair{began: map[string]*redisledger.Ledger{}}
	for i := range p.ledgers {
		p.ledgers[i] = redisledger.New(dial(t, srv.Addr()), redisledger.Params{})
	}
	return p
}

func (p *pair) Begin(ctx context.Context, entry voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	p.mu.Lock()
	p.turn++
	l := p.ledgers[p.turn%2]
	p.mu.Unlock()
	standing, found, err := l.Begin(ctx, entry)
	if err == nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.began[entry.Key] = l
	}
	return standing, found, err
}

func (p *pair) at(key string) *redisledger.Ledger {
	p.mu.Lock()
	defer p.mu.Unlock()
	if l := p.began[key]; l != nil {
		return l
	}
	return p.ledgers[0]
}

func (p *pair) Finish(ctx context.Context, entry voiceagent.LedgerEntry) error {
	return p.at(entry.Key).Finish(ctx, entry)
}

func (p *pair) Forget(ctx context.Context, key string) error { return p.at(key).Forget(ctx, key) }

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
	"memory":           func(*testing.T) voiceagent.Ledger { return voiceagent.NewMemoryLedger() },
	"redis":            func(t *testing.T) voiceagent.Ledger { t.Helper(); return fresh(t) },
	"two on one redis": func(t *testing.T) voiceagent.Ledger { t.Helper(); return newPair(t) },
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
