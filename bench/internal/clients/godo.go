package clients

import (
	"context"
	"errors"
	"net/url"

	"github.com/digitalocean/godo"
	"golang.org/x/oauth2"
)

// godoV1 makes and reads domains, which have a name for an id.
func godoV1() Library {
	return Library{
		Name:   "godo",
		Module: "github.com/digitalocean/godo",
		Uses:   "Domains.Create, Domains.Get",
		New: func(c Config) (Client, error) {
			base, err := url.Parse(c.URL + "/")
			if err != nil {
				return nil, err
			}
			if c.AttemptTimeout == 0 {
				client := godo.NewFromToken(c.Key)
				client.BaseURL = base
				return godoClient{client}, nil
			}
			// NewFromToken takes no timeout. This is what it does, with one for each attempt.
			own := oauth2.NewClient(context.Background(), oauth2.StaticTokenSource(&oauth2.Token{AccessToken: c.Key}))
			own.Timeout = c.AttemptTimeout
			client, err := godo.New(own, godo.SetBaseURL(base.String()), godo.WithRetryAndBackoffs(godo.RetryConfig{
				RetryMax: 4, RetryWaitMin: new(1.0), RetryWaitMax: new(30.0),
			}))
			if err != nil {
				return nil, err
			}
			return godoClient{client}, nil
		},
		Service: Service{Object: `{"domain":{"name":"one","ttl":1800,"zone_file":""}}`, Failure: message},
	}
}

type godoClient struct{ client *godo.Client }

func (c godoClient) Create(ctx context.Context) error {
	_, _, err := c.client.Domains.Create(ctx, &godo.DomainCreateRequest{Name: "one"})
	return err
}

func (c godoClient) Get(ctx context.Context, id string) error {
	_, _, err := c.client.Domains.Get(ctx, id)
	return err
}

func (c godoClient) Status(err error) int {
	if e, ok := errors.AsType[*godo.ErrorResponse](err); ok && e.Response != nil {
		return e.Response.StatusCode
	}
	return 0
}

func (c godoClient) Held() any { return c.client }
