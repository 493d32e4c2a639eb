package main

import (
	"context"
	"go/version"
	"runtime"
)

// work is what all sides do.
type work struct {
	name       string
	op         func(client, context.Context) error
	loopback   bool // or in memory
	goroutines int
	attempts   int
	limit      *limit
}

// limit is what this project's client is to reach.
type limit struct {
	what  string
	of    func(result) comparison
	value float64
	least bool // or at most
	// withinSpread is met by a quarter of the rounds.
	withinSpread bool
}

// newJSON reports whether this is Go 1.27 or later, whose encoding/json is much faster.
var newJSON = version.Compare(runtime.Version(), "go1.27") >= 0

// timeAtMost limits the time with Go 1.26. With a later one this client may take as long as the
// hand-written one.
func timeAtMost(value float64) *limit {
	l := &limit{what: "time, of the hand-written client's", of: func(r result) comparison { return r.against(ours, timeOf) }, value: value}
	if newJSON {
		l.value, l.withinSpread = 1, true
	}
	return l
}

const callers = 64

func works() []work {
	var all []work
	for _, w := range []struct {
		name             string
		op               func(client, context.Context) error
		memory, loopback *limit
	}{
		{"GET one record", client.get, timeAtMost(0.70), timeAtMost(0.97)},
		{"POST 1 KB", client.create, timeAtMost(0.70), timeAtMost(0.97)},
		{"page of 100 calls with transcripts", client.list, timeAtMost(0.60), timeAtMost(0.70)},
		{"POST 2 MB", client.campaign, nil, nil},
	} {
		all = append(all,
			work{name: w.name, op: w.op, goroutines: 1, attempts: 1, limit: w.memory},
			work{name: w.name, op: w.op, goroutines: 1, attempts: 1, limit: w.loopback, loopback: true})
	}
	return append(all,
		work{name: "64 goroutines GET one record", op: client.get, goroutines: callers, attempts: 1, loopback: true, limit: &limit{
			what: "requests per second, of the hand-written client's", of: func(r result) comparison { return r.against(ours, rateOf) }, value: 0.95, least: true}},
		work{name: "2 MB, three attempts", op: client.campaign, goroutines: 1, attempts: 1 + retries, limit: &limit{
			what: "bytes allocated, of the encoded size", of: func(r result) comparison { return r.perByte(ours) }, value: 1.2}})
}
