// Package otelvoiceagent shows in OpenTelemetry what a [voiceagent.Client] does: a span for each
// call with a child for each attempt, the waits between them with their reasons, and metrics of all
// these.
//
//	tracer, err := otelvoiceagent.New(otelvoiceagent.Params{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	client, err := voiceagent.NewClient(voiceagent.WithTracer(tracer))
//
// # Spans
//
// A call is a span "voiceagent POST /call" of kind internal. Each request that it sends is a child
// "POST /call" of kind client, as the HTTP conventions require. There is one client span for each
// request on the wire, and none around it, so nothing is counted twice. The span ends when the
// answer's body has been read. The look for a lost answer makes calls of its own within the call.
// The [page on observability] lists the attributes, events and metrics.
//
// # What isn't shown
//
// No key, phone number, body, header or URL. The conventions require url.full; it is left out,
// since it holds ids and may hold phone numbers. url.template replaces it. A failure is shown by
// its type, not by its text. Requests don't carry your trace ids unless you set
// [Params.Propagator].
//
// The reason of a wait is shown as the [voiceagent.RetryPolicy] returned it, so a policy of your
// own must not put personal data there. A path that is passed to [voiceagent.Client.Request] is
// shown as its route: each element with a digit becomes {id}, and the others stay.
//
// [page on observability]: https://github.com/voiceagent-go/voiceagent/tree/main/docs
package otelvoiceagent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/voiceagent-go/voiceagent"
)

const scope = "github.com/voiceagent-go/voiceagent/otelvoiceagent"

// Params says where spans and metrics go. The zero Params is for a program that has set the global
// providers.
type Params struct {
	// TracerProvider makes the spans; [otel.GetTracerProvider] when nil.
	TracerProvider trace.TracerProvider
	// MeterProvider takes the metrics; [otel.GetMeterProvider] when nil.
	MeterProvider metric.MeterProvider
	// Propagator adds trace headers to the requests. If it is nil, none are added, whatever the global
	// propagator is: the vendor doesn't ask for the ids of your traces, or for your program's baggage.
	Propagator propagation.TextMapPropagator
	// Attributes are set on every span and metric, for example to distinguish two accounts in one
	// process. They should have few values.
	Attributes []attribute.KeyValue
}

// Tracer is a [voiceagent.Tracer]. It is safe for concurrent use, has nothing to close, and starts
// no goroutine.
type Tracer struct {
	tracer      trace.Tracer
	propagator  propagation.TextMapPropagator
	instruments instruments
	operations  operations
}

// New returns a tracer for [voiceagent.WithTracer]. It returns an error if the meter provider
// refuses an instrument.
func New(p Params) (*Tracer, error) {
	if p.TracerProvider == nil {
		p.TracerProvider = otel.GetTracerProvider()
	}
	if p.MeterProvider == nil {
		p.MeterProvider = otel.GetMeterProvider()
	}
	meter := p.MeterProvider.Meter(scope, metric.WithInstrumentationVersion(voiceagent.Version), metric.WithSchemaURL(semconv.SchemaURL))
	instruments, err := newInstruments(meter, p.Attributes)
	if err != nil {
		return nil, fmt.Errorf("otelvoiceagent: the meter provider makes no instruments: %w", err)
	}
	return &Tracer{
		tracer:      p.TracerProvider.Tracer(scope, trace.WithInstrumentationVersion(voiceagent.Version), trace.WithSchemaURL(semconv.SchemaURL)),
		propagator:  p.Propagator,
		instruments: instruments,
		operations:  newOperations(p.Attributes),
	}, nil
}

// call is a logical call under way, and the context of everything in it. It is for one goroutine,
// as the client's call is.
type call struct {
	context.Context
	op     *operation
	span   trace.Span
	began  time.Time
	lookup bool     // it looks for what another call's lost answer was about
	sent   int      // requests
	open   *attempt // the last request; nil before the first
	key    string   // only to know it again when a server sends it back
}

type callKey struct{}

// Value makes the call known to what happens in it.
func (c *call) Value(key any) any {
	if key == (callKey{}) {
		return c
	}
	return c.Context.Value(key)
}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// StartCall implements [voiceagent.Tracer].
func (t *Tracer) StartCall(ctx context.Context, traced voiceagent.TracedCall) context.Context {
	op := t.operations.of(traced.Method, traced.Route)
	options := op.call
	if traced.Lookup {
		options = op.lookup
	}
	ctx, span := t.tracer.Start(ctx, op.callName, options...)
	if callOf(ctx) == nil && t.propagator == nil && !span.IsRecording() && !t.instruments.enabled(ctx) {
		return ctx // nobody will ask
	}
	return &call{Context: ctx, op: op, span: span, began: time.Now(), lookup: traced.Lookup}
}

// Waited implements [voiceagent.Tracer].
func (t *Tracer) Waited(ctx context.Context, wait voiceagent.TracedWait) {
	c := callOf(ctx)
	if c == nil {
		return
	}
	kind := string(wait.Kind)
	if c.span.IsRecording() {
		c.span.AddEvent(waitEvent, trace.WithAttributes(
			waitKindKey.String(kind), waitDurationKey.Float64(wait.Duration.Seconds()), waitReasonKey.String(wait.Reason)))
	}
	t.instruments.waited(c, wait.Duration, kind)
}

// EndCall implements [voiceagent.Tracer].
func (t *Tracer) EndCall(ctx context.Context, response *voiceagent.Response, err error) {
	c := callOf(ctx)
	if c == nil {
		return
	}
	if c.open != nil {
		c.open.end("") // only does something after a panic between the answer and its body
	}
	r := result{outcome: outcomeOf(err), errorType: callErrorType(err)}
	for _, a := range response.Attempts {
		if !a.Lookup {
			r.attempts++
		}
	}
	if c.span.IsRecording() {
		attrs := make([]attribute.KeyValue, 0, 5)
		attrs = append(attrs, attemptsKey.Int(r.attempts), outcomeKey.String(r.outcome))
		if response.StatusCode != 0 {
			attrs = append(attrs, semconv.HTTPResponseStatusCode(response.StatusCode))
		}
		if isID(response.RequestID, c.key) {
			attrs = append(attrs, requestIDKey.String(response.RequestID))
		}
		if err != nil {
			attrs = append(attrs, semconv.ErrorTypeKey.String(r.errorType))
			c.span.SetStatus(codes.Error, "")
		}
		c.span.SetAttributes(attrs...)
	}
	t.instruments.ended(c, r, response.RateLimit)
	c.span.End()
}

// result is what the metrics report of a call.
type result struct {
	outcome   string
	errorType string
	attempts  int
}

// The outcomes of a call.
const (
	outcomeOK      = "ok"
	outcomeFailed  = "failed"
	outcomeUnknown = "unknown" // it may have been done
)

func outcomeOf(err error) string {
	switch {
	case err == nil:
		return outcomeOK
	case errors.Is(err, voiceagent.ErrOutcomeUnknown):
		return outcomeUnknown
	}
	return outcomeFailed
}
