// Package reconcile decides whether a record of a list can be the one that a lost answer was about.
//
// Two tests decide. The narrow test takes a record as ours, the wide test rules it out. A record
// that is neither taken nor ruled out leaves doubt: a record that isn't recognised may still be
// ours.
package reconcile

// Verdict is what a test says of a record. Of several tests the lowest verdict counts.
type Verdict uint8

// The verdicts, from the lowest.
const (
	Not   Verdict = iota // it can't be ours in any form
	Maybe                // it may be ours
	Ours                 // it is ours, as far as it shows
)
