package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// maintenanceFaster is the factor by which this project's client is sped up after a 503, so that
// its waits of 30 to 35 s take about 1 s.
const maintenanceFaster = 30

const maintenanceNote = "This client's vendor tells to wait 30 s after a 503. Its waits of 30 to 35 s are divided by 30 here, and nothing else is. " + unknownNote

// unknownNote is about the looks of this project's client, which nothing makes shorter.
const unknownNote = "This client looks in the list of calls before each repetition, and after the last one for as long as the work may still show up there. The service lists none, so the error has the status and says that the outcome is unknown."

// mostTries is what still counts as patience.
const mostTries = 10

// triesRows count how often a request is sent when the answer stays the same.
func triesRows() []row {
	passing := fmt.Sprintf("a failure that may pass is tried again, at most %d tries", mostTries)
	const final = "1 try: the same request gets the same answer"
	again := func(n int) int { return yes(n >= 2 && n <= mostTries) }
	once := func(n int) int { return yes(n == 1) }
	return []row{
		{name: "POST, 500 JSON: tries", rule: passing, goal: 1, note: unknownNote, measure: postTries(http.StatusInternalServerError, fail, again)},
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
		{name: "POST, 502 HTML: status in the error", rule: "the caller can read the 502 from the error, or beside it", goal: 1, note: unknownNote, measure: html502},
	}
}

type failing func(http.ResponseWriter, clients.Library, int)

// tries is what became of a POST to a service that fails always.
type tries struct {
	posts  int
	status int // what the caller sees
	err    error
}

func (t tries) text(what string) string {
	if errors.Is(t.err, voiceagent.ErrOutcomeUnknown) {
		what += `, "outcome unknown"`
	}
	return what
}

func postTries(status int, f failing, score func(int) int) func(context.Context, clients.Library) (cell, error) {
	return func(ctx context.Context, lib clients.Library) (cell, error) {
		t, err := posted(ctx, lib, clients.Config{}, status, f)
		return cell{text: t.text(fmt.Sprint(t.posts)), score: score(t.posts)}, err
	}
}

// posted sends one POST to a service that fails always, and lists nothing to a client that looks.
func posted(ctx context.Context, lib clients.Library, config clients.Config, status int, f failing) (tries, error) {
	if status == http.StatusServiceUnavailable {
		config.Faster = maintenanceFaster
	}
	client, s, err := start(lib, config, func(w http.ResponseWriter, r *http.Request, _ int) {
		if !looked(w, r, lib, false) {
			f(w, lib, status)
		}
	})
	if err != nil {
		return tries{}, err
	}
	defer s.stop()
	err = client.Create(ctx)
	if err == nil {
		return tries{}, fmt.Errorf("%s takes a %d for a success", lib.Name, status)
	}
	return tries{posts: len(s.requests(http.MethodPost)), status: client.Status(err), err: err}, nil
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
	t, err := posted(ctx, lib, clients.Config{AttemptTimeout: attemptTimeout}, status, fail)
	return statusCell(t, status), err
}

func html502(ctx context.Context, lib clients.Library) (cell, error) {
	const status = http.StatusBadGateway
	t, err := posted(ctx, lib, clients.Config{}, status, func(w http.ResponseWriter, _ clients.Library, status int) {
		writeHTML(w, status)
	})
	return statusCell(t, status), err
}

func statusCell(t tries, sent int) cell {
	text := fmt.Sprint(t.status)
	if t.status == 0 {
		text = "none"
	}
	return cell{text: fmt.Sprintf("%s (%s)", t.text(text), tried(t.posts)), score: yes(t.status == sent)}
}

func tried(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}
