package otelvoiceagent

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"

	"github.com/voiceagent-go/voiceagent"
)

// Buckets for durations of up to some minutes. The API's answers are fast, but waits for a reset
// take up to a minute, and waits for a maintenance 30 s and more.
var (
	callBuckets    = []float64{0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300}
	waitBuckets    = []float64{0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 20, 30, 45, 60, 90, 120}
	attemptBuckets = []float64{0, 1, 2, 3, 4, 5, 10}
)

// instruments are the metrics.
type instruments struct {
	requestDuration metric.Float64Histogram
	callDuration    metric.Float64Histogram
	callAttempts    metric.Int64Histogram
	waitDuration    metric.Float64Histogram
	remaining       metric.Int64Gauge
	limit           metric.Int64Gauge
	common          metric.MeasurementOption
}

func newInstruments(meter metric.Meter, common []attribute.KeyValue) (i instruments, err error) {
	var errs [6]error
	requestDuration, err := httpconv.NewClientRequestDuration(meter)
	i.requestDuration, errs[0] = requestDuration.Inst(), err
	i.callDuration, errs[1] = meter.Float64Histogram("voiceagent.client.call.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of calls of the client, with all their attempts and waits."),
		metric.WithExplicitBucketBoundaries(callBuckets...))
	i.callAttempts, errs[2] = meter.Int64Histogram("voiceagent.client.call.attempts", metric.WithUnit("{attempt}"),
		metric.WithDescription("Attempts that a call took."),
		metric.WithExplicitBucketBoundaries(attemptBuckets...))
	i.waitDuration, errs[3] = meter.Float64Histogram("voiceagent.client.wait.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of the waits within calls: for the rate limit, before another attempt, before a look for a lost answer."),
		metric.WithExplicitBucketBoundaries(waitBuckets...))
	i.remaining, errs[4] = meter.Int64Gauge("voiceagent.client.rate_limit.remaining", metric.WithUnit("{request}"),
		metric.WithDescription("Requests left in the rate limit's window, as the last answer said."))
	i.limit, errs[5] = meter.Int64Gauge("voiceagent.client.rate_limit.limit", metric.WithUnit("{request}"),
		metric.WithDescription("Requests that a window of the rate limit allows, as the last answer said."))
	i.common = metric.WithAttributeSet(attribute.NewSet(common...))
	return i, errors.Join(errs[:]...)
}

// enabled reports whether the metrics are collected.
func (i *instruments) enabled(ctx context.Context) bool {
	return i.requestDuration.Enabled(ctx) || i.callDuration.Enabled(ctx) || i.callAttempts.Enabled(ctx) ||
		i.waitDuration.Enabled(ctx) || i.remaining.Enabled(ctx) || i.limit.Enabled(ctx)
}

func (i *instruments) sent(a *attempt, errorType string) {
	if !i.requestDuration.Enabled(a.ctx) {
		return
	}
	attrs := more(a.target.attrs, 3)
	if a.status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(a.status))
	}
	if a.protocol != "" {
		attrs = append(attrs, semconv.NetworkProtocolVersion(a.protocol))
	}
	if errorType != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(errorType))
	}
	i.requestDuration.Record(a.ctx, time.Since(a.began).Seconds(), metric.WithAttributes(attrs...))
}

func (i *instruments) waited(c *call, d time.Duration, kind string) {
	if i.waitDuration.Enabled(c) {
		attrs := append(more(c.op.attrs, 1), waitKindKey.String(kind))
		i.waitDuration.Record(c, d.Seconds(), metric.WithAttributes(attrs...))
	}
}

func (i *instruments) ended(c *call, r result, limit voiceagent.RateLimit) {
	if i.callDuration.Enabled(c) || i.callAttempts.Enabled(c) {
		attrs := append(more(c.op.attrs, 3), outcomeKey.String(r.outcome))
		if r.errorType != "" {
			attrs = append(attrs, semconv.ErrorTypeKey.String(r.errorType))
		}
		if c.lookup {
			attrs = append(attrs, lookupKey.Bool(true))
		}
		set := metric.WithAttributeSet(attribute.NewSet(attrs...))
		i.callDuration.Record(c, time.Since(c.began).Seconds(), set)
		i.callAttempts.Record(c, int64(r.attempts), set)
	}
	if limit != (voiceagent.RateLimit{}) {
		i.remaining.Record(c, int64(limit.Remaining), i.common)
		i.limit.Record(c, int64(limit.Limit), i.common)
	}
}
