package redisvoiceagent

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// Waiting is how many callers are in the queue, or in that of the fallback.
func Waiting(l voiceagent.Limiter) int {
	own := l.(*limiter)
	own.mu.Lock()
	defer own.mu.Unlock()
	if f := own.fallback; f != nil {
		return f.waiting
	}
	return own.waiters.Len()
}

// IsDown reports whether the limiter uses its fallback now.
func IsDown(l voiceagent.Limiter) bool { return l.(*limiter).down() != nil }

// RunLimiterStep runs the script and nothing else, with a report as a limiter sends it.
func RunLimiterStep(b *testing.B, rdb redis.UniversalClient) {
	b.Helper()
	r := stepRequest{id: "BENCHMARK", want: 1, released: true,
		window: &sentWindow{name: time.Now().Add(time.Minute).UnixMilli(), resetIn: 60_000, limit: 1_000_000_000, remaining: 900_000_000}}
	for b.Loop() {
		r.seq++
		if _, err := sendStep(b.Context(), rdb, "benchmark", r); err != nil {
			b.Fatal(err)
		}
	}
}

// Lapse makes the lease of a key look as if it were last renewed so long ago that it is over.
func Lapse(l *Ledger, key string) {
	if h, _ := l.worker(key); h != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		h.renewed = time.Now().Add(-l.length)
	}
}

// Renewing reports whether a ledger renews leases.
func Renewing(l *Ledger) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stop != nil
}

// Freeze ends the renewing, as if the process had been stopped. The leases go on.
func Freeze(l *Ledger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.kept)
	l.rest()
}

// EndLease ends the lease of a key in Redis, as the passing of time would.
func EndLease(ctx context.Context, l *Ledger, key string) error {
	return l.rdb.HSet(ctx, l.entryKey(key), "until", "1").Err()
}

// Renew renews the lease of a claim at once.
func Renew(ctx context.Context, c webhook.Claim) error {
	own := c.(*claim)
	return own.s.renew(ctx, &own.lease)
}
