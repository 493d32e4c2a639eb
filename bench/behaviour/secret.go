package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// secretRows print the value that a program keeps.
func secretRows() []row {
	return []row{{
		name: "the client printed with %v, %+v, %#v and as JSON: where the key shows", rule: "as few as possible", measure: printed,
	}}
}

func printed(_ context.Context, lib clients.Library) (cell, error) {
	if lib.Service.NoKey {
		return missing("The client doesn't hold the key.")
	}
	client, s, err := start(lib, clients.Config{}, func(w http.ResponseWriter, _ *http.Request, _ int) { succeed(w, lib) })
	if err != nil {
		return cell{}, err
	}
	defer s.stop()
	var shows []string
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		if strings.Contains(fmt.Sprintf(verb, client.Held()), key) {
			shows = append(shows, verb)
		}
	}
	if text, err := json.Marshal(client.Held()); err == nil && strings.Contains(string(text), key) {
		shows = append(shows, "JSON")
	}
	if shows == nil {
		return cell{text: "nowhere"}, nil
	}
	return cell{text: strings.Join(shows, ", "), score: -len(shows)}, nil
}
