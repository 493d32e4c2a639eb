// Package ledgertest has the rules that every [voiceagent.SharedLedger] keeps, so that each ledger
// is tested against the same ones. It doesn't import testing.
package ledgertest

import (
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// Begun returns an entry as it is begun, with a value in every field that Begin is given.
func Begun(key string) voiceagent.LedgerEntry {
	return voiceagent.LedgerEntry{
		Key: key, Fingerprint: "f", Twin: "t", State: voiceagent.LedgerOpen,
		Began: time.Unix(1_700_000_000, 5).UTC(), Ahead: -time.Minute, AheadKnown: true,
		Witnesses: []voiceagent.LedgerWitness{
			{IDs: []string{"call_0", "session_0"}, Age: 3 * time.Second, Took: 200 * time.Millisecond},
		},
	}
}

// Other returns Begun with other parameters.
func Other(key string) voiceagent.LedgerEntry {
	e := Begun(key)
	e.Fingerprint = "g"
	return e
}

// Unequal returns Begun with another twin.
func Unequal(key string) voiceagent.LedgerEntry {
	e := Other(key)
	e.Twin = "u"
	return e
}

// Unknown returns Begun as it ends when nobody knows what became of it.
func Unknown(key string) voiceagent.LedgerEntry {
	e := Begun(key)
	e.State = voiceagent.LedgerUnknown
	return e
}

// Done returns Begun as it ends when it made what has the IDs.
func Done(key string, ids ...string) voiceagent.LedgerEntry {
	e := Begun(key)
	e.State, e.IDs, e.Record = voiceagent.LedgerDone, ids, []byte(`{"id":"call_1"}`)
	return e
}
