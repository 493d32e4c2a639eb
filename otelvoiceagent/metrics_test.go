package otelvoiceagent_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/otelvoiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := server(t, voiceagenttest.WithLimits(voiceagenttest.PerMinute(3)))
		seen := record(t)
		agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
		client := srv.Client(voiceagent.WithTracer(seen))
		get := func() error {
			_, err := client.Agents.Get(t.Context(), agentID)
			return err
		}
		srv.Fail(voiceagenttest.Fault{Status: http.StatusServiceUnavailable})
		require.NoError(t, get(), "after a 503 and some 30 s")
		srv.Fail(voiceagenttest.Fault{Status: http.StatusNotFound})
		require.Error(t, get())
		for range 4 { // more than the window has
			require.NoError(t, get())
		}
		metrics := seen.metrics(t)
		require.Len(t, metrics, 6)

		requests := points[float64](t, metrics["http.client.request.duration"])
		byStatus := map[any]metricdata.HistogramDataPoint[float64]{}
		for _, p := range requests {
			byStatus[values(p.Attributes.ToSlice())["http.response.status_code"]] = p
		}
		require.Len(t, byStatus, 3)
		assert.Equal(t, uint64(5), byStatus[int64(200)].Count)
		maintenance := byStatus[int64(503)].Attributes
		assert.Equal(t, map[string]any{
			"http.request.method": "GET", "url.template": agentRoute, "server.address": "voiceagent.test", "server.port": int64(443),
			"http.response.status_code": int64(503), "network.protocol.version": "1.1", "error.type": "503",
		}, values(maintenance.ToSlice()))
		assert.Less(t, byStatus[int64(200)].Sum, 1.0, "the waits aren't the API's fault")
		assert.Equal(t, []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}, byStatus[int64(200)].Bounds, "those of the conventions")

		waits := map[any]metricdata.HistogramDataPoint[float64]{}
		for _, p := range points[float64](t, metrics["voiceagent.client.wait.duration"]) {
			waits[values(p.Attributes.ToSlice())["voiceagent.wait.kind"]] = p
			assert.Len(t, p.Attributes.ToSlice(), 3, "no free text")
		}
		require.Len(t, waits, 2)
		assert.Equal(t, uint64(1), waits["backoff"].Count)
		assert.InDelta(t, 32.5, waits["backoff"].Sum, 2.5)
		assert.Greater(t, waits["throttle"].Sum, 20.0)

		calls := map[any]metricdata.HistogramDataPoint[float64]{}
		for _, p := range points[float64](t, metrics["voiceagent.client.call.duration"]) {
			attrs := values(p.Attributes.ToSlice())
			calls[attrs["voiceagent.outcome"]] = p
			if attrs["voiceagent.outcome"] == "failed" {
				assert.Equal(t, "404", attrs["error.type"])
			} else {
				assert.NotContains(t, attrs, "error.type")
			}
		}
		assert.Equal(t, uint64(5), calls["ok"].Count)
		assert.Equal(t, uint64(1), calls["failed"].Count)
		assert.InDelta(t, waits["backoff"].Sum+waits["throttle"].Sum, calls["ok"].Sum, 1, "all of it was waiting")

		attempts := points[int64](t, metrics["voiceagent.client.call.attempts"])
		ok := slices.IndexFunc(attempts, func(p metricdata.HistogramDataPoint[int64]) bool { return p.Count == 5 })
		require.GreaterOrEqual(t, ok, 0)
		assert.Equal(t, int64(6), attempts[ok].Sum)

		budget, known := client.RateLimit()
		require.True(t, known)
		assert.Equal(t, int64(budget.Remaining), gauge(t, metrics["voiceagent.client.rate_limit.remaining"]).Value)
		assert.Equal(t, int64(3), gauge(t, metrics["voiceagent.client.rate_limit.limit"]).Value)
		assert.Equal(t, map[string]string{
			"http.client.request.duration": "s", "voiceagent.client.call.duration": "s", "voiceagent.client.wait.duration": "s",
			"voiceagent.client.call.attempts": "{attempt}", "voiceagent.client.rate_limit.remaining": "{request}", "voiceagent.client.rate_limit.limit": "{request}",
		}, units(metrics))
	})
}

func gauge(t *testing.T, m metricdata.Metrics) metricdata.DataPoint[int64] {
	t.Helper()
	data, ok := m.Data.(metricdata.Gauge[int64])
	require.True(t, ok, "%s is a %T", m.Name, m.Data)
	require.Len(t, data.DataPoints, 1)
	return data.DataPoints[0]
}

func units(metrics map[string]metricdata.Metrics) map[string]string {
	units := make(map[string]string)
	for name, m := range metrics {
		units[name] = m.Unit
	}
	return units
}

// The calls of a look are marked, so that they don't distort the metrics of the calls that a
// program makes.
func TestLooksAreMarkedInMetrics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := server(t)
		seen := record(t)
		params := someCall
		params.AgentID = srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
		srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/call", Kind: voiceagenttest.DropAfter})
		_, err := srv.Client(voiceagent.WithTracer(seen)).Calls.Create(t.Context(), params)
		require.NoError(t, err)
		marks := map[any]any{}
		for _, p := range points[float64](t, seen.metrics(t)["voiceagent.client.call.duration"]) {
			attrs := values(p.Attributes.ToSlice())
			marks[attrs["url.template"]] = attrs["voiceagent.lookup"]
		}
		assert.Equal(t, map[any]any{"/call": nil, "/calls": true}, marks)
		assert.NotContains(t, seen.metrics(t), "voiceagent.client.rate_limit.remaining", "no answer told")
	})
}

func TestAttributesStandEverywhere(t *testing.T) {
	t.Parallel()
	srv := server(t, voiceagenttest.WithLimits(voiceagenttest.Pro))
	account := attribute.String("account", "north")
	seen := record(t, otelvoiceagent.Params{Attributes: []attribute.KeyValue{account}})
	_, err := srv.Client(voiceagent.WithTracer(seen)).Agents.List(t.Context(), voiceagent.AgentListParams{})
	require.NoError(t, err)
	for _, span := range seen.spans.GetSpans() {
		assert.Contains(t, span.Attributes, account, span.Name)
	}
	for name, m := range seen.metrics(t) {
		for _, set := range attributeSets(m) {
			assert.Contains(t, set.ToSlice(), account, name)
		}
	}
}

// attributeSets are those of all points of a metric.
func attributeSets(m metricdata.Metrics) (sets []attribute.Set) {
	switch data := m.Data.(type) {
	case metricdata.Histogram[float64]:
		for _, p := range data.DataPoints {
			sets = append(sets, p.Attributes)
		}
	case metricdata.Histogram[int64]:
		for _, p := range data.DataPoints {
			sets = append(sets, p.Attributes)
		}
	case metricdata.Gauge[int64]:
		for _, p := range data.DataPoints {
			sets = append(sets, p.Attributes)
		}
	}
	return sets
}
