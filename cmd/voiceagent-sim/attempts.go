package main

import (
	"net/http"
	"time"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// repeatWithin is how long after a failed answer an equal request is taken for its repetition:
// longer than a window and any wait of the client.
const repeatWithin = 2 * time.Minute

// attempt is the place of a request among those that a client sent for one call of its own.
type attempt struct {
	number int // from 1
	first  int // the index of the first of them
}

// failure is a request that failed and that nobody has repeated yet.
type failure struct {
	attempt
	ended time.Time
}

// attempts works out which attempt each request is, as no header says so. POSTs with an
// Idempotency-Key are counted by it. Any other request is the next attempt of an equal one that
// failed before it began, or else a first. Each failure is repeated once, so that equal requests at
// the same time aren't taken for attempts of one.
func attempts(list []voiceagenttest.Request) []attempt {
	byKey := make(map[string]attempt)
	failures := make(map[string][]failure)
	found := make([]attempt, len(list))
	for i, r := range list {
		caller := r.Header.Get("Authorization") + " " + r.Method + " " + r.Path
		if key := r.Header.Get("Idempotency-Key"); key != "" && r.Method == http.MethodPost {
			last, repeats := byKey[caller+" "+key]
			if !repeats {
				last.first = i
			}
			found[i] = attempt{last.number + 1, last.first}
			byKey[caller+" "+key] = found[i]
			continue
		}
		same := caller + "?" + r.Query.Encode()
		found[i] = attempt{1, i}
		for n, f := range failures[same] {
			if !f.ended.After(r.Time) && r.Time.Sub(f.ended) < repeatWithin {
				found[i] = attempt{f.number + 1, f.first}
				failures[same] = append(failures[same][:n], failures[same][n+1:]...)
				break
			}
		}
		if failed(r) {
			failures[same] = append(failures[same], failure{found[i], r.Time.Add(r.Duration)})
		}
	}
	return found
}

// failed reports whether a client repeats a request that was answered so.
func failed(r voiceagenttest.Request) bool {
	return r.Status == 0 && !pending(r) || r.Status == http.StatusTooManyRequests || r.Status >= 500 || r.Fault == voiceagenttest.CutBody
}

// pending reports whether the simulator is still busy with a request, or makes it hang. One whose
// connection was dropped on purpose isn't: it takes no time that every system's clock can see.
func pending(r voiceagenttest.Request) bool {
	switch r.Fault {
	case voiceagenttest.DropBefore, voiceagenttest.DropAfter, voiceagenttest.Refuse, voiceagenttest.BreakWrite:
		return false
	default:
		return r.Status == 0 && r.Duration == 0
	}
}
