package redisledger_test

import (
	"context"
	"log"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisledger"
)

// A row that a queue hands out twice, or whose worker has died, is placed once.
func Example() {
	ctx := context.Background()
	rdb := redis.NewClient(&redis.Options{Addr: "redis.internal:6379"})
	ledger := redisledger.New(rdb, redisledger.Params{Prefix: "march-reminders"})
	if err := ledger.Check(ctx); err != nil {
		log.Print(err) // what could make Redis forget who was called
	}
	client, err := voiceagent.NewClient(voiceagent.WithLedger(ledger))
	if err != nil {
		log.Fatal(err)
	}
	params := voiceagent.CallCreateParams{AgentID: "ag_1", From: "+15550100000", To: "+919876543210"}
	call, err := client.Calls.Create(ctx, params, voiceagent.WithIdempotencyKey("march-reminders:row-1"))
	if err != nil {
		log.Fatal(err)
	}
	log.Print(call.Ref())
}
