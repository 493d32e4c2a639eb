// Package boltledger keeps a [voiceagent.Ledger] in a file, so that a process that is killed while
// it places calls looks before it dials when it starts again.
//
//	ledger, err := boltledger.Open("reminders.ledger")
//	...
//	defer ledger.Close()
//	client, err := voiceagent.NewClient(voiceagent.WithLedger(ledger))
//	...
//	call, err := client.Calls.Create(ctx, params, voiceagent.WithIdempotencyKey("reminder-"+row.ID))
//
// Only what has an idempotency key is kept.
//
// The file holds, under each idempotency key, a hash of the request and the record of what was
// made, with phone numbers and metadata. That is personal data: the file's mode is 0600. The file
// grows by one to three kilobytes for each call and never shrinks; use a new one for each piece of
// work. One process can have it open at a time.
//
// Each value has a checksum of its key and itself. What is damaged is refused with an error that
// names the key, never taken for "not there". bbolt has no checksum of the pages that it keeps the
// pairs in, so some damage goes unnoticed:
//
//   - a page whose count or index of pairs is damaged may lose pairs, as if they had never been
//     recorded;
//   - if the newer of bbolt's two head pages is damaged, bbolt takes the older, and the last change
//     is lost;
//   - if the list of free pages is damaged, bbolt may overwrite pages that are in use, or panic on
//     a goroutine of its own when something is recorded.
//
// A write that was interrupted is none of these: bbolt then has what was recorded before it.
package boltledger

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"go.etcd.io/bbolt"

	"github.com/voiceagent-go/voiceagent"
)

var (
	entriesBucket = []byte("entries") // a key's entry
	ownersBucket  = []byte("owners")  // the key that an id belongs to
)

// Ledger is a [voiceagent.Ledger] in a file. It is safe for concurrent use. What a method records
// is on disk when the method returns. Concurrent callers share a sync of the disk.
type Ledger struct {
	path string
	db   *bbolt.DB

	mu   sync.Mutex
	busy map[string]work // the keys that this process is at work on
}

var _ voiceagent.SharedLedger = (*Ledger)(nil)

// work is what is being done under a key, and the twin of the request.
type work struct {
	stage stage
	twin  string
}

type stage uint8

const (
	idle    stage = iota
	waiting       // for an answer
	looking       // for what a lost answer was about
)

// Close closes the file. Requests that are still under way can't be recorded any more: their
// entries stay open.
func (l *Ledger) Close() error { return l.db.Close() }

// Begin implements [voiceagent.Ledger]. It returns an open entry of a process that died unchanged.
func (l *Ledger) Begin(_ context.Context, entry voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	mine := l.reserve(entry)
	standing, found, err := l.Entry(entry.Key)
	switch {
	case err != nil:
	case found && standing.Fingerprint != entry.Fingerprint:
		err = voiceagent.ErrLedgerMismatch
	case found && standing.State == voiceagent.LedgerDone:
	case !mine:
		return standing, true, voiceagent.ErrLedgerBusy
	case found:
		return standing, true, nil
	default:
		if err = l.update(func(tx *bbolt.Tx) error { return putEntry(tx, entry) }); err == nil {
			l.enter(entry.Key, waiting)
			return entry, false, nil
		}
	}
	if mine {
		l.free(entry.Key)
	}
	return standing, found, err
}

// Await implements [voiceagent.SharedLedger]. It writes nothing to the file: only one process has
// it open, and when that process dies, none of its requests waits any more.
func (l *Ledger) Await(_ context.Context, key string, waits bool) error {
	if waits {
		l.enter(key, waiting)
	} else {
		l.enter(key, looking)
	}
	return nil
}

// Awaited implements [voiceagent.SharedLedger].
func (l *Ledger) Awaited(_ context.Context, twin, key string) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for other, w := range l.busy {
		if other != key && w == (work{waiting, twin}) {
			return true, nil
		}
	}
	return false, nil
}

// Finish implements [voiceagent.Ledger]. If it fails, the key stays in use until the ledger is
// opened again.
func (l *Ledger) Finish(_ context.Context, entry voiceagent.LedgerEntry) error {
	err := l.update(func(tx *bbolt.Tx) error {
		for _, id := range entry.IDs {
			if err := claim(tx, id, entry.Key); err != nil {
				return err
			}
		}
		return putEntry(tx, entry)
	})
	if err == nil {
		l.free(entry.Key)
	}
	return err
}

// Forget implements [voiceagent.Ledger]. When it fails, the entry stays as it is, open.
func (l *Ledger) Forget(_ context.Context, key string) error {
	err := l.update(func(tx *bbolt.Tx) error { return tx.Bucket(entriesBucket).Delete([]byte(key)) })
	l.free(key)
	return err
}

// Entry returns what stands under a key; false when there is nothing.
func (l *Ledger) Entry(key string) (entry voiceagent.LedgerEntry, found bool, err error) {
	err = l.failed(guard(func() error {
		return l.db.View(func(tx *bbolt.Tx) (err error) {
			entry, found, err = getEntry(tx, key)
			return err
		})
	}))
	return entry, found, err
}

// reserve takes the key of an entry, unless this process is at work on it. The request of an entry
// that is found is looked for, and not sent.
func (l *Ledger) reserve(entry voiceagent.LedgerEntry) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[entry.Key].stage != idle {
		return false
	}
	l.busy[entry.Key] = work{looking, entry.Twin}
	return true
}

// enter notes what is done from now on under a key that this process is at work on.
func (l *Ledger) enter(key string, next stage) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if w := l.busy[key]; w.stage != idle {
		w.stage = next
		l.busy[key] = w
	}
}

func (l *Ledger) free(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.busy, key)
}

// update runs change together with those of other callers. It may run more than once.
func (l *Ledger) update(change func(*bbolt.Tx) error) error {
	return l.failed(guard(func() error { return l.db.Batch(change) }))
}

// failed adds the path to the errors that are the file's.
func (l *Ledger) failed(err error) error {
	if err == nil || errors.Is(err, voiceagent.ErrLedgerTaken) {
		return err
	}
	return fmt.Errorf("ledger %s: %w", l.path, err)
}
