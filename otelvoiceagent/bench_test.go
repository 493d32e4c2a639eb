package otelvoiceagent_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/otelvoiceagent"
)

// BenchmarkCall makes a call through a transport in memory, with each kind of telemetry. Compare it
// with "none", a client without a tracer, and with "hook", a client whose tracer does nothing: that
// part is the client's own.
func BenchmarkCall(b *testing.B) {
	off := otelvoiceagent.Params{TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider()}
	unsampled, metrics, all := off, off, off
	unsampled.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	metrics.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	all.MeterProvider = metrics.MeterProvider
	all.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(new(counter)))
	b.Run("none", func(b *testing.B) { getAgents(b) })
	b.Run("hook", func(b *testing.B) { getAgents(b, voiceagent.WithTracer(idle{})) })
	for _, c := range []struct {
		name   string
		params otelvoiceagent.Params
	}{{"no-op", off}, {"unsampled", unsampled}, {"metrics", metrics}, {"all", all}} {
		b.Run(c.name, func(b *testing.B) {
			tracer, err := otelvoiceagent.New(c.params)
			require.NoError(b, err)
			getAgents(b, voiceagent.WithTracer(tracer))
		})
	}
}

// idle is a tracer that does nothing.
type idle struct{}

func (idle) StartCall(ctx context.Context, _ voiceagent.TracedCall) context.Context { return ctx }
func (idle) Waited(context.Context, voiceagent.TracedWait)                          {}
func (idle) EndCall(context.Context, *voiceagent.Response, error)                   {}
func (idle) RoundTripper(next http.RoundTripper) http.RoundTripper                  { return next }

func getAgents(b *testing.B, opts ...voiceagent.ClientOption) {
	b.Helper()
	client := answering(b, opts...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Agents.Get(b.Context(), "agent"); err != nil {
			b.Fatal(err)
		}
	}
}

const someAgent = `{"success":true,"data":{"id":"agent","name":"Demo","status":"active"},"request_id":"req_1"}`

func answering(b *testing.B, opts ...voiceagent.ClientOption) *voiceagent.Client {
	b.Helper()
	header := http.Header{"X-Ratelimit-Limit": {"1000000"}, "X-Ratelimit-Remaining": {"999999"}, "X-Ratelimit-Reset": {"4102444800"}}
	answers := roundTrip(func(req *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: header, Request: req,
			Body: io.NopCloser(strings.NewReader(someAgent)), ContentLength: int64(len(someAgent))}, nil
	})
	client, err := voiceagent.NewClient(append([]voiceagent.ClientOption{voiceagent.WithAPIKey("lev_test_otel"),
		voiceagent.WithBaseURL("https://api.example.com/v1"), voiceagent.WithHTTPClient(&http.Client{Transport: answers})}, opts...)...)
	require.NoError(b, err)
	return client
}
