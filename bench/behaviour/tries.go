package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// maintenanceFaster is by how much this project's client is sped up after a 503, so that its waits of 30 to 35 s last about one.
const maintenanceFaster = 30

const maintenanceNote = "This client's vendor tells to wait 30 s after a 503. Its waits of 30 to 35 s are divided by 30 here, and nothing else is."

// mostTries is what still counts as patience.
const mostTries = 10

// triesRows count how often a request is sent when the answer stays the same.
func triesRows() []row {
	passing := fmt.Sprintf("a failure that may pass is tried again, at most %d tries", mostTries)
	const final = "1 try: the same request gets the same answer"
	again := func(n int) int { return yes(n >= 2 && n <= mostTries) }
	once := func(n int) int { return yes(n == 1) }
	return []row{
		{name: "POST, 500 JSON: tries", rule: passing, goal: 1, measure: postTries(http.StatusInternalServerError, fail, again)},
		{name: "POST, 503 JSON: tries", rule: passing, goal: 1, note: maintenanceNote, measure: postTries(http.StatusServiceUnavailable, fail, again)},
		{name: "POST, 429 JSON without Retry-After: tries", rule: passing, goal: 1, measure: postTries(http.StatusTooManyRequests, fail, again)},
		{name: "POST, 409 JSON: tries", rule: final, goal: 1, measure: postTries(http.StatusConflict, fail, once)},
		{
			name: "POST, 404 HTML: tries", rule: final, goal: 1,
			measure: postTries(http.StatusNotFound, func(w http.ResponseWriter, _ clients.Library, status int) { writeHTML(w, status) }, once),
		},
		{name: "GET that hangs, 500 ms for an attempt: tries", rule: passing, goal: 1, measure: hang},
		{
			name: "POST, quick 503, 500 ms for an attempt: status in the error", rule: "the caller can read the 503 from the error, or beside it", goal: 1,
			note: maintenanceNote, measure: quick503,
		},
		{name: "POST, 502 HTML: status in the error", rule: "the caller can read the 502 from the error, or beside it", goal: 1, measure: html502},
	}
}

type failing func(http.ResponseWriter, clients.Library, int)

func postTries(status int, f failing, score func(int) int) func(context.Context, clients.Library) (cell, error) {
	return func(ctx context.Context, lib clients.Library) (cell, error) {
		tries, _, err := posted(ctx, lib, clients.Config{}, status, f)
		return cell{text: fmt.Sprint(tries), score: score(tries)}, err
	}
}

// posted sends one POST to a service that fails always, and tells the tries and the status that the caller sees.
func posted(ctx context.Context, lib clients.Library, config clients.Config, status int, f failing) (tries, seen int, err error) {
	if status == http.StatusServiceUnavailable {
		config.Faster = maintenanceFaster
	}
	client, s, err := start(lib, config, func(w http.ResponseWriter, _ *http.Request, _ int) { f(w, lib, status) })
	if err != nil {
		return 0, 0, err
	}
	defer s.stop()
	err = client.Create(ctx)
	if err == nil {
		return 0, 0, fmt.Errorf("%s takes a %d for a success", lib.Name, status)
	}
	return len(s.requests("")), client.Status(err), nil
}

func hang(ctx context.Context, lib clients.Library) (cell, error) {
	client, s, err := start(lib, clients.Config{AttemptTimeout: attemptTimeout}, func(_ http.ResponseWriter, r *http.Request, _ int) {
		<-r.Context().Done()
	})
	if err != nil {
		return cell{}, err
	}
	defer s.stop()
	if err := client.Get(ctx, "1"); err == nil {
		return cell{}, fmt.Errorf("%s got an answer that wasn't sent", lib.Name)
	}
	tries := len(s.requests(""))
	return cell{text: fmt.Sprint(tries), score: yes(tries >= 2 && tries <= mostTries)}, nil
}

func quick503(ctx context.Context, lib clients.Library) (cell, error) {
	const status = http.StatusServiceUnavailable
	tries, seen, err := posted(ctx, lib, clients.Config{AttemptTimeout: attemptTimeout}, status, fail)
	return statusCell(seen, status, tries), err
}

func html502(ctx context.Context, lib clients.Library) (cell, error) {
	const status = http.StatusBadGateway
	tries, seen, err := posted(ctx, lib, clients.Config{}, status, func(w http.ResponseWriter, _ clients.Library, status int) {
		writeHTML(w, status)
	})
	return statusCell(seen, status, tries), err
}

func statusCell(seen, sent, tries int) cell {
	text := fmt.Sprint(seen)
	if seen == 0 {
		text = "none"
	}
	return cell{text: fmt.Sprintf("%s (%s)", text, tried(tries)), score: yes(seen == sent)}
}

func tried(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}
