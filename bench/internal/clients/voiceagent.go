package clients

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// Voiceagent is this project's client, with options of a test's choice.
func Voiceagent(opts ...voiceagent.ClientOption) Library {
	const call = `{"id":"call_1","agent_id":"ag_1","source_number":"+15550100000","phone_number":"+919876543210","status":"initiated","created_at":%q}`
	now := func() string { return time.Now().UTC().Format(time.RFC3339Nano) }
	return Library{
		Name:   "voiceagent",
		Module: "github.com/voiceagent-go/voiceagent",
		Uses:   "Calls.Create, Calls.Get",
		New: func(c Config) (Client, error) {
			all := []voiceagent.ClientOption{voiceagent.WithBaseURL(c.URL + "/v1"), voiceagent.WithAPIKey(c.Key)}
			if c.AttemptTimeout > 0 {
				all = append(all, voiceagent.WithAttemptTimeout(c.AttemptTimeout))
			}
			if c.Faster > 1 {
				all = append(all, voiceagent.WithRetryPolicy(faster{voiceagent.DefaultRetryPolicy(), c.Faster}))
			}
			client, err := voiceagent.NewClient(append(all, opts...)...)
			return voiceagentClient{client}, err
		},
		Service: Service{
			Object: fmt.Sprintf(`{"success":true,"data":`+call+`,"request_id":"req_1"}`, now()),
			Failure: func(int) string {
				return `{"success":false,"error":{"code":"some_error","message":"it did not work"},"request_id":"req_1"}`
			},
			Listing: func(made bool) string {
				data, total := "", 0
				if made {
					data, total = fmt.Sprintf(call, now()), 1
				}
				return fmt.Sprintf(`{"success":true,"data":[%s],"total":%d,"page":1,"page_size":100,"has_more":false}`, data, total)
			},
		},
	}
}

// faster is a policy that waits a fraction of the time.
type faster struct {
	voiceagent.RetryPolicy
	times int
}

// Decide implements [voiceagent.RetryPolicy].
func (p faster) Decide(f voiceagent.Failure) voiceagent.Decision {
	d := p.RetryPolicy.Decide(f)
	d.Wait /= time.Duration(p.times)
	return d
}

type voiceagentClient struct{ *voiceagent.Client }

func (c voiceagentClient) Create(ctx context.Context) error {
	_, err := c.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: "ag_1", From: "+15550100000", To: "+919876543210"})
	return err
}

func (c voiceagentClient) Get(ctx context.Context, id string) error {
	_, err := c.Calls.Get(ctx, id)
	return err
}

func (c voiceagentClient) Status(err error) int {
	if e, ok := errors.AsType[*voiceagent.APIError](err); ok {
		return e.StatusCode
	}
	return 0
}

func (c voiceagentClient) Held() any { return c.Client }
