package redisledger

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/voiceagent-go/voiceagent"
)

func encode(entry voiceagent.LedgerEntry) (string, error) {
	switch {
	case entry.Key == "":
		return "", errors.New("an entry needs a key")
	case entry.State == "":
		return "", errors.New("an entry needs a state")
	}
	data, err := json.Marshal(entry)
	return string(data), err
}

// decode reads what a script or Redis says of an entry. Its fields stand beside it as well, as the scripts don't read JSON.
func decode(key, data, fingerprint, state string) (entry voiceagent.LedgerEntry, err error) {
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
func (a answer) standing(key string) (entry voiceagent.LedgerEntry, found bool, err error) {
	if len(a) < 4 {
		return entry, false, nil
	}
	entry, err = decode(key, a[1], a[2], a[3])
	return entry, true, err
}
