package clients

import (
	"context"
	"errors"
	"net/http"

	"github.com/stripe/stripe-go/v85"
)

// stripeGo makes and reads customers. Its body is a form: Stripe's first API takes no JSON.
func stripeGo() Library {
	return Library{
		Name:   "stripe-go",
		Module: "github.com/stripe/stripe-go/v85",
		Uses:   "V1Customers.Create (a form, not JSON), V1Customers.Retrieve",
		Behind: "v86.2.0 is out, but its checksum could not be verified where this was measured.",
		New: func(c Config) (Client, error) {
			config := &stripe.BackendConfig{
				URL:           &c.URL,
				LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
			}
			if c.AttemptTimeout > 0 {
				config.HTTPClient = &http.Client{Timeout: c.AttemptTimeout}
			}
			return stripeClient{stripe.NewClient(c.Key, stripe.WithBackends(stripe.NewBackendsWithConfig(config)))}, nil
		},
		Service: Service{
			Object:   `{"id":"cus_1","object":"customer"}`,
			Failure:  func(int) string { return `{"error":{"type":"api_error","message":"it did not work"}}` },
			OneByKey: true,
		},
	}
}

type stripeClient struct{ client *stripe.Client }

func (c stripeClient) Create(ctx context.Context) error {
	_, err := c.client.V1Customers.Create(ctx, &stripe.CustomerCreateParams{Name: stripe.String("one")})
	return err
}

func (c stripeClient) Get(ctx context.Context, id string) error {
	_, err := c.client.V1Customers.Retrieve(ctx, id, nil)
	return err
}

func (c stripeClient) Status(err error) int {
	if e, ok := errors.AsType[*stripe.Error](err); ok {
		return e.HTTPStatusCode
	}
	return 0
}

func (c stripeClient) Held() any { return c.client }
