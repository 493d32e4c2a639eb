package commands

import (
	"encoding/csv"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

const scripts = "testdata/script"

// TestScripts runs each script with a server of its own, on which time runs fast. Besides
// testscript's commands there are
//
//	code N voiceagent ...   runs it and expects this exit code
//	fault ROUTE KIND        makes such requests fail: "POST /call" drop, or "GET /agents" 503
//	nofaults                ends all faults
//	dialled N               expects that N phones have rung
//	requests N              expects that N requests have come since the last such line; with
//	                        "any" it only starts the count
//	keep NAME REGEXP        puts the first group's match in the output into a variable
//	address NAME            puts an address of this machine on which nothing listens into a variable
//	listening ADDRESS       waits until something listens there
//	ringing N               waits until N phones or more have rung
//	column FILE NAME CELL... expects these cells in that column of a CSV file, from the top
//
// A script with a file called speed gets a server whose time goes so many times as fast.
func TestScripts(t *testing.T) {
	t.Parallel()
	type key struct{}
	server := func(ts *testscript.TestScript) *scriptServer { return ts.Value(key{}).(*scriptServer) }
	testscript.Run(t, testscript.Params{
		Dir: scripts,
		Setup: func(env *testscript.Env) error {
			speed := 1000.0
			if text, err := os.ReadFile(filepath.Join(env.WorkDir, "speed")); err == nil {
				if speed, err = strconv.ParseFloat(strings.TrimSpace(string(text)), 64); err != nil {
					return err
				}
			}
			s := &scriptServer{Server: voiceagenttest.NewServer(voiceagenttest.WithSpeed(speed), voiceagenttest.WithLimits(voiceagenttest.Pro))}
			env.Defer(s.Close)
			env.Values[key{}] = s
			s.AddAgent(voiceagenttest.NewAgent{ID: "ag_1", Name: "Asha"})
			s.AddAgent(voiceagenttest.NewAgent{ID: "ag_2", Name: "Rahul"})
			for name, content := range otherTexts {
				if err := os.WriteFile(filepath.Join(env.WorkDir, name), []byte(content), 0o600); err != nil {
					return err
				}
			}
			env.Setenv("VOICEAGENT_BASE_URL", s.URL)
			env.Setenv(keyVariable, "lev_test_0000")
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/config")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code":     wantCode,
			"nofaults": func(ts *testscript.TestScript, _ bool, _ []string) { server(ts).ClearFaults() },
			"fault":    func(ts *testscript.TestScript, _ bool, args []string) { server(ts).fault(ts, args) },
			"dialled":  func(ts *testscript.TestScript, _ bool, args []string) { same(ts, args, len(server(ts).Dialed())) },
			"requests": func(ts *testscript.TestScript, _ bool, args []string) { same(ts, args, server(ts).count()) },
			"keep":     keep,
			"address":  address,
			"listening": func(ts *testscript.TestScript, _ bool, args []string) {
				until(ts, func() bool {
					conn, err := net.Dial("tcp", args[0])
					return err == nil && conn.Close() == nil
				})
			},
			"ringing": func(ts *testscript.TestScript, _ bool, args []string) {
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				until(ts, func() bool { return len(server(ts).Dialed()) >= want })
			},
			"column": column,
		},
	})
}

// otherTexts are files that a script, which is UTF-8, can't hold.
var otherTexts = map[string]string{
	"utf16.txt":   "H\x00i\x00",
	"western.txt": "caf\xe9",
	"windows.txt": "\ufeffHello,\r\nthis is Acme.\r\n",
	"marked.txt":  "\ufefflev_test_1111\r\n",
}

type scriptServer struct {
	*voiceagenttest.Server
	counted int
}

func (s *scriptServer) count() int {
	before := s.counted
	s.counted = s.RequestCount()
	return s.counted - before
}

func (s *scriptServer) fault(ts *testscript.TestScript, args []string) {
	if len(args) != 2 {
		ts.Fatalf("fault ROUTE KIND")
	}
	method, route, _ := strings.Cut(args[0], " ")
	fault := voiceagenttest.Fault{Method: method, Route: route, Kind: voiceagenttest.Kind(args[1]), Times: -1}
	if status, err := strconv.Atoi(args[1]); err == nil {
		fault.Kind, fault.Status = voiceagenttest.StatusBefore, status
	}
	s.Fail(fault)
}

func wantCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	same(ts, args, got)
}

func keep(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout") + ts.ReadFile("stderr"))
	if found == nil {
		ts.Fatalf("%s isn't in the output", args[1])
	}
	ts.Setenv(args[0], found[1])
}

// address finds a port that is free now.
func address(ts *testscript.TestScript, _ bool, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	defer listener.Close()
	ts.Setenv(args[0], listener.Addr().String())
}

func until(ts *testscript.TestScript, is func() bool) {
	for range 3000 {
		if is() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	ts.Fatalf("it never came to that")
}

func column(ts *testscript.TestScript, _ bool, args []string) {
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	ts.Check(err)
	at := slices.Index(rows[0], args[1])
	if at < 0 {
		ts.Fatalf("%s has no column %s, but %q", args[0], args[1], rows[0])
	}
	var cells []string
	for _, row := range rows[1:] {
		cells = append(cells, row[at])
	}
	if !slices.Equal(cells, args[2:]) {
		ts.Fatalf("column %s of %s is %q", args[1], args[0], cells)
	}
}

func same(ts *testscript.TestScript, args []string, got int) {
	if args[0] != "any" && strconv.Itoa(got) != args[0] {
		ts.Fatalf("got %d, want %s", got, args[0])
	}
}

// TestEveryCommandIsInAScript finds commands that were added and never tried.
func TestEveryCommandIsInAScript(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(scripts + "/*.txt")
	require.NoError(t, err)
	var lines []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		lines = append(lines, strings.Split(string(text), "\n")...)
	}
	missing := untried(allCommands(), lines)
	assert.Empty(t, missing, "no script in %s runs these", scripts)
	assert.Equal(t, []string{"voiceagent agents list"}, untried(allCommands(), slices.DeleteFunc(lines, func(line string) bool {
		return strings.Contains(line, "voiceagent agents list")
	})), "the test itself finds what is missing")
}

// allCommands is the whole tree, those that cobra adds too.
func allCommands() []*cobra.Command {
	tree := root(&cli.Program{})
	tree.InitDefaultHelpCmd()
	tree.InitDefaultCompletionCmd()
	var all []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		all = append(all, cmd)
		for _, below := range cmd.Commands() {
			walk(below)
		}
	}
	walk(tree)
	return all
}

func untried(commands []*cobra.Command, lines []string) (missing []string) {
	for _, cmd := range commands {
		runs := regexp.MustCompile(`^[^#]*\b` + regexp.QuoteMeta(cmd.CommandPath()) + `( |$)`)
		if !slices.ContainsFunc(lines, runs.MatchString) {
			missing = append(missing, cmd.CommandPath())
		}
	}
	return missing
}
