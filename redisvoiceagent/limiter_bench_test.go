package redisvoiceagent_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

func acquireAndRelease(b *testing.B, l voiceagent.Limiter) {
	b.Helper()
	o := says(1_000_000_000, 900_000_000, time.Now().Add(time.Minute))
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Acquire(b.Context()); err != nil {
			b.Fatal(err)
		}
		l.Release(b.Context(), o)
	}
}

// BenchmarkAttempt measures what the limiter costs an attempt: without Redis (own), with it, and
// Redis alone (script), for one caller and for 50.
func BenchmarkAttempt(b *testing.B) {
	srv := startRedis(b)
	b.Run("own", func(b *testing.B) {
		fake := redis.NewClient(&redis.Options{Addr: srv.Addr(), ContextTimeoutEnabled: true})
		defer fake.Close()
		answer := []any{int64(1), int64(0), int64(1 << 20), int64(1), int64(60_000), int64(1), int64(1 << 21), int64(1), int64(0)}
		fake.AddHook(hook(func(_ context.Context, cmd redis.Cmder, _ redis.ProcessHook) error { // of a large budget, at once
			cmd.(*redis.Cmd).SetVal(answer)
			return nil
		}))
		acquireAndRelease(b, redisvoiceagent.NewLimiter(fake, limiterParams(voiceagent.Plan{})))
	})
	// What isn't spent in the Redis client.
	rest := func(b *testing.B, work func(redis.UniversalClient)) {
		b.Helper()
		var inside atomic.Int64
		timed := connectWith(b, srv, heeding)
		timed.AddHook(hook(func(ctx context.Context, cmd redis.Cmder, next redis.ProcessHook) error {
			began := time.Now()
			defer func() { inside.Add(int64(time.Since(began))) }()
			return next(ctx, cmd)
		}))
		work(timed)
		b.ReportMetric(float64(b.Elapsed()-time.Duration(inside.Load()))/float64(b.N), "rest-ns/op")
	}
	b.Run("with Redis", func(b *testing.B) {
		rest(b, func(rdb redis.UniversalClient) {
			acquireAndRelease(b, redisvoiceagent.NewLimiter(rdb, limiterParams(voiceagent.Plan{})))
		})
	})
	b.Run("script", func(b *testing.B) {
		rest(b, func(rdb redis.UniversalClient) { redisvoiceagent.RunLimiterStep(b, rdb) })
	})
	b.Run("ping", func(b *testing.B) {
		rdb := connect(b, srv)
		for b.Loop() {
			require.NoError(b, rdb.Ping(b.Context()).Err())
		}
	})
	b.Run("with Redis, 50 callers", func(b *testing.B) {
		var steps counter
		counted := connectWith(b, srv, heeding)
		counted.AddHook(hook(steps.hook))
		l := redisvoiceagent.NewLimiter(counted, limiterParams(voiceagent.EnterprisePlan(100_000)))
		o := says(1_000_000_000, 900_000_000, time.Now().Add(time.Minute))
		b.SetParallelism(25)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if l.Acquire(b.Context()) == nil {
					l.Release(b.Context(), o)
				}
			}
		})
		b.ReportMetric(float64(steps.Load())/float64(b.N), "trips/op")
	})
}
