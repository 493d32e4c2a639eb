package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A row is counted once, however often and from wherever its outcome comes, and placed wins.
func TestRecordOnce(t *testing.T) {
	t.Parallel()
	l := newList(t)
	_, err := l.add(t.Context(), "1", []byte("a"))
	require.NoError(t, err)
	_, err = l.add(t.Context(), "2", []byte("b"))
	require.NoError(t, err)
	for _, step := range []struct {
		row  string
		o    outcome
		want tally
		now  string // the reference that stands
	}{
		{"1", outcome{Kind: unknown}, tally{rows: 2, unknown: 1}, ""},
		{"1", outcome{Kind: unknown}, tally{rows: 2, unknown: 1}, ""},
		{"1", outcome{Kind: refused}, tally{rows: 2, unknown: 1}, ""},
		{"1", outcome{Kind: placed, Ref: "call_1"}, tally{rows: 2, placed: 1}, "call_1"},
		{"1", outcome{Kind: placed, Ref: "call_2"}, tally{rows: 2, placed: 1}, "call_1"},
		{"1", outcome{Kind: unknown}, tally{rows: 2, placed: 1}, "call_1"},
		{"2", outcome{Kind: refused}, tally{rows: 2, placed: 1, refused: 1}, ""},
	} {
		require.NoError(t, l.record(t.Context(), step.row, step.o))
		got := mustTally(t, l)
		assert.Equal(t, step.want, got, "%+v", step)
		assert.Equal(t, step.now, allOutcomes(t, l)[step.row].Ref, "%+v", step)
	}
	assert.Zero(t, mustTally(t, l).waiting())
}

// Nothing is left of a list that is erased, and all of another.
func TestErase(t *testing.T) {
	t.Parallel()
	e := newExpedition(t, 10)
	other := &list{name: "other", rdb: e.rdb}
	_, err := enqueue(t.Context(), other, strings.NewReader(somePeople), somePhones, &strings.Builder{})
	require.NoError(t, err)
	before, err := other.rdb.Keys(t.Context(), "*other*").Result()
	require.NoError(t, err)
	e.dial(t, undisturbed)
	require.NoError(t, e.erase(t.Context()))
	left, err := e.rdb.Keys(t.Context(), "*"+e.name+"*").Result()
	require.NoError(t, err)
	assert.Empty(t, left)
	after, err := other.rdb.Keys(t.Context(), "*other*").Result()
	require.NoError(t, err)
	assert.ElementsMatch(t, before, after)
}

const somePeople = "\ufeffrow id,mobile no,name\n" +
	"a/1,+919876543201,Asha\n" +
	"a/2,nobody,Ravi\n" +
	",+919876543203,No Id\n" +
	"a/4,+919876543204,Meera,too much\n" +
	"a/5,+919876543205,\"Two\nlines\"\n"

var somePhones = source{phone: "mobile no", id: "row id", agentID: "ag_1", from: "+15550100000"}

// Enqueueing a file again adds nothing, and rows that can't be used are named.
func TestEnqueueAgain(t *testing.T) {
	t.Parallel()
	l := newList(t)
	var said strings.Builder
	sum, err := enqueue(t.Context(), l, strings.NewReader(somePeople), somePhones, &said)
	require.NoError(t, err)
	assert.Equal(t, summary{added: 2, bad: 3}, sum)
	assert.Contains(t, said.String(), "line 3, column mobile_no")
	assert.Contains(t, said.String(), "row 3: there is no id")
	assert.Contains(t, said.String(), "line 5: has 4 fields")
	assert.NotContains(t, said.String(), "9876543203")
	assert.Equal(t, tally{rows: 2, leftOut: 3}, mustTally(t, l))

	inspector := asynq.NewInspectorFromRedisClient(l.rdb)
	task, err := inspector.GetTaskInfo(l.queue(), "a%2F5")
	require.NoError(t, err)
	var j job
	require.NoError(t, json.Unmarshal(task.Payload, &j))
	assert.Equal(t, job{Row: "a%2F5", AgentID: "ag_1", From: "+15550100000", To: "+919876543205",
		Metadata: map[string]string{"row_id": "a/5", "name": "Two\nlines"}}, j)
	assert.Greater(t, task.Timeout, callTime+recordTime, "the queue would hand it out while it runs")
	assert.Greater(t, task.MaxRetry, 1_000_000, "a row is never given up")

	require.NoError(t, inspector.DeleteTask(l.queue(), "a%2F5")) // as if enqueue had been killed before it
	require.NoError(t, inspector.DeleteTask(l.queue(), "a%2F1")) // as the queue does when it is done
	require.NoError(t, l.record(t.Context(), "a%2F1", outcome{Kind: placed}))
	sum, err = enqueue(t.Context(), l, strings.NewReader(somePeople), somePhones, &said)
	require.NoError(t, err)
	assert.Equal(t, summary{known: 1, settled: 1, bad: 3}, sum)
	info, err := inspector.GetQueueInfo(l.queue())
	require.NoError(t, err)
	assert.Equal(t, 1, info.Size, "the row without an outcome has its task again, the settled one hasn't")
	assert.Equal(t, tally{rows: 2, leftOut: 3, placed: 1}, mustTally(t, l))
}

