package measure_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

var errDead = errors.New("this process is dead")

// process is a client that can die: what it does afterwards reaches neither the ledger nor the
// server.
type process struct {
	*voiceagent.MemoryLedger
	base http.RoundTripper

	mu      sync.Mutex
	dead    bool
	entries map[string]voiceagent.LedgerEntry
}

func newProcess(base http.RoundTripper) *process {
	return &process{MemoryLedger: voiceagent.NewMemoryLedger(), base: base, entries: map[string]voiceagent.LedgerEntry{}}
}

func (p *process) die() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
}

func (p *process) Begin(ctx context.Context, entry voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return entry, false, errDead
	}
	standing, found, err := p.MemoryLedger.Begin(ctx, entry)
	if err == nil && !found {
		p.entries[entry.Key] = standing
	}
	return standing, found, err
}

func (p *process) Finish(ctx context.Context, entry voiceagent.LedgerEntry) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return nil
	}
	err := p.MemoryLedger.Finish(ctx, entry)
	if err == nil {
		p.entries[entry.Key] = entry
	}
	return err
}

func (p *process) Forget(ctx context.Context, key string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return nil
	}
	delete(p.entries, key)
	return p.MemoryLedger.Forget(ctx, key)
}

// RoundTrip implements [http.RoundTripper].
func (p *process) RoundTrip(req *http.Request) (*http.Response, error) {
	p.mu.Lock()
	dead := p.dead
	p.mu.Unlock()
	if dead {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, errDead
	}
	return p.base.RoundTrip(req)
}

// heir is the ledger as a successor finds it on a machine whose clock is ahead of the dead one's.
// The bubble's clock is the successor's: what the dead machine wrote down was behind it.
func (p *process) heir(t *testing.T, ahead time.Duration) *voiceagent.MemoryLedger {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	ledger := voiceagent.NewMemoryLedger()
	for entry := range maps.Values(p.entries) {
		entry.Began = entry.Began.Add(-ahead)
		if entry.AheadKnown {
			entry.Ahead += ahead
		}
		require.NoError(t, ledger.Finish(t.Context(), entry)) // in whatever state, and nobody at work on it
	}
	return ledger
}
