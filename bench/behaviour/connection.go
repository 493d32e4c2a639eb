package main

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// connectionRows are about what is read of an answer that nobody wants.
func connectionRows() []row {
	return []row{
		{
			name: "POST, 500, 500, then 200: TCP connections", rule: "as few as possible", goal: -1,
			note: "Clients that don't retry are asked three times.", measure: connections,
		},
		{
			name: "GET, 400 with a body of 64 MiB: bytes sent until the client had enough", when: alone,
			rule: "as few as possible, to 16 MiB, as socket buffers hold some MiB that nobody reads", goal: -1, measure: hugeError,
		},
	}
}

func connections(ctx context.Context, lib clients.Library) (cell, error) {
	const wanted = 3
	client, s, err := start(lib, clients.Config{}, func(w http.ResponseWriter, r *http.Request, n int) {
		switch {
		case looked(w, r, lib, false):
		case n < wanted:
			fail(w, lib, http.StatusInternalServerError)
		default:
			succeed(w, lib)
		}
	})
	if err != nil {
		return cell{}, err
	}
	defer s.stop()
	calls := 0
	for len(s.requests(http.MethodPost)) < wanted {
		if calls++; calls > wanted {
			return cell{}, fmt.Errorf("%s makes no requests", lib.Name)
		}
		err = client.Create(ctx)
	}
	if err != nil {
		return cell{}, fmt.Errorf("%s: %w", lib.Name, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return cell{text: fmt.Sprint(s.conns), score: -s.conns}, nil
}

func hugeError(ctx context.Context, lib clients.Library) (cell, error) {
	const (
		mib   = 1 << 20
		size  = 64 * mib
		grain = 16 * mib
	)
	var sent atomic.Int64
	done := make(chan struct{}, mostTries)
	client, s, err := start(lib, clients.Config{}, func(w http.ResponseWriter, _ *http.Request, _ int) {
		defer func() { done <- struct{}{} }()
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Length", strconv.Itoa(size))
		w.WriteHeader(http.StatusBadRequest)
		chunk := make([]byte, 64<<10)
		for range size / len(chunk) {
			n, err := w.Write(chunk)
			sent.Add(int64(n))
			if err != nil {
				return
			}
		}
	})
	if err != nil {
		return cell{}, err
	}
	defer s.stop()
	if err := client.Get(ctx, "1"); err == nil {
		return cell{}, fmt.Errorf("%s takes a 400 for a success", lib.Name)
	}
	s.stop() // a client that stops reading may keep the connection
	for range s.requests("") {
		<-done
	}
	total := int(sent.Load())
	text := fmt.Sprintf("%d MiB", total/mib)
	if tries := len(s.requests("")); tries > 1 {
		text += " in " + tried(tries)
	}
	return cell{text: text, score: -((total + grain - 1) / grain)}, nil
}
