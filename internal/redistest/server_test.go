package redistest_test

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent/internal/redistest"
)

// envChild has this test program start a server, print its process id, and wait to be killed.
const envChild = "REDISTEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(envChild) != "" {
		s, err := redistest.Start()
		if err != nil {
			panic(err)
		}
		fmt.Println(s.Addr())
		select {}
	}
	goleak.VerifyTestMain(m)
}

func start(t *testing.T, args ...string) *redistest.Server {
	t.Helper()
	s, err := redistest.Start(args...)
	if err != nil && os.Getenv("CI") == "" {
		if _, missing := exec.LookPath("redis-server"); missing != nil {
			t.Skip(err)
		}
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	return s
}

// say sends a command and returns the first line of the answer.
func say(addr, command string) (string, error) {
	conn, err := net.DialTimeout("tcp", addr, time.Second)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprintf(conn, "%s\r\n", command)
	line, err := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line), err
}

func requireSays(t *testing.T, s *redistest.Server, command, want string) {
	t.Helper()
	got, err := say(s.Addr(), command)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestKeepsNothingByDefault(t *testing.T) {
	s := start(t)
	requireSays(t, s, "SET a b", "+OK")
	require.NoError(t, s.Kill())
	require.NoError(t, s.Kill(), "it is dead already")
	_, err := say(s.Addr(), "PING")
	require.Error(t, err)
	require.NoError(t, s.Restart())
	requireSays(t, s, "EXISTS a", ":0")
}

func TestArgumentsAndDirectoryOutliveAKill(t *testing.T) {
	s := start(t, "--appendonly", "yes", "--appendfsync", "always")
	requireSays(t, s, "SET a b", "+OK")
	require.NoError(t, s.Kill())
	require.NoError(t, s.Restart())
	requireSays(t, s, "EXISTS a", ":1")
	require.NoError(t, s.Restart(), "one that runs is killed first")
	requireSays(t, s, "EXISTS a", ":1")
}

func TestPaused(t *testing.T) {
	s := start(t)
	require.NoError(t, s.Pause())
	conn, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprint(conn, "PING\r\n")
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(50*time.Millisecond)))
	_, err = conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, os.ErrDeadlineExceeded, "it answers nothing")
	require.NoError(t, s.Resume())
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(5*time.Second)))
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "+PONG\r\n", line)
	require.NoError(t, s.Pause())
	require.NoError(t, s.Close(), "paused or not")
	require.NoError(t, s.Close())
	require.Error(t, s.Pause())
	require.Error(t, s.Restart())
}

func TestWhatItCannotStart(t *testing.T) {
	start(t)
	_, err := redistest.Start("--appendfsync", "sometimes")
	require.ErrorContains(t, err, "sometimes", "what it logged")
	t.Setenv("PATH", t.TempDir())
	_, err = redistest.Start()
	require.ErrorIs(t, err, redistest.ErrMissing)
}

// The server dies with a test that is killed.
func TestDiesWithItsParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only on Linux")
	}
	start(t)
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), envChild+"=1", "TMPDIR="+t.TempDir())
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	addr, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	addr = strings.TrimSpace(addr)
	line, err := say(addr, "PING")
	require.NoError(t, err)
	require.Equal(t, "+PONG", line)
	require.NoError(t, child.Process.Signal(syscall.SIGKILL))
	_ = child.Wait()
	require.Eventually(t, func() bool {
		_, err := say(addr, "PING")
		return err != nil
	}, 30*time.Second, 5*time.Millisecond)
}

// The nodes of a cluster share the slots, and one that dies is part of it again.
func TestCluster(t *testing.T) {
	start(t) // or the test is left out
	c, err := redistest.StartCluster(3, "--appendonly", "yes")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	require.Len(t, c.Addrs(), 3)
	for i, key := range []string{"b", "c", "a"} { // slots 3300, 7365, 15495
		for node, s := range c.Nodes {
			got, err := say(s.Addr(), "SET "+key+" x")
			require.NoError(t, err)
			if node == i {
				assert.Equal(t, "+OK", got)
			} else {
				assert.Regexp(t, "^-MOVED .* "+c.Nodes[i].Addr()+"$", got)
			}
		}
	}
	require.NoError(t, c.Nodes[1].Kill())
	require.NoError(t, c.Nodes[1].Restart())
	require.NoError(t, c.Await())
	requireSays(t, c.Nodes[1], "EXISTS c", ":1")
	requireSays(t, c.Nodes[1], "CLUSTER KEYSLOT c", ":7365")
}
