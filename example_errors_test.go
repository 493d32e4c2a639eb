package voiceagent_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// Every error answer is an APIError, whatever else it is. Its text has the request id and what to
// do.
func ExampleAPIError() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()

	_, err := srv.Client().Agents.Get(context.Background(), "no-such-agent")
	if refused, ok := errors.AsType[*voiceagent.APIError](err); ok {
		fmt.Println(refused.StatusCode, refused.Code, refused.RequestID)
		fmt.Println(refused.Hint())
	}
	fmt.Println(err)
	// Output:
	// 404 not_found req_000000000001
	// check the id, and that the key belongs to the same account
	// voiceagent: GET /agents/{agent_id}: 404 Not Found (not_found): Agent not found (request_id req_000000000001); check the id, and that the key belongs to the same account
}

// What can be seen to be wrong is refused before it is sent, with status 0.
func ExampleValidationError() {
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_1234"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Agents.Create(context.Background(), voiceagent.AgentCreateParams{Name: "Acme Sales", AgentType: voiceagent.AgentTypeCustom})
	if invalid, ok := errors.AsType[*voiceagent.ValidationError](err); ok {
		fmt.Println(invalid.StatusCode)
		for _, field := range invalid.Fields {
			fmt.Println(field.Field, field.Message)
		}
	}
	// Output:
	// 0
	// start_flow is required
	// end_flow is required
	// custom_description is required
}

// The API's own complaints name the fields too, where it says which.
func ExampleValidationError_fromTheServer() {
	srv := voiceagenttest.NewServer(voiceagenttest.WithDialect(voiceagenttest.Dialect{DetailArrays: true}))
	defer srv.Close()

	_, err := srv.Client().Calls.List(context.Background(), voiceagent.CallListParams{Extra: map[string][]string{"page": {"first"}}})
	if invalid, ok := errors.AsType[*voiceagent.ValidationError](err); ok {
		fmt.Println(invalid.StatusCode, invalid.Fields[0].Field)
	}
	// Output: 422 page
}

func ExampleBadRequestError() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()

	err := srv.Client().Request(context.Background(), http.MethodPost, "/agents", map[string]any{"name": "Half an agent"}, nil)
	if bad, ok := errors.AsType[*voiceagent.BadRequestError](err); ok {
		fmt.Println(bad.StatusCode, bad.Message)
	}
	// Output: 400 start_flow is required
}

func ExampleAuthenticationError() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()

	_, err := srv.Client(voiceagent.WithAPIKey("expired")).Agents.List(context.Background(), voiceagent.AgentListParams{})
	if wrong, ok := errors.AsType[*voiceagent.AuthenticationError](err); ok {
		fmt.Println(wrong.Message)
		fmt.Println(wrong.Hint())
	}
	// Output:
	// Invalid or expired API key
	// check VOICEAGENT_API_KEY, or make a new key in the Studio under Settings, Developers, API Keys
}

func ExamplePermissionError() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()

	_, err := srv.Client(voiceagent.WithAPIKey(voiceagenttest.KeyForbidden)).Agents.List(context.Background(), voiceagent.AgentListParams{})
	if forbidden, ok := errors.AsType[*voiceagent.PermissionError](err); ok {
		fmt.Println(forbidden.StatusCode, forbidden.Message)
	}
	// Output: 403 API key lacks permission for this resource
}

func ExampleNotFoundError() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()

	_, err := srv.Client().Campaigns.Get(context.Background(), "no-such-campaign")
	if missing, ok := errors.AsType[*voiceagent.NotFoundError](err); ok {
		fmt.Println(missing.Message)
	}
	// Output: Campaign not found
}

// A name that is taken is two errors at once: its status is 409, its code validation_error.
func ExampleConflictError() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})

	_, err := srv.Client().Agents.Create(context.Background(), voiceagent.AgentCreateParams{
		Name: "Acme Sales", StartFlow: "Hello", EndFlow: "Goodbye",
	})
	_, conflict := errors.AsType[*voiceagent.ConflictError](err)
	_, invalid := errors.AsType[*voiceagent.ValidationError](err)
	fmt.Println(conflict, invalid)
	// Output: true true
}

