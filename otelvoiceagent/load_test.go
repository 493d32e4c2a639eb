package otelvoiceagent_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// Two hundred goroutines share a tracer, while the API fails and throttles. Each attempt stays with
// its own call.
func TestManyGoroutines(t *testing.T) {
	t.Parallel()
	const goroutines, each = 200, 5
	synctest.Test(t, func(t *testing.T) {
		srv := server(t, voiceagenttest.WithLimits(voiceagenttest.Pro), voiceagenttest.WithKeptRequests(-1))
		seen := record(t)
		agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
		srv.Fail(voiceagenttest.Fault{Status: http.StatusInternalServerError, Rate: 0.1}, voiceagenttest.Fault{Kind: voiceagenttest.DropAfter, Rate: 0.1})
		client := srv.Client(voiceagent.WithTracer(seen))
		var running sync.WaitGroup
		for i := range goroutines {
			running.Go(func() {
				for range each {
					if i%2 == 0 {
						_, _ = client.Agents.Get(t.Context(), agentID)
					} else {
						_, _ = client.Agents.List(t.Context(), voiceagent.AgentListParams{})
					}
				}
			})
		}
		running.Wait()

		routes := map[any]string{}
		attempts, calls := map[any]int64{}, map[any]int64{}
		for _, span := range seen.spans.GetSpans() {
			id := span.SpanContext.SpanID()
			if name, isCall := strings.CutPrefix(span.Name, "voiceagent "); isCall {
				routes[id] = name
				calls[id] = values(span.Attributes)["voiceagent.attempts"].(int64)
			}
		}
		for _, span := range seen.spans.GetSpans() {
			if !strings.HasPrefix(span.Name, "voiceagent ") {
				resent, _ := values(span.Attributes)["http.request.resend_count"].(int64)
				assert.Equal(t, attempts[span.Parent.SpanID()], resent)
				attempts[span.Parent.SpanID()]++
				assert.Equal(t, routes[span.Parent.SpanID()], span.Name)
			}
		}
		assert.Len(t, calls, goroutines*each)
		assert.Equal(t, calls, attempts)
		var counted uint64
		for _, p := range points[float64](t, seen.metrics(t)["voiceagent.client.call.duration"]) {
			counted += p.Count
		}
		assert.Equal(t, uint64(goroutines*each), counted)
	})
}
