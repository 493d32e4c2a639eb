package main

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/voiceagent-go/voiceagent"
)

// publicClient is a client for what needs no key.
func (p *program) publicClient() (*voiceagent.Client, error) {
	if p.sim {
		return p.newClient(p.simulator()...)
	}
	return p.newClient()
}

// client is a client with the key, and with opts after the program's own. In the simulator the agent exists, if one is named.
func (p *program) client(agent string, opts ...voiceagent.ClientOption) (*voiceagent.Client, error) {
	if p.sim {
		return p.newClient(append(p.simulator(agent), opts...)...)
	}
	key, err := p.key()
	if p.dryRun && errors.Is(err, voiceagent.ErrNoAPIKey) {
		key, err = noKey, nil // what would be sent can be shown all the same
	}
	if err != nil {
		return nil, err
	}
	return p.newClient(append([]voiceagent.ClientOption{voiceagent.WithAPIKey(key)}, opts...)...)
}

func (p *program) newClient(opts ...voiceagent.ClientOption) (*voiceagent.Client, error) {
	own := []voiceagent.ClientOption{
		voiceagent.WithApplication("voiceagent-cli", voiceagent.Version),
		voiceagent.WithMaxRetries(p.retries),
		voiceagent.WithAttemptTimeout(p.attemptTimeout),
		voiceagent.WithLogger(p.logger()),
	}
	if url := p.baseURLInForce(); url != "" {
		own = append(own, voiceagent.WithBaseURL(url))
	}
	if p.dryRun {
		own = append(own, voiceagent.WithMaxRetries(0), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail),
			voiceagent.WithMiddleware(func(http.RoundTripper) http.RoundTripper { return dryRun{p} }))
	}
	client, err := voiceagent.NewClient(append(own, opts...)...)
	if err != nil {
		return nil, usageError{errors.New(asFlags.Replace(err.Error()))} // a setting that makes no sense
	}
	return client, nil
}

// baseURLInForce is the base URL that was asked for, "" for the library's own.
func (p *program) baseURLInForce() string {
	if p.baseURL != "" {
		return p.baseURL
	}
	return p.env("VOICEAGENT_BASE_URL")
}

// logger writes retries, whose waits would be a riddle otherwise, and each request with --verbose.
func (p *program) logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 && !p.verbose {
			return slog.Attr{}
		}
		return a
	}}
	if p.verbose {
		options.Level = slog.LevelDebug
	}
	if p.output == formatJSON {
		return slog.New(slog.NewJSONHandler(p.err, options))
	}
	return slog.New(slog.NewTextHandler(p.err, options))
}
