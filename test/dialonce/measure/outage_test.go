package measure_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// measureOutage calls n people while every POST is answered with a status after the work, for some
// time.
func (h habit) measureOutage(t *testing.T, n, status int, lasts time.Duration) (sum tally) {
	t.Helper()
	inWorld(t, func(t *testing.T, w *world) {
		client := w.Client(h.client...)
		w.goodCalls(t, client, 8)
		w.Fail(voiceagenttest.Fault{Method: http.MethodPost, Kind: voiceagenttest.StatusAfter, Status: status, Times: -1})
		over := time.AfterFunc(lasts, w.ClearFaults)
		defer over.Stop()
		all := teller{}
		for _, result := range client.Calls.CreateEach(t.Context(), w.callsTo(n, 1), voiceagent.CreateEachParams{Concurrency: 16}) {
			all.noteCall(result)
		}
		time.Sleep(settled)
		sum = all.count(w.Dials(), w.seen)
	}, h.options()...)
	return sum
}

// An outage that does the work rings each phone once.
func TestOutages(t *testing.T) {
	const people = 200 / slowdown
	habits := []habit{
		{},
		{name: ", OutcomeFail", client: []voiceagent.ClientOption{voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail)}},
	}
	tb := newTable(fmt.Sprintf("Outages that do the work, %d people", people))
	t.Run("each", func(t *testing.T) {
		for _, status := range []int{500, 502, 503} {
			for _, lasts := range []time.Duration{20 * time.Second, 10 * time.Minute} {
				for _, h := range habits {
					name := fmt.Sprintf("%d for %v%s", status, lasts, h.name)
					tb.expect(name)
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						sum := h.measureOutage(t, people, status, lasts)
						tb.put(name, sum)
						sum.isRight(t)
					})
				}
			}
		}
	})
	tb.write(t)
}

// A client's first calls have no witness, and the vendor vouches for 500, 502 and 503: nothing is
// asserted, the table counts.
func TestFirstCalls(t *testing.T) {
	const clients = 50 / slowdown
	type d = voiceagenttest.Dialect
	tb := newTable(fmt.Sprintf("The first call of each of %d clients, answered so after the work", clients))
	for _, status := range []int{500, 502, 503} {
		for _, h := range []habit{
			{name: "plain"},
			{name: "listed 3 s late", dialect: d{ListDelay: 3 * time.Second}},
			{name: "number masked", dialect: d{Numbers: voiceagenttest.NumberMasked}},
		} {
			name := fmt.Sprintf("%d, %s", status, h.name)
			tb.expect(name)
			inWorld(t, func(t *testing.T, w *world) {
				all := teller{}
				for i := range clients {
					w.Fail(voiceagenttest.Fault{Method: http.MethodPost, Kind: voiceagenttest.StatusAfter, Status: status})
					made, err := w.Client().Calls.Create(t.Context(), w.callTo(i))
					ref := ""
					if made != nil {
						ref = made.Ref()
					}
					all.note(person(i), ref, err)
					time.Sleep(time.Minute)
				}
				tb.put(name, all.count(w.Dials(), w.seen))
			}, h.options()...)
		}
	}
	tb.write(t)
}
