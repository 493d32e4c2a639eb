package measure_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// lossOfAProcess are the faults that a process dies under: most of its answers are lost or late.
func lossOfAProcess(workDelay time.Duration) []voiceagenttest.Fault {
	return evenly(0.75,
		voiceagenttest.Fault{Kind: voiceagenttest.HangAfter, WorkDelay: workDelay},
		voiceagenttest.Fault{Kind: voiceagenttest.HangBefore},
		voiceagenttest.Fault{Kind: voiceagenttest.DropAfter, WorkDelay: workDelay},
		voiceagenttest.Fault{Kind: voiceagenttest.StatusAfter, Status: 504, WorkDelay: workDelay},
		voiceagenttest.Fault{Kind: voiceagenttest.StatusBefore, Status: 504},
	)
}

// restart has a process die while its answers are lost, and another one begin again later, on a
// clock that is ahead. With first it dies in its first calls, before it has seen an answer.
func (h habit) restart(t *testing.T, n int, later, ahead time.Duration) (sum tally) {
	t.Helper()
	inWorld(t, func(t *testing.T, w *world) {
		each := voiceagent.CreateEachParams{
			Concurrency: n, Key: func(i int, _ voiceagent.CallCreateParams) string { return fmt.Sprintf("row-%d", i) },
		}
		first := newProcess(w.Transport())
		client := w.Client(voiceagent.WithLedger(first), voiceagent.WithHTTPClient(httpClient(first)))
		if !h.first {
			w.goodCalls(t, client, 8)
		}
		began := time.Now()
		w.Fail(h.faults...)
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(3*time.Second, func() {
			first.die()
			stop()
		})
		for range client.Calls.CreateEach(ctx, w.callsTo(n, 1), each) {
			// There is no caller any more.
		}
		time.Sleep(time.Until(began.Add(3 * time.Second)))
		w.ClearFaults()
		time.Sleep(later)

		client = w.Client(voiceagent.WithLedger(first.heir(t, ahead)))
		all := teller{}
		for _, result := range client.Calls.CreateEach(t.Context(), w.callsTo(n, 1), each) {
			all.noteCall(result)
		}
		time.Sleep(settled)
		sum = all.count(w.Dials(), w.seen)
	}, h.options()...)
	return sum
}

// A process that dies and begins again with the same keys rings nobody twice, on whatever clock.
func TestRestarts(t *testing.T) {
	n := max(*manyCalls/5, 20/slowdown)
	type d = voiceagenttest.Dialect
	habits := []habit{
		{name: "plain", faults: lossOfAProcess(0)},
		{name: "first calls", first: true, faults: evenly(1, voiceagenttest.Fault{Kind: voiceagenttest.HangAfter}, voiceagenttest.Fault{Kind: voiceagenttest.HangBefore})},
		{name: "listed 5 s late", dialect: d{ListDelay: 5 * time.Second}, faults: lossOfAProcess(0)},
		{name: "work 5 s later", faults: lossOfAProcess(5 * time.Second)},
		{name: "times of India, no offset", dialect: d{Times: voiceagenttest.TimeNaiveIST}, faults: lossOfAProcess(0)},
		{name: "number masked", dialect: d{Numbers: voiceagenttest.NumberMasked}, faults: lossOfAProcess(0)},
	}
	tb := newTable(fmt.Sprintf("Restarts: %d calls of a process that died, begun again later on a clock that is ahead", n))
	t.Run("each", func(t *testing.T) {
		for _, h := range habits {
			for _, later := range []time.Duration{0, 2 * time.Second, 10 * time.Second, 40 * time.Second} {
				for _, ahead := range []time.Duration{-10 * time.Minute, -10 * time.Second, 0, 10 * time.Second, 10 * time.Minute} {
					name := fmt.Sprintf("%s, %v later, clock %v ahead", h.name, later, ahead)
					tb.expect(name)
					t.Run(name, func(t *testing.T) {
						t.Parallel()
						sum := h.restart(t, n, later, ahead)
						tb.put(name, sum)
						sum.isRight(t)
					})
				}
			}
		}
	})
	tb.write(t)
}
