// Perf measures the same work done by this project's client, by hand-written net/http, and by other clients: time, bytes and allocations.
//
//	go -C bench run ./perf          # prints the tables, in two to three minutes
//	go -C bench run ./perf -write   # writes docs/performance.md and docs/performance.svg, too
//	go -C bench run ./perf -quick   # in seconds: fails where this client allocates more than the hand-written one
//
// It uses the loopback network alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

const (
	docPage   = "../docs/performance.md"
	docPlot   = "../docs/performance.svg"
	timeLimit = 4 * time.Minute
)

// effort is how long to measure a work: round after round while the budget lasts, but some in any case. In a round every side has its turn.
type effort struct {
	budget time.Duration
	least  int
	turn   time.Duration
}

// Many short turns tell more than a few long ones on a machine that does other things, too.
var (
	full  = effort{budget: 14 * time.Second, least: 7, turn: 40 * time.Millisecond}
	quick = effort{least: 3, turn: 10 * time.Millisecond}
)

func main() {
	write := flag.Bool("write", false, "write "+docPage+" and "+docPlot+", from the directory bench")
	smoke := flag.Bool("quick", false, "take seconds, and judge bytes and allocations alone")
	flag.Parse()
	if err := run(*write, *smoke); err != nil {
		fmt.Fprintln(os.Stderr, "perf:", err)
		os.Exit(1)
	}
}

func run(write, smoke bool) error {
	if write && smoke {
		return errors.New("-write is for a full run: leave -quick out")
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	how := full
	if smoke {
		how = quick
	}
	began := time.Now()
	results, err := measureAll(ctx, works(), sides(), how)
	if err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Fprint(os.Stdout, tables(results))
	if smoke {
		fmt.Fprintf(os.Stdout, "\nA smoke run of %v: its times say nothing.\n", took.Round(time.Second))
		return checkMemory(results)
	}
	fmt.Fprint(os.Stdout, "\n"+targets(results))
	if !write {
		return nil
	}
	if err := os.WriteFile(docPlot, []byte(plot(results)), 0o644); err != nil {
		return err
	}
	return os.WriteFile(docPage, []byte(page(results, how, took)), 0o644)
}
