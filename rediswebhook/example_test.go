package rediswebhook_test

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent/rediswebhook"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// Receivers behind a load balancer, which handle each event once between them.
func Example() {
	rdb := redis.NewClient(&redis.Options{Addr: "redis.internal:6379"})
	hooks := webhook.NewHandler(webhook.HandlerParams{
		Secrets: []string{os.Getenv("WEBHOOK_SECRET")},
		Store:   rediswebhook.New(rdb, rediswebhook.Params{}),
		Handle: func(_ context.Context, event webhook.Event) error {
			log.Print(event.ID())
			return nil
		},
	})
	http.Handle("/webhook/levrage", hooks)
}
