package otelvoiceagent_test

import (
	"context"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/otelvoiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a program's OpenTelemetry, in memory.
type recorder struct {
	*otelvoiceagent.Tracer
	provider *sdktrace.TracerProvider
	spans    *tracetest.InMemoryExporter
	reader   *sdkmetric.ManualReader
}

// record returns a tracer and a recorder of its telemetry. When the test ends, each span that was
// started must have been exported.
func record(t *testing.T, params ...otelvoiceagent.Params) *recorder {
	t.Helper()
	r := &recorder{spans: tracetest.NewInMemoryExporter(), reader: sdkmetric.NewManualReader()}
	started := new(counter)
	var p otelvoiceagent.Params
	if len(params) > 0 {
		p = params[0]
	}
	r.provider = sdktrace.NewTracerProvider(sdktrace.WithSyncer(r.spans), sdktrace.WithSpanProcessor(started))
	p.TracerProvider = r.provider
	p.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(r.reader))
	tracer, err := otelvoiceagent.New(p)
	require.NoError(t, err)
	r.Tracer = tracer
	t.Cleanup(func() {
		assert.NotZero(t, started.n.Load())
		assert.Len(t, r.spans.GetSpans(), int(started.n.Load()), "a span stays open")
	})
	return r
}

// counter counts the spans that are started.
type counter struct{ n atomic.Int64 }

func (c *counter) OnStart(context.Context, sdktrace.ReadWriteSpan) { c.n.Add(1) }
func (c *counter) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (c *counter) Shutdown(context.Context) error                  { return nil }
func (c *counter) ForceFlush(context.Context) error                { return nil }

// tree are the names of the spans, in order of their start, each indented below its parent.
func (r *recorder) tree() []string {
	spans := r.spans.GetSpans()
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	var lines []string
	var add func(parent tracetest.SpanStub, indent string)
	add = func(parent tracetest.SpanStub, indent string) {
		for _, span := range spans {
			if span.Parent.SpanID() == parent.SpanContext.SpanID() {
				lines = append(lines, indent+span.Name)
				add(span, indent+"  ")
			}
		}
	}
	add(tracetest.SpanStub{}, "")
	return lines
}

// named returns the spans of a name, in order of their end.
func (r *recorder) named(name string) []tracetest.SpanStub {
	return slices.DeleteFunc(r.spans.GetSpans(), func(s tracetest.SpanStub) bool { return s.Name != name })
}

// only returns the one span of a name.
func (r *recorder) only(t *testing.T, name string) tracetest.SpanStub {
	t.Helper()
	spans := r.named(name)
	require.Len(t, spans, 1, name)
	return spans[0]
}

// values are attributes by name.
func values(attrs []attribute.KeyValue) map[string]any {
	m := make(map[string]any, len(attrs))
	for _, a := range attrs {
		m[string(a.Key)] = a.Value.AsInterface()
	}
	return m
}

// metrics collects what there is, by name.
func (r *recorder) metrics(t *testing.T) map[string]metricdata.Metrics {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, r.reader.Collect(context.Background(), &all))
	byName := make(map[string]metricdata.Metrics)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			byName[m.Name] = m
		}
	}
	return byName
}

// points returns the data points of a histogram.
func points[N int64 | float64](t *testing.T, m metricdata.Metrics) []metricdata.HistogramDataPoint[N] {
	t.Helper()
	data, ok := m.Data.(metricdata.Histogram[N])
	require.True(t, ok, "%s is a %T", m.Name, m.Data)
	return data.DataPoints
}

// server starts a simulator that ends with the test.
func server(t *testing.T, opts ...voiceagenttest.Option) *voiceagenttest.Server {
	t.Helper()
	srv := voiceagenttest.NewServer(opts...)
	t.Cleanup(srv.Close)
	return srv
}

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// through returns a client whose requests go to a transport.
func through(t *testing.T, transport http.RoundTripper, opts ...voiceagent.ClientOption) *voiceagent.Client {
	t.Helper()
	client, err := voiceagent.NewClient(append([]voiceagent.ClientOption{voiceagent.WithAPIKey("lev_test_otel"),
		voiceagent.WithBaseURL("https://api.example.com/v1"), voiceagent.WithHTTPClient(&http.Client{Transport: transport})}, opts...)...)
	require.NoError(t, err)
	return client
}
