package clients

import (
	"context"
	"errors"

	"github.com/google/go-github/v90/github"
)

// goGitHub makes issues and reads repositories, which have a name for an id.
func goGitHub() Library {
	return Library{
		Name:   "go-github",
		Module: "github.com/google/go-github/v90",
		Uses:   "Issues.Create, Repositories.Get",
		Behind: "v93.0.0 is out, but could not be downloaded where this was measured.",
		New: func(c Config) (Client, error) {
			base := c.URL + "/"
			opts := []github.ClientOptionsFunc{github.WithURLs(&base, nil), github.WithAuthToken(c.Key)}
			if c.AttemptTimeout > 0 {
				opts = append(opts, github.WithTimeout(c.AttemptTimeout))
			}
			client, err := github.NewClient(opts...)
			return gitHubClient{client}, err
		},
		Service: Service{Object: `{"id":1,"number":1,"name":"one"}`, Failure: message},
	}
}

type gitHubClient struct{ client *github.Client }

func (c gitHubClient) Create(ctx context.Context) error {
	_, _, err := c.client.Issues.Create(ctx, "acme", "one", github.CreateIssueRequest{Title: "one"})
	return err
}

func (c gitHubClient) Get(ctx context.Context, id string) error {
	_, _, err := c.client.Repositories.Get(ctx, "acme", id)
	return err
}

func (c gitHubClient) Status(err error) int {
	if e, ok := errors.AsType[*github.ErrorResponse](err); ok {
		return e.Response.StatusCode
	}
	if e, ok := errors.AsType[*github.RateLimitError](err); ok {
		return e.Response.StatusCode
	}
	if e, ok := errors.AsType[*github.AbuseRateLimitError](err); ok {
		return e.Response.StatusCode
	}
	return 0
}

func (c gitHubClient) Held() any { return c.client }
