package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

const attemptTimeout = 500 * time.Millisecond

// lostRows are the POSTs whose answer doesn't come, which the server may have done.
func lostRows() []row {
	const once = "the service did the work once; a repetition by key counts where the service documents the key"
	const lookNote = "This client looks in the list of calls. The service lists none, so the error says that the outcome is unknown."
	return []row{
		{
			name: "POST read, then the connection drops, always: POSTs delivered",
			rule: once, goal: 1,
			note: lookNote,
			measure: func(ctx context.Context, lib clients.Library) (cell, error) {
				return delivered(ctx, lib, clients.Config{}, func(w http.ResponseWriter, _ *http.Request) { drop(w) })
			},
		},
		{
			name: "POST that hangs, 500 ms for an attempt: POSTs delivered",
			rule: once, goal: 1,
			note: lookNote,
			measure: func(ctx context.Context, lib clients.Library) (cell, error) {
				return delivered(ctx, lib, clients.Config{AttemptTimeout: attemptTimeout}, func(_ http.ResponseWriter, r *http.Request) {
					<-r.Context().Done()
				})
			},
		},
		{
			name: "POST done, 200 with a JSON that breaks off: POSTs delivered",
			rule: once + ", and the caller gets an error", goal: 1,
			note: lookNote,
			measure: func(ctx context.Context, lib clients.Library) (cell, error) {
				return delivered(ctx, lib, clients.Config{}, func(w http.ResponseWriter, _ *http.Request) {
					writeJSON(w, http.StatusOK, lib.Service.Object[:len(lib.Service.Object)/2])
				})
			},
		},
		{
			name:    "POST done, its answer lost once: what the caller gets",
			rule:    "the object, better than an error that says the outcome is unknown, better than another error, better than doing it twice",
			note:    "This client looks in the list of calls before anything else, finds the call and returns it. stripe-go repeats with the same key.",
			goal:    3,
			measure: lostOnce,
		},
	}
}

// delivered counts the POSTs that a service took in and, as far as the caller can tell, lost.
func delivered(ctx context.Context, lib clients.Library, config clients.Config, lose func(http.ResponseWriter, *http.Request)) (cell, error) {
	client, s, err := start(lib, config, func(w http.ResponseWriter, r *http.Request, _ int) {
		if !looked(w, r, lib, false) {
			lose(w, r)
		}
	})
	if err != nil {
		return cell{}, err
	}
	defer s.stop()
	err = client.Create(ctx)
	posts, works := worksOf(s, lib)
	text := fmt.Sprint(posts)
	if works < posts {
		text += ", same key"
	}
	switch {
	case errors.Is(err, voiceagent.ErrOutcomeUnknown):
		text += `, "outcome unknown"`
	case err == nil:
		text += ", no error"
	}
	return cell{text: text, score: yes(works == 1 && err != nil)}, nil
}

// worksOf counts the POSTs, and how often the service did the work.
func worksOf(s *server, lib clients.Library) (posts, works int) {
	keys := make(map[string]bool)
	for _, r := range s.requests(http.MethodPost) {
		posts++
		if lib.Service.OneByKey && r.once != "" && keys[r.once] {
			continue
		}
		keys[r.once] = true
		works++
	}
	return posts, works
}

func lostOnce(ctx context.Context, lib clients.Library) (cell, error) {
	client, s, err := start(lib, clients.Config{}, func(w http.ResponseWriter, r *http.Request, n int) {
		switch {
		case looked(w, r, lib, true):
		case n == 1:
			drop(w)
		default:
			succeed(w, lib)
		}
	})
	if err != nil {
		return cell{}, err
	}
	defer s.stop()
	err = client.Create(ctx)
	_, works := worksOf(s, lib)
	switch {
	case works > 1:
		return cell{text: fmt.Sprintf("done %d times", works)}, nil
	case err == nil:
		return cell{text: "the object", score: 3}, nil
	case errors.Is(err, voiceagent.ErrOutcomeUnknown):
		return cell{text: `"outcome unknown"`, score: 2}, nil
	}
	return cell{text: "an error", score: 1}, nil
}
