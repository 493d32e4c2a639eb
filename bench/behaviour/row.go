package main

import (
	"context"
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// row is one kind of failure. Its measure returns the score of a cell, where higher is better.
// Equal scores are equally good, whatever the text says.
type row struct {
	name    string
	rule    string // what the score is, in words
	goal    int    // the score of a client that does it well
	note    string // what a reader must know
	noisy   bool   // a busy machine can turn its verdict, so no test goes by it
	when    phase
	measure func(ctx context.Context, lib clients.Library) (cell, error)
}

// phase is when a row is measured, as some would disturb others.
type phase int

const (
	together phase = iota // with all rows that mostly wait
	alone                 // one client at a time, with nothing else going on
	inTurn                // all clients, and no other row
)

// cell is what was measured with one library.
type cell struct {
	text    string
	score   int
	missing string // why there is no measurement
}

func missing(why string) (cell, error) { return cell{text: "n/a", missing: why}, nil }

// rows are all rows in the order of the table.
func rows(size rateLimitSize) []row {
	all := lostRows()
	all = append(all, triesRows()...)
	all = append(all, waitRows()...)
	all = append(all, connectionRows()...)
	all = append(all, redirectRows()...)
	all = append(all, secretRows()...)
	all = append(all, pathRows()...)
	return append(all, rateLimitRows(size)...)
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
