package cli

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// PublicClient is a client without a key, with opts after the program's own.
func (p *Program) PublicClient(opts ...voiceagent.ClientOption) (*voiceagent.Client, error) {
	if p.Simulate {
		opts = append(p.simulated(), opts...)
	}
	return p.newClient(opts...)
}

// Client returns a client with the key, and with opts after the program's own. With the simulator,
// the given agent exists.
func (p *Program) Client(agent string, opts ...voiceagent.ClientOption) (*voiceagent.Client, error) {
	if p.Simulate {
		own := append(p.simulated(agent), voiceagent.WithAPIKey(voiceagenttest.DefaultKey))
		return p.newClient(append(own, opts...)...)
	}
	key, err := p.Key()
	if p.DryRun && errors.Is(err, voiceagent.ErrNoAPIKey) {
		key, err = noKey, nil // what would be sent can be shown all the same
	}
	if err != nil {
		return nil, err
	}
	return p.newClient(append([]voiceagent.ClientOption{voiceagent.WithAPIKey(key)}, opts...)...)
}

func (p *Program) newClient(opts ...voiceagent.ClientOption) (*voiceagent.Client, error) {
	own := []voiceagent.ClientOption{
		voiceagent.WithApplication("voiceagent-cli", voiceagent.Version),
		voiceagent.WithMaxRetries(p.retries),
		voiceagent.WithAttemptTimeout(p.attemptTimeout),
		voiceagent.WithLogger(p.Logger()),
	}
	if url := p.baseURLInForce(); url != "" && !p.Simulate {
		own = append(own, voiceagent.WithBaseURL(url))
	}
	if p.DryRun {
		own = append(own, voiceagent.WithMaxRetries(0), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail),
			voiceagent.WithMiddleware(func(http.RoundTripper) http.RoundTripper { return dryRun{p} }))
	}
	client, err := voiceagent.NewClient(append(own, opts...)...)
	if err != nil {
		return nil, As(Usage, err) // a setting that makes no sense
	}
	return client, nil
}

// baseURLInForce is the base URL that was asked for, "" for the library's own.
func (p *Program) baseURLInForce() string {
	if p.baseURL != "" {
		return p.baseURL
	}
	return p.Env("VOICEAGENT_BASE_URL")
}

// Logger writes retries, whose waits would be a riddle otherwise, and each request with --verbose.
func (p *Program) Logger() *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey && len(groups) == 0 && !p.verbose {
			return slog.Attr{}
		}
		return a
	}}
	if p.verbose {
		options.Level = slog.LevelDebug
	}
	if p.Output == JSON {
		return slog.New(slog.NewJSONHandler(p.Err, options))
	}
	return slog.New(slog.NewTextHandler(p.Err, options))
}
