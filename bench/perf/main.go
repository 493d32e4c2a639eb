// Perf measures the time, bytes and allocations of the same work in this project's client, in
// hand-written net/http, and in other clients.
//
//	go -C bench run ./perf          # prints the tables, in two to three minutes
//	go -C bench run ./perf -write   # writes docs/performance.md and docs/performance.svg, too
//	GOTOOLCHAIN=go1.27.3 go -C bench run ./perf -write   # the same for Go 1.27
//	go -C bench run ./perf -quick   # takes seconds; fails if this client allocates more
//
// With -quick it compares this client with the hand-written one. It uses only the loopback network.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

const timeLimit = 4 * time.Minute

// docName is the name of the page and of its plot.
func docName() string {
	if newJSON {
		return newJSONName
	}
	return "performance"
}

const newJSONName = "performance-go1.27"

// effort is how long to measure a work: rounds while the budget lasts, with a minimum number. Each
// round measures every side once.
type effort struct {
	budget time.Duration
	least  int
	turn   time.Duration
}

// On a busy machine many short turns are more reliable than a few long ones.
var (
	full  = effort{budget: 14 * time.Second, least: 7, turn: 40 * time.Millisecond}
	quick = effort{least: 3, turn: 10 * time.Millisecond}
)

func main() {
	write := flag.Bool("write", false, "write docs/performance.md and its plot, or those of Go 1.27, from the directory bench")
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
	path := "../docs/" + docName()
	if err := os.WriteFile(path+".svg", []byte(plot(results)), 0o644); err != nil {
		return err
	}
	return os.WriteFile(path+".md", []byte(page(results, how, took)), 0o644)
}
