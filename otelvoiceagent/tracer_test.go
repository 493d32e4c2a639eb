package otelvoiceagent_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/otelvoiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var (
	tracedCall = voiceagent.TracedCall{Method: "GET", Route: "/agents"}
	noResponse voiceagent.Response
)

// The vendor sees no trace ids and no baggage, unless it is asked for.
func TestPropagation(t *testing.T) {
	t.Parallel()
	member, err := baggage.NewMember("customer", "acme")
	require.NoError(t, err)
	bag, err := baggage.New(member)
	require.NoError(t, err)
	ctx := baggage.ContextWithBaggage(t.Context(), bag)
	both := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	for name, c := range map[string]struct {
		propagator propagation.TextMapPropagator
		want       []string
	}{
		"by default":    {nil, nil},
		"trace context": {propagation.TraceContext{}, []string{"Traceparent"}},
		"both":          {both, []string{"Baggage", "Traceparent"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := server(t)
			seen := record(t, otelvoiceagent.Params{Propagator: c.propagator})
			_, err := srv.Client(voiceagent.WithTracer(seen)).Agents.List(ctx, voiceagent.AgentListParams{})
			require.NoError(t, err)
			header := srv.Requests()[0].Header
			var sent []string
			for _, key := range []string{"Baggage", "Traceparent", "Tracestate"} {
				if header.Get(key) != "" {
					sent = append(sent, key)
				}
			}
			assert.Equal(t, c.want, sent)
			if c.propagator != nil {
				assert.Contains(t, header.Get("Traceparent"), seen.only(t, "GET /agents").SpanContext.SpanID().String(), "the vendor's span would be a child of the attempt")
			}
		})
	}
}

// A propagated trace header also says that the trace isn't sampled, and each attempt has a header
// of its own.
func TestPropagationWithoutSampling(t *testing.T) {
	t.Parallel()
	srv := server(t)
	srv.Fail(voiceagenttest.Fault{Status: 500})
	tracer, err := otelvoiceagent.New(otelvoiceagent.Params{Propagator: propagation.TraceContext{}, MeterProvider: noop.NewMeterProvider(),
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))})
	require.NoError(t, err)
	_, err = srv.Client(voiceagent.WithTracer(tracer)).Agents.List(t.Context(), voiceagent.AgentListParams{})
	require.NoError(t, err)
	require.Len(t, srv.Requests(), 2)
	for _, request := range srv.Requests() {
		assert.Regexp(t, `^00-[0-9a-f]{32}-[0-9a-f]{16}-00$`, request.Header.Get("Traceparent"))
	}
	assert.NotEqual(t, srv.Requests()[0].Header.Get("Traceparent"), srv.Requests()[1].Header.Get("Traceparent"))
}

// Spans that a caller or a middleware makes are the parents and the children that they should be.
func TestSpansAroundAndBelow(t *testing.T) {
	t.Parallel()
	srv := server(t)
	seen := record(t)
	other := seen.provider.Tracer("other")
	below := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			_, span := other.Start(req.Context(), "below")
			span.End()
			return next.RoundTrip(req)
		})
	}
	ctx, around := other.Start(t.Context(), "around")
	_, err := srv.Client(voiceagent.WithTracer(seen), voiceagent.WithMiddleware(below)).Agents.List(ctx, voiceagent.AgentListParams{})
	require.NoError(t, err)
	around.End()
	assert.Equal(t, []string{"around", "  voiceagent GET /agents", "    GET /agents", "      below"}, seen.tree())
}

// A program can make up any number of paths and methods. Spans and metrics can't.
func TestRoutesAreBounded(t *testing.T) {
	t.Parallel()
	seen := record(t)
	answers := roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody}, nil
	})
	client := through(t, answers, voiceagent.WithTracer(seen))
	_ = client.Request(t.Context(), "LINK", "/agents/+919876543210/%FF", nil, nil)
	assert.Equal(t, []string{"voiceagent HTTP /agents/{id}/\uFFFD", "  HTTP /agents/{id}/\uFFFD"}, seen.tree())
	assert.Equal(t, "_OTHER", values(seen.spans.GetSpans()[0].Attributes)["http.request.method"])
	for i := range 1000 {
		_ = client.Request(t.Context(), http.MethodGet, "/"+strings.Repeat("x", i+1), nil, nil)
	}
	names := map[string]bool{}
	for _, span := range seen.spans.GetSpans() {
		names[span.Name] = true
	}
	assert.True(t, names["voiceagent GET"] && names["GET"], "without a route when there are too many")
	assert.LessOrEqual(t, len(names), 2*201)
	assert.LessOrEqual(t, len(points[float64](t, seen.metrics(t)["voiceagent.client.call.duration"])), 201)
}

func TestNewRefusesWhatTheMeterRefuses(t *testing.T) {
	t.Parallel()
	_, err := otelvoiceagent.New(otelvoiceagent.Params{MeterProvider: refusing{}})
	require.ErrorContains(t, err, "otelvoiceagent: the meter provider makes no instruments: no histograms here")
}

