package redislimit_test

import (
	"log"
	"log/slog"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redislimit"
)

// All processes that do this with the same API key and the same Redis share one rate limit.
func Example() {
	rdb := redis.NewClient(&redis.Options{Addr: "redis.internal:6379", ContextTimeoutEnabled: true})
	limiter := redislimit.New(rdb, redislimit.Params{Logger: slog.Default()})
	client, err := voiceagent.NewClient(voiceagent.WithLimiter(limiter))
	if err != nil {
		log.Fatal(err)
	}
	_ = client
}
