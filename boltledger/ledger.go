// Package boltledger keeps a [voiceagent.Ledger] in a file, so that a process that is killed while it places calls looks before it dials
// when it starts again.
//
//	ledger, err := boltledger.Open("reminders.ledger")
//	...
//	defer ledger.Close()
//	client, err := voiceagent.NewClient(voiceagent.WithLedger(ledger))
//
// The file holds, under each idempotency key, a hash of the request and the record of what was made, with phone numbers and metadata.
// That is personal data: the file's mode is 0600. It grows by one to three kilobytes for each call and never shrinks; begin a new one for
// each piece of work. One process can have it open at a time.
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

// Ledger is a [voiceagent.Ledger] in a file. It is safe for concurrent use; what a method has recorded is on the disk when it returns.
// Callers at the same time share one sync of the disk.
type Ledger struct {
	path string
	db   *bbolt.DB

	mu   sync.Mutex
	busy map[string]bool // the keys that this process is at work on
}

// Close closes the file. Requests that are under way can't be recorded after it: their entries stay open.
func (l *Ledger) Close() error { return l.db.Close() }

// Begin implements [voiceagent.Ledger]. An open entry of a process that died is returned as it stands.
func (l *Ledger) Begin(_ context.Context, entry voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	mine := l.reserve(entry.Key)
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
			return entry, false, nil
		}
	}
	if mine {
		l.free(entry.Key)
	}
	return standing, found, err
}

// Finish implements [voiceagent.Ledger]. When it fails, the key stays in use until the ledger is opened again.
func (l *Ledger) Finish(_ context.Context, entry voiceagent.LedgerEntry) error {
	err := l.update(func(tx *bbolt.Tx) error {
		owners := tx.Bucket(ownersBucket)
		for _, id := range entry.IDs {
			if owner := owners.Get([]byte(id)); owner != nil && string(owner) != entry.Key {
				return voiceagent.ErrLedgerTaken
			}
		}
		for _, id := range entry.IDs {
			if err := put(owners, []byte(id), []byte(entry.Key)); err != nil {
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
	err := l.update(func(tx *bbolt.Tx) error { return remove(tx.Bucket(entriesBucket), []byte(key)) })
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

func (l *Ledger) reserve(key string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy[key] {
		return false
	}
	l.busy[key] = true
	return true
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