type refusing struct{ noop.MeterProvider }

func (refusing) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ noop.Meter }

func (refusingMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return noop.Float64Histogram{}, errors.New("no histograms here")
}

func TestDefaultsAreTheGlobalProviders(t *testing.T) { // not parallel: it sets what all tests share
	seen := &recorder{spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	otel.SetTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSyncer(seen.spans)))
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(seen.reader)))
	t.Cleanup(func() {
		otel.SetTracerProvider(tracenoop.NewTracerProvider())
		otel.SetMeterProvider(noop.NewMeterProvider())
	})
	tracer, err := otelvoiceagent.New(otelvoiceagent.Params{})
	require.NoError(t, err)
	ctx := tracer.StartCall(t.Context(), tracedCall)
	tracer.Waited(ctx, voiceagent.TracedWait{Duration: time.Second})
	tracer.EndCall(ctx, &noResponse, nil)
	assert.Equal(t, []string{"voiceagent GET /agents"}, seen.tree())
	assert.Contains(t, seen.metrics(t), "voiceagent.client.wait.duration")
}

// A program may have metrics and no spans.
func TestMetricsWithoutSpans(t *testing.T) {
	t.Parallel()
	srv := server(t)
	reader := sdkmetric.NewManualReader()
	tracer, err := otelvoiceagent.New(otelvoiceagent.Params{TracerProvider: tracenoop.NewTracerProvider(),
		MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))})
	require.NoError(t, err)
	_, err = srv.Client(voiceagent.WithTracer(tracer)).Agents.List(t.Context(), voiceagent.AgentListParams{})
	require.NoError(t, err)
	metrics := (&recorder{reader: reader}).metrics(t)
	assert.Contains(t, metrics, "http.client.request.duration")
	assert.Contains(t, metrics, "voiceagent.client.call.duration")
}

// One tracer may serve clients of several accounts and hosts.
func TestTwoClients(t *testing.T) {
	t.Parallel()
	seen := record(t)
	hosts := map[string]bool{}
	for _, host := range []string{"one.example.com", "two.example.com", "one.example.com:8443"} {
		client := through(t, roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody}, nil
		}), voiceagent.WithBaseURL("https://"+host+"/v1"), voiceagent.WithTracer(seen))
		_, err := client.Agents.Get(t.Context(), "agent")
		require.Error(t, err)
	}
	for _, span := range seen.named("GET " + agentRoute) {
		attrs := values(span.Attributes)
		hosts[fmt.Sprint(attrs["server.address"], ":", attrs["server.port"])] = true
	}
	assert.Equal(t, map[string]bool{"one.example.com:443": true, "two.example.com:443": true, "one.example.com:8443": true}, hosts)
}

// A sampler may leave out the look. Its events still don't appear in the span of the call around
// it.
func TestLookThatIsNotSampled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := server(t)
		seen := &recorder{spans: tracetest.NewInMemoryExporter()}
		tracer, err := otelvoiceagent.New(otelvoiceagent.Params{MeterProvider: noop.NewMeterProvider(),
			TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(seen.spans), sdktrace.WithSampler(without("voiceagent GET /calls")))})
		require.NoError(t, err)
		params := someCall
		params.AgentID = srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
		srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/call", Kind: voiceagenttest.DropAfter},
			voiceagenttest.Fault{Route: "/calls", Status: http.StatusBadGateway})
		_, err = srv.Client(voiceagent.WithTracer(tracer)).Calls.Create(t.Context(), params)
		require.NoError(t, err)
		call := seen.only(t, "voiceagent POST /call")
		assert.Len(t, call.Events, 1)
		assert.Equal(t, int64(1), values(call.Attributes)["voiceagent.attempts"])
	})
}

// without is a sampler that drops the spans of a name.
type without string

func (w without) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	if p.Name == string(w) {
		return sdktrace.NeverSample().ShouldSample(p)
	}
	return sdktrace.AlwaysSample().ShouldSample(p)
}

func (without) Description() string { return "without" }

// Where nobody listens, nothing is allocated but by the providers.
func TestCostsNothingWithoutListeners(t *testing.T) { // not parallel: it counts allocations
	provider := tracenoop.NewTracerProvider()
	tracer, err := otelvoiceagent.New(otelvoiceagent.Params{TracerProvider: provider, MeterProvider: noop.NewMeterProvider()})
	require.NoError(t, err)
	bare := provider.Tracer("bare")
	ctx := t.Context()
	transport := tracer.RoundTripper(roundTrip(func(*http.Request) (*http.Response, error) { return nil, nil }))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.com/v1/agents", nil)
	require.NoError(t, err)
	need := testing.AllocsPerRun(100, func() { bare.Start(ctx, "bare") })
	assert.InDelta(t, need, testing.AllocsPerRun(100, func() {
		started := tracer.StartCall(ctx, tracedCall)
		_, _ = transport.RoundTrip(req)
		tracer.Waited(started, voiceagent.TracedWait{Duration: 1, Reason: "503"})
		tracer.EndCall(started, &noResponse, nil)
	}), 0.1)
}
