package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestTraffic(t *testing.T) {
	start := time.Unix(1_800_000_000, 0).UTC() // a multiple of five
	tr := newTraffic(time.Minute)
	note := func(second int, key string, status int, fault voiceagenttest.Kind) {
		tr.note(voiceagenttest.Request{Time: start.Add(time.Duration(second) * time.Second), Status: status, Fault: fault, Header: http.Header{"Authorization": {key}}})
	}
	at := func(second int) []chart { return tr.charts(start.Add(time.Duration(second) * time.Second)) }

	for _, status := range []int{200, 204, 307, 404, 422, 429, 500, 503, 0} {
		note(0, "...1", status, "")
	}
	note(4, "...1", 503, voiceagenttest.StatusBefore)
	note(5, "...1", 200, "")
	note(7, "...2", 429, voiceagenttest.Throttle)
	throttledSoFar, faults := tr.totals()
	assert.Equal(t, []int{2, 2}, []int{throttledSoFar, faults})

	charts := at(9)
	require.Len(t, charts, 2)
	assert.Equal(t, []string{"...1", "...2"}, []string{charts[0].key, charts[1].key})
	assert.Equal(t, start.Add(10*time.Second), charts[0].end)
	assert.Equal(t, []bar{{fine: 3, refused: 2, throttled: 1, broken: 3, unanswered: 1}, {fine: 1}}, charts[0].bars[58:])
	assert.Equal(t, bar{throttled: 1}, charts[1].bars[59])

	// A request that hung is counted when it came, if there is still a bar for that.
	note(295, "...1", 200, "")
	note(1, "...1", 0, voiceagenttest.HangBefore)
	assert.Equal(t, bar{fine: 3, refused: 2, throttled: 1, broken: 3, unanswered: 2}, at(295)[0].bars[0])
	assert.Equal(t, bar{fine: 1}, at(300)[0].bars[0], "the oldest has gone")
	note(4, "...1", 200, "")
	assert.Equal(t, []bar{{fine: 1}, {}}, []bar{at(300)[0].bars[0], at(300)[0].bars[59]}, "too old to be counted")
	for _, b := range at(100_000)[0].bars {
		assert.Zero(t, b)
	}
}

func TestTrafficForgetsSilentKeys(t *testing.T) {
	tr := newTraffic(time.Second)
	assert.Equal(t, time.Second, tr.length, "a bar isn't shorter")
	for i := range keysKept + 3 {
		tr.note(voiceagenttest.Request{Time: time.Unix(int64(i), 0), Status: 200, Header: http.Header{"Authorization": {fmt.Sprintf("...%02d", i)}}})
	}
	charts := tr.charts(time.Unix(keysKept+3, 0))
	require.Len(t, charts, keysKept)
	assert.Equal(t, "...03", charts[0].key)
}
