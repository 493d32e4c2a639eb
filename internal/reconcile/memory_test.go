package reconcile_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/reconcile"
)

var (
	owner  = reconcile.Owner{Route: "/call", Agent: "ag_1"}
	twin   = reconcile.Twin{Owner: owner, Name: sent}
	others = reconcile.Twin{Owner: reconcile.Owner{Route: "/call", Agent: "ag_2"}, Name: sent}
	start  = time.Date(2026, 1, 15, 10, 0, 0, 0, time.UTC)
)

func second(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }

func placed(twin reconcile.Twin, n int) reconcile.Placed {
	return reconcile.Placed{Twin: twin, IDs: []string{fmt.Sprint("id-", n), fmt.Sprint("session-", n)}, Sent: second(n), At: second(n)}
}

func TestMemory(t *testing.T) {
	t.Parallel()
	var m reconcile.Memory
	for n := range 20 {
		m.Note(placed(twin, 2*n))
		m.Note(placed(others, 2*n+1))
	}
	got, ok := m.Find([]string{"session-6"})
	require.True(t, ok)
	assert.Equal(t, placed(twin, 6), got)
	_, ok = m.Find([]string{"id-6", "session-6", "another"})
	assert.True(t, ok)
	_, ok = m.Find([]string{"unknown", "session-6"})
	assert.False(t, ok, "each has an id that the other hasn't")
	_, ok = m.Find([]string{"id-40"})
	assert.False(t, ok)
	_, ok = m.Find(nil)
	assert.False(t, ok)

	before := m.Before(owner, second(20), start, 5)
	require.Len(t, before, 5)
	assert.Equal(t, []time.Time{second(20), second(18), second(16), second(14), second(12)},
		[]time.Time{before[0].At, before[1].At, before[2].At, before[3].At, before[4].At})
	assert.Len(t, m.Before(owner, second(20), second(15), 5), 3, "those before are too old")
	assert.Empty(t, m.Before(owner, start.Add(-time.Second), start.Add(-time.Hour), 5))
	assert.Len(t, m.After(owner, second(30)), 4)
	assert.Len(t, m.Equal(twin, second(34)), 3)
	assert.Len(t, m.Equal(others, second(34)), 3)

	n, all := m.Since(owner, second(30))
	assert.Equal(t, 5, n)
	assert.True(t, all)
}

// A record that is noted twice, by the answer and then by the ledger, is kept once.
func TestMemoryNotesARecordOnce(t *testing.T) {
	t.Parallel()
	var m reconcile.Memory
	m.Note(placed(twin, 1))
	again := placed(twin, 2)
	again.IDs = []string{"session-1"}
	m.Note(again)
	assert.Len(t, m.Equal(twin, start), 1)
	m.Note(reconcile.Placed{Twin: twin, At: second(3)})
	m.Note(reconcile.Placed{Twin: twin, At: second(4)})
	assert.Len(t, m.Equal(twin, start), 3, "without an id nobody can tell")
}

// What has no id is shown by nothing, and what the list shows without an id shows nothing.
func TestRecordsWithoutIDs(t *testing.T) {
	t.Parallel()
	assert.False(t, placed(twin, 1).IsShownBy(nil))
	assert.False(t, reconcile.Placed{Twin: twin}.IsShownBy([]string{"id-1"}))
	assert.False(t, reconcile.Placed{Twin: twin}.IsShownBy(nil))
}

// What was found in a list is no witness: nobody knows when it was made.
func TestMemoryTellsWitnessesFromFinds(t *testing.T) {
	t.Parallel()
	var m reconcile.Memory
	m.Note(placed(twin, 1))
	found := placed(twin, 2)
	found.Sent = time.Time{}
	m.Note(found)
	assert.Len(t, m.Before(owner, second(9), start, 5), 1)
	assert.Len(t, m.After(owner, start), 1)
	assert.Len(t, m.Equal(twin, start), 2)
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	var m reconcile.Memory
	const most, more = 10_000, 700
	for n := range most + more {
		m.Note(placed(twin, n))
	}
	_, ok := m.Find([]string{fmt.Sprint("id-", more-1)})
	assert.False(t, ok, "the oldest are forgotten")
	_, ok = m.Find([]string{fmt.Sprint("id-", more)})
	assert.True(t, ok)
	n, all := m.Since(owner, second(more+1))
	assert.Equal(t, most-1, n)
	assert.True(t, all)
	_, all = m.Since(owner, start)
	assert.False(t, all, "and that is said")
	before := m.Before(owner, second(most+more), start, 3)
	require.Len(t, before, 3)
	assert.Equal(t, second(most+more-1), before[0].At)
}

// If two records share an id, it still leads to the later one after the earlier one is forgotten.
func TestMemoryForgetsTheIDsOfOneRecord(t *testing.T) {
	t.Parallel()
	var m reconcile.Memory
	early, later := placed(twin, 0), placed(twin, 1)
	early.IDs[1], later.IDs[1] = "pending", "pending"
	m.Note(early)
	m.Note(later)
	for n := range 9_999 {
		m.Note(placed(twin, n+2))
	}
	_, ok := m.Find([]string{"id-0"})
	assert.False(t, ok)
	got, ok := m.Find([]string{"pending"})
	require.True(t, ok)
	assert.Equal(t, later, got)
}

// An id of several records is none of theirs. That is known from the second one on.
func TestMemoryKnowsWhatIsNoID(t *testing.T) {
	t.Parallel()
	var m reconcile.Memory
	for n := range 3 {
		p := placed(twin, n)
		p.IDs[1] = "pending"
		assert.Equal(t, n == 0, len(m.Own(p.IDs)) == 2, "before it is noted")
		m.Note(p)
		assert.Equal(t, n == 0, len(m.Own(p.IDs)) == 2, "and after")
		assert.Contains(t, m.Own(p.IDs), p.IDs[0])
	}
	assert.Equal(t, []string{"pending"}, new(reconcile.Memory).Own([]string{"pending"}))
}

// However many records are noted, a Memory takes no more than 3.5 MB.
func TestMemoryDoesNotGrow(t *testing.T) { // not beside others: it measures the heap
	heap := func() int64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return int64(stats.HeapAlloc)
	}
	before := heap()
	var m reconcile.Memory
	for n := range 100_000 {
		m.Note(placed(twin, n))
	}
	grown := heap() - before
	t.Log(grown)
	assert.LessOrEqual(t, grown, int64(3_500_000))
	runtime.KeepAlive(&m)
}
