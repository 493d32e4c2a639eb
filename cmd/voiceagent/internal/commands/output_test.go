package commands

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// Each record is written as it comes. The records before an error, or before Ctrl-C, are written.
func TestListsStream(t *testing.T) {
	t.Parallel()
	for format, lines := range map[string]int{"json": 100, "csv": 101, "table": 101} {
		server, variables := newServer(t)
		server.SeedAgents(149)
		server.Fail(voiceagenttest.Fault{Method: "GET", Route: "/agents", Status: 500, Every: 2})
		got := runHere(t.Context(), variables, "agents", "list", "-o", format, "--limit", "0", "--retries", "0")
		assert.Equal(t, 10, got.code, got.errOut)
		assert.Equal(t, lines, strings.Count(got.out, "\n"), format)

		server.ClearFaults()
		got = runHere(t.Context(), variables, "agents", "list", "-o", format, "--limit", "0")
		assert.Zero(t, got.code, got.errOut)
		assert.Equal(t, lines+50, strings.Count(got.out, "\n"), "%s has all", format)
	}
}

// A reader of the first page has it while the second is on its way.
func TestTheFirstPageDoesNotWaitForTheSecond(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	server.SeedAgents(149)
	server.Fail(voiceagenttest.Fault{Method: "GET", Route: "/agents", Kind: voiceagenttest.HangBefore, Every: 2})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := &countingWriter{want: 100, enough: cancel}
	code := run(ctx, []string{"agents", "list", "-o", "json"}, strings.NewReader(""), seen, seen, func(name string) string { return variables[name] })
	assert.Equal(t, 130, code, "the second page hangs until the first has been seen")
}

type countingWriter struct {
	lines, want int
	enough      func()
}

func (w *countingWriter) Write(text []byte) (int, error) {
	if w.lines += strings.Count(string(text), "\n"); w.lines == w.want {
		w.enough()
	}
	return len(text), nil
}

func TestATableFetchesWhatItShows(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	server.SeedAgents(299)
	got := runHere(t.Context(), variables, "agents", "list")
	assert.Equal(t, 1+50, strings.Count(got.out, "\n"))
	assert.Equal(t, 1, server.RequestCount())
	assert.Contains(t, got.errOut, "There are more than 50: --limit 0 shows all.")
	got = runHere(t.Context(), variables, "agents", "list", "--limit", "0")
	assert.Equal(t, 1+300, strings.Count(got.out, "\n"))
	assert.Empty(t, got.errOut)
	got = runHere(t.Context(), variables, "agents", "list", "--limit", "300")
	assert.Empty(t, got.errOut, "that is all")
}

// Other people's texts can't steer the terminal, and stay as they are where no terminal reads them.
func TestTextsOfOthers(t *testing.T) {
	t.Parallel()
	const name = "A\x1b[31m\x07\u202eB\nC नमस्ते क्\u200dष"
	server, variables := newServer(t)
	id := server.AddAgent(voiceagenttest.NewAgent{Name: name})
	for _, args := range [][]string{{"agents", "list"}, {"agents", "get", id}} {
		got := runHere(t.Context(), variables, args...)
		require.Zero(t, got.code, got.errOut)
		assert.Contains(t, got.out, "A [31m  B C नमस्ते क्\u200dष")
		assert.NotContains(t, got.out, "\x1b")
	}
	got := runHere(t.Context(), variables, "agents", "get", id, "-o", "json")
	var agent struct{ Name string }
	require.NoError(t, json.Unmarshal([]byte(got.out), &agent))
	assert.Equal(t, name, agent.Name)
	got = runHere(t.Context(), variables, "agents", "get", id, "-o", "csv")
	rows, err := csv.NewReader(strings.NewReader(got.out)).ReadAll()
	require.NoError(t, err)
	assert.Equal(t, name, rows[1][1])
}

// A wait would be a riddle if nothing was said; what is said holds no key and no number.
func TestRetriesAreTold(t *testing.T) {
	t.Parallel()
	for _, more := range [][]string{nil, {"-v"}, {"-v", "-o", "json"}} {
		server, variables := newServer(t)
		server.Fail(voiceagenttest.Fault{Route: "/call", Status: 500, Times: 1})
		got := runHere(t.Context(), variables,
			append([]string{"calls", "create", "--agent", "ag_1", "--from", "+15550100000", "--to", "+919876543210", "--yes"}, more...)...)
		assert.Zero(t, got.code, got.errOut)
		assert.Contains(t, got.errOut, "trying again")
		assert.Contains(t, got.errOut, "req_")
		assert.NotContains(t, got.errOut, "lev_test")
		assert.NotContains(t, got.errOut, "9876543210")
		assert.Equal(t, len(more) > 0, strings.Contains(got.errOut, "attempt\""), got.errOut)
		if len(more) == 0 {
			assert.Regexp(t, `^trying again at \d\d:\d\d:\d\d: 500: waiting longer each time; looking first if it was done \(POST /call, request_id req_\w+\)\n$`, got.errOut)
		}
		if len(more) == 3 {
			for line := range strings.Lines(got.errOut) {
				assert.True(t, json.Valid([]byte(line)), line)
			}
		}
	}
}
