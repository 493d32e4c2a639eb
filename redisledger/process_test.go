//go:build unix

package redisledger_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/redisledger"
)

const (
	envRedis = "REDISLEDGER_REDIS"
	envLease = "REDISLEDGER_LEASE"
)

func init() { children["obey"] = obey }

// childLedger is the ledger of a child, with what its environment says.
func childLedger() (*redisledger.Ledger, error) {
	lease, err := time.ParseDuration(os.Getenv(envLease))
	return redisledger.New(redis.NewClient(&redis.Options{Addr: os.Getenv(envRedis)}), redisledger.Params{Lease: lease}), err
}

// obey is a process that does what it is told by lines on its input, and answers each with one.
func obey() error {
	l, err := childLedger()
	if err != nil {
		return err
	}
	ctx := context.Background()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var said error
		found := false
		verb, key, _ := strings.Cut(lines.Text(), " ")
		switch verb {
		case "begin":
			_, found, said = l.Begin(ctx, begun(key))
		case "held":
			said = l.Held(ctx, key)
		case "forget":
			said = l.Forget(ctx, key)
		case "done":
			said = l.Finish(ctx, done(key, "call_1"))
		case "unknown":
			said = l.Finish(ctx, unknown(key))
		}
		fmt.Fprintln(os.Stdout, found, said)
	}
	return nil
}

// process is one that obeys.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

func startProcess(t *testing.T, addr string, lease time.Duration) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0])}
	p.cmd.Env = append(os.Environ(), envChild+"=obey", envRedis+"="+addr, envLease+"="+lease.String())
	p.cmd.Stderr = os.Stderr
	var err error
	p.in, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.out = bufio.NewReader(out)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(p.kill)
	return p
}

func (p *process) say(order string) string {
	p.t.Helper()
	_, err := fmt.Fprintln(p.in, order)
	require.NoError(p.t, err)
	line, err := p.out.ReadString('\n')
	require.NoError(p.t, err)
	return strings.TrimSpace(line)
}

func (p *process) signal(sig syscall.Signal) { require.NoError(p.t, p.cmd.Process.Signal(sig)) }

func (p *process) kill() {
	if err := p.cmd.Process.Signal(syscall.SIGKILL); !errors.Is(err, os.ErrProcessDone) {
		_ = p.cmd.Wait()
	}
}

// The keys of a process that is killed become free with the end of its leases, and not before.
func TestKilledProcess(t *testing.T) {
	srv := startRedis(t)
	p := startProcess(t, srv.Addr(), 2*time.Second)
	l := redisledger.New(dial(t, srv.Addr()), redisledger.Params{})
	require.Equal(t, "false <nil>", p.say("begin k"))
	require.Equal(t, "false <nil>", p.say("begin m"))
	require.Equal(t, "false <nil>", p.say("done m"))
	assert.True(t, isBusy(t, l, "k"))
	p.kill()
	assert.True(t, eventuallyTakes(t, l, "k"))
	standing, _ := stands(t, l, "k")
	assert.Equal(t, begun("k"), standing)
	standing, _ = stands(t, l, "m")
	assert.Equal(t, done("m", "call_1"), standing)
	require.NoError(t, l.Finish(t.Context(), unknown("k")))
}

// A process that is stopped, and comes back when another has taken its keys, sends nothing and spoils nothing.
func TestStoppedProcess(t *testing.T) {
	srv := startRedis(t)
	p := startProcess(t, srv.Addr(), time.Second)
	l := redisledger.New(dial(t, srv.Addr()), redisledger.Params{Lease: time.Hour})
	keys := []string{"forget", "unknown", "done", "only held"}
	for _, key := range keys {
		require.Equal(t, "false <nil>", p.say("begin "+key))
		require.Equal(t, "false <nil>", p.say("held "+key))
	}
	p.signal(syscall.SIGSTOP)
	for _, key := range keys {
		assert.True(t, eventuallyTakes(t, l, key))
	}
	p.signal(syscall.SIGCONT)
	for _, key := range keys {
		assert.Contains(t, p.say("held "+key), redisledger.ErrNotHeld.Error(), key)
	}
	for _, key := range keys[:3] {
		assert.Equal(t, "false <nil>", p.say(key+" "+key), "it says what it knows")
	}
	for key, want := range map[string]string{"forget": "open", "unknown": "unknown", "done": "done", "only held": "open"} {
		standing, found := stands(t, l, key)
		assert.True(t, found, key)
		assert.EqualValues(t, want, standing.State, key)
		redisledger.Lapse(l, key)
		if held := l.Held(t.Context(), key); key == "done" {
			assert.ErrorIs(t, held, redisledger.ErrNotHeld, "there is nothing left to do")
		} else {
			assert.NoError(t, held, key)
		}
		require.NoError(t, l.Forget(t.Context(), key))
	}
	_, found := stands(t, l, "unknown")
	assert.True(t, found, "the other's doubt")
	_, found = stands(t, l, "done")
	assert.True(t, found)
}

// One that is stopped while nobody wants its keys goes on.
func TestStoppedProcessGoesOn(t *testing.T) {
	srv := startRedis(t)
	rdb := dial(t, srv.Addr())
	p := startProcess(t, srv.Addr(), 500*time.Millisecond)
	require.Equal(t, "false <nil>", p.say("begin k"))
	p.signal(syscall.SIGSTOP)
	require.Eventually(t, func() bool {
		until, err := rdb.HGet(t.Context(), "{voiceagent:ledger}:entry:k", "until").Int64()
		require.NoError(t, err)
		return rdb.Time(t.Context()).Val().UnixMilli() > until
	}, 30*time.Second, 10*time.Millisecond, "its lease is over")
	p.signal(syscall.SIGCONT)
	require.Eventually(t, func() bool { return p.say("held k") == "false <nil>" }, 30*time.Second, time.Millisecond)
	l := redisledger.New(rdb, redisledger.Params{})
	require.Equal(t, "false <nil>", p.say("done k"))
	standing, _ := stands(t, l, "k")
	assert.Equal(t, done("k", "call_1"), standing)
}
