//go:build unix

package redisvoiceagent_test

import (
	"bufio"
	"context"
	"encoding/json"
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

	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

func init() { programs["obey"] = obey }

// childLedger says which ledger a process uses.
type childLedger struct {
	Addr  string
	Lease time.Duration
}

func (c childLedger) open() *redisvoiceagent.Ledger {
	return redisvoiceagent.NewLedger(redis.NewClient(&redis.Options{Addr: c.Addr}), redisvoiceagent.LedgerParams{Lease: c.Lease})
}

// obey is a process that runs the commands on its input, and answers each with a line.
func obey(settings []byte) error {
	var c childLedger
	if err := json.Unmarshal(settings, &c); err != nil {
		return err
	}
	l := c.open()
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
	p := &process{t: t, cmd: child(t, "obey", childLedger{addr, lease})}
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
func TestLedgerKilledProcess(t *testing.T) {
	srv := startRedis(t)
	p := startProcess(t, srv.Addr(), 2*time.Second)
	l := redisvoiceagent.NewLedger(connect(t, srv), redisvoiceagent.LedgerParams{})
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

// A process that is stopped, and comes back when another has taken its keys, sends nothing and does
// no harm.
func TestLedgerStoppedProcess(t *testing.T) {
	srv := startRedis(t)
	p := startProcess(t, srv.Addr(), time.Second)
	l := redisvoiceagent.NewLedger(connect(t, srv), redisvoiceagent.LedgerParams{Lease: time.Hour})
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
		assert.Contains(t, p.say("held "+key), redisvoiceagent.ErrNotHeld.Error(), key)
	}
	for _, key := range keys[:3] {
		assert.Equal(t, "false <nil>", p.say(key+" "+key), "it says what it knows")
	}
	for key, want := range map[string]string{"forget": "open", "unknown": "unknown", "done": "done", "only held": "open"} {
		standing, found := stands(t, l, key)
		assert.True(t, found, key)
		assert.EqualValues(t, want, standing.State, key)
		redisvoiceagent.Lapse(l, key)
		if held := l.Held(t.Context(), key); key == "done" {
			assert.ErrorIs(t, held, redisvoiceagent.ErrNotHeld, "there is nothing left to do")
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
func TestLedgerStoppedProcessGoesOn(t *testing.T) {
	srv := startRedis(t)
	rdb := connect(t, srv)
	p := startProcess(t, srv.Addr(), 500*time.Millisecond)
	require.Equal(t, "false <nil>", p.say("begin k"))
	p.signal(syscall.SIGSTOP)
	require.Eventually(t, func() bool {
		until, err := rdb.HGet(t.Context(), "{voiceagent:ledger}:entry:k", "until").Int64()
		require.NoError(t, err)
		return rdb.Time(t.Context()).Val().UnixMilli() > until
	}, eventually, 10*time.Millisecond, "its lease is over")
	p.signal(syscall.SIGCONT)
	require.Eventually(t, func() bool { return p.say("held k") == "false <nil>" }, eventually, time.Millisecond)
	l := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{})
	require.Equal(t, "false <nil>", p.say("done k"))
	standing, _ := stands(t, l, "k")
	assert.Equal(t, done("k", "call_1"), standing)
}
