package boltledger

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"go.etcd.io/bbolt"

	"github.com/voiceagent-go/voiceagent"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal returns a value behind the checksum of its key and itself, as bbolt has none of what it
// stores.
func seal(key, data []byte) []byte {
	sum := crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, data)
	return append(binary.BigEndian.AppendUint32(nil, sum), data...)
}

// unseal returns what was sealed, and an error with the key if it isn't what was written.
func unseal(key, value []byte) ([]byte, error) {
	if len(value) < crc32.Size || !bytes.Equal(value, seal(key, value[crc32.Size:])) {
		return nil, fmt.Errorf("%w: what is under key %q has a wrong checksum", errDamaged, key)
	}
	return value[crc32.Size:], nil
}

func getEntry(tx *bbolt.Tx, key string) (entry voiceagent.LedgerEntry, found bool, err error) {
	value := tx.Bucket(entriesBucket).Get([]byte(key))
	if value == nil {
		return entry, false, nil
	}
	data, err := unseal([]byte(key), value)
	if err == nil {
		err = json.Unmarshal(data, &entry)
	}
	if err != nil {
		err = fmt.Errorf("the entry under key %q can't be read: %w", key, err)
	}
	return entry, true, err
}

func putEntry(tx *bbolt.Tx, entry voiceagent.LedgerEntry) error {
	if entry.Key == "" {
		return errors.New("an entry needs a key")
	}
	data, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	return put(tx.Bucket(entriesBucket), entry.Key, data)
}

func put(bucket *bbolt.Bucket, key string, data []byte) error {
	return bucket.Put([]byte(key), seal([]byte(key), data))
}

// claim notes that an id belongs to a key, unless it belongs to another.
func claim(tx *bbolt.Tx, id, key string) error {
	owners := tx.Bucket(ownersBucket)
	if value := owners.Get([]byte(id)); value != nil {
		owner, err := unseal([]byte(id), value)
		if err != nil {
			return err
		}
		if string(owner) != key {
			return voiceagent.ErrLedgerTaken
		}
	}
	return put(owners, id, []byte(key))
}
