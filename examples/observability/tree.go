package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

// line is a span or an event of one.
type line struct {
	at   time.Time
	text string
	took time.Duration
	says string
	span *tracetest.SpanStub // nil for an event
}

// printTree prints the spans below their parents, and the waits between them, in order.
func printTree(out io.Writer, spans tracetest.SpanStubs) {
	printBelow(out, spans, &tracetest.SpanStub{}, "")
}

func printBelow(out io.Writer, spans tracetest.SpanStubs, parent *tracetest.SpanStub, indent string) {
	var lines []line
	for i := range spans {
		if s := &spans[i]; s.Parent.SpanID() == parent.SpanContext.SpanID() {
			lines = append(lines, line{s.StartTime, s.Name, s.EndTime.Sub(s.StartTime), says(s.Attributes), s})
		}
	}
	for _, event := range parent.Events {
		attrs := attribute.NewSet(event.Attributes...)
		took := time.Duration(float(attrs, "voiceagent.wait.duration") * float64(time.Second))
		lines = append(lines, line{event.Time.Add(-took), "wait", took, text(attrs, "voiceagent.wait.kind") + ": " + text(attrs, "voiceagent.wait.reason"), nil})
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	for _, l := range lines {
		fmt.Fprintln(out, strings.TrimRight(fmt.Sprintf("%-44s %7.3f s  %s", indent+l.text, l.took.Seconds(), l.says), " "))
		if l.span != nil {
			printBelow(out, spans, l.span, indent+"  ")
		}
		if indent == "" {
			fmt.Fprintln(out)
		}
	}
}

// says is what matters of a span's attributes.
func says(list []attribute.KeyValue) string {
	attrs := attribute.NewSet(list...)
	var parts []string
	for _, key := range []attribute.Key{"voiceagent.outcome", "http.response.status_code", "error.type"} {
		if value := text(attrs, key); value != "" && !slices.Contains(parts, value) {
			parts = append(parts, value)
		}
	}
	if n := text(attrs, "http.request.resend_count"); n != "" {
		parts = append(parts, "resent: "+n)
	}
	if text(attrs, "voiceagent.lookup") != "" {
		parts = append(parts, "the look for the lost answer")
	}
	return strings.Join(parts, ", ")
}

func text(attrs attribute.Set, key attribute.Key) string {
	value, ok := attrs.Value(key)
	if !ok {
		return ""
	}
	return value.String()
}

func float(attrs attribute.Set, key attribute.Key) float64 {
	value, _ := attrs.Value(key)
	return value.AsFloat64()
}
