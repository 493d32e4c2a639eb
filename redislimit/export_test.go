package redislimit

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent"
)

// Waiting is how many callers are in the queue.
func Waiting(l voiceagent.Limiter) int {
	own := l.(*limiter)
	own.mu.Lock()
	defer own.mu.Unlock()
	return own.waiters.Len()
}

// IsDown tells if the limiter does without Redis at the moment.
func IsDown(l voiceagent.Limiter) bool { return l.(*limiter).down() != nil }

// RunScript runs the script and nothing else, with a report as a limiter sends it.
func RunScript(b *testing.B, rdb redis.UniversalClient) {
	b.Helper()
	r := report{id: "BENCHMARK", want: 1, guess: unseen, released: true,
		known: &window{name: time.Now().Add(time.Minute).UnixMilli(), resetIn: 60_000, limit: 1_000_000_000, remaining: 900_000_000}}
	for b.Loop() {
		r.seq++
		if _, err := ask(b.Context(), rdb, "benchmark", r); err != nil {
			b.Fatal(err)
		}
	}
}
