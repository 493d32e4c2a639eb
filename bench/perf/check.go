package main

import (
	"errors"
	"fmt"
)

// checkMemory fails if this client needs more bytes or allocations than the hand-written one. These
// numbers hardly depend on the machine. Over loopback they include the server's, so only the
// measurements in memory are checked.
func checkMemory(results []result) error {
	var bad []error
	for _, r := range results {
		if r.loopback {
			continue
		}
		for _, c := range []struct {
			what string
			of   func(sample) float64
		}{{"bytes", bytesOf}, {"allocations", allocationsOf}} {
			if got := r.against(ours, c.of).ratio; got > 1 {
				bad = append(bad, fmt.Errorf("%s: this client needs %.2f times the %s of hand-written net/http (%.0f to %.0f)",
					r.name, got, c.what, r.of(ours, c.of).median(), r.of(hand, c.of).median()))
			}
		}
		if r.attempts > 1 && !r.meets() {
			bad = append(bad, fmt.Errorf("%s: this client allocates %.2f times the encoded size, %.2f are allowed",
				r.name, r.perByte(ours).ratio, r.limit.value))
		}
	}
	return errors.Join(bad...)
}