// The status of quota_exceeded isn't documented, so the type goes by the code.
func ExampleQuotaExceededError() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})

	_, err := srv.Client(voiceagent.WithAPIKey(voiceagenttest.KeyNoCredits)).Calls.Create(context.Background(),
		voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+919876543210"})
	if broke, ok := errors.AsType[*voiceagent.QuotaExceededError](err); ok {
		fmt.Println(broke.Code, len(broke.Attempts))
	}
	// Output: quota_exceeded 1
}

// A throttle that lasts longer than the caller may wait is returned at once.
func ExampleRateLimitError() {
	srv := voiceagenttest.NewServer(voiceagenttest.WithLimits(
		voiceagenttest.Limits{Requests: 300, Window: time.Hour, FromFirst: true}))
	defer srv.Close()
	srv.Fail(voiceagenttest.Fault{Kind: voiceagenttest.Throttle})

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err := srv.Client().Calls.List(ctx, voiceagent.CallListParams{})
	if limited, ok := errors.AsType[*voiceagent.RateLimitError](err); ok {
		fmt.Println(limited.StatusCode, time.Until(limited.RetryAt) > 30*time.Second)
		fmt.Println(errors.Is(err, context.DeadlineExceeded), ctx.Err())
	}
	// Output:
	// 429 true
	// true <nil>
}

func ExampleServerError() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	srv.Fail(voiceagenttest.Fault{Status: http.StatusInternalServerError, Times: -1})

	_, err := srv.Client(voiceagent.WithMaxRetries(1)).Agents.List(context.Background(), voiceagent.AgentListParams{})
	if failed, ok := errors.AsType[*voiceagent.ServerError](err); ok {
		fmt.Println(failed.StatusCode, len(failed.Attempts))
	}
	// Output: 500 2
}

// No answer came. Sent reports whether the request may have reached the server.
func ExampleConnectionError() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	srv.Fail(voiceagenttest.Fault{Kind: voiceagenttest.HangBefore})

	client := srv.Client(voiceagent.WithMaxRetries(0), voiceagent.WithAttemptTimeout(50*time.Millisecond))
	_, err := client.Agents.List(context.Background(), voiceagent.AgentListParams{})
	if lost, ok := errors.AsType[*voiceagent.ConnectionError](err); ok {
		fmt.Println(lost.Sent, errors.Is(err, context.DeadlineExceeded))
	}
	// Output: true true
}

// An answer came, and can't be read.
func ExampleDecodeError() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	srv.Fail(voiceagenttest.Fault{Kind: voiceagenttest.WrongShape})

	_, err := srv.Client().Agents.Get(context.Background(), agentID)
	if unreadable, ok := errors.AsType[*voiceagent.DecodeError](err); ok {
		fmt.Println(unreadable.StatusCode, string(unreadable.Body))
	}
	// Output: 200 {"ok":true}
}

// The connection was lost after the request had been sent. The client doesn't send it again: the
// phone may be ringing already, and here it is.
func ExampleErrOutcomeUnknown() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	srv.Fail(voiceagenttest.Fault{Kind: voiceagenttest.DropAfter})

	_, err := srv.Client().Calls.Create(context.Background(),
		voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+919876543210"},
		voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
	fmt.Println(errors.Is(err, voiceagent.ErrOutcomeUnknown))
	fmt.Println(srv.Dialed())
	// Output:
	// true
	// [+919876543210]
}

// Without a key, every method that needs one fails before anything is sent. The catalog and Health
// work.
func ExampleErrNoAPIKey() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	if err := os.Unsetenv("VOICEAGENT_API_KEY"); err != nil {
		fmt.Println(err)
		return
	}
	client, err := voiceagent.NewClient(voiceagent.WithBaseURL(srv.URL), voiceagent.WithHTTPClient(srv.HTTPClient()))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.Agents.List(context.Background(), voiceagent.AgentListParams{})
	fmt.Println(errors.Is(err, voiceagent.ErrNoAPIKey), srv.RequestCount())
	// Output: true 0
}
