package clients

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/hashicorp/go-retryablehttp"
)

// retryableHTTP is go-retryablehttp as its README shows it, without its log on stderr.
func retryableHTTP() Library {
	return Library{
		Name:   "go-retryablehttp",
		Module: "github.com/hashicorp/go-retryablehttp",
		Uses:   "Client.Do",
		New: func(c Config) (Client, error) {
			client := retryablehttp.NewClient()
			client.Logger = nil
			if c.AttemptTimeout > 0 {
				client.HTTPClient.Timeout = c.AttemptTimeout
			}
			return &retryableClient{url: c.URL + "/v1", key: c.Key, client: client}, nil
		},
		Service: Service{Object: `{"id":"thing_1"}`, Failure: message, NoKey: true},
	}
}

type retryableClient struct {
	url, key string
	client   *retryablehttp.Client
}

func (c *retryableClient) Create(ctx context.Context) error {
	body, err := json.Marshal(thing{Name: "one"})
	if err != nil {
		return err
	}
	return c.do(ctx, http.MethodPost, "/things", body)
}

func (c *retryableClient) Get(ctx context.Context, id string) error {
	return c.do(ctx, http.MethodGet, "/things/"+id, nil)
}

func (c *retryableClient) do(ctx context.Context, method, path string, body []byte) error {
	req, err := retryablehttp.NewRequestWithContext(ctx, method, c.url+path, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.key)
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	return readThing(resp)
}

func (c *retryableClient) Status(err error) int { return statusOf(err) }

func (c *retryableClient) Held() any { return c.client }