// A row that isn't what it was isn't dialled under its old id, and not passed over in silence.
func TestEnqueueAnotherFileUnderTheName(t *testing.T) {
	t.Parallel()
	l := newList(t)
	src := source{phone: "phone", agentID: "ag_1", from: "+15550100000"}
	sum, err := enqueue(t.Context(), l, strings.NewReader("phone\n+919876543201\n+919876543202\n"), src, &strings.Builder{})
	require.NoError(t, err)
	require.Equal(t, summary{added: 2}, sum)
	var said strings.Builder
	sum, err = enqueue(t.Context(), l, strings.NewReader("phone\n+919876543201\n+919876543209\n+919876543202\n"), src, &said)
	require.NoError(t, err)
	assert.Equal(t, summary{added: 1, known: 1, bad: 1}, sum)
	assert.Contains(t, said.String(), "row 2 of list test is another call already")
}

func TestEnqueueFails(t *testing.T) {
	t.Parallel()
	redis := startRedis(t)
	l := openList(t, redis.Addr())
	_, err := enqueue(t.Context(), l, strings.NewReader("name\nAsha\n"), somePhones, &strings.Builder{})
	assert.ErrorContains(t, err, `there is no column "mobile_no"`)
	require.NoError(t, redis.Kill())
	_, err = enqueue(t.Context(), l, strings.NewReader(somePeople), somePhones, &strings.Builder{})
	assert.Error(t, err, "Redis is gone")
}

func TestProgressLine(t *testing.T) {
	t.Parallel()
	var m meter
	start := time.Now()
	now := tally{rows: 100, leftOut: 2}
	for i := range 20 {
		now.placed = 4 * i
		now.unknown = min(i, 1)
		m.add(start.Add(time.Duration(i)*time.Second), now.placed)
		if i == 0 {
			assert.Equal(t, "0 placed, 0 refused, 0 unknown, 100 waiting, 2 left out", m.describe(now))
		}
	}
	assert.Equal(t, "76 placed, 0 refused, 1 unknown, 23 waiting, 2 left out; 4.0 a second, 6s left", m.describe(now))
	for range rateOver {
		start = start.Add(time.Minute)
		m.add(start, now.placed)
	}
	assert.Contains(t, m.describe(now), "none in the last seconds")
	assert.Equal(t, "100 placed, 0 refused, 0 unknown, 0 waiting", m.describe(tally{rows: 100, placed: 100}))
}

// The display ends when every row has an outcome, and says so if there is no such list.
func TestWatch(t *testing.T) {
	t.Parallel()
	l := newList(t)
	var out strings.Builder
	assert.ErrorContains(t, watch(t.Context(), l, &out), `there is no list "test"`)
	_, err := l.add(t.Context(), "1", []byte("a"))
	require.NoError(t, err)
	require.NoError(t, l.record(t.Context(), "1", outcome{Kind: placed, Ref: "call_1"}))
	require.NoError(t, watch(t.Context(), l, &out))
	assert.Equal(t, "1 placed, 0 refused, 0 unknown, 0 waiting\n", out.String())
}
