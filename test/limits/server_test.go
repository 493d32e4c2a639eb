package limits_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// server counts requests in windows of a minute by the clock, as an API does. It uses no code of
// the client.
type server struct {
	limit   func(s *server) int // 300 when nil
	latency time.Duration
	other   func(s *server) int                   // how many requests of others have come in this window so far
	write   func(s *server, h http.Header, a ans) // the headers; as documented when nil

	mu             sync.Mutex
	began, window  time.Time
	own, ownBefore int // served to us in this window, and before it
	foreign        int
	minutes        map[int]int // requests by minute since the first
	requests       int
	wasted         int
}

// ans is what an answer could say.
type ans struct {
	status, limit, left int
	now, reset          time.Time
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	half := s.latency / 2
	time.Sleep(half + rand.N(half+1))
	status, header := s.answer()
	time.Sleep(half)
	return &http.Response{StatusCode: status, Header: header, Request: req,
		Body: io.NopCloser(strings.NewReader(`{"success":true,"data":{"id":"call_1"}}`))}, nil
}

func (s *server) answer() (int, http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.began.IsZero() {
		s.began, s.minutes = now, make(map[int]int)
	}
	if window := now.Truncate(time.Minute); !window.Equal(s.window) {
		s.window, s.own, s.ownBefore, s.foreign = window, 0, s.ownBefore+s.own, 0
	}
	limit := 300
	if s.limit != nil {
		limit = s.limit(s)
	}
	if s.other != nil {
		s.foreign = min(max(s.foreign, s.other(s)), max(s.foreign, limit-s.own))
	}
	s.requests++
	s.minutes[int(now.Sub(s.began)/time.Minute)]++
	a := ans{status: http.StatusOK, limit: limit, now: now, reset: s.window.Add(time.Minute)}
	if s.own+s.foreign < limit {
		s.own++
	} else {
		a.status = http.StatusTooManyRequests
		s.wasted++
	}
	a.left = max(0, limit-s.own-s.foreign)
	h := http.Header{"Date": {now.UTC().Format(http.TimeFormat)}}
	if s.write == nil {
		documented(s, h, a)
	} else {
		s.write(s, h, a)
	}
	return a.status, h
}

func documented(_ *server, h http.Header, a ans) {
	h.Set("X-RateLimit-Limit", strconv.Itoa(a.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(a.left))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(a.reset.Unix(), 10))
}

// resetAs writes the reset in another form.
func resetAs(form func(a ans) string) func(*server, http.Header, ans) {
	return func(s *server, h http.Header, a ans) {
		documented(s, h, a)
		h.Set("X-RateLimit-Reset", form(a))
	}
}

func unix(ahead time.Duration) func(a ans) string {
	return func(a ans) string { return fmt.Sprint(a.reset.Add(ahead).Unix()) }
}

// herd has 200 goroutines send requests through one client, and returns how many calls failed.
func herd(t *testing.T, client *voiceagent.Client, requests int) (failed int) {
	t.Helper()
	var left, errs atomic.Int64
	left.Store(int64(requests))
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if _, err := client.Calls.Get(t.Context(), "call_1"); err != nil {
					errs.Add(1)
				}
			}
		})
	}
	all.Wait()
	return int(errs.Load())
}
