package otelvoiceagent_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// TestPageListsEverything compares docs/observability.md with the telemetry of a long story, both
// ways.
func TestPageListsEverything(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../docs/observability.md")
	require.NoError(t, err)
	page := string(data)
	synctest.Test(t, func(t *testing.T) {
		seen := record(t)
		tellStory(t, seen)

		listed := map[string]set{"call": {}, "request": {}, "wait": {}}
		for _, row := range tableRows(page, "attribute") {
			for i, where := range []string{"call", "request", "wait"} {
				if row[i+1] == "yes" {
					listed[where].add(names(row[0])...)
				}
			}
		}
		assert.Equal(t, listed, attributesOf(seen))

		metrics := map[string][]string{}
		for name, m := range seen.metrics(t) {
			keys := set{}
			for _, attrs := range attributeSets(m) {
				keys.addKeys(attrs.ToSlice())
			}
			metrics[name] = append([]string{m.Unit}, keys.sorted()...)
		}
		listedMetrics := map[string][]string{}
		for _, row := range tableRows(page, "metric") {
			attrs := names(row[3])
			slices.Sort(attrs)
			listedMetrics[names(row[0])[0]] = append(names(row[2]), attrs...)
		}
		assert.Equal(t, listedMetrics, metrics)
		assert.Contains(t, seen.tree(), names(tableRows(page, "span")[0][0])[0])
		assert.Contains(t, seen.tree(), "  "+names(tableRows(page, "span")[1][0])[0])
	})
}

// attributesOf returns the keys that stand on calls, requests and waits.
func attributesOf(seen *recorder) map[string]set {
	found := map[string]set{"call": {}, "request": {}, "wait": {}}
	for _, span := range seen.spans.GetSpans() {
		where := "call"
		if span.SpanKind == trace.SpanKindClient {
			where = "request"
		}
		found[where].addKeys(span.Attributes)
		for _, event := range span.Events {
			where := strings.TrimPrefix(event.Name, "voiceagent.")
			if found[where] == nil {
				found[where] = set{}
			}
			found[where].addKeys(event.Attributes)
		}
	}
	return found
}

// TestPageListsEveryValue looks for the constants of the code: types of errors, outcomes, kinds of
// wait.
func TestPageListsEveryValue(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/observability.md")
	require.NoError(t, err)
	constant := regexp.MustCompile(`(?m)^\t(?:error|outcome|Wait)[A-Z]\w* +(?:WaitKind )?= "([^"]+)"`)
	found := 0
	for _, file := range []string{"errortype.go", "tracer.go", "attributes.go", "../tracer.go"} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range constant.FindAllSubmatch(source, -1) {
			found++
			assert.Contains(t, string(page), "`"+string(match[1])+"`", file)
		}
	}
	assert.Equal(t, 18, found, "constants")
}

// TestPageShowsTheExample keeps the page's snippet the one that is compiled.
func TestPageShowsTheExample(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/observability.md")
	require.NoError(t, err)
	example, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	_, snippet, _ := strings.Cut(string(page), "```go\n")
	snippet, _, found := strings.Cut(snippet, "```")
	require.True(t, found)
	assert.Contains(t, strings.ReplaceAll(string(example), "\n\t", "\n"), snippet)
}

// tableRows returns the cells of the table whose first column has that title.
func tableRows(page, title string) (rows [][]string) {
	_, table, _ := strings.Cut(page, "\n| "+title+" |")
	table, _, _ = strings.Cut(table, "\n\n")
	for _, line := range strings.Split(table, "\n")[2:] {
		var cells []string
		for cell := range strings.SplitSeq(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.TrimSpace(cell))
		}
		rows = append(rows, cells)
	}
	return rows
}

var quoted = regexp.MustCompile("`([^`]+)`")

// names returns what stands in backquotes.
func names(cell string) (found []string) {
	for _, match := range quoted.FindAllStringSubmatch(cell, -1) {
		found = append(found, match[1])
	}
	return found
}

type set map[string]bool

func (s set) add(names ...string) {
	for _, name := range names {
		s[name] = true
	}
}

func (s set) addKeys(attrs []attribute.KeyValue) {
	for _, a := range attrs {
		s.add(string(a.Key))
	}
}

func (s set) sorted() []string { return slices.Sorted(maps.Keys(s)) }
