package boltledger

import "go.etcd.io/bbolt"

// OpenReadOnly opens a ledger that can't be written, for root too.
func OpenReadOnly(path string) (*Ledger, error) {
	db, err := bbolt.Open(path, mode, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
	return &Ledger{path: path, db: db, busy: make(map[string]bool)}, err
}

// Put writes what may be no entry under a key, with a right sum.
func (l *Ledger) Put(key string, value []byte) error {
	return l.update(func(tx *bbolt.Tx) error { return put(tx.Bucket(entriesBucket), []byte(key), value) })
}

// Checked is data behind its checksum.
var Checked = checked
