package otelvoiceagent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
)

// TestNoSecrets searches all telemetry that leaves the process for keys, numbers, names, prompts
// and transcripts.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen := record(t)
		tellStory(t, seen)
		text := seen.everything(t)
		assert.Greater(t, len(seen.spans.GetSpans()), 100)
		for _, secret := range secrets {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%q shows in: %s", secret, text[max(0, at-100):min(len(text), at+100)])
			}
		}
	})
}

// everything is the text of all spans and metrics, in each form that an exporter might choose.
func (r *recorder) everything(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	write := func(attrs []attribute.KeyValue) {
		for _, a := range attrs {
			fmt.Fprintf(&b, " %s=%s", a.Key, a.Value.String())
		}
	}
	for _, s := range r.spans.GetSpans() {
		fmt.Fprintf(&b, "\n%s %s %s", s.Name, s.Status.Description, s.SpanContext.TraceState())
		write(s.Attributes)
		for _, e := range s.Events {
			b.WriteString("\n" + e.Name)
			write(e.Attributes)
		}
		for _, l := range s.Links {
			write(l.Attributes)
		}
		write(s.InstrumentationScope.Attributes.ToSlice())
		fmt.Fprintf(&b, "\n%+v", s)
	}
	var all metricdata.ResourceMetrics
	require.NoError(t, r.reader.Collect(context.Background(), &all))
	asJSON, err := json.Marshal(all)
	require.NoError(t, err)
	b.Write(asJSON)
	for _, m := range r.metrics(t) {
		for _, set := range attributeSets(m) {
			write(set.ToSlice())
		}
	}
	return b.String()
}

// TestSweepFinds plants a secret in each possible place, so that a sweep that misses a place fails.
func TestSweepFinds(t *testing.T) {
	t.Parallel()
	planted := attribute.String("a", secretTo)
	for place, plant := range map[string]func(trace.Span){
		"name":        func(s trace.Span) { s.SetName(secretTo) },
		"attribute":   func(s trace.Span) { s.SetAttributes(planted) },
		"list":        func(s trace.Span) { s.SetAttributes(attribute.StringSlice("a", []string{secretTo})) },
		"event":       func(s trace.Span) { s.AddEvent("e", trace.WithAttributes(planted)) },
		"event name":  func(s trace.Span) { s.AddEvent(secretTo) },
		"description": func(s trace.Span) { s.SetStatus(codes.Error, secretTo) },
		"link": func(s trace.Span) {
			s.AddLink(trace.Link{Attributes: []attribute.KeyValue{planted}, SpanContext: s.SpanContext()})
		},
	} {
		seen := record(t)
		ctx := seen.StartCall(t.Context(), tracedCall)
		plant(trace.SpanFromContext(ctx))
		seen.EndCall(ctx, &noResponse, nil)
		assert.Contains(t, seen.everything(t), secretTo, place)
	}
	seen := record(t)
	inRoute := tracedCall
	inRoute.Route = secretTo
	seen.EndCall(seen.StartCall(t.Context(), inRoute), &noResponse, nil)
	asJSON, err := json.Marshal(seen.metrics(t))
	require.NoError(t, err)
	assert.Contains(t, string(asJSON), secretTo, "metric")
}
