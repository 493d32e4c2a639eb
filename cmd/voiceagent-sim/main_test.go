package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParseFault(t *testing.T) {
	once := func(method, route string, k voiceagenttest.Kind, status, times int) voiceagenttest.Fault {
		return voiceagenttest.Fault{Method: method, Route: route, Kind: k, Status: status, Times: times}
	}
	cases := map[string]voiceagenttest.Fault{
		"POST /call:503x2":            once("POST", "/call", voiceagenttest.StatusBefore, 503, 2),
		"POST /call:504-after":        once("POST", "/call", voiceagenttest.StatusAfter, 504, 1),
		"GET /calls/{call_id}:hangx*": once("GET", "/calls/{call_id}", voiceagenttest.HangBefore, 0, -1),
		"/v1/agents:drop-afterx12":    once("", "/agents", voiceagenttest.DropAfter, 0, 12),
		"PATCH:500":                   once("PATCH", "", voiceagenttest.StatusBefore, 500, 1),
		":429":                        once("", "", voiceagenttest.StatusBefore, 429, 1),
		":truncated-json":             once("", "", voiceagenttest.TruncatedJSON, 0, 1),
	}
	for text, want := range cases {
		f, err := parseFault(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, f, text)
	}
	slow, err := parseFault(":slow-body")
	require.NoError(t, err)
	assert.Equal(t, slowness, slow.Delay)
	for _, bad := range []string{"", "503", "POST /call", "post /call:503", "POST /call:", ":99", ":600", ":status", ":dorp", ":503x0", ":503x", ":503x99999999999999999999", "POST call:503", ":hang-after-after"} {
		_, err := parseFault(bad)
		assert.Error(t, err, bad)
	}
	for _, k := range voiceagenttest.Kinds() {
		if k == voiceagenttest.StatusBefore || k == voiceagenttest.StatusAfter {
			continue
		}
		f, err := parseFault(":" + string(k) + "x3")
		require.NoError(t, err)
		assert.Equal(t, []any{k, 3}, []any{f.Kind, f.Times})
	}
}

func TestParse(t *testing.T) {
	s, err := parse([]string{
		"-plan", "pro", "-window", "2s", "-seed", "7", "-speed", "60", "-skew", "-5s", "-addr", "127.0.0.1:0",
		"-agent", "Demo/agent-1", "-agent", "Other", "-fail", "POST /call:503x2", "-drop-after-rate", "0.25", "-error-rate", "0",
	}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, voiceagenttest.Limits{Requests: 300, Window: 2 * time.Second}, s.limits)
	assert.Equal(t, []any{uint64(7), 60.0, -5 * time.Second, "127.0.0.1:0"}, []any{s.seed, s.speed, s.skew, s.addr})
	assert.Equal(t, []voiceagenttest.NewAgent{{Name: "Demo", ID: "agent-1"}, {Name: "Other"}}, s.agents)
	require.Len(t, s.faults, 2)
	assert.Equal(t, voiceagenttest.Fault{Kind: voiceagenttest.DropAfter, Rate: 0.25}, s.faults[1])

	for text, want := range map[string]int{"free": 60, "none": 0, "42": 42} {
		s, err := parse([]string{"-plan", text}, io.Discard)
		require.NoError(t, err)
		assert.Equal(t, want, s.limits.Requests)
	}
	for _, bad := range [][]string{
		{"-plan", "gold"}, {"-plan", "0"}, {"-agent", ""}, {"-agent", "A", "-agent", "A"}, {"-agent", "A/1", "-agent", "B/1"},
		{"-fail", "x"}, {"-drop-rate", "1.1"}, {"-drop-rate", "NaN"}, {"-drop-rate", "x"}, {"-speed", "0"}, {"-window", "0"}, {"stray"}, {"-nonsense"},
	} {
		var said bytes.Buffer
		_, err := parse(bad, &said)
		assert.ErrorIs(t, err, errUsage, bad)
		assert.NotEmpty(t, said.String())
	}
	var help bytes.Buffer
	_, err = parse([]string{"-help"}, &help)
	require.ErrorIs(t, err, flag.ErrHelp)
	for _, r := range rates {
		assert.Contains(t, help.String(), "-"+r.flag+" ")
	}
	assert.Contains(t, help.String(), "drop-after")
}

// start runs the program and returns its base URL, and a function that stops it
// and returns its log.
func start(t *testing.T, args ...string) (base string, lines *bufio.Scanner, stop func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write, err := os.Pipe() // it has room for what nobody reads
	require.NoError(t, err)
	t.Cleanup(func() { read.Close() })
	var log bytes.Buffer
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, append([]string{"-addr", "127.0.0.1:0"}, args...), write, &log)
		write.Close()
	}()
	lines = bufio.NewScanner(read)
	require.True(t, lines.Scan())
	base, ok := strings.CutPrefix(lines.Text(), "export VOICEAGENT_BASE_URL=")
	require.True(t, ok, lines.Text())
	require.True(t, lines.Scan())
	assert.Contains(t, lines.Text(), "export VOICEAGENT_API_KEY=lev_")
	return base, lines, func() string {
		cancel()
		assert.NoError(t, <-done)
		return log.String()
	}
}

func TestRun(t *testing.T) {
	base, lines, stop := start(t, "-agent", "Demo/agent-1", "-fail", "POST /call:drop-after", "-fail", "GET /agents:hang")
	require.True(t, lines.Scan())
	assert.Equal(t, "# dashboard: "+strings.TrimSuffix(base, "/v1")+"/_sim/", lines.Text())
	require.True(t, lines.Scan())
	assert.Equal(t, `# agent "Demo": agent-1`, lines.Text())

	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	send := func(method, path, body string) (int, error) {
		req, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer lev_very_secret")
		res, err := client.Do(req)
		if err != nil {
			return 0, err
		}
		return res.StatusCode, res.Body.Close()
	}
	const call = `{"agent_id":"agent-1","source_number":"+919240018601","phone_number":"+919876543210"}`
	_, err := send("POST", "/call", call)
	require.ErrorIs(t, err, io.EOF)
	status, err := send("POST", "/call", call)
	require.NoError(t, err)
	assert.Equal(t, 200, status)
	_, err = send("GET", "/account/919876543210", "")
	require.NoError(t, err)

	hung := make(chan error, 1)
	go func() {
		_, err := send("GET", "/agents", "")
		hung <- err
	}()
	status, err = send("GET", "/health", "")
	require.NoError(t, err)
	assert.Equal(t, 200, status)
	log := stop()
	assert.Error(t, <-hung, "a request that hangs doesn't keep the program from stopping")

	assert.Regexp(t, `(?m)^\d\d:\d\d:\d\d POST /call no answer req_[0-9a-f]+ \S+ fault=drop-after to=\.\.\.3210$`, log)
	assert.Regexp(t, `(?m)^\d\d:\d\d:\d\d POST /call 200 req_[0-9a-f]+ \S+ to=\.\.\.3210$`, log)
	assert.Contains(t, log, "GET (no such endpoint) 404")
	assert.NotContains(t, log, "secret")
	assert.NotContains(t, log, "9876543210")
}

func TestRunCannotListen(t *testing.T) {
	err := run(t.Context(), []string{"-addr", "256.0.0.1:1"}, io.Discard, io.Discard)
	assert.Error(t, err)
}
