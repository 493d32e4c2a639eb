package redisvoiceagent

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/voiceagent-go/voiceagent"
)

func encodeEntry(entry voiceagent.LedgerEntry) (string, error) {
	switch {
	case entry.Key == "":
		return "", errors.New("an entry needs a key")
	case entry.State == "":
		return "", errors.New("an entry needs a state")
	}
	data, err := json.Marshal(entry)
	return string(data), err
}

// decodeEntry reads an entry from Redis. The fields that the scripts need are stored next to the
// JSON too, as the scripts don't read JSON.
func decodeEntry(key, data, fingerprint, state string) (entry voiceagent.LedgerEntry, err error) {
	if err := json.Unmarshal([]byte(data), &entry); err != nil {
		return entry, fmt.Errorf("the entry is damaged: %w", err)
	}
	switch {
	case entry.Key != key:
		return entry, fmt.Errorf("the entry is damaged: it is that of key %q", entry.Key)
	case entry.Fingerprint != fingerprint:
		return entry, errors.New("the entry is damaged: it has two fingerprints")
	case string(entry.State) != state:
		return entry, fmt.Errorf("the entry is damaged: it is both %s and %s", entry.State, state)
	}
	return entry, nil
}

// standing is the entry in an answer; false when there is none.
func (a ledgerAnswer) standing(key string) (entry voiceagent.LedgerEntry, found bool, err error) {
	if len(a) < 4 {
		return entry, false, nil
	}
	entry, err = decodeEntry(key, a[1], a[2], a[3])
	return entry, true, err
}
