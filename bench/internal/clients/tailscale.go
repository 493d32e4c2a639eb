package clients

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"tailscale.com/client/tailscale/v2"
)

// tailscaleV2 makes and reads webhooks. Its key goes as the user of basic authentication.
func tailscaleV2() Library {
	return Library{
		Name:   "tailscale",
		Module: "tailscale.com/client/tailscale/v2",
		Uses:   "Webhooks().Create, Webhooks().Get",
		New: func(c Config) (Client, error) {
			base, err := url.Parse(c.URL)
			if err != nil {
				return nil, err
			}
			client := &tailscale.Client{BaseURL: base, APIKey: c.Key}
			if c.AttemptTimeout > 0 {
				client.HTTP = &http.Client{Timeout: c.AttemptTimeout}
			}
			return tailscaleClient{client}, nil
		},
		Service: Service{Object: `{"endpointId":"1","endpointUrl":"https://example.com"}`, Failure: message},
	}
}

type tailscaleClient struct{ client *tailscale.Client }

func (c tailscaleClient) Create(ctx context.Context) error {
	_, err := c.client.Webhooks().Create(ctx, tailscale.CreateWebhookRequest{EndpointURL: "https://example.com"})
	return err
}

func (c tailscaleClient) Get(ctx context.Context, id string) error {
	_, err := c.client.Webhooks().Get(ctx, id)
	return err
}

func (c tailscaleClient) Status(err error) int {
	if e, ok := errors.AsType[tailscale.APIError](err); ok {
		return e.Status
	}
	return 0
}

func (c tailscaleClient) Held() any { return c.client }
