package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const code = `package sample

import "errors"

var notes []string

func Pay(balance, price int, members ...string) (rest int, err error) {
	if price > balance || len(members) == 0 {
		return 0, errors.New("no")
	}
	notes = append(notes, "paid")
	return max(balance-price, 0), nil
}

func Unused(a, b bool) bool { return a && b }
`

const strong = `package sample

import "testing"

func TestPay(t *testing.T) {
	for _, c := range []struct{ balance, price, rest int; members []string; ok bool }{
		{5, 3, 2, []string{"a"}, true}, {5, 5, 0, []string{"a"}, true}, {5, 6, 0, []string{"a"}, false}, {5, 3, 0, nil, false},
	} {
		notes = nil
		rest, err := Pay(c.balance, c.price, c.members...)
		if rest != c.rest || (err == nil) != c.ok || (len(notes) == 1) != c.ok {
			t.Fatal(c, rest, err, notes)
		}
	}
}

func TestUnused(t *testing.T) {
	if !Unused(true, true) || Unused(true, false) || Unused(false, true) {
		t.Fatal()
	}
}
`

const weak = `package sample

import "testing"

func TestPay(t *testing.T) {
	if _, err := Pay(5, 3, "a"); err != nil {
		t.Fatal(err)
	}
}
`

// mutate puts mutants into code, and tries them with the tests.
func mutate(t *testing.T, code, tests string, sample int) (score float64, output string, err error) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/sample\n\ngo 1.26\n", "sample.go": code, "sample_test.go": tests} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	var out strings.Builder
	c := checking{dir: dir, sample: sample, files: []string{"sample.go"}, tests: []string{"."}}
	score, err = c.run(t.Context(), &out)
	return score, out.String(), err
}

func TestStrongTestsNoticeEverything(t *testing.T) {
	score, out, err := mutate(t, code, strong, 0)
	require.NoError(t, err)
	assert.InDelta(t, 100, score, 0, out)
	assert.Contains(t, out, "13 of 13 mutants, 2 tests")
	assert.NotContains(t, out, "survived")
}

func TestWeakTestsLetThemLive(t *testing.T) {
	score, out, err := mutate(t, code, weak, 0)
	require.NoError(t, err)
	assert.Less(t, score, 60.0, out)
	for _, line := range []string{
		"survived: sample.go:8:5: boundary moved\n",
		"survived: sample.go:11:2: statement left out\n",
		"survived: sample.go:12:9: the opposite of max\n",
		"survived: sample.go:12:13: the opposite of -\n",
		"not reached: sample.go:9:13: zero returned\n",
		"not reached: sample.go:15:38: || for &&\n",
	} {
		assert.Contains(t, out, line)
	}
}

// Faults in several packages are noticed by the tests of others.
func TestFaultsInOtherPackages(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":             "module example.com/sample\n\ngo 1.26\n",
		"less.go":            "package sample\n\nfunc Less(a, b int) bool { return a < b }\n",
		"inner/inner.go":     "package inner\n\nfunc Sum(a, b int) int { return a + b }\n",
		"test/less_test.go":  lessTest,
		"test/sum_test.go":   sumTest,
		"test2/less_test.go": strings.Replace(lessTest, "!sample.Less(1, 2)", "sample.Less(2, 2)", 1),
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	c := checking{dir: dir, files: []string{"less.go", "inner/inner.go"}, tests: []string{"./test"}}
	var out strings.Builder
	_, err := c.run(t.Context(), &out)
	require.NoError(t, err)
	assert.Contains(t, out.String(), "not reached: less.go:3:35: boundary moved\n")
	assert.Contains(t, out.String(), "survived: inner/inner.go:3:33: the opposite of +\n")

	c.tests = append(c.tests, "./test2")
	out.Reset()
	_, err = c.run(t.Context(), &out)
	require.NoError(t, err)
	assert.NotContains(t, out.String(), " less.go")
	assert.Contains(t, out.String(), "survived: inner/inner.go")
}

const lessTest = `package test

import (
	"testing"

	"example.com/sample"
)

func TestLess(t *testing.T) {
	if !sample.Less(1, 2) {
		t.Fatal()
	}
}
`

const sumTest = `package test

import (
	"testing"

	"example.com/sample/inner"
)

func TestSum(t *testing.T) {
	if inner.Sum(0, 0) != 0 || inner.Sum(2, 0) != 2 {
		t.Fatal()
	}
}
`

func TestSampleIsAlwaysTheSame(t *testing.T) {
	_, first, err := mutate(t, code, weak, 6)
	require.NoError(t, err)
	_, second, err := mutate(t, code, weak, 6)
	require.NoError(t, err)
	assert.Contains(t, first, "6 of 13 mutants")
	assert.Equal(t, lines(first), lines(second))
}

// lines returns what lived, without times.
func lines(out string) (lived []string) {
	for line := range strings.Lines(out) {
		if strings.Contains(line, ": sample.go:") {
			lived = append(lived, line)
		}
	}
	return lived
}

func TestTestsMustPassWithoutAMutant(t *testing.T) {
	_, _, err := mutate(t, strings.Replace(code, "a && b", "a || b", 1), strong, 0)
	require.ErrorContains(t, err, "TestUnused fails without a mutant")
	_, _, err = mutate(t, "package sample\n\nfunc broken() int { return missing }\n", "package sample\n", 0)
	require.ErrorContains(t, err, "go list in ")
}

// What would hang the tests counts as noticed.
func TestEndlessLoop(t *testing.T) {
	score, out, err := mutate(t, "package sample\n\nfunc Count(n int) (sum int) {\n\tfor i := 0; ; {\n\t\tif i == n {\n\t\t\tbreak\n\t\t}\n\t\ti++\n\t\tsum++\n\t}\n\treturn sum\n}\n",
		"package sample\n\nimport \"testing\"\n\nfunc TestCount(t *testing.T) {\n\tif Count(3) != 3 {\n\t\tt.Fatal()\n\t}\n}\n", 0)
	require.NoError(t, err)
	assert.InDelta(t, 100, score, 0, out)
}
