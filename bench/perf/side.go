package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/voiceagent-go/voiceagent"
)

// side is one of those who do the work.
type side struct {
	name, module string // module is as it is linked; "" for the standard library
	uses         string // how it does the work
	open         func(config) (client, error)
	oneAttempt   string // why a 500 isn't tried again; "" where it is, by itself or by a setting
}

// config is the setting of a client.
type config struct {
	url       string            // of the server, without a path
	transport http.RoundTripper // nil: this project's client brings its own
	atOnce    bool              // two retries after a 500, without waits and looks
}

// client does the work.
type client interface {
	get(context.Context) error
	create(context.Context) error   // posts 1 KB
	campaign(context.Context) error // posts 2 MB
	list(context.Context) error
}

const key = "lev_test_perf"

const (
	ours = 0 // the place of this project's client among the sides
	hand = 1 // that of the hand-written one, with which the others are compared
)

func sides() []side {
	return []side{
		{"voiceagent", "github.com/voiceagent-go/voiceagent", "its methods: Calls.Get, Calls.Create, Campaigns.Create, Calls.List", openVoiceagent, ""},
		{"net/http by hand", "", "http.Client.Do, io.ReadAll and encoding/json; a loop around Do for three attempts", openHand, ""},
		{"go-retryablehttp", "github.com/hashicorp/go-retryablehttp", "NewRequest with the encoded bytes, Client.Do, io.ReadAll and encoding/json", openRetryable, ""},
		{"resty", "github.com/go-resty/resty/v2", "R().SetBody(struct).SetResult(struct).Execute; its retries are switched on for three attempts", openResty, ""},
		{"stripe-go", "github.com/stripe/stripe-go/v85", "a backend's RawRequest with encoding/json on both sides, under /v2, where its bodies are JSON", openStripe, "doesn't repeat a 500 with a JSON error"},
		{"openai-go", "github.com/openai/openai-go/v3", "Client.Execute from struct to struct", openOpenAI, ""},
		{"go-github", "github.com/google/go-github/v90", "Client.NewRequest and Client.Do from struct to struct", openGitHub, "doesn't retry"},
	}
}

// ownClient is this project's client.
type ownClient struct{ *voiceagent.Client }

func openVoiceagent(c config) (client, error) {
	opts := []voiceagent.ClientOption{
		voiceagent.WithAPIKey(key), voiceagent.WithBaseURL(c.url + "/v1"), voiceagent.WithHTTPClient(&http.Client{Transport: c.transport}),
	}
	if c.atOnce {
		opts = append(opts, voiceagent.WithRetryPolicy(atOnce{voiceagent.DefaultRetryPolicy()}),
			voiceagent.WithUnknownOutcome(voiceagent.OutcomeRetry)) // nobody else looks either
	}
	own, err := voiceagent.NewClient(opts...)
	return ownClient{own}, err
}

// atOnce is a policy that doesn't wait.
type atOnce struct{ voiceagent.RetryPolicy }

// Decide implements [voiceagent.RetryPolicy].
func (p atOnce) Decide(f voiceagent.Failure) voiceagent.Decision {
	d := p.RetryPolicy.Decide(f)
	d.Wait = 0
	return d
}

var errIncomplete = errors.New("the answer wasn't decoded in full")

func (c ownClient) get(ctx context.Context) error {
	got, err := c.Calls.Get(ctx, "call_1")
	if err == nil && got.ID == "" {
		err = errIncomplete
	}
	return err
}

func (c ownClient) create(ctx context.Context) error {
	_, err := c.Calls.Create(ctx, callParams)
	return err
}

func (c ownClient) campaign(ctx context.Context) error {
	_, err := c.Campaigns.Create(ctx, campaignParams)
	return err
}

func (c ownClient) list(ctx context.Context) error {
	got, err := c.Calls.List(ctx, voiceagent.CallListParams{})
	if err == nil && (len(got.Data) != pageCalls || len(got.Data[pageCalls-1].Transcript) != utterances) {
		err = errIncomplete
	}
	return err
}

// send is any other client: it encodes body, if there is one, sends it, and decodes the answer into
// out.
type send func(ctx context.Context, method, path string, body, out any) error

func (s send) get(ctx context.Context) error {
	return one(func(out any) error { return s(ctx, http.MethodGet, "/calls/call_1", nil, out) })
}

func (s send) create(ctx context.Context) error {
	return one(func(out any) error { return s(ctx, http.MethodPost, "/call", callBody, out) })
}

func (s send) campaign(ctx context.Context) error {
	return one(func(out any) error { return s(ctx, http.MethodPost, "/campaigns", campaignBody, out) })
}

func (s send) list(ctx context.Context) error {
	var got rawEnvelope[[]rawCall]
	if err := s(ctx, http.MethodGet, "/calls", nil, &got); err != nil {
		return err
	}
	if len(got.Data) != pageCalls || len(got.Data[pageCalls-1].Transcript) != utterances {
		return errIncomplete
	}
	return nil
}

func one(fill func(out any) error) error {
	var got rawEnvelope[rawCall]
	if err := fill(&got); err != nil {
		return err
	}
	if got.Data.ID == "" {
		return errIncomplete
	}
	return nil
}

func statusError(status int) error { return fmt.Errorf("the server answered %d", status) }
