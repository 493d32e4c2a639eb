package browsertest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// sim is a voiceagent-sim that runs.
type sim struct {
	base, dashboard string
	agents          []string // their ids, in the order of -agent
	stop            func()
}

// startSim runs the program until stop is called or the test ends. Without an -addr in args it
// takes a free port.
func startSim(t *testing.T, args ...string) *sim {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, program, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())

	s := &sim{}
	lines := bufio.NewScanner(out)
	for wanted := 2 + strings.Count(strings.Join(args, "\n")+"\n", "-agent\n"); wanted > 0 && lines.Scan(); {
		line := lines.Text()
		if url, ok := strings.CutPrefix(line, "export VOICEAGENT_BASE_URL="); ok {
			s.base = url
			wanted--
		}
		if url, ok := strings.CutPrefix(line, "# dashboard: "); ok {
			s.dashboard = url
			wanted--
		}
		if strings.HasPrefix(line, "# agent ") {
			s.agents = append(s.agents, line[strings.LastIndex(line, ": ")+2:])
			wanted--
		}
	}
	stopped := false
	s.stop = func() {
		if !stopped {
			stopped = true
			cancel()
			_ = cmd.Wait() // it got the signal to end
		}
	}
	t.Cleanup(s.stop)
	require.NotEmpty(t, s.dashboard, "the program prints where the page is")
	return s
}

// client is a client that repeats at once what it would otherwise repeat later.
func (s *sim) client(t *testing.T) *voiceagent.Client {
	t.Helper()
	client, err := voiceagent.NewClient(
		voiceagent.WithAPIKey("lev_test_browser_7777"),
		voiceagent.WithBaseURL(s.base),
		voiceagent.WithRetryPolicy(hasty{voiceagent.DefaultRetryPolicy()}),
	)
	require.NoError(t, err)
	return client
}

type hasty struct{ voiceagent.RetryPolicy }

func (h hasty) Decide(f voiceagent.Failure) voiceagent.Decision {
	d := h.RetryPolicy.Decide(f)
	d.Wait = min(d.Wait, 10*time.Millisecond)
	return d
}
