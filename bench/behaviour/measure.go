package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// result is a row with a cell for each library. The first library is this project's client.
type result struct {
	row
	cells []cell
}

// measure fills in all rows.
func measure(ctx context.Context, rows []row, libs []clients.Library) ([]result, error) {
	results := make([]result, len(rows))
	for i, r := range rows {
		results[i] = result{row: r, cells: make([]cell, len(libs))}
	}
	var (
		running sync.WaitGroup
		mu      sync.Mutex
		failed  error
	)
	fill := func(r *result, lib int) {
		var err error
		if r.cells[lib], err = r.measure(ctx, libs[lib]); err != nil {
			mu.Lock()
			defer mu.Unlock()
			failed = fmt.Errorf("%s: %s: %w", r.name, libs[lib].Name, err)
		}
	}
	for _, now := range []phase{alone, together, inTurn} {
		for i := range results {
			if results[i].when != now {
				continue
			}
			for lib := range libs {
				if now == alone {
					fill(&results[i], lib)
					continue
				}
				running.Go(func() { fill(&results[i], lib) })
			}
			if now == inTurn {
				running.Wait()
			}
		}
		running.Wait()
	}
	return results, failed
}

// verdict compares this project's client with the best of the others.
type verdict string

const (
	won       verdict = "won"
	equal     verdict = "equal to the best"
	lost      verdict = "lost"
	none      verdict = "none does it well"
	unmatched verdict = "nothing to compare with"
)

func (r result) verdict() verdict {
	own, best, others := r.cells[0], 0, 0
	for _, c := range r.cells[1:] {
		if c.missing != "" {
			continue
		}
		if others++; others == 1 || c.score > best {
			best = c.score
		}
	}
	switch {
	case own.missing != "":
		return lost
	case others == 0:
		return unmatched
	case own.score > best:
		return won
	case own.score == best && own.score < r.goal:
		return none
	case own.score == best:
		return equal
	}
	return lost
}

// isBest reports whether a cell has the highest score of its row. It is false if the row's verdict
// is none or unmatched.
func (r result) isBest(c cell) bool {
	if v := r.verdict(); c.missing != "" || v == none || v == unmatched {
		return false
	}
	for _, other := range r.cells {
		if other.missing == "" && other.score > c.score {
			return false
		}
	}
	return true
}
