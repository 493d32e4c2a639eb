package voiceagent

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Ledger remembers, beyond the life of a process, which calls, campaigns and agents were requested,
// and what became of them. See [WithLedger]. A process may be killed between sending a request and
// reading its answer. When it starts again with the same idempotency keys, it looks for what it
// made and doesn't make it twice.
//
// [NewMemoryLedger] is for one process. A ledger must be safe for concurrent use. What it accepts
// must be durable when the method returns.
type Ledger interface {
	// Begin records that the request under entry.Key is about to be sent. If there is an entry for the
	// key, Begin returns it, with found true, and changes nothing. The error is ErrLedgerMismatch if
	// the standing entry has another fingerprint, and ErrLedgerBusy if it is open and its owner is
	// still at work on it.
	Begin(ctx context.Context, entry LedgerEntry) (standing LedgerEntry, found bool, err error)
	// Finish replaces the entry of a key, as done or as unknown. The error is ErrLedgerTaken if
	// another key's entry has one of the IDs.
	Finish(ctx context.Context, entry LedgerEntry) error
	// Forget removes the entry of a key: nothing was made, and the key can be used again.
	Forget(ctx context.Context, key string) error
}

// LeasedLedger is a [Ledger] whose keys can be lost to another process: each is held on a lease
// that must be renewed.
type LeasedLedger interface {
	Ledger
	// Held is called right before each attempt, after the wait for the rate limit. If it returns an
	// error, the attempt isn't sent.
	Held(ctx context.Context, key string) error
}

// SharedLedger is a [Ledger] that several workers share, and that knows which of their requests are
// equal. A look for a lost answer takes no record while an equal request of another worker may be
// the one that made it.
type SharedLedger interface {
	Ledger
	// Await records whether the request under a key waits for an answer. After Begin it does. The
	// client calls Await when the answer was lost, and again before it repeats the request.
	Await(ctx context.Context, key string, waits bool) error
	// Awaited reports whether an open request with this twin waits for its answer under another
	// key. A request whose worker has died doesn't.
	Awaited(ctx context.Context, twin, key string) (bool, error)
}

// LedgerEntry is what a [Ledger] holds of a request.
type LedgerEntry struct {
	Key         string        `json:"key"`         // the idempotency key
	Fingerprint string        `json:"fingerprint"` // a hash of the account, the base URL, the route and the parameters
	Twin        string        `json:"twin"`        // a hash of what equal requests have in common
	State       LedgerState   `json:"state"`
	Began       time.Time     `json:"began"`            // on this machine's clock
	Ahead       time.Duration `json:"ahead,omitzero"`   // what the server's clock was ahead, at least, in nanoseconds
	AheadKnown  bool          `json:"ahead_known"`      // Ahead is known
	IDs         []string      `json:"ids,omitzero"`     // of what was made
	Record      []byte        `json:"record,omitempty"` // what was made, as JSON; holds personal data

	// Witnesses were placed by the same process shortly before. After a restart, a list that
	// doesn't show them proves nothing.
	Witnesses []LedgerWitness `json:"witnesses,omitempty"`
}

// LedgerWitness is a record that the process of a [LedgerEntry] had placed before.
type LedgerWitness struct {
	IDs  []string      `json:"ids"`
	Age  time.Duration `json:"age"`  // how long before Began its answer came, in nanoseconds
	Took time.Duration `json:"took"` // how long it took until then
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
	ErrLedgerMismatch = errors.New("the idempotency key was used for a request with other parameters")
	ErrLedgerBusy     = errors.New("a request under the same idempotency key is under way")
	ErrLedgerTaken    = errors.New("what was found belongs to another idempotency key")
)

// MemoryLedger is a [Ledger] for one process. It lets only one of two requests under a key be sent,
// and forgets everything when the process ends. It grows with each request.
type MemoryLedger struct {
	mu      sync.Mutex
	entries map[string]LedgerEntry
	busy    map[string]work
	owners  map[string]string // the keys of the ids
}

// work is what is being done under a key.
type work uint8

const (
	idle    work = iota
	waiting      // for an answer
	looking      // for what a lost answer was about
)

// NewMemoryLedger returns an empty ledger.
func NewMemoryLedger() *MemoryLedger {
	return &MemoryLedger{entries: make(map[string]LedgerEntry), busy: make(map[string]work), owners: make(map[string]string)}
}

// Begin implements [Ledger].
func (l *MemoryLedger) Begin(_ context.Context, entry LedgerEntry) (LedgerEntry, bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	standing, found := l.entries[entry.Key]
	switch {
	case found && standing.Fingerprint != entry.Fingerprint:
		return standing, true, ErrLedgerMismatch
	case l.busy[entry.Key] != idle:
		return standing, true, ErrLedgerBusy
	case found && standing.State == LedgerDone:
		return standing, true, nil
	case !found:
		standing = entry
		l.entries[entry.Key] = entry
	}
	l.busy[entry.Key] = waiting
	if found { // it is looked for, and not sent
		l.busy[entry.Key] = looking
	}
	return standing, found, nil
}

// Await implements [SharedLedger].
func (l *MemoryLedger) Await(_ context.Context, key string, waits bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[key] != idle {
		l.busy[key] = looking
		if waits {
			l.busy[key] = waiting
		}
	}
	return nil
}

// Awaited implements [SharedLedger].
func (l *MemoryLedger) Awaited(_ context.Context, twin, key string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for other, w := range l.busy {
		if other != key && w == waiting && l.entries[other].Twin == twin {
			return true, nil
		}
	}
	return false, nil
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

// WithLedger records each call, campaign and agent under its idempotency key before it is sent, and
// what became of it after. A process that is killed in between, and repeats the request under the
// same key, gets what was made: nobody is called twice.
//
// Across restarts it needs [WithIdempotencyKey], or Key of [CreateEachParams]. Without them the key
// is random, so the next process can't repeat it.
//
// The same key with other parameters is a [*ValidationError] and [ErrLedgerMismatch]. A second
// request while the first is under way is [ErrLedgerBusy]. A ledger that can't be written stops the
// request before it is sent.
func WithLedger(ledger Ledger) ClientOption {
	return clientOption(func(c *clientConfig) error {
		if ledger == nil {
			return errors.New("WithLedger: the ledger is nil")
		}
		c.ledger = ledger
		return nil
	})
}
