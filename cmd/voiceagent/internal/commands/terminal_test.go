//go:build unix

package commands

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// terminal is a process of the program that a person sits in front of.
type terminal struct {
	t       *testing.T
	cmd     *exec.Cmd
	file    *os.File
	changed chan struct{}
	read    sync.WaitGroup

	mu     sync.Mutex
	screen bytes.Buffer
}

// onTerminal starts the program in a terminal of 100 columns.
func onTerminal(t *testing.T, variables map[string]string, args ...string) *terminal {
	t.Helper()
	return onTerminalOf(t, 100, variables, args...)
}

// onTerminalOf starts the program in a terminal of so many columns.
func onTerminalOf(t *testing.T, columns int, variables map[string]string, args ...string) *terminal {
	t.Helper()
	p := &terminal{t: t, cmd: exec.CommandContext(t.Context(), "voiceagent", args...), changed: make(chan struct{}, 1)}
	p.cmd.Env = append(os.Environ(), "TERM=xterm")
	for name, value := range variables {
		p.cmd.Env = append(p.cmd.Env, name+"="+value)
	}
	file, err := pty.StartWithSize(p.cmd, &pty.Winsize{Rows: 24, Cols: uint16(columns)})
	require.NoError(t, err)
	p.file = file
	t.Cleanup(func() { file.Close() })
	p.read.Go(func() {
		_, _ = io.Copy(p, file) // ends with an error when the process does
	})
	return p
}

func (p *terminal) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case p.changed <- struct{}{}:
	default:
	}
	return p.screen.Write(text)
}

func (p *terminal) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.screen.String()
}

// until waits for a text on the screen, and then types.
func (p *terminal) until(text, typed string) {
	p.t.Helper()
	giveUp := time.After(30 * time.Second)
	for !strings.Contains(p.text(), text) {
		select {
		case <-p.changed:
		case <-giveUp:
			require.Failf(p.t, "it doesn't come", "%q is not on the screen:\n%s", text, p.text())
		}
	}
	_, err := io.WriteString(p.file, typed)
	require.NoError(p.t, err)
}

// end waits for the process, and returns its exit code.
func (p *terminal) end() int {
	p.t.Helper()
	err := p.cmd.Wait()
	p.read.Wait()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return failed.ExitCode()
	}
	require.NoError(p.t, err)
	return 0
}

func TestColoursOnATerminalOnly(t *testing.T) {
	t.Parallel()
	for name, variables := range map[string]map[string]string{
		"NO_COLOR": {"NO_COLOR": "1"},
		"both":     {"NO_COLOR": "1", "FORCE_COLOR": "1"},
		"dumb":     {"TERM": "dumb"},
		"painted":  {},
	} {
		p := onTerminal(t, variables, "calls", "list", "--simulate")
		require.Zero(t, p.end())
		assert.Contains(t, p.text(), "completed", name)
		assert.Equal(t, name == "painted", strings.Contains(p.text(), "\x1b["), "%s: %q", name, p.text())
	}
	for _, format := range []string{"json", "csv"} {
		p := onTerminal(t, nil, "calls", "list", "--simulate", "-o", format)
		require.Zero(t, p.end())
		assert.NotContains(t, p.text(), "\x1b[", format)
	}
	piped, err := exec.CommandContext(t.Context(), "voiceagent", "calls", "list", "--simulate").Output()
	require.NoError(t, err)
	assert.Contains(t, string(piped), "completed")
	assert.NotContains(t, string(piped), "\x1b[")
}

// A list fits: ids are cut, and then columns are left out, and it says so. Where there is room, ids
// are whole.
func TestTablesFitTheTerminal(t *testing.T) {
	t.Parallel()
	for columns, told := range map[int]string{
		40:  "To fit the terminal: ids are cut, started, seconds, direction, sentiment left out. A wider one, or -o csv, shows all.",
		60:  "To fit the terminal: ids are cut, seconds, direction, sentiment left out. A wider one, or -o csv, shows all.",
		80:  "To fit the terminal: ids are cut, sentiment left out. A wider one, or -o csv, shows all.",
		100: "To fit the terminal: ids are cut. A wider one, or -o csv, shows all.",
		120: "",
	} {
		p := onTerminalOf(t, columns, map[string]string{"NO_COLOR": "1"}, "calls", "list", "--simulate", "--limit", "0")
		require.Zero(t, p.end())
		lines := strings.Split(strings.ReplaceAll(strings.TrimSpace(p.text()), "\r", ""), "\n")
		table := lines[:1+25]
		assert.Equal(t, told, strings.Join(lines[26:], "\n"), "%d columns", columns)
		for _, line := range table {
			assert.LessOrEqual(t, len([]rune(line)), columns, line)
		}
		id := `^[0-9a-f-]{36}  `
		if told != "" {
			id = `^[0-9a-f]{8}~  `
		}
		assert.Regexp(t, id, table[1])
		assert.Regexp(t, `^ID +STATUS +TO`, table[0])
		if columns >= 60 {
			assert.Contains(t, table[0], "  STARTED (UTC)")
			assert.Regexp(t, `  \+\d+  \d{4}-\d\d-\d\d \d\d:\d\d( |$)`, table[1])
		}
	}
}

