package redislimit_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redislimit"
)

// answered lets every command end at once, with what the script answers when there is plenty: what is left is the limiter's own cost,
// and that of building a command.
type answered struct{ values []any }

func (a *answered) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a *answered) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		cmd.(*redis.Cmd).SetVal(a.values)
		return nil
	}
}

func (a *answered) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// stopwatch sums up the time that commands take.
type stopwatch struct{ total atomic.Int64 }

func (s *stopwatch) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *stopwatch) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		began := time.Now()
		defer func() { s.total.Add(int64(time.Since(began))) }()
		return next(ctx, cmd)
	}
}

func (s *stopwatch) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

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

// BenchmarkAttempt is what the limiter costs an attempt: beside Redis (own), with it, and Redis alone (script), by one caller and by 50.
func BenchmarkAttempt(b *testing.B) {
	srv := startRedis(b)
	b.Run("own", func(b *testing.B) {
		fake := redis.NewClient(&redis.Options{Addr: srv.Addr(), ContextTimeoutEnabled: true})
		defer fake.Close()
		fake.AddHook(&answered{[]any{int64(1), int64(0), int64(1 << 20), int64(1), int64(60_000), int64(1), int64(1 << 21), int64(1), int64(0)}})
		acquireAndRelease(b, redislimit.New(fake, params(voiceagent.Plan{})))
	})
	// What isn't spent in the Redis client.
	rest := func(b *testing.B, work func(redis.UniversalClient)) {
		b.Helper()
		var inside stopwatch
		timed := connectHeeding(b, srv)
		timed.AddHook(&inside)
		work(timed)
		b.ReportMetric(float64(b.Elapsed()-time.Duration(inside.total.Load()))/float64(b.N), "rest-ns/op")
	}
	b.Run("with Redis", func(b *testing.B) {
		rest(b, func(rdb redis.UniversalClient) { acquireAndRelease(b, redislimit.New(rdb, params(voiceagent.Plan{}))) })
	})
	b.Run("script", func(b *testing.B) { rest(b, func(rdb redis.UniversalClient) { redislimit.RunScript(b, rdb) }) })
	b.Run("ping", func(b *testing.B) {
		rdb := connect(b, srv)
		for b.Loop() {
			require.NoError(b, rdb.Ping(b.Context()).Err())
		}
	})
	b.Run("with Redis, 50 callers", func(b *testing.B) {
		var steps counter
		counted := connectHeeding(b, srv)
		counted.AddHook(&steps)
		l := redislimit.New(counted, params(voiceagent.EnterprisePlan(100_000)))
		o := says(1_000_000_000, 900_000_000, time.Now().Add(time.Minute))
		b.SetParallelism(25)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if l.Acquire(b.Context()) == nil {
					l.Release(b.Context(), o)
				}
			}
		})
		b.ReportMetric(float64(steps.n.Load())/float64(b.N), "trips/op")
	})
}
