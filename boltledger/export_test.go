package boltledger

import "go.etcd.io/bbolt"

// OpenReadOnly opens a ledger that can't be written, for root too.
func OpenReadOnly(path string) (*Ledger, error) {
	db, err := bbolt.Open(path, mode, &bbolt.Options{ReadOnly: true, Timeout: lockTimeout})
	return &Ledger{path: path, db: db, busy: make(map[string]work)}, err
}

// Put writes what may be no entry under a key.
func (l *Ledger) Put(key string, value []byte) error {
	return l.update(func(tx *bbolt.Tx) error { return tx.Bucket(entriesBucket).Put([]byte(key), value) })
}

// PutOwner writes what may be no owner under an id.
func (l *Ledger) PutOwner(id string, value []byte) error {
	return l.update(func(tx *bbolt.Tx) error { return tx.Bucket(ownersBucket).Put([]byte(id), value) })
}

// Seal returns a value behind its checksum.
var Seal = seal
