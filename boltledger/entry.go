package boltledger

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"hash/fnv"

	"go.etcd.io/bbolt"

	"github.com/voiceagent-go/voiceagent"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode writes an entry as JSON behind its checksum.
func encode(entry voiceagent.LedgerEntry) ([]byte, error) {
	data, err := json.Marshal(entry)
	if err != nil {
		return nil, err
	}
	return checked(data), nil
}

func checked(data []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli)), data...)
}

func decode(key, value []byte) (entry voiceagent.LedgerEntry, err error) {
	if len(value) < 4 || binary.BigEndian.Uint32(value) != crc32.Checksum(value[4:], castagnoli) {
		return entry, fmt.Errorf("the entry under key %q is damaged: its checksum is wrong", key)
	}
	if err := json.Unmarshal(value[4:], &entry); err != nil {
		return entry, fmt.Errorf("the entry under key %q is damaged: %w", key, err)
	}
	if entry.Key != string(key) {
		return entry, fmt.Errorf("the entry under key %q is damaged: it is that of key %q", key, entry.Key)
	}
	return entry, nil
}

func getEntry(tx *bbolt.Tx, key string) (entry voiceagent.LedgerEntry, found bool, err error) {
	value := tx.Bucket(entriesBucket).Get([]byte(key))
	if value == nil {
		return entry, false, nil
	}
	entry, err = decode([]byte(key), value)
	return entry, true, err
}

func putEntry(tx *bbolt.Tx, entry voiceagent.LedgerEntry) error {
	if entry.Key == "" {
		return errors.New("an entry needs a key")
	}
	value, err := encode(entry)
	if err != nil {
		return err
	}
	return put(tx.Bucket(entriesBucket), []byte(entry.Key), value)
}

// put writes a pair, and brings the sum of the bucket up to date. bbolt has checksums of nothing but its two first pages, and a
// flipped bit can make it pass over a pair as if it had never been there. So a bucket's sequence number, which we have no other use
// for, is the sum of what must be in it.
func put(bucket *bbolt.Bucket, key, value []byte) error {
	sum := without(bucket, key) ^ digest(key, value)
	return errors.Join(bucket.Put(key, value), bucket.SetSequence(sum))
}

func remove(bucket *bbolt.Bucket, key []byte) error {
	sum := without(bucket, key)
	return errors.Join(bucket.Delete(key), bucket.SetSequence(sum))
}

// without is the sum of the bucket less a key.
func without(bucket *bbolt.Bucket, key []byte) uint64 {
	sum := bucket.Sequence()
	if value := bucket.Get(key); value != nil {
		sum ^= digest(key, value)
	}
	return sum
}

func digest(key, value []byte) uint64 {
	hash := fnv.New64a()
	_, _ = hash.Write(binary.AppendUvarint(nil, uint64(len(key))))
	_, _ = hash.Write(key)
	_, _ = hash.Write(value)
	return hash.Sum64()
}
