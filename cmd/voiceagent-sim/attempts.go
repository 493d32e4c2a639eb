package main

import (
	"net/http"
	"time"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// repeatWithin is how long after a failed answer an equal request is taken for its repetition:
// longer than a window and any wait of the client.
const repeatWithin = 2 * time.Minute

// failure is a request that failed and that nobody has repeated yet.
type failure struct {
	attempt int
	ended   time.Time
}

// attempts works out which attempt each request is, as no header says so. POSTs with an
// Idempotency-Key are counted by it. Any other request is the next attempt of an equal one that
// failed before it began, or else a first. Each failure is repeated once, so that equal requests at
// the same time aren't taken for attempts of one.
func attempts(list []voiceagenttest.Request) []int {
	byKey := make(map[string]int)
	failures := make(map[string][]failure)
	numbers := make([]int, len(list))
	for i, r := range list {
		caller := r.Header.Get("Authorization") + " " + r.Method + " " + r.Path
		if key := r.Header.Get("Idempotency-Key"); key != "" && r.Method == http.MethodPost {
			byKey[caller+" "+key]++
			numbers[i] = byKey[caller+" "+key]
			continue
		}
		same := caller + "?" + r.Query.Encode()
		numbers[i] = 1
		for n, f := range failures[same] {
			if !f.ended.After(r.Time) && r.Time.Sub(f.ended) < repeatWithin {
				numbers[i] = f.attempt + 1
				failures[same] = append(failures[same][:n], failures[same][n+1:]...)
				break
			}
		}
		if failed(r) {
			failures[same] = append(failures[same], failure{numbers[i], r.Time.Add(r.Duration)})
		}
	}
	return numbers
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
