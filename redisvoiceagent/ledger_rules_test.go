package redisvoiceagent_test

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/ledgertest"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

// pair is two ledgers that share a Redis, as two processes would. Begin alternates between them;
// later calls go to the ledger that has begun the key, as in a client.
type pair struct {
	ledgers [2]*redisvoiceagent.Ledger
	mu      sync.Mutex
	turn    int
	began   map[string]*redisvoiceagent.Ledger
}

// newPair returns two ledgers with clients that connect returns.
func newPair(t *testing.T, connect func() redis.UniversalClient) *pair {
	t.Helper()
	p, params := &pair{began: map[string]*redisvoiceagent.Ledger{}}, redisvoiceagent.LedgerParams{Prefix: rand.Text()}
	for i := range p.ledgers {
		p.ledgers[i] = redisvoiceagent.NewLedger(connect(), params)
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

func (p *pair) at(key string) *redisvoiceagent.Ledger {
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

func (p *pair) Await(ctx context.Context, key string, waits bool) error {
	return p.at(key).Await(ctx, key, waits)
}

// Awaited asks both, as it may be either that looks.
func (p *pair) Awaited(ctx context.Context, twin, key string) (bool, error) {
	first, err := p.ledgers[0].Awaited(ctx, twin, key)
	if err != nil {
		return false, err
	}
	second, err := p.ledgers[1].Awaited(ctx, twin, key)
	if first != second {
		err = errors.Join(err, errors.New("one says that a twin is awaited, the other that none is"))
	}
	return first, err
}

var ledgers = map[string]func(*testing.T) voiceagent.SharedLedger{
	"one": func(t *testing.T) voiceagent.SharedLedger { t.Helper(); return freshLedger(t) },
	"two on one": func(t *testing.T) voiceagent.SharedLedger {
		t.Helper()
		srv := startRedis(t)
		return newPair(t, func() redis.UniversalClient { return connect(t, srv) })
	},
	"two on a cluster": func(t *testing.T) voiceagent.SharedLedger {
		t.Helper()
		return newPair(t, func() redis.UniversalClient { return connectCluster(t) })
	},
}

func TestLedgerRules(t *testing.T) {
	for kind, fresh := range ledgers {
		for name, steps := range ledgertest.Rules {
			t.Run(kind+": "+name, func(t *testing.T) {
				require.NoError(t, ledgertest.Run(t.Context(), fresh(t), steps))
			})
		}
	}
}

func TestLedgerMany(t *testing.T) {
	for kind, fresh := range ledgers {
		t.Run(kind, func(t *testing.T) { require.NoError(t, ledgertest.Race(t.Context(), fresh(t))) })
	}
}
