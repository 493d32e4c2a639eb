// Package boltledger keeps a [voiceagent.Ledger] in a file, so that a process that is killed while it places calls looks before it dials
// when it starts again.
//
//	ledger, err := boltledger.Open("reminders.ledger")
//	...
//	defer ledger.Close()
//	client, err := voiceagent.NewClient(voiceagent.WithLedger(ledger))
//
// The file holds what was made, which is personal data: its mode is 0600. It grows by about a kilobyte for each call and never
// shrinks; begin a new one for each piece of work. One process can have it open at a time.
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

// Close closes the file. Requests that are under way can't be recorded after it.
func (l *Ledger) Close() error { return l.db.Close() }

// Begin implements [voiceagent.Ledger]. An open entry of a process that died is returned as it stands.
func (l *Ledger) Begin(_ context.Context, entry voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	if !l.reserve(entry.Key) {
		return l.beginBusy(entry)
	}
	standing, found := entry, false
	err := l.update(func(tx *bbolt.Tx) error {
		var err error
		if standing, found, err = get(tx, entry.Key); err != nil || found {
			return err
		}
		standing = entry
		return put(tx, entry)
	})
	if err == nil && found && standing.Fingerprint != entry.Fingerprint {
		err = voiceagent.ErrLedgerMismatch
	}
	if err != nil || standing.State == voiceagent.LedgerDone {
		l.free(entry.Key)
	}
	return standing, found, err
}

// beginBusy tells a key that is in use from one that is in use for something else.
func (l *Ledger) beginBusy(entry voiceagent.LedgerEntry) (standing voiceagent.LedgerEntry, found bool, err error) {
	if err = l.db.View(func(tx *bbolt.Tx) (err error) {
		standing, found, err = get(tx, entry.Key)
		return err
	}); err != nil {
		return standing, found, l.failed(err)
	}
	if found && standing.Fingerprint != entry.Fingerprint {
		return standing, true, voiceagent.ErrLedgerMismatch
	}
	return standing, true, voiceagent.ErrLedgerBusy
}

// Finish implements [voiceagent.Ledger].
func (l *Ledger) Finish(_ context.Context, entry voiceagent.LedgerEntry) error {
	err := l.update(func(tx *bbolt.Tx) error {
		owners := tx.Bucket(ownersBucket)
		for _, id := range entry.IDs {
			if owner := owners.Get([]byte(id)); owner != nil && string(owner) != entry.Key {
				return voiceagent.ErrLedgerTaken
			}
		}
		for _, id := range entry.IDs {
			if err := owners.Put([]byte(id), []byte(entry.Key)); err != nil {
				return err
			}
		}
		return put(tx, entry)
	})
	if err == nil {
		l.free(entry.Key)
	}
	return err
}

// Forget implements [voiceagent.Ledger].
func (l *Ledger) Forget(_ context.Context, key string) error {
	err := l.update(func(tx *bbolt.Tx) error { return tx.Bucket(entriesBucket).Delete([]byte(key)) })
	l.free(key)
	return err
}

// Entry returns what stands under a key; false when there is nothing.
func (l *Ledger) Entry(key string) (entry voiceagent.LedgerEntry, found bool, err error) {
	err = l.db.View(func(tx *bbolt.Tx) (err error) {
		entry, found, err = get(tx, key)
		return err
	})
	return entry, found, l.failed(err)
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
func (l *Ledger) update(change func(*bbolt.Tx) error) (err error) {
	defer recoverInto(&err)
	return l.failed(l.db.Batch(change))
}

// failed adds the path to the errors that are the file's.
func (l *Ledger) failed(err error) error {
	if err == nil || errors.Is(err, voiceagent.ErrLedgerTaken) {
		return err
	}
	return fmt.Errorf("ledger %s: %w", l.path, err)
}

// recoverInto makes an error of a panic: bbolt panics on a page that it can't make sense of.
func recoverInto(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("the file is damaged: %v", r)
	}
}
