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

// Open opens the ledger in the file at path, or makes a new one if there is none. It reads every
// value to find damage.
//
// If a value is damaged, or the file isn't a ledger, Open returns an error that names the file. It
// never changes or replaces such a file, as without the ledger people may be called again. The
// comment of the package says what damage it can't find. If another process has the ledger open,
// Open waits a second, and then returns an error too.
//
// A new ledger is first made under another name in the same directory, so the file system must
// support hard links.
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
	return &Ledger{path: path, db: db, busy: make(map[string]work)}, nil
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

// create makes an empty ledger under another name first, so that path never has a partial one. It
// doesn't replace a ledger that another process has made meanwhile.
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
