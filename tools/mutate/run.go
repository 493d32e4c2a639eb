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

// runner runs the test binaries that hold all mutants.
type runner struct {
	dir, tmp string
	suites   []suite
	tests    []test // the quick ones first
}

// suite is the test binary of a package, and the directory that it runs in.
type suite struct{ binary, dir string }

// test is a test, example or fuzz test at top level.
type test struct {
	suite   suite
	name    string
	took    time.Duration
	reaches map[int]bool // by id
}

// quick is the total time of the tests that a mutant is tried with first. Each further round has
// four times as much.
const quick = 300 * time.Millisecond

// build makes the i-th binary, of a package's tests.
func (r *runner) build(ctx context.Context, i int, pkg string) error {
	s := suite{binary: filepath.Join(r.tmp, fmt.Sprintf("mutated%d.test", i)), dir: filepath.Join(r.dir, pkg)}
	cmd := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", filepath.Join(r.tmp, "overlay.json"), "-o", s.binary, ".")
	cmd.Dir = s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the mutants don't compile: %w\n%s", err, out)
	}
	r.suites = append(r.suites, s)
	return nil
}

// trace runs each test by itself, without a mutant, and notes which ones it reaches.
func (r *runner) trace(ctx context.Context, skip string) error {
	skipped, err := regexp.Compile(cmp.Or(skip, "^$"))
	if err != nil {
		return err
	}
	for _, s := range r.suites {
		cmd := exec.CommandContext(ctx, s.binary, "-test.list", ".")
		cmd.Dir = s.dir
		out, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("listing the tests in %s: %w", s.dir, err)
		}
		for name := range strings.FieldsSeq(string(out)) {
			if !strings.HasPrefix(name, "Benchmark") && !skipped.MatchString(name) {
				r.tests = append(r.tests, test{suite: s, name: name})
			}
		}
	}
	errs := make([]error, len(r.tests))
	inParallel(len(r.tests), func(i int) {
		errs[i] = r.tests[i].trace(ctx, filepath.Join(r.tmp, fmt.Sprintf("%d.trace", i)))
	})
	slices.SortStableFunc(r.tests, func(a, b test) int { return cmp.Compare(a.took, b.took) })
	return errors.Join(errs...)
}

// trace runs the test without a mutant. The ids of those that it reaches go through a file.
func (t *test) trace(ctx context.Context, file string) error {
	start := time.Now()
	passed, out := t.suite.run(ctx, time.Minute, []string{t.name}, "MUTANT_TRACE="+file)
	t.took = time.Since(start)
	if !passed {
		return fmt.Errorf("%s fails without a mutant:\n%s", t.name, out)
	}
	ids, err := os.ReadFile(file)
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

// noticed reports whether one of the tests fails, or hangs, with the mutant.
func (r *runner) noticed(ctx context.Context, m mutant, tests []test) bool {
	for budget := quick; len(tests) > 0; budget *= 4 {
		names := make(map[suite][]string)
		var took time.Duration
		for len(tests) > 0 && took < budget {
			t := tests[0]
			names[t.suite], took, tests = append(names[t.suite], t.name), took+t.took, tests[1:]
		}
		for s, names := range names {
			if passed, _ := s.run(ctx, 3*time.Second+5*took, names, "MUTANT="+strconv.Itoa(m.id)); !passed {
				return true
			}
		}
	}
	return false
}

func (s suite) run(ctx context.Context, limit time.Duration, tests []string, env string) (passed bool, output []byte) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.binary, "-test.failfast", "-test.run", "^("+strings.Join(tests, "|")+")$")
	cmd.Dir, cmd.Env, cmd.WaitDelay = s.dir, append(os.Environ(), env), time.Second
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
