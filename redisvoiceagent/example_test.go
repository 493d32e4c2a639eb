package redisvoiceagent_test

import (
	"context"
	"log"
	"log/slog"
	"net/http"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// All processes that do this with the same API key and the same Redis share one rate limit.
func ExampleNewLimiter() {
	rdb := redis.NewClient(&redis.Options{Addr: "redis.internal:6379", ContextTimeoutEnabled: true})
	limiter := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{Logger: slog.Default()})
	client, err := voiceagent.NewClient(voiceagent.WithLimiter(limiter))
	if err != nil {
		log.Fatal(err)
	}
	_ = client
}

// A row that a queue hands out twice, or whose worker has died, is placed once.
func ExampleNewLedger() {
	ctx := context.Background()
	rdb := redis.NewClient(&redis.Options{Addr: "redis.internal:6379"})
	ledger := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Prefix: "march-reminders"})
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

// Receivers behind a load balancer, which handle each event once between them.
func ExampleNewWebhookStore() {
	rdb := redis.NewClient(&redis.Options{Addr: "redis.internal:6379"})
	hooks := webhook.NewHandler(webhook.HandlerParams{
		Secrets: []string{os.Getenv("WEBHOOK_SECRET")},
		Store:   redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{}),
		Handle: func(_ context.Context, event webhook.Event) error {
			log.Print(event.ID())
			return nil
		},
	})
	http.Handle("/webhook/levrage", hooks)
}