// What is shown alone is whole, however narrow the terminal is.
func TestDetailsAreWhole(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t, voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Completed }))
	variables["NO_COLOR"] = "1"
	flow := strings.Repeat("Good morning, this is the assistant of Acme; नमस्ते. ", 20)
	client := server.Client()
	agent, err := client.Agents.Create(t.Context(), voiceagent.AgentCreateParams{Name: "Long", StartFlow: flow, EndFlow: "Bye"})
	require.NoError(t, err)
	call, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: "ag_1", From: "+15550100000", To: "+919876543210"})
	require.NoError(t, err)
	server.Advance(time.Hour)
	whole := runHere(t.Context(), variables, "calls", "get", call.Ref())
	require.Zero(t, whole.code, whole.errOut)
	for _, columns := range []int{40, 60, 80, 120} {
		p := onTerminalOf(t, columns, variables, "agents", "get", agent.ID)
		require.Zero(t, p.end(), p.text())
		assert.Contains(t, oneSpaced(p.text()), oneSpaced(flow), "%d columns", columns)
		for line := range strings.Lines(p.text()) {
			if len(strings.Fields(line)) > 2 { // what is to be copied isn't broken
				assert.LessOrEqual(t, text.StringWidthWithoutEscSequences(strings.TrimRight(line, "\r\n")), columns, line)
			}
		}

		p = onTerminalOf(t, columns, variables, "calls", "get", call.Ref())
		require.Zero(t, p.end(), p.text())
		for _, name := range []string{"SUMMARY", "TRANSCRIPT", "RECORDING", "COLLECTED"} {
			assert.Contains(t, oneSpaced(p.text()), oneSpaced(detail(whole.out, name)), "%s in %d columns", name, columns)
		}
	}
}

// oneSpaced is a text with one space between two words.
func oneSpaced(text string) string { return strings.Join(strings.Fields(text), " ") }

// detail is what is shown of one value.
func detail(shown, name string) string {
	_, rest, _ := strings.Cut(shown, "\n"+name)
	value, _, _ := strings.Cut(rest, "\n")
	for _, line := range strings.Split(rest, "\n")[1:] {
		if !strings.HasPrefix(line, " ") {
			break
		}
		value += line
	}
	return value
}

func TestAQuestionIsAsked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		typed string
		code  int
		gone  bool
	}{
		{"n\n", 14, false},
		{"\n", 14, false},
		{"yellow\n", 14, false},
		{"\x03", 130, false},
		{"\x04", 14, false},
		{"y\n", 0, true},
		{"YES\n", 0, true},
	} {
		server, variables := newServer(t)
		p := onTerminal(t, variables, "agents", "delete", "ag_1")
		p.until("Remove agent ag_1 for good? [y/N] ", c.typed)
		assert.Equal(t, c.code, p.end(), "%q: %s", c.typed, p.text())
		assert.Equal(t, c.code != 0, strings.Contains(p.text(), "nothing was done"), "%q: %s", c.typed, p.text())
		after := runHere(t.Context(), variables, "agents", "get", "ag_1")
		assert.Equal(t, c.gone, after.code == 5, "%q", c.typed)
		server.Close()
	}
}

func TestNothingRingsUntilYes(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	create := []string{"calls", "create", "--agent", "ag_1", "--from", "+15550100000", "--to", "+919876543210"}
	p := onTerminal(t, variables, create...)
	p.until("This rings +919876543210, from +15550100000 (account: http://", "")
	p.until("). Call now? [y/N] ", "")
	assert.Empty(t, server.Dialed())
	p.until("[y/N]", "y\n")
	assert.Zero(t, p.end(), p.text())
	assert.Equal(t, []string{"+919876543210"}, server.Dialed())

	p = onTerminal(t, variables, append(create, "--yes")...)
	assert.Zero(t, p.end(), p.text())
	assert.NotContains(t, p.text(), "[y/N]")
	assert.Len(t, server.Dialed(), 2)
}

// campaigns create asks with the words of campaigns run, and nothing is sent before.
func TestCampaignsCreateAsksAsCampaignsRunDoes(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	dir := t.TempDir()
	contacts, out, key := filepath.Join(dir, "contacts.csv"), filepath.Join(dir, "out.csv"), filepath.Join(dir, "key.txt")
	require.NoError(t, os.WriteFile(contacts, []byte("phone,name\n+919876543210,Asha\n+919876543211,Rahul\n+919876543212,Meera\n"), 0o600))
	require.NoError(t, os.WriteFile(out, []byte("phone\n+919876543212\n"), 0o600))
	require.NoError(t, os.WriteFile(key, []byte("lev_test_secret"), 0o600))
	variables["XDG_CONFIG_HOME"], variables[keyVariable] = dir, ""
	same := []string{"--agent", "ag_1", "--from", "+15550100000", "--name", "January", "--concurrency", "2", "--exclude", out, "--key-file", key,
		"--schedule", "2999-01-01T08:59:00+05:30", "--retry-on", "no_answer"}
	for _, command := range []string{"create", "run"} {
		p := onTerminal(t, variables, append([]string{"campaigns", command, contacts}, same...)...)
		p.until("Call 2 contacts from +15550100000, 2 at a time, from Tue 1 Jan 2999 08:59 +05:30 on, for 2 of 2 numbers outside 9:00 to 21:00 of their own time? [y/N] ", "n\n")
		assert.Equal(t, 14, p.end(), p.text())
		for _, line := range []string{
			"contacts.csv: 3 rows, 2 contacts, 0 bad, 1 excluded (1 listed)\r\n",
			"; 2 calls at a time\r\n",
			"agent ag_1; from +15550100000; account: " + server.URL + ", key from " + key + "\r\n",
			"scheduled for Tue 1 Jan 2999 08:59 +05:30; at any hour; retries after no_answer, as often as the API does by itself\r\n",
			"own time, guessed by the prefix: outside 9:00 to 21:00 for 2 of 2 numbers when it begins (",
		} {
			assert.Contains(t, p.text(), line, command)
		}
		assert.NotContains(t, p.text(), "lev_test")
	}
	assert.Zero(t, server.RequestCount())
}
