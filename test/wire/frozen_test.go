//go:build unix

package wire_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

const frozenEnv = "VOICEAGENT_TEST_FROZEN" // holds the base URL for a child

func init() {
	if base := os.Getenv(frozenEnv); base != "" {
		callAfterThaw(base)
		os.Exit(0)
	}
}

// callAfterThaw is the child: it makes a connection, waits for a line, during which it is frozen,
// and places a call.
func callAfterThaw(base string) {
	say := func(err error) {
		switch {
		case err == nil:
			fmt.Println("placed")
		case errors.Is(err, voiceagent.ErrOutcomeUnknown):
			fmt.Println("unknown:", err)
		default:
			fmt.Println("failed:", err)
		}
	}
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_12345678"), voiceagent.WithBaseURL(base))
	if err != nil {
		say(err)
		return
	}
	if _, err := client.Calls.Get(context.Background(), "call_1"); err != nil {
		say(err)
		return
	}
	fmt.Println("ready")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	say(place(context.Background(), client, someCall))
}

// A process that a scheduler, a debugger or a laptop's lid froze finds connections that the server
// has closed meanwhile.
func TestFrozenProcessLosesNoCall(t *testing.T) {
	t.Parallel()
	const children = 40
	var rings atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.Copy(io.Discard, r.Body)
			rings.Add(1)
		}
		_, _ = io.WriteString(w, testkit.OKCall)
	}))
	server.Config.IdleTimeout = 5 * time.Second // as uvicorn's
	server.Start()
	t.Cleanup(server.Close)

	said := make([]string, children)
	var wg sync.WaitGroup
	for i := range children {
		wg.Go(func() { said[i] = freeze(t, server.URL+"/v1") })
	}
	wg.Wait()
	for _, line := range said {
		assert.Equal(t, "placed", line)
	}
	assert.EqualValues(t, children, rings.Load())
}

// freeze starts a child, stops it for 8 s before its call, and returns what it says of the call.
func freeze(t *testing.T, base string) string {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), frozenEnv+"="+base)
	child.Stderr = os.Stderr
	in, err := child.StdinPipe()
	assert.NoError(t, err)
	pipe, err := child.StdoutPipe()
	assert.NoError(t, err)
	if !assert.NoError(t, child.Start()) {
		return ""
	}
	out := bufio.NewReader(pipe)
	line, err := out.ReadString('\n')
	assert.NoError(t, err)
	assert.Equal(t, "ready\n", line)

	assert.NoError(t, child.Process.Signal(syscall.SIGSTOP))
	time.Sleep(8 * time.Second)
	_, err = io.WriteString(in, "\n")
	assert.NoError(t, err)
	assert.NoError(t, child.Process.Signal(syscall.SIGCONT))
	line, err = out.ReadString('\n')
	assert.NoError(t, err)
	assert.NoError(t, child.Wait())
	return strings.TrimSpace(line)
}
