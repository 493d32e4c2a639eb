package clients

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// hcloudGo makes and reads SSH keys. It decides by the code of an error, so the server sends the
// codes of its service.
func hcloudGo() Library {
	codes := map[int]hcloud.ErrorCode{
		http.StatusTooManyRequests:    hcloud.ErrorCodeRateLimitExceeded,
		http.StatusConflict:           hcloud.ErrorCodeUniquenessError,
		http.StatusServiceUnavailable: hcloud.ErrorCodeMaintenance,
	}
	return Library{
		Name:   "hcloud-go",
		Module: "github.com/hetznercloud/hcloud-go/v2",
		Uses:   "SSHKey.Create, SSHKey.GetByID",
		Behind: "v2.53.0 is out, but needs Go 1.26.10.",
		New: func(c Config) (Client, error) {
			opts := []hcloud.ClientOption{hcloud.WithEndpoint(c.URL + "/v1"), hcloud.WithToken(c.Key)}
			if c.AttemptTimeout > 0 {
				opts = append(opts, hcloud.WithHTTPClient(&http.Client{Timeout: c.AttemptTimeout}))
			}
			return hcloudClient{hcloud.NewClient(opts...)}, nil
		},
		Service: Service{
			Object: `{"ssh_key":{"id":1,"name":"one","fingerprint":"f","public_key":"k","labels":{},"created":"2026-01-01T00:00:00Z"}}`,
			Failure: func(status int) string {
				code, ok := codes[status]
				if !ok {
					code = hcloud.ErrorCodeServerError
				}
				return `{"error":{"code":"` + string(code) + `","message":"it did not work"}}`
			},
			NumericIDs: true,
		},
	}
}

type hcloudClient struct{ client *hcloud.Client }

func (c hcloudClient) Create(ctx context.Context) error {
	_, resp, err := c.client.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "one", PublicKey: "k"})
	return withResponse(err, resp)
}

func (c hcloudClient) Get(ctx context.Context, id string) error {
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return err
	}
	_, resp, err := c.client.SSHKey.GetByID(ctx, number)
	return withResponse(err, resp)
}

// hcloudError is an error with the response that hcloud returns beside it.
type hcloudError struct {
	error
	response *hcloud.Response
}

func (e *hcloudError) Unwrap() error { return e.error }

func withResponse(err error, response *hcloud.Response) error {
	if err == nil || response == nil || response.Response == nil {
		return err
	}
	return &hcloudError{err, response}
}

func (c hcloudClient) Status(err error) int {
	if e, ok := errors.AsType[*hcloudError](err); ok {
		return e.response.StatusCode
	}
	return 0
}

func (c hcloudClient) Held() any { return c.client }
