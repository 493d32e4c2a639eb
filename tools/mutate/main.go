// Command mutate reports how many faults the tests of a module would notice. It puts small faults
// (mutants) into the named files, one at a time: conditions negated, comparisons moved by one,
// && and || swapped, plus and minus swapped, other values returned, statements left out. A mutant
// that no test notices is a survivor: a gap in the tests, or a fault that changes nothing.
//
//	go run ./mutate -dir .. -tests .,./test/wire -least 85 retry.go internal/reconcile/window.go
//
// All mutants are compiled into the test binary of each package whose tests are tried, and a
// variable of the environment switches one of them on. Each is tried only with the tests that reach
// it, the quick ones first. The files themselves are left alone (go test -overlay).
//
// gremlins 0.6 was tried in its place. It makes a mutant of conditions and signs alone, takes what
// stands in a case for not covered (22 of 27 mutants of internal/lifecycle), and tries only the
// tests of the mutant's own package, compiled anew for each: five minutes for four packages.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	var c checking
	flag.StringVar(&c.dir, "dir", ".", "the directory that the files and the packages are relative to")
	tests := flag.String("tests", ".", "the packages whose tests are tried, with commas between them")
	flag.StringVar(&c.skip, "skip", "", "a regular expression: tests that are left out")
	flag.IntVar(&c.sample, "sample", 0, "try only so many mutants, always the same ones; 0 for all")
	least := flag.Float64("least", 0, "fail if fewer than so many percent are noticed")
	flag.Parse()
	c.files, c.tests = flag.Args(), strings.Split(*tests, ",")

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	score, err := c.run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	}
	if score < *least {
		fmt.Fprintf(os.Stderr, "mutate: %.1f %% noticed, at least %v %% are needed: test what the survivors change\n", score, *least)
		os.Exit(1)
	}
}

// checking says what is tried.
type checking struct {
	dir, skip    string
	sample       int
	files, tests []string
}

// run prints the survivors, and returns how many percent of the mutants were noticed.
func (c *checking) run(ctx context.Context, out io.Writer) (float64, error) {
	if len(c.files) == 0 {
		return 0, errors.New("name the files to put mutants into")
	}
	start := time.Now()
	tmp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tmp)
	mutants, err := instrument(ctx, c.dir, tmp, c.files)
	if err != nil {
		return 0, err
	}
	if len(mutants) == 0 {
		return 0, errors.New("there is nothing to put mutants into")
	}
	all := len(mutants)
	mutants = c.some(mutants)
	r := &runner{dir: c.dir, tmp: tmp}
	for i, pkg := range c.tests {
		if err := r.build(ctx, i, pkg); err != nil {
			return 0, err
		}
	}
	if err := r.trace(ctx, c.skip); err != nil {
		return 0, err
	}
	fmt.Fprintf(out, "%d of %d mutants, %d tests, ready after %v\n", len(mutants), all, len(r.tests), time.Since(start).Round(time.Second))
	survivors, unreached, err := r.tryAll(ctx, mutants)
	if err != nil {
		return 0, err
	}
	for _, m := range survivors {
		fmt.Fprintln(out, "survived:", m)
	}
	for _, m := range unreached {
		fmt.Fprintln(out, "not reached:", m)
	}
	noticed := len(mutants) - len(survivors) - len(unreached)
	score := 100 * float64(noticed) / float64(len(mutants))
	fmt.Fprintf(out, "%d of %d noticed (%.1f %%) in %v\n", noticed, len(mutants), score, time.Since(start).Round(time.Second))
	return score, nil
}

// some draws the sample.
func (c *checking) some(mutants []mutant) []mutant {
	if c.sample <= 0 || c.sample >= len(mutants) {
		return mutants
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(mutants), func(i, j int) { mutants[i], mutants[j] = mutants[j], mutants[i] })
	mutants = mutants[:c.sample]
	slices.SortFunc(mutants, func(a, b mutant) int { return a.id - b.id })
	return mutants
}
