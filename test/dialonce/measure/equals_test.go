package measure_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// measureEquals places calls that are equal in every field, and wanted: times to each person.
func (h habit) measureEquals(t *testing.T, persons, times, concurrency int) (sum tally) {
	t.Helper()
	inWorld(t, func(t *testing.T, w *world) {
		client := w.Client(h.client...)
		w.goodCalls(t, client, 8)
		w.Fail(mixed()...)
		all := teller{}
		for _, result := range client.Calls.CreateEach(t.Context(), w.callsTo(persons, times), voiceagent.CreateEachParams{Concurrency: concurrency}) {
			all.noteCall(result)
		}
		time.Sleep(settled)
		sum = all.count(w.Dials(), w.seen)
	}, h.options()...)
	return sum
}

// Equal calls ring as often as they are wanted, and each caller gets its own ring.
func TestEqualCalls(t *testing.T) {
	type d = voiceagenttest.Dialect
	n := *manyCalls
	habits := []habit{
		{name: "plain"},
		{name: "listed 3 s late", dialect: d{ListDelay: 3 * time.Second}},
		{name: "POST names id, list session_id", dialect: d{CallRef: voiceagenttest.CallRefID, ListRef: voiceagenttest.CallRefSessionID}},
		{name: "session_id None alone", dialect: d{SessionNone: true, CallRef: voiceagenttest.CallRefSessionID, ListRef: voiceagenttest.CallRefSessionID}},
		{name: "number masked", dialect: d{Numbers: voiceagenttest.NumberMasked}},
	}
	ways := []struct {
		name                        string
		persons, times, concurrency int
	}{
		{"groups of 3", n / 3, 3, 16},
		{"groups of 3 in the same instant", n / 3, 3, n},
		{"one person in the same instant", 1, n, n},
	}
	tb := newTable(fmt.Sprintf("%d equal calls, wanted", n))
	t.Run("each", func(t *testing.T) {
		for _, way := range ways {
			for _, h := range habits {
				name := way.name + ", " + h.name
				tb.expect(name)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					sum := h.measureEquals(t, way.persons, way.times, way.concurrency)
					tb.put(name, sum)
					sum.isRight(t)
					if h.name == "plain" {
						assert.LessOrEqual(t, sum.unknown, 3+sum.wanted*30/100, "unknown")
					}
				})
			}
		}
	})
	tb.write(t)
}
