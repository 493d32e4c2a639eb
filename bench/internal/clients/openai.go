package clients

import (
	"context"
	"errors"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// openaiGo makes and reads vector stores.
func openaiGo() Library {
	return Library{
		Name:   "openai-go",
		Module: "github.com/openai/openai-go/v3",
		Uses:   "VectorStores.New, VectorStores.Get",
		New: func(c Config) (Client, error) {
			opts := []option.RequestOption{option.WithBaseURL(c.URL + "/v1"), option.WithAPIKey(c.Key)}
			if c.AttemptTimeout > 0 {
				opts = append(opts, option.WithRequestTimeout(c.AttemptTimeout))
			}
			client := openai.NewClient(opts...)
			return openaiClient{&client}, nil
		},
		Service: Service{
			Object: `{"id":"vs_1","object":"vector_store"}`,
			Failure: func(int) string {
				return `{"error":{"message":"it did not work","type":"some_error","param":null,"code":"some_error"}}`
			},
		},
	}
}

type openaiClient struct{ client *openai.Client }

func (c openaiClient) Create(ctx context.Context) error {
	_, err := c.client.VectorStores.New(ctx, openai.VectorStoreNewParams{Name: openai.String("one")})
	return err
}

func (c openaiClient) Get(ctx context.Context, id string) error {
	_, err := c.client.VectorStores.Get(ctx, id)
	return err
}

func (c openaiClient) Status(err error) int {
	if e, ok := errors.AsType[*openai.Error](err); ok {
		return e.StatusCode
	}
	return 0
}

func (c openaiClient) Held() any { return c.client }
