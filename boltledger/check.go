package boltledger

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"runtime/debug"
	"slices"

	"go.etcd.io/bbolt"
)

// errDamaged is what every kind of damage is.
var errDamaged = errors.New("the file is damaged")

// check reads the whole file, so that damage shows before a call rests on it. It opens it for reading only: nothing is written to a
// file that isn't known to be whole, and if bbolt panics, and so keeps its lock until the process ends, others can still find out the same.
func check(path string) error {
	var file *os.File
	db, err := openFile(path, &bbolt.Options{ReadOnly: true, PreLoadFreelist: true,
		OpenFile: func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
			file, err = existing(name, flag, mode)
			return file, err
		}})
	if err != nil {
		return err
	}
	return errors.Join(guard(func() error { return checkAll(db, file) }), db.Close())
}

// checkAll keeps an order: [bbolt.Tx.Check] runs on a goroutine where nobody can catch a fault, so what it reads must have been read
// before.
func checkAll(db *bbolt.DB, file *os.File) error {
	if err := checkMetas(file); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return db.View(func(tx *bbolt.Tx) error {
		if size := tx.Size(); info.Size() < size {
			return fmt.Errorf("%w: it has %d bytes of %d", errDamaged, info.Size(), size)
		}
		for _, name := range [][]byte{entriesBucket, ownersBucket} {
			if err := checkBucket(tx, name); err != nil {
				return err
			}
		}
		if err := checkPages(tx); err != nil {
			return err
		}
		var first error
		for found := range tx.Check(bbolt.WithKVStringer(noText{})) { // to the end, or its goroutine stays
			if first == nil {
				first = fmt.Errorf("%w: %w", errDamaged, found)
			}
		}
		return first
	})
}

// noText keeps [bbolt.Tx.Check] from spelling out keys, whose length may be what is damaged.
type noText struct{}

func (noText) KeyToString([]byte) string   { return "?" }
func (noText) ValueToString([]byte) string { return "?" }

// A meta page of bbolt, in the machine's byte order: id (8 bytes), flags (2), count (2), overflow (4); then magic (4), version (4),
// page size (4), flags (4), root (16), freelist (8), pages (8), transaction (8) and the checksum from magic on (8).
const (
	metaFrom, metaPageSize, metaSum, metaEnd = 16, 24, 72, 80

	metaFlag  = 0x04
	metaMagic = 0xED0CDAED
)

// checkMetas wants both meta pages to be whole. One is enough for bbolt: it takes the older, and with it the file as it was before the
// last transaction. But that one was on the disk, and may be of a call that was placed.
func checkMetas(file *os.File) error {
	native := binary.NativeEndian
	at := int64(0)
	for id := range uint64(2) {
		page := make([]byte, metaEnd)
		if _, err := file.ReadAt(page, at); err != nil {
			return err
		}
		sum := fnv.New64a()
		_, _ = sum.Write(page[metaFrom:metaSum])
		if native.Uint64(page) != id || native.Uint16(page[8:]) != metaFlag || native.Uint32(page[metaFrom:]) != metaMagic ||
			native.Uint64(page[metaSum:]) != sum.Sum64() {
			return fmt.Errorf("%w: page %d is not what was written", errDamaged, id)
		}
		at = int64(native.Uint32(page[metaPageSize:]))
	}
	return nil
}

// checkBucket reads every pair, looks it up as a request would, and compares the sum of all with what it must be.
func checkBucket(tx *bbolt.Tx, name []byte) error {
	bucket := tx.Bucket(name)
	if bucket == nil {
		return errors.New("it is no ledger, or a damaged one")
	}
	sum := bucket.Sequence()
	err := bucket.ForEach(func(key, value []byte) error {
		if value == nil || !bytes.Equal(bucket.Get(key), value) {
			return fmt.Errorf("%w: what is under key %q of the %s can't be found", errDamaged, key, name)
		}
		sum ^= digest(key, value)
		if bytes.Equal(name, entriesBucket) {
			if _, err := decode(key, value); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && sum != 0 {
		err = fmt.Errorf("%w: some of the %s are missing, or not what was written", errDamaged, name)
	}
	return err
}

var pageTypes = []string{"meta", "freelist", "branch", "leaf"}

// checkPages checks the head of each page that is in use, and the number of those that are not.
func checkPages(tx *bbolt.Tx) error {
	pages := int(tx.Size()) / tx.DB().Info().PageSize
	free := 0
	for id := 0; id < pages; id++ {
		page, err := tx.Page(id)
		switch {
		case err != nil:
			return err
		case page.Type == "free":
			free++
			continue
		case !slices.Contains(pageTypes, page.Type) || page.OverflowCount >= pages-id:
			return fmt.Errorf("%w: the head of page %d is not what was written", errDamaged, id)
		}
		id += page.OverflowCount
	}
	if said := tx.DB().Stats().FreePageN; said != free {
		return fmt.Errorf("%w: %d pages are free, and %d are said to be", errDamaged, free, said)
	}
	return nil
}

// guard makes an error of a panic, as bbolt panics on a page that it can't make sense of, and of a fault: the file is mapped into
// memory, and what was cut off or can't be read is a fault.
func guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}()
	return do()
}
