package redisvoiceagent_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// Three machines get 20 copies of each of 200 events, all at once. Together they handle each event
// once.
func TestWebhookManyHandlers(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, connect func() redis.UniversalClient, prefix string) {
		const events, copies = 200, 20
		var mu sync.Mutex
		handled := make(map[string]int)
		handle := func(_ context.Context, e webhook.Event) error {
			mu.Lock()
			defer mu.Unlock()
			handled[e.ID()]++
			if handled[e.ID()] == 1 && strings.HasSuffix(e.ID(), "7") {
				handled[e.ID()] = -1 // the first try fails
				return fmt.Errorf("no")
			}
			return nil
		}
		var machines []*webhook.Handler
		for range 3 {
			machines = append(machines, receiver(t, redisvoiceagent.NewWebhookStore(connect(), redisvoiceagent.WebhookStoreParams{Prefix: prefix}), handle, nil))
		}
		order := rand.New(rand.NewPCG(1, 2)).Perm(events * copies)
		var next atomic.Int64
		var senders sync.WaitGroup
		statuses := make(map[int]int)
		for range 32 {
			senders.Go(func() {
				for i := next.Add(1) - 1; i < int64(len(order)); i = next.Add(1) - 1 {
					code := status(machines[i%3], fmt.Sprint("call-", order[i]%events))
					mu.Lock()
					statuses[code]++
					mu.Unlock()
				}
			})
		}
		senders.Wait()
		assert.Len(t, handled, events)
		for id, n := range handled {
			assert.Equal(t, map[bool]int{true: 0, false: 1}[strings.HasSuffix(id, "7")], n, id)
		}
		assert.GreaterOrEqual(t, statuses[500], 20, "one for each that failed, and for whoever waited for it")
		assert.Equal(t, events*copies, statuses[200]+statuses[500], statuses)
	})
}

// Without Redis nothing is handled, and the log says why.
func TestWebhookWithoutRedis(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	var log strings.Builder
	var handled int
	h := receiver(t, redisvoiceagent.NewWebhookStore(connect(t, srv), redisvoiceagent.WebhookStoreParams{}), func(context.Context, webhook.Event) error {
		handled++
		return nil
	}, func(p *webhook.HandlerParams) { p.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	require.Equal(t, 200, status(h, "a"))
	require.NoError(t, srv.Kill())
	assert.Equal(t, 503, status(h, "a"), "it doesn't know that it was handled")
	assert.Equal(t, 503, status(h, "b"))
	assert.Equal(t, 1, handled)
	assert.Contains(t, log.String(), "level=ERROR")
	assert.Contains(t, log.String(), "connection refused")
	require.NoError(t, srv.Restart())
	require.Eventually(t, func() bool { return status(h, "b") == 200 }, eventually, 20*time.Millisecond)
	assert.Equal(t, 2, handled)
}

// Redis goes away while an event is handled, and comes back: it is recorded all the same.
func TestWebhookRedisGoesAwayMeanwhile(t *testing.T) {
	t.Parallel()
	srv := startRedis(t)
	handled := 0
	// Without retries the Redis client doesn't bridge the outage by itself.
	rdb := redis.NewClient(&redis.Options{Addr: srv.Addr(), MaxRetries: -1, DialerRetries: 1})
	t.Cleanup(func() { assert.NoError(t, rdb.Close()) })
	h := receiver(t, redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{}), func(context.Context, webhook.Event) error {
		handled++
		if err := srv.Kill(); err != nil {
			return err
		}
		go func() {
			time.Sleep(50 * time.Millisecond)
			_ = srv.Restart()
		}()
		return nil
	}, nil)
	assert.Equal(t, 200, status(h, "a"))
	assert.Equal(t, 200, status(h, "a"))
	assert.Equal(t, 1, handled)
}
