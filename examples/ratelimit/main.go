// Ratelimit makes 600 requests with 200 goroutines that share one client, under a rate limit of 60
// a second, and gets no 429: the client reads X-RateLimit-Remaining and never has more requests in
// flight than are left.
//
//	go run ./examples/ratelimit
//
// The documented free plan allows 60 a minute, so this would take ten minutes. It talks to a
// simulator in this program instead, whose window is a second long; nothing else differs.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

const (
	goroutines = 200
	requests   = 600
	limit      = 60
	window     = time.Second
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "ratelimit:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 28*time.Second)
	defer cancel()
	server := voiceagenttest.NewServer(voiceagenttest.WithLimits(voiceagenttest.Limits{Requests: limit, Window: window}))
	defer server.Close()
	agentID := server.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	// One client for all goroutines: they share the account's limit, so they must share the limiter.
	client := server.Client()

	fmt.Printf("%d requests, %d goroutines, at most %d requests in %v\n", requests, goroutines, limit, window)
	start := time.Now()
	var (
		running  sync.WaitGroup
		mu       sync.Mutex
		failures []error
	)
	for range goroutines {
		running.Go(func() {
			for range requests / goroutines {
				if _, err := client.Agents.Get(ctx, agentID); err != nil {
					mu.Lock()
					failures = append(failures, err)
					mu.Unlock()
				}
			}
		})
	}
	running.Wait()
	elapsed := time.Since(start)

	refused := 0
	windows := make(map[time.Time]int)
	for _, request := range server.Requests() {
		windows[request.Time.Truncate(window)]++ // the simulator's windows are aligned like this
		if request.Status == 429 {
			refused++
		}
	}
	fmt.Printf("requests sent   %d\n", server.RequestCount())
	fmt.Printf("windows used    %d\n", len(windows))
	fmt.Printf("refused (429)   %d\n", refused)
	fmt.Printf("elapsed         %.1f s\n", elapsed.Seconds())

	switch {
	case len(failures) > 0:
		return fmt.Errorf("%d calls failed, the first with: %w", len(failures), failures[0])
	case refused > 0:
		return fmt.Errorf("%d requests were refused with a 429", refused)
	case server.RequestCount() != requests:
		return errors.New("the simulator counted another number of requests")
	}
	return nil
}
