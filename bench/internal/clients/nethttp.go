package clients

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// netHTTP is the client that a careful person writes in half an hour, without a library.
func netHTTP() Library {
	return Library{
		Name: "net/http by hand",
		Uses: "http.Client.Do and encoding/json",
		New: func(c Config) (Client, error) {
			return &handClient{URL: c.URL + "/v1", Key: c.Key, HTTP: &http.Client{Timeout: c.AttemptTimeout}}, nil
		},
		Service: Service{Object: `{"id":"thing_1"}`, Failure: message},
	}
}

type handClient struct {
	URL  string
	Key  string
	HTTP *http.Client
}

type thing struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// statusError is the error of an answer, for the clients that leave this to their users.
type statusError struct {
	Status int
	Body   string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the server answered %d: %s", e.Status, e.Body)
}

func statusOf(err error) int {
	if e, ok := errors.AsType[*statusError](err); ok {
		return e.Status
	}
	return 0
}

func (c *handClient) Create(ctx context.Context) error {
	body, err := json.Marshal(thing{Name: "one"})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+"/things", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	return c.do(req)
}

func (c *handClient) Get(ctx context.Context, id string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/things/"+id, http.NoBody)
	if err != nil {
		return err
	}
	return c.do(req)
}

func (c *handClient) do(req *http.Request) error {
	req.Header.Set("Authorization", "Bearer "+c.Key)
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return err
	}
	return readThing(resp)
}

// readThing reads and closes an answer.
func readThing(resp *http.Response) error {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode > 299 {
		return &statusError{resp.StatusCode, string(body)}
	}
	var got thing
	return json.Unmarshal(body, &got)
}

func (c *handClient) Status(err error) int { return statusOf(err) }

func (c *handClient) Held() any { return c }
