package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/google/go-github/v90/github"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/stripe/stripe-go/v85"
)

const retries = 2

// openHand is a careful hand-written client: no limiter, and no retries unless they are asked for.
func openHand(c config) (client, error) {
	plain := &http.Client{Transport: c.transport}
	attempts := 1
	if c.atOnce {
		attempts += retries
	}
	return send(func(ctx context.Context, method, path string, body, out any) error {
		encoded, err := encode(body)
		if err != nil {
			return err
		}
		for attempt := 1; ; attempt++ {
			req, err := http.NewRequestWithContext(ctx, method, c.url+"/v1"+path, reader(encoded))
			if err != nil {
				return err
			}
			setHeader(req.Header, body != nil)
			resp, err := plain.Do(req)
			if err != nil {
				return err
			}
			if err = read(resp, out); err == nil || attempt == attempts {
				return err
			}
		}
	}), nil
}

// encode is what the user of a client does that takes bytes.
func encode(body any) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	return json.Marshal(body)
}

func reader(encoded []byte) io.Reader {
	if encoded == nil {
		return nil
	}
	return bytes.NewReader(encoded)
}

func setHeader(h http.Header, body bool) {
	h.Set("Authorization", "Bearer "+key)
	h.Set("Accept", "application/json")
	h.Set("User-Agent", "perf")
	if body {
		h.Set("Content-Type", "application/json")
	}
}

func read(resp *http.Response, out any) error {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return statusError(resp.StatusCode)
	}
	return json.Unmarshal(body, out)
}

func openRetryable(c config) (client, error) {
	own := retryablehttp.NewClient()
	own.Logger = nil
	own.HTTPClient = &http.Client{Transport: c.transport}
	if c.atOnce {
		own.RetryWaitMin, own.RetryWaitMax = 0, 0
	}
	return send(func(ctx context.Context, method, path string, body, out any) error {
		encoded, err := encode(body)
		if err != nil {
			return err
		}
		req, err := retryablehttp.NewRequestWithContext(ctx, method, c.url+"/v1"+path, encoded)
		if err != nil {
			return err
		}
		setHeader(req.Header, body != nil)
		resp, err := own.Do(req)
		if err != nil {
			return err
		}
		return read(resp, out)
	}), nil
}

func openResty(c config) (client, error) {
	own := resty.NewWithClient(&http.Client{Transport: c.transport}).SetBaseURL(c.url + "/v1").SetAuthToken(key).SetDisableWarn(true)
	if c.atOnce {
		own.SetRetryCount(retries).SetRetryWaitTime(time.Nanosecond).SetRetryMaxWaitTime(time.Nanosecond).
			AddRetryCondition(func(resp *resty.Response, err error) bool { return err != nil || resp.IsError() })
	}
	return send(func(ctx context.Context, method, path string, body, out any) error {
		resp, err := own.R().SetContext(ctx).SetBody(body).SetResult(out).Execute(method, path)
		if err == nil && !resp.IsSuccess() {
			err = statusError(resp.StatusCode())
		}
		return err
	}), nil
}

func openStripe(c config) (client, error) {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, &stripe.BackendConfig{
		URL: &c.url, HTTPClient: &http.Client{Transport: c.transport}, LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
	})
	own, ok := backend.(stripe.RawRequestBackend)
	if !ok {
		return nil, fmt.Errorf("a %T sends no raw requests", backend)
	}
	return send(func(ctx context.Context, method, path string, body, out any) error {
		encoded, err := encode(body)
		if err != nil {
			return err
		}
		resp, err := own.RawRequest(method, "/v2"+path, key, string(encoded), &stripe.RawParams{Params: stripe.Params{Context: ctx}})
		if err != nil {
			return err
		}
		return json.Unmarshal(resp.RawJSON, out)
	}), nil
}

// openOpenAI has no switch for the waits: see the header of the service.
func openOpenAI(c config) (client, error) {
	own := openai.NewClient(option.WithBaseURL(c.url+"/v1"), option.WithAPIKey(key), option.WithHTTPClient(&http.Client{Transport: c.transport}))
	return send(func(ctx context.Context, method, path string, body, out any) error {
		return own.Execute(ctx, method, strings.TrimPrefix(path, "/"), body, out)
	}), nil
}

func openGitHub(c config) (client, error) {
	base := c.url + "/v1/"
	own, err := github.NewClient(github.WithURLs(&base, nil), github.WithAuthToken(key), github.WithTransport(c.transport))
	return send(func(ctx context.Context, method, path string, body, out any) error {
		req, err := own.NewRequest(ctx, method, strings.TrimPrefix(path, "/"), body)
		if err != nil {
			return err
		}
		_, err = own.Do(req, out)
		return err
	}), err
}
