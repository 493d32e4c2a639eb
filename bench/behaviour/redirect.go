package main

import (
	"context"
	"net/http"
	"net/url"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// redirectRows send a POST elsewhere, as a server that was taken over, or set up wrongly, may do.
func redirectRows() []row {
	const rule = "one point for keeping the key, one for keeping the body"
	return []row{
		{name: "POST, 307 to another host: what gets there", rule: rule, goal: 2, measure: func(ctx context.Context, lib clients.Library) (cell, error) {
			return redirected(ctx, lib, "localhost") // the service itself is 127.0.0.1
		}},
		{name: "POST, 307 to another port: what gets there", rule: rule, goal: 2, measure: func(ctx context.Context, lib clients.Library) (cell, error) {
			return redirected(ctx, lib, "127.0.0.1")
		}},
	}
}

func redirected(ctx context.Context, lib clients.Library, host string) (cell, error) {
	elsewhere, err := newServer(func(w http.ResponseWriter, _ *http.Request, _ int) { succeed(w, lib) })
	if err != nil {
		return cell{}, err
	}
	defer elsewhere.stop()
	target, err := url.Parse(elsewhere.URL)
	if err != nil {
		return cell{}, err
	}
	target.Host = host + ":" + target.Port()
	client, s, err := start(lib, clients.Config{}, func(w http.ResponseWriter, r *http.Request, _ int) {
		w.Header().Set("Location", target.String()+r.RequestURI)
		w.WriteHeader(http.StatusTemporaryRedirect)
	})
	if err != nil {
		return cell{}, err
	}
	defer s.stop()
	err = client.Create(ctx)
	got := elsewhere.requests("")
	if len(got) == 0 {
		if err == nil {
			return cell{text: "nothing, and no error"}, nil
		}
		return cell{text: "nothing", score: 2}, nil
	}
	var withKey, withBody bool
	for _, r := range got {
		withKey = withKey || r.hasKey
		withBody = withBody || r.body > 0
	}
	return cell{text: what(withKey, withBody), score: yes(!withKey) + yes(!withBody)}, nil
}

func what(withKey, withBody bool) string {
	switch {
	case withKey && withBody:
		return "key and body"
	case withKey:
		return "the key"
	case withBody:
		return "the body"
	}
	return "an empty request"
}
