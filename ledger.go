package voiceagent

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Ledger remembers, beyond the life of a process, which calls, campaigns and agents were asked for and what became of them. With one
// (see [WithLedger]) a process that is killed between sending a request and reading its answer, and starts again with the same
// idempotency keys, looks for what it made and doesn't make it twice.
//
// [NewMemoryLedger] is for one process. A ledger must be safe for concurrent use, and what it has accepted must be
// durable when a method returns.
type Ledger interface {
	// Begin records that the request under entry.Key is about to be sent, unless there is an entry for the key: then that one is
	// returned, with found true, and nothing is changed. It is ErrLedgerMismatch if the entry that stands has another
	// fingerprint, and ErrLedgerBusy if it is open and whoever opened it is still at work on it.
	Begin(ctx context.Context, entry LedgerEntry) (standing LedgerEntry, found bool, err error)
	// Finish replaces the entry of a key, as done or as unknown. It is ErrLedgerTaken if another key's entry has
	// one of the IDs.
	Finish(ctx context.Context, entry LedgerEntry) error
	// Forget removes the entry of a key: nothing was made, and the key can be used again.
	Forget(ctx context.Context, key string) error
}

// LeasedLedger is a [Ledger] whose keys can be lost to another process: each is held on a lease that must be renewed.
type LeasedLedger interface {
	Ledger
	// Held is asked right before each attempt, after the wait for the rate limit. An error stops it: nothing is sent.
	Held(ctx context.Context, key string) error
}

// LedgerEntry is what a [Ledger] holds of a request.
type LedgerEntry struct {
	Key         string        `json:"key"`         // the idempotency key
	Fingerprint string        `json:"fingerprint"` // a hash of the route and the parameters
	State       LedgerState   `json:"state"`
	Began       time.Time     `json:"began"`            // on this machine's clock
	Ahead       time.Duration `json:"ahead,omitzero"`   // what the server's clock was ahead, at least, in nanoseconds
	AheadKnown  bool          `json:"ahead_known"`      // Ahead is known
	IDs         []string      `json:"ids,omitzero"`     // of what was made
	Record      []byte        `json:"record,omitempty"` // what was made, as JSON; holds personal data
}

// LedgerState is how far a request has come.
type LedgerState string

// The states of an entry.
const (
	LedgerOpen    LedgerState = "open"    // about to be sent, or sent, and no answer yet
	LedgerDone    LedgerState = "done"    // made
	LedgerUnknown LedgerState = "unknown" // its answer was lost, and looking for it found nothing
)

// Errors of a [Ledger].
var (
	ErrLedgerMismatch = errors.New("the idempotency key was used for a request with other parameters: use a new one")
	ErrLedgerBusy     = errors.New("a request under the same idempotency key is under way")
	ErrLedgerTaken    = errors.New("what was found belongs to another idempotency key")
)

// MemoryLedger is a [Ledger] for one process: it keeps two requests under one key apart, and forgets everything when the
// process ends. It grows with each request.
type MemoryLedger struct {
	mu      sync.Mutex
	entries map[string]LedgerEntry
	busy    map[string]bool
	owners  map[string]string // the keys of the ids
}

// NewMemoryLedger returns an empty ledger.
func NewMemoryLedger() *MemoryLedger {
	return &MemoryLedger{entries: make(map[string]LedgerEntry), busy: make(map[string]bool), owners: make(map[string]string)}
}

// Begin implements [Ledger].
func (l *MemoryLedger) Begin(_ context.Context, entry LedgerEntry) (LedgerEntry, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	standing, found := l.entries[entry.Key]
	switch {
	case found && standing.Fingerprint != entry.Fingerprint:
		return standing, true, ErrLedgerMismatch
	case l.busy[entry.Key]:
		return standing, true, ErrLedgerBusy
	case found && standing.State == LedgerDone:
		return standing, true, nil
	case !found:
		standing = entry
		l.entries[entry.Key] = entry
	}
	l.busy[entry.Key] = true
	return standing, found, nil
}

// Finish implements [Ledger].
func (l *MemoryLedger) Finish(_ context.Context, entry LedgerEntry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range entry.IDs {
		if owner, ok := l.owners[id]; ok && owner != entry.Key {
			return ErrLedgerTaken
		}
	}
	for _, id := range entry.IDs {
		l.owners[id] = entry.Key
	}
	l.entries[entry.Key] = entry
	delete(l.busy, entry.Key)
	return nil
}

// Forget implements [Ledger].
func (l *MemoryLedger) Forget(_ context.Context, key string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.entries, key)
	delete(l.busy, key)
	return nil
}
