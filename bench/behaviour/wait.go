package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// atOnce is what still counts as at once on a busy machine.
const atOnce = time.Second

// waitRows are about the wait between two attempts.
func waitRows() []row {
	return []row{
		{
			name: "POST, 429 `Retry-After: 2`, then 200: the gap", rule: "waits 2 to 5 s, better than giving up, better than coming too early", goal: 2,
			measure: gap,
		},
		{
			name: "POST, 429 `Retry-After: 60`, 2 s until the context's deadline", rule: "one point for returning at once, one for a 429 in the error", goal: 2,
			measure: beyondDeadline,
		},
		{
			name: "POST, 429 `Retry-After: 5`, cancelled in the wait", rule: "one point for returning at once, one for context.Canceled in the error", goal: 2,
			measure: cancelled,
		},
		{
			name: "12 goroutines of one client get 429 `Retry-After: 1`: spread of their retries", when: inTurn, noisy: true, goal: 1,
			rule: "they come back over a quarter of a second or more", measure: func(ctx context.Context, lib clients.Library) (cell, error) { return herd(ctx, lib, 1) },
		},
		{
			name: "12 clients, as of 12 processes, get the same", when: inTurn, noisy: true, goal: 1,
			rule: "they come back over a quarter of a second or more", measure: func(ctx context.Context, lib clients.Library) (cell, error) { return herd(ctx, lib, herdSize) },
		},
	}
}

func throttle(w http.ResponseWriter, lib clients.Library, after string) {
	w.Header().Set("Retry-After", after)
	fail(w, lib, http.StatusTooManyRequests)
}

func gap(ctx context.Context, lib clients.Library) (cell, error) {
	client, s, err := start(lib, clients.Config{}, func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			throttle(w, lib, "2")
			return
		}
		succeed(w, lib)
	})
	if err != nil {
		return cell{}, err
	}
	defer s.stop()
	err = client.Create(ctx)
	seen := s.requests("")
	if len(seen) < 2 {
		return cell{text: "gives up", score: 1}, nil
	}
	waited := seen[1].at.Sub(seen[0].at)
	c := cell{text: seconds(waited)}
	if err == nil && waited >= 2*time.Second && waited <= 5*time.Second {
		c.score = 2
	}
	return c, nil
}

func beyondDeadline(ctx context.Context, lib clients.Library) (cell, error) {
	client, s, err := start(lib, clients.Config{}, func(w http.ResponseWriter, _ *http.Request, _ int) { throttle(w, lib, "60") })
	if err != nil {
		return cell{}, err
	}
	defer s.stop()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	began := time.Now()
	err = client.Create(ctx)
	took := time.Since(began)
	if err == nil {
		return cell{}, fmt.Errorf("%s takes a 429 for a success", lib.Name)
	}
	kept := client.Status(err) == http.StatusTooManyRequests
	return cell{text: when(took) + ", " + has(kept, "429"), score: yes(took < atOnce) + yes(kept)}, nil
}

func cancelled(ctx context.Context, lib clients.Library) (cell, error) {
	answered := make(chan struct{}, mostTries)
	client, s, err := start(lib, clients.Config{}, func(w http.ResponseWriter, _ *http.Request, _ int) {
		throttle(w, lib, "5")
		answered <- struct{}{}
	})
	if err != nil {
		return cell{}, err
	}
	defer s.stop()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- client.Create(ctx) }()
	<-answered
	select {
	case err := <-result:
		if err == nil {
			return cell{}, fmt.Errorf("%s takes a 429 for a success", lib.Name)
		}
		return missing(noWait)
	case <-time.After(100 * time.Millisecond):
	}
	began := time.Now()
	cancel()
	err = <-result
	took := time.Since(began)
	kept := errors.Is(err, context.Canceled)
	return cell{text: when(took) + ", " + has(kept, "Canceled"), score: yes(took < atOnce) + yes(kept)}, nil
}

func when(took time.Duration) string {
	if took < atOnce {
		return "at once"
	}
	return "after " + seconds(took)
}

func has(kept bool, what string) string {
	if kept {
		return what
	}
	return "no " + what
}

const noWait = "It doesn't wait after this answer."

const (
	herdSize  = 12
	herdApart = 250 * time.Millisecond
)

// herd throttles 12 callers at the same moment, and sees how far apart they come back.
func herd(ctx context.Context, lib clients.Library, count int) (cell, error) {
	var all sync.WaitGroup
	all.Add(herdSize)
	answer := func(w http.ResponseWriter, _ *http.Request, n int) {
		if n > herdSize {
			succeed(w, lib)
			return
		}
		all.Done()
		all.Wait()
		throttle(w, lib, "1")
	}
	client, s, err := start(lib, clients.Config{}, answer)
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
	var running sync.WaitGroup
	for i := range herdSize {
		running.Go(func() { _ = callers[i%count].Create(ctx) }) // what reached the service is what counts
	}
	running.Wait()
	back := s.requests("")[herdSize:]
	if len(back) < herdSize {
		return missing(noWait)
	}
	first, last := back[0].at, back[len(back)-1].at
	spread := last.Sub(first)
	return cell{text: fmt.Sprintf("%d ms", spread.Milliseconds()), score: yes(spread >= herdApart)}, nil
}
