package boltledger

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// errDamaged is what every kind of damage is.
var errDamaged = errors.New("the file is damaged")

// check reads every pair, so that damage is found before a call depends on it. It opens the file
// for reading only: nothing is written to a file that may be damaged. If bbolt panics, it keeps its
// lock until the process ends, and other processes can still check the file.
func check(path string) error {
	db, err := openFile(path, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true, OpenFile: existing})
	if err != nil {
		return err
	}
	return errors.Join(guard(func() error { return db.View(checkAll) }), db.Close())
}

func checkAll(tx *bbolt.Tx) error {
	info, err := os.Stat(tx.DB().Path())
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("%w: it has %d bytes of %d", errDamaged, info.Size(), tx.Size())
	}
	return errors.Join(checkBucket(tx.Bucket(entriesBucket)), checkBucket(tx.Bucket(ownersBucket)))
}

// checkBucket looks each pair up as a request would.
func checkBucket(bucket *bbolt.Bucket) error {
	if bucket == nil {
		return errors.New("it is no ledger, or a damaged one")
	}
	return bucket.ForEach(func(key, value []byte) error {
		if !bytes.Equal(bucket.Get(key), value) {
			return fmt.Errorf("%w: what is under key %q can't be found", errDamaged, key)
		}
		_, err := unseal(key, value)
		return err
	})
}

// guard turns a panic or a fault into an error. bbolt panics on a page that it can't interpret. The
// file is mapped into memory, so a read of a part that was cut off, or that the disk can't return,
// is a fault.
func guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}()
	return do()
}
