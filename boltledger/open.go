package boltledger

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

const (
	mode        = 0o600
	lockTimeout = time.Second
)

// Open opens the ledger in the file at path, or makes a new one where there is none. It reads the whole file to find damage.
//
// A file that is damaged, or is no ledger, is an error that names it. It is left as it is and never replaced, as whoever loses a ledger
// may call people again. So is a ledger that another process has open, which Open waits a second for.
//
// A new ledger is made under another name in the same directory first, so the file system must know hard links.
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
	}
	var db *bbolt.DB
	if err = check(path); err == nil {
		db, err = openFile(path, &bbolt.Options{OpenFile: existing})
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("ledger %s: another process has it open", path)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger %s: can't be used, and was left as it is: %w", path, err)
	}
	return &Ledger{path: path, db: db, busy: make(map[string]bool)}, nil
}

func openFile(path string, options *bbolt.Options) (db *bbolt.DB, err error) {
	options.Timeout = lockTimeout
	err = guard(func() (err error) {
		db, err = bbolt.Open(path, mode, options)
		return err
	})
	return db, err
}

// existing opens a file that is there and isn't empty: bbolt would make a new ledger of another.
func existing(name string, flag int, mode os.FileMode) (*os.File, error) {
	file, err := os.OpenFile(name, flag&^os.O_CREATE, mode)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || info.Size() == 0 {
		_ = file.Close()
		return nil, cmp.Or(err, fmt.Errorf("%w: it is empty", errDamaged))
	}
	return file, nil
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
	db, err := openFile(name, &bbolt.Options{})
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
	return syncDir(dir)
}

// syncDir puts the names in a directory on the disk, which Windows has no way to ask for.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	parent, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(parent.Sync(), parent.Close())
}
