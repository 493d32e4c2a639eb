package cli

import (
	"errors"
	"net/http"
	"strings"

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
	if !p.Simulate {
		switch url, from, err := p.baseURLInForce(); {
		case err != nil:
			return nil, err
		case from != "":
			own = append(own, voiceagent.WithBaseURL(url))
		}
	}
	if p.DryRun {
		own = append(own, voiceagent.WithMaxRetries(0), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail),
			voiceagent.WithMiddleware(func(http.RoundTripper) http.RoundTripper { return dryRun{p} }))
	}
	client, err := voiceagent.NewClient(append(own, opts...)...)
	switch {
	case err == nil:
		return client, nil
	case strings.Contains(err.Error(), keyVariable): // the library looks at it, too
		return nil, As(Authentication, err)
	}
	return nil, As(Usage, err) // a setting that makes no sense
}

const baseURLVariable = "VOICEAGENT_BASE_URL"

// baseURLInForce is the base URL that was asked for, and by what: the flag or the variable; "" for
// the library's own.
func (p *Program) baseURLInForce() (url, from string, err error) {
	url, from = p.baseURL, "--base-url"
	if url == "" {
		url, from = p.Env(baseURLVariable), baseURLVariable
	}
	if url = strings.TrimSpace(url); url == "" {
		return "", "", nil
	}
	if strings.Trim(url, quotes) != url {
		err = Usagef("%s has quotes around the address: write it without them", from)
	}
	return url, from, err
}
