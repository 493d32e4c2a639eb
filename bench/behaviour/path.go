package main

import (
	"context"
	"net/http"
	"path"
	"strings"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// pathRows read objects by ids that are none, as they come from a form or a file.
func pathRows() []row {
	const rule = "no request, or one that stays below the collection, as net/http's ServeMux reads it"
	return []row{
		{name: "GET with the id `..`: what is reached", rule: rule, goal: 1, measure: reached("..")},
		{name: "GET with the id `../../admin`: what is reached", rule: rule, goal: 1, measure: reached("../../admin")},
		{name: "GET with an empty id: what is reached", rule: "no request: the collection isn't what was asked for", goal: 1, measure: reached("")},
	}
}

func reached(id string) func(context.Context, clients.Library) (cell, error) {
	return func(ctx context.Context, lib clients.Library) (cell, error) {
		if lib.Service.NumericIDs {
			return missing("Its ids are numbers.")
		}
		client, s, err := start(lib, clients.Config{}, func(w http.ResponseWriter, _ *http.Request, _ int) { succeed(w, lib) })
		if err != nil {
			return cell{}, err
		}
		defer s.stop()
		const known = "known"
		if err := client.Get(ctx, known); err != nil {
			return cell{}, err
		}
		collection := strings.TrimSuffix(s.requests("")[0].path, known)
		_ = client.Get(ctx, id) // the service says yes to everything; what it was asked is what counts
		if len(s.requests("")) == 1 {
			return cell{text: "nothing", score: 1}, nil
		}
		written := s.requests("")[1].path
		return cell{text: "`" + written + "`", score: yes(strings.HasPrefix(path.Clean(written), collection))}, nil
	}
}
