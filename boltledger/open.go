package boltledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

const (
	mode        = 0o600
	lockTimeout = time.Second
)

// Open opens the ledger in the file at path, or makes a new one where there is none.
//
// A file that is damaged, or is no ledger, is an error that names it; it is left as it is and never replaced, as whoever loses a ledger
// may call people again. So is a ledger that another process has open.
func Open(path string) (*Ledger, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := create(path); err != nil {
			return nil, fmt.Errorf("ledger %s: can't be made: %w", path, err)
		}
	case err != nil:
		return nil, fmt.Errorf("ledger: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("ledger %s: is not a file", path)
	case info.Size() == 0: // bbolt would make a new one of it
		return nil, fmt.Errorf("ledger %s: is empty, so it was damaged: move it away to begin a new one, and mind that what it held is then unknown", path)
	}
	db, err := openFile(path)
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("ledger %s: another process has it open", path)
	}
	if err == nil {
		if err = check(db); err != nil {
			_ = db.Close()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("ledger %s: can't be used, and was left as it is: %w", path, err)
	}
	return &Ledger{path: path, db: db, busy: make(map[string]bool)}, nil
}

func openFile(path string) (db *bbolt.DB, err error) {
	defer recoverInto(&err)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // the file is mapped, so reading what was cut off is a fault
	return bbolt.Open(path, mode, &bbolt.Options{Timeout: lockTimeout})
}

// create makes an empty ledger under another name first, so that no half of one is ever found at path, and doesn't replace one that
// another process has made meanwhile.
func create(path string) error {
	dir := filepath.Dir(path)
	file, err := os.CreateTemp(dir, filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	name := file.Name()
	defer os.Remove(name)
	if err := file.Close(); err != nil {
		return err
	}
	db, err := openFile(name)
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, bucket := range [][]byte{entriesBucket, ownersBucket} {
			if _, err := tx.CreateBucket(bucket); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Link(name, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	parent, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(parent.Sync(), parent.Close())
}

// check reads the whole file, so that damage shows before a call rests on it.
func check(db *bbolt.DB) (err error) {
	defer recoverInto(&err)
	info, err := os.Stat(db.Path())
	if err != nil {
		return err
	}
	return db.View(func(tx *bbolt.Tx) error {
		if size := tx.Size(); info.Size() < size {
			return fmt.Errorf("it is cut off: it has %d bytes of %d", info.Size(), size)
		}
		for _, bucket := range [][]byte{entriesBucket, ownersBucket} {
			if tx.Bucket(bucket) == nil {
				return errors.New("it is no ledger")
			}
		}
		var first error
		for found := range tx.Check() { // to the end, as it runs beside us
			if first == nil {
				first = found
			}
		}
		if first != nil {
			return fmt.Errorf("it is damaged: %w", first)
		}
		return tx.Bucket(entriesBucket).ForEach(func(key, value []byte) error {
			_, err := decode(key, value)
			return err
		})
	})
}
