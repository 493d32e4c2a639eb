package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// runner runs the test binary that holds all mutants.
type runner struct {
	dir, tmp string
	tests    []test // the quick ones first
}

// test is a test, example or fuzz test at top level.
type test struct {
	name    string
	took    time.Duration
	reaches map[int]bool // by id
}

// quick is how long the tests take, in sum, that a mutant is tried with first. Then come four times as many.
const quick = 300 * time.Millisecond

func (r *runner) binary() string { return filepath.Join(r.tmp, "mutated.test") }

func (r *runner) build(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", filepath.Join(r.tmp, "overlay.json"), "-o", r.binary(), ".")
	cmd.Dir = r.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the mutants don't compile: %w\n%s", err, out)
	}
	return nil
}

// trace runs each test by itself, without a mutant, and notes which ones it reaches.
func (r *runner) trace(ctx context.Context, skip string) error {
	cmd := exec.CommandContext(ctx, r.binary(), "-test.list", ".")
	cmd.Dir = r.dir
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("listing the tests: %w", err)
	}
	skipped, err := regexp.Compile(cmp.Or(skip, "^$"))
	if err != nil {
		return err
	}
	for name := range strings.FieldsSeq(string(out)) {
		if !strings.HasPrefix(name, "Benchmark") && !skipped.MatchString(name) {
			r.tests = append(r.tests, test{name: name})
		}
	}
	errs := make([]error, len(r.tests))
	inParallel(len(r.tests), func(i int) { errs[i] = r.traceOne(ctx, &r.tests[i]) })
	slices.SortStableFunc(r.tests, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	return errors.Join(errs...)
}

func (r *runner) traceOne(ctx context.Context, t *test) error {
	trace := filepath.Join(r.tmp, t.name+".trace")
	start := time.Now()
	passed, out := r.run(ctx, time.Minute, []string{t.name}, "MUTANT_TRACE="+trace)
	t.took = time.Since(start)
	if !passed {
		return fmt.Errorf("%s fails without a mutant:\n%s", t.name, out)
	}
	ids, err := os.ReadFile(trace)
	if err != nil {
		return err
	}
	t.reaches = make(map[int]bool)
	for line := range bytes.Lines(ids) {
		id, err := strconv.Atoi(string(bytes.TrimSpace(line)))
		if err != nil {
			return err
		}
		t.reaches[id] = true
	}
	return nil
}

// tryAll returns the mutants that no test noticed, and those that no test reached.
func (r *runner) tryAll(ctx context.Context, mutants []mutant) (survivors, unreached []mutant, err error) {
	type fate int
	const (
		noticed fate = iota
		survived
		missed
	)
	fates := make([]fate, len(mutants))
	inParallel(len(mutants), func(i int) {
		switch tests := r.reaching(mutants[i].id); {
		case len(tests) == 0:
			fates[i] = missed
		case !r.noticed(ctx, mutants[i], tests):
			fates[i] = survived
		}
	})
	for i, m := range mutants {
		switch fates[i] {
		case survived:
			survivors = append(survivors, m)
		case missed:
			unreached = append(unreached, m)
		}
	}
	return survivors, unreached, ctx.Err()
}

func (r *runner) reaching(id int) []test {
	return slices.DeleteFunc(slices.Clone(r.tests), func(t test) bool { return !t.reaches[id] })
}

// noticed tells if one of the tests fails, or hangs, with the mutant.
func (r *runner) noticed(ctx context.Context, m mutant, tests []test) bool {
	for budget := quick; len(tests) > 0; budget *= 4 {
		var names []string
		var took time.Duration
		for len(tests) > 0 && took < budget {
			names, took, tests = append(names, tests[0].name), took+tests[0].took, tests[1:]
		}
		passed, _ := r.run(ctx, 3*time.Second+5*took, names, "MUTANT="+strconv.Itoa(m.id))
		if !passed {
			return true
		}
	}
	return false
}

func (r *runner) run(ctx context.Context, limit time.Duration, tests []string, env string) (passed bool, output []byte) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.binary(), "-test.failfast", "-test.run", "^("+strings.Join(tests, "|")+")$")
	cmd.Dir, cmd.Env, cmd.WaitDelay = r.dir, append(os.Environ(), env), time.Second
	output, err := cmd.CombinedOutput()
	return err == nil, output
}

func inParallel(n int, work func(int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 2 * runtime.NumCPU() { // many tests wait more than they compute
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	wg.Wait()
}
