package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// printMetrics prints each series of each metric, and what follows from them: where the time went.
func printMetrics(ctx context.Context, out io.Writer, reader sdkmetric.Reader) error {
	var all metricdata.ResourceMetrics
	if err := reader.Collect(ctx, &all); err != nil {
		return err
	}
	sums := make(map[string]float64)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			fmt.Fprintln(out, m.Name)
			var rows []string
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					rows = append(rows, fmt.Sprintf("  %-64s %3d x %8.3f s", series(p.Attributes), p.Count, p.Sum))
					if text(p.Attributes, "voiceagent.lookup") == "" {
						sums[m.Name+text(p.Attributes, "voiceagent.wait.kind")] += p.Sum
					}
				}
			case metricdata.Histogram[int64]:
				for _, p := range data.DataPoints {
					rows = append(rows, fmt.Sprintf("  %-64s %3d x %4d attempts", series(p.Attributes), p.Count, p.Sum))
				}
			case metricdata.Gauge[int64]:
				for _, p := range data.DataPoints {
					rows = append(rows, fmt.Sprintf("  %-64s %14d", "as the last answer said", p.Value))
				}
			}
			slices.Sort(rows)
			fmt.Fprintln(out, strings.Join(rows, "\n"))
		}
	}
	const wait = "voiceagent.client.wait.duration"
	fmt.Fprintf(out, "\nwhy were calls slow? of %.1f s in calls: %.1f s waiting for the rate limit, %.1f s before retries and looks, %.1f s in the API\n",
		sums["voiceagent.client.call.duration"], sums[wait+"throttle"], sums[wait+"backoff"]+sums[wait+"lookup"], sums["http.client.request.duration"])
	return nil
}

// series names a series by the values that distinguish it here.
func series(attrs attribute.Set) string {
	var parts []string
	for _, key := range []attribute.Key{"http.request.method", "url.template", "voiceagent.wait.kind", "voiceagent.outcome", "http.response.status_code", "error.type"} {
		if value := text(attrs, key); value != "" && !slices.Contains(parts, value) {
			parts = append(parts, value)
		}
	}
	if text(attrs, "voiceagent.lookup") != "" {
		parts = append(parts, "(look)")
	}
	return strings.Join(parts, " ")
}
