package api_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	mockDir     = "mock"
	mockModules = "mock/node_modules"
	installTime = 4 * time.Minute
	startTime   = time.Minute
)

// startMock runs Stoplight Prism on the file, on a port of its own, and returns where it listens.
func startMock(t *testing.T) string {
	t.Helper()
	installMock(t)
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join(mockModules, "@stoplight", "prism-cli", "dist", "index.js"),
		"mock", "--host", "127.0.0.1", "--port", "0", "--errors", specFile)
	cmd.Env = quietEnv()
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	dieWithParent(cmd)

	said := make(chan string, 1) // where it listens; closed when it has ended
	started := make(chan error)
	var running sync.WaitGroup
	running.Go(func() {
		// On Linux the signal of dieWithParent comes when this thread ends, not when the process does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(said)
		err := cmd.Start()
		started <- err
		if err == nil {
			listen(stdout, said)
			_ = cmd.Wait()
		}
	})
	t.Cleanup(running.Wait) // the context ends before, and the process with it
	require.NoError(t, <-started)

	select {
	case url, ok := <-said:
		require.True(t, ok, "the mock server has ended: %s", &stderr)
		awaitMock(t, url)
		return url
	case <-time.After(startTime):
		require.FailNow(t, "the mock server doesn't say where it listens")
	}
	return ""
}

// listen reads all that the server logs, and passes on its address.
func listen(stdout io.Reader, said chan<- string) {
	address := regexp.MustCompile(`Prism is listening on (http://\S+)`)
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			said <- m[1]
		}
	}
}

// awaitMock returns when the server answers.
func awaitMock(t *testing.T, url string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 5 * time.Second}
	var err error
	for deadline := time.Now().Add(startTime); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		var res *http.Response
		if res, err = client.Get(url + "/health"); err == nil {
			res.Body.Close()
			return
		}
	}
	require.NoError(t, err, "the mock server doesn't answer")
}

// installMock installs what package-lock.json says, unless that has been done. Where it can't, the test is skipped, but not in CI.
func installMock(t *testing.T) {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			cannot(t, "%s is not on the PATH: install Node.js 20 or newer", program)
		}
	}
	lock, err := os.ReadFile(filepath.Join(mockDir, "package-lock.json"))
	require.NoError(t, err)
	done := filepath.Join(mockModules, ".installed") // what was installed last; npm ci removes it with the rest
	if installed, err := os.ReadFile(done); err == nil && bytes.Equal(installed, lock) {
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), installTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	cmd.Dir, cmd.Env, cmd.WaitDelay = mockDir, quietEnv(), time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		cannot(t, "npm ci in api/%s: %v\n%s", mockDir, err, out)
	}
	require.NoError(t, os.WriteFile(done, lock, 0o600))
}

// cannot ends a test that can't run here.
func cannot(t *testing.T, format string, args ...any) {
	t.Helper()
	why := fmt.Sprintf(format, args...)
	if os.Getenv("CI") != "" {
		require.FailNow(t, "the mock server can't run", why)
	}
	t.Skip(why)
}

// quietEnv keeps npm, node and the packages from calling anybody but the registry, and the caller's Node options out of it.
func quietEnv() []string {
	var env []string
	for _, line := range os.Environ() {
		if !strings.HasPrefix(line, "NODE_OPTIONS=") {
			env = append(env, line)
		}
	}
	return append(env, "npm_config_update_notifier=false", "SCARF_ANALYTICS=false", "DO_NOT_TRACK=1")
}
