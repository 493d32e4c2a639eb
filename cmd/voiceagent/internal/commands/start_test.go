package commands

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The first output comes within 100 ms of the start. The best of many starts counts, as other
// processes may use the machine.
func TestFirstOutputWithinATenthOfASecond(t *testing.T) { //nolint:paralleltest // it is about time
	if raceDetector {
		t.Skip("the program is several times as slow then")
	}
	contacts := filepath.Join(t.TempDir(), "contacts.csv")
	require.NoError(t, os.WriteFile(contacts, []byte("phone\n+919876543210\n"), 0o600))
	for _, args := range [][]string{{"--help"}, {"agents", "list", "--simulate"}, {"campaigns", "create", contacts, "--name", "x", "--agent", "a", "--from", "+15550100000", "--dry-run"}} {
		best := time.Hour
		for range 20 {
			best = min(best, firstOutput(t, args...))
		}
		t.Logf("%v: %v", args, best)
		assert.Less(t, best, 100*time.Millisecond, "%v", args)
	}
}

// firstOutput is how long the program takes until it has written something.
func firstOutput(t *testing.T, args ...string) time.Duration {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "voiceagent", args...) // see TestMain: it has the tests in it, too
	cmd.Env = append(os.Environ(), "NO_COLOR=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	began := time.Now()
	require.NoError(t, cmd.Start())
	n, err := out.Read(make([]byte, 1<<20))
	took := time.Since(began)
	require.NoError(t, err)
	require.NotZero(t, n)
	_ = out.Close() // the rest is of no interest
	_ = cmd.Wait()
	return took
}
