package boltledger

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"

	"go.etcd.io/bbolt"

	"github.com/voiceagent-go/voiceagent"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// encode writes an entry as JSON behind its checksum. bbolt checks its own pages' headers, but not what is in them.
func encode(entry voiceagent.LedgerEntry) ([]byte, error) {
	data, err := json.Marshal(entry)
	if err != nil {
		return nil, err
	}
	return append(binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli)), data...), nil
}

func decode(key, value []byte) (entry voiceagent.LedgerEntry, err error) {
	if len(value) < 4 || binary.BigEndian.Uint32(value) != crc32.Checksum(value[4:], castagnoli) {
		return entry, fmt.Errorf("the entry under key %s is damaged: its checksum is wrong", key)
	}
	if err := json.Unmarshal(value[4:], &entry); err != nil {
		return entry, fmt.Errorf("the entry under key %s is damaged: %w", key, err)
	}
	if entry.Key != string(key) {
		return entry, fmt.Errorf("the entry under key %s is damaged: it is that of key %s", key, entry.Key)
	}
	return entry, nil
}

func get(tx *bbolt.Tx, key string) (entry voiceagent.LedgerEntry, found bool, err error) {
	value := tx.Bucket(entriesBucket).Get([]byte(key))
	if value == nil {
		return entry, false, nil
	}
	entry, err = decode([]byte(key), value)
	return entry, true, err
}

func put(tx *bbolt.Tx, entry voiceagent.LedgerEntry) error {
	if entry.Key == "" {
		return errors.New("an entry needs a key")
	}
	value, err := encode(entry)
	if err != nil {
		return err
	}
	return tx.Bucket(entriesBucket).Put([]byte(entry.Key), value)
}
