// Observability makes some calls while the API is slow, fails, loses an answer and limits the rate,
// and shows what an engineer on duty would see: the spans of each call with its waits, the metrics,
// and where the time went.
//
//	cd examples/observability && go run .
//
// The API is a simulator in this program, and two readers in this program collect the spans and
// metrics. Your program has exporters instead. The example takes about 5 seconds.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/otelvoiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func main() {
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "observability:", err)
		os.Exit(1)
	}
}

func run(out io.Writer) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	spans, metrics := tracetest.NewInMemoryExporter(), sdkmetric.NewManualReader()
	traces := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	tracer, err := otelvoiceagent.New(otelvoiceagent.Params{
		TracerProvider: traces,
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(metrics)),
	})
	if err != nil {
		return err
	}
	if err := work(ctx, tracer, traces.Tracer("observability")); err != nil {
		return err
	}
	printTree(out, spans.GetSpans())
	return printMetrics(ctx, out, metrics)
}

// work does five jobs, each in a span of the program's own.
func work(ctx context.Context, tracer voiceagent.Tracer, own trace.Tracer) error {
	server := voiceagenttest.NewServer()
	defer server.Close()
	limited := voiceagenttest.NewServer(voiceagenttest.WithLimits(voiceagenttest.Limits{Requests: 2, Window: 2 * time.Second}))
	defer limited.Close()
	agentID := server.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	client, throttled := server.Client(voiceagent.WithTracer(tracer)), limited.Client(voiceagent.WithTracer(tracer))

	read := func(ctx context.Context) error {
		_, err := client.Agents.Get(ctx, agentID)
		return err
	}
	dial := func(ctx context.Context) error {
		_, err := client.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+919876543210"})
		return err
	}
	readThree := func(ctx context.Context) error {
		for range 3 {
			if _, err := throttled.Agents.List(ctx, voiceagent.AgentListParams{}); err != nil {
				return err
			}
		}
		return nil
	}
	for _, job := range []struct {
		name  string
		fault []voiceagenttest.Fault
		do    func(context.Context) error
		fails bool
	}{
		{"the API is slow", []voiceagenttest.Fault{{Kind: voiceagenttest.Slow, Delay: 400 * time.Millisecond}}, read, false},
		{"the API fails once", []voiceagenttest.Fault{{Status: 500}}, read, false},
		{"the answer is lost", []voiceagenttest.Fault{{Method: "POST", Kind: voiceagenttest.DropAfter}}, dial, false},
		{"the API says no", []voiceagenttest.Fault{{Status: 422, Message: "this number can't be called"}}, dial, true},
		{"3 reads, 2 in a window", nil, readThree, false},
	} {
		server.Fail(job.fault...)
		ctx, span := own.Start(ctx, job.name)
		err := job.do(ctx)
		span.End()
		if (err != nil) != job.fails {
			return fmt.Errorf("%s: %w", job.name, err)
		}
	}
	return nil
}
