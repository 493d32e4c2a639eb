package dial_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
)

// The child is this test program with these set. Its client finds the server by its environment.
const (
	envChild = "DIAL_CHILD" // the directory
	envAgent = "DIAL_CHILD_AGENT"
	envDry   = "DIAL_CHILD_DRY" // set for --dry-run
	envOut   = "DIAL_CHILD_OUT" // the file of --exclude
)

// child is `voiceagent campaigns run contacts.csv --any-range --yes` in a process of its own.
func child() int {
	dir := os.Getenv(envChild)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	peak := watchPeak()
	defer func() { fmt.Println("peak KiB:", peak()) }()
	var exclude []string
	if out := os.Getenv(envOut); out != "" {
		exclude = []string{out}
	}
	_, err := dial.Run(ctx, dial.Options{
		File: dir + "/contacts.csv", AnyRange: true, Exclude: exclude,
		Campaign: voiceagent.CampaignCreateParams{AgentID: os.Getenv(envAgent), From: "+15550100000", MaxConcurrentCalls: 50},
		Yes:      true, DryRun: os.Getenv(envDry) != "",
		Server: "test", StateDir: dir + "/state", Command: "run it again", Client: voiceagent.NewClient, Out: os.Stdout,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// startChild starts the child; done gets its error and what it wrote.
func (d *desk) startChild(t *testing.T) (process *os.Process, done <-chan error, out *screen) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envChild+"="+d.dir, envAgent+"="+d.agent, "VOICEAGENT_API_KEY=lev_test_child", "VOICEAGENT_BASE_URL="+d.srv.URL)
	out = &screen{}
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return cmd.Process, ended, out
}
