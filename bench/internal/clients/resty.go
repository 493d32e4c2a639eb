package clients

import (
	"context"

	"github.com/go-resty/resty/v2"
)

// restyV2 is resty as resty.New makes it, which doesn't retry.
func restyV2() Library {
	return Library{
		Name:   "resty",
		Module: "github.com/go-resty/resty/v2",
		Uses:   "R().Post, R().SetPathParam().Get",
		New: func(c Config) (Client, error) {
			client := resty.New().SetBaseURL(c.URL + "/v1").SetAuthToken(c.Key).SetLogger(silent{})
			if c.AttemptTimeout > 0 {
				client.SetTimeout(c.AttemptTimeout)
			}
			return restyClient{client}, nil
		},
		Service: Service{Object: `{"id":"thing_1"}`, Failure: message},
	}
}

// silent keeps resty's log, which warns of a key sent over plain http, off stderr.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

type restyClient struct{ client *resty.Client }

func (c restyClient) Create(ctx context.Context) error {
	return check(c.client.R().SetContext(ctx).SetBody(thing{Name: "one"}).SetResult(&thing{}).Post("/things"))
}

func (c restyClient) Get(ctx context.Context, id string) error {
	return check(c.client.R().SetContext(ctx).SetPathParam("id", id).SetResult(&thing{}).Get("/things/{id}"))
}

// check is what resty leaves to its user: an answer with an error's status is no error.
func check(resp *resty.Response, err error) error {
	if err == nil && !resp.IsSuccess() {
		err = &statusError{resp.StatusCode(), resp.String()}
	}
	return err
}

func (c restyClient) Status(err error) int { return statusOf(err) }

func (c restyClient) Held() any { return c.client }
