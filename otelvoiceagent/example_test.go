package otelvoiceagent_test

import (
	"log"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/otelvoiceagent"
)

// A program that has set its global providers needs no more than this.
func Example() {
	tracer, err := otelvoiceagent.New(otelvoiceagent.Params{}) // the global providers
	if err != nil {
		log.Fatal(err)
	}
	client, err := voiceagent.NewClient(voiceagent.WithTracer(tracer))
	if err != nil {
		log.Fatal(err)
	}
	_ = client
}
