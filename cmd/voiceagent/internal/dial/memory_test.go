//go:build !race

package dial_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var memoryRows = flag.Int("memory.rows", 10_000, "rows of the long file of the memory test")

// peak returns the peak memory of a run of n rows, in two processes: one makes the campaigns, and
// the other watches them and writes the results.
func peak(t *testing.T, n int) (kib int) {
	t.Helper()
	d := newDesk(t, voiceagenttest.WithKeptRequests(-1))
	d.write("contacts.csv", contacts(n))
	t.Setenv("GOGC", "20")
	process, done, out := d.startChild(t)
	campaigns := (n + 1999) / 2000
	for strings.Count(out.String(), "\ncampaign ") < campaigns {
		select {
		case err := <-done:
			require.FailNow(t, "it ended before it was interrupted", "%v\n%s", err, out)
		case <-time.After(10 * time.Millisecond):
		}
	}
	require.NoError(t, process.Signal(os.Interrupt))
	require.Error(t, <-done)
	d.srv.Advance(24 * time.Hour)
	_, done, again := d.startChild(t)
	require.NoError(t, <-done, again)
	assert.Len(t, d.readCSV("contacts.results.csv"), n)
	return max(toldPeak(t, n, out), toldPeak(t, n, again))
}

// toldPeak reads what a child says that it took.
func toldPeak(t *testing.T, n int, out *screen) (kib int) {
	t.Helper()
	_, text, ok := strings.Cut(out.String(), "peak KiB: ")
	require.True(t, ok, out)
	_, err := fmt.Sscan(text, &kib)
	require.NoError(t, err)
	t.Logf("%d rows: %d KiB", n, kib)
	return kib
}

// peakOfCheck is what the check of n rows takes, in a process of its own.
func peakOfCheck(t *testing.T, n int) (kib int) {
	t.Helper()
	d := newDesk(t)
	d.write("contacts.csv", contacts(n))
	t.Setenv("GOGC", "20")
	t.Setenv(envDry, "1")
	_, done, out := d.startChild(t)
	require.NoError(t, <-done, out)
	return toldPeak(t, n, out)
}

// What a list of people who aren't called takes is what docs/cli.md says of a number.
func TestALongListOfExclusionsTakesWhatIsDocumented(t *testing.T) {
	if testing.Short() {
		t.Skip("it checks a long list")
	}
	const many, perNumber = 500_000, 64 // bytes, where 16 are documented: a slice that grows has room, and is there twice for a moment
	short := peakOfCheck(t, 2000)
	out := filepath.Join(t.TempDir(), "out.csv")
	require.NoError(t, os.WriteFile(out, []byte(contacts(many)), 0o600))
	t.Setenv(envOut, out)
	d := newDesk(t)
	d.write("contacts.csv", "phone\n+819012345678\n")
	_, done, told := d.startChild(t)
	require.NoError(t, <-done, told)
	long := toldPeak(t, many, told)
	assert.Less(t, (long-short)<<10, many*perNumber, "%d KiB without, %d KiB with %d", short, long, many)
}

// A file five times as long doesn't take five times the memory: only the set of the numbers grows.
func TestALongFileTakesLittleMoreMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it makes a real run of a long file")
	}
	short, long := peak(t, 2000), peak(t, *memoryRows)
	const perRow = 100 // bytes, generously
	assert.Less(t, long, short*3/2+(*memoryRows*perRow)>>10, "%d KiB for 2,000 rows, %d KiB for %d", short, long, *memoryRows)
}

// What the check of a long file takes is what docs/cli.md says of a row.
func TestTheCheckOfALongFileTakesWhatIsDocumented(t *testing.T) {
	if testing.Short() {
		t.Skip("it checks a long file")
	}
	const few, many, perRow = 2000, 100_000, 64 // bytes, where 40 are documented
	short, long := peakOfCheck(t, few), peakOfCheck(t, many)
	assert.Less(t, (long-short)<<10, (many-few)*perRow, "%d KiB for %d rows, %d KiB for %d", short, few, long, many)
}
