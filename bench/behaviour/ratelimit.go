package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// rateLimitSize scales the documented 300 requests a minute down.
type rateLimitSize struct {
	goroutines int
	each       int // requests of a goroutine
	limit      int // requests of a window
	window     time.Duration
}

var wholeRateLimit = rateLimitSize{goroutines: 200, each: 3, limit: 150, window: 2 * time.Second}

// rateLimitRows send more than the rate limit allows.
func rateLimitRows(size rateLimitSize) []row {
	const rule = "fewer calls that fail; then fewer requests refused with a 429"
	name := fmt.Sprintf("%d goroutines, %d GETs, windows of %d in %v", size.goroutines, size.goroutines*size.each, size.limit, size.window)
	return []row{
		{name: name, rule: rule, when: inTurn, measure: func(ctx context.Context, lib clients.Library) (cell, error) {
			return crowd(ctx, lib, size, 1, 0)
		}},
		{name: "the same, the server's clock 3 s behind", rule: rule, when: inTurn, measure: func(ctx context.Context, lib clients.Library) (cell, error) {
			return crowd(ctx, lib, size, 1, -3*time.Second)
		}},
		{name: "the same, 4 clients, as of 4 processes", rule: rule, noisy: true, when: inTurn, measure: func(ctx context.Context, lib clients.Library) (cell, error) {
			return crowd(ctx, lib, size, 4, 0)
		}},
	}
}

// windows is the rate limit of a service: windows that begin on whole multiples of their length, by
// a clock that may be wrong.
type windows struct {
	size    rateLimitSize
	skew    time.Duration
	mu      sync.Mutex
	ends    time.Time
	used    int
	refused int
}

// admit counts a request, and sets the headers of its answer.
func (l *windows) admit(h http.Header) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !now.Before(l.ends) {
		l.ends, l.used = now.Truncate(l.size.window).Add(l.size.window), 0
	}
	l.used++
	h.Set("Date", now.Add(l.skew).UTC().Format(http.TimeFormat))
	h.Set("X-RateLimit-Limit", strconv.Itoa(l.size.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, l.size.limit-l.used)))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(l.ends.Add(l.skew).Unix(), 10))
	if l.used <= l.size.limit {
		return true
	}
	l.refused++
	h.Set("Retry-After", strconv.Itoa(int(l.ends.Sub(now)/time.Second)+1))
	return false
}

func crowd(ctx context.Context, lib clients.Library, size rateLimitSize, count int, skew time.Duration) (cell, error) {
	limit := &windows{size: size, skew: skew}
	client, s, err := start(lib, clients.Config{}, func(w http.ResponseWriter, _ *http.Request, _ int) {
		if limit.admit(w.Header()) {
			succeed(w, lib)
			return
		}
		fail(w, lib, http.StatusTooManyRequests)
	})
	if err != nil {
		return cell{}, err
	}
	defer s.stop()
	callers := []clients.Client{client}
	for len(callers) < count {
		client, err := lib.New(clients.Config{URL: s.URL, Key: key})
		if err != nil {
			return cell{}, err
		}
		callers = append(callers, client)
	}
	var (
		failed  atomic.Int64
		running sync.WaitGroup
	)
	time.Sleep(time.Until(time.Now().Truncate(size.window).Add(size.window))) // all begin with a window
	began := time.Now()
	for i := range size.goroutines {
		running.Go(func() {
			for range size.each {
				if err := callers[i%count].Get(ctx, "1"); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	running.Wait()
	took := time.Since(began)
	limit.mu.Lock()
	defer limit.mu.Unlock()
	calls := size.goroutines * size.each
	return cell{
		text:  fmt.Sprintf("%d failed, %d refused, %s", failed.Load(), limit.refused, seconds(took)),
		score: -int(failed.Load())*mostTries*calls - limit.refused,
	}, nil
}
