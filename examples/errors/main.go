// Errors provokes every kind of error that the client returns, and handles it. It uses a simulator
// in this program, which fails on demand, so it needs no key and no network.
//
//	go run ./examples/errors
//	go run ./examples/errors -v   # with the errors' own texts
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// handle shows what a program can do about each error. The order matters, as an error can be two of
// them at once.
func handle(err error) (kind, advice string) {
	var (
		authentication *voiceagent.AuthenticationError
		permission     *voiceagent.PermissionError
		quota          *voiceagent.QuotaExceededError
		rateLimit      *voiceagent.RateLimitError
		notFound       *voiceagent.NotFoundError
		conflict       *voiceagent.ConflictError
		validation     *voiceagent.ValidationError
		badRequest     *voiceagent.BadRequestError
		server         *voiceagent.ServerError
		connection     *voiceagent.ConnectionError
		decode         *voiceagent.DecodeError
	)
	switch {
	case errors.Is(err, voiceagent.ErrNoAPIKey):
		return "ErrNoAPIKey", "nothing was sent: set VOICEAGENT_API_KEY"
	case errors.Is(err, voiceagent.ErrOutcomeUnknown):
		return "ErrOutcomeUnknown", "it may have been done: look before you do it again"
	case errors.As(err, &authentication):
		return "AuthenticationError", authentication.Hint()
	case errors.As(err, &permission):
		return "PermissionError", permission.Hint()
	case errors.As(err, &quota):
		return "QuotaExceededError", quota.Hint()
	case errors.As(err, &rateLimit) && rateLimit.StatusCode == 0:
		return "RateLimitError, not sent", fmt.Sprintf("the window is used up: come back in %v", time.Until(rateLimit.RetryAt).Round(time.Minute))
	case errors.As(err, &rateLimit):
		return "RateLimitError", fmt.Sprintf("come back in %v", time.Until(rateLimit.RetryAt).Round(time.Minute))
	case errors.As(err, &notFound):
		return "NotFoundError", notFound.Hint()
	case errors.As(err, &conflict):
		return "ConflictError", conflict.Hint()
	case errors.As(err, &validation) && validation.StatusCode == 0:
		return "ValidationError, refused here", fields(validation.Fields)
	case errors.As(err, &validation):
		return "ValidationError", fields(validation.Fields)
	case errors.As(err, &badRequest):
		return "BadRequestError", badRequest.Hint()
	case errors.As(err, &server):
		return "ServerError", fmt.Sprintf("%d after %d attempts: tell the support %s", server.StatusCode, len(server.Attempts), server.RequestID)
	case errors.As(err, &connection):
		return "ConnectionError", fmt.Sprintf("sent: %v, timed out: %v", connection.Sent, errors.Is(err, context.DeadlineExceeded))
	case errors.As(err, &decode):
		return "DecodeError", fmt.Sprintf("a %d that begins with %.20q", decode.StatusCode, decode.Body)
	}
	return "another error", err.Error()
}

func fields(list []voiceagent.FieldError) string {
	parts := make([]string, len(list))
	for i, f := range list {
		parts[i] = f.Field + " " + f.Message
	}
	return strings.Join(parts, "; ")
}

func main() {
	verbose := flag.Bool("v", false, "show the errors' own texts too")
	flag.Parse()
	if err := run(*verbose); err != nil {
		fmt.Fprintln(os.Stderr, "errors:", err)
		os.Exit(1)
	}
}

// meeting is one error: who asks for what, what goes wrong, and what is expected.
type meeting struct {
	want   string
	client *voiceagent.Client
	fault  voiceagenttest.Fault // the zero value: the request itself is to blame
	ask    func(ctx context.Context, client *voiceagent.Client) error
}

func run(verbose bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	server := voiceagenttest.NewServer(
		voiceagenttest.WithLimits(voiceagenttest.Limits{Requests: 1000, Window: time.Hour, FromFirst: true}),
		voiceagenttest.WithDialect(voiceagenttest.Dialect{DetailArrays: true}), // a 422 names each field
	)
	defer server.Close()
	agentID := server.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})

	noRetries := voiceagent.WithMaxRetries(0) // so that nothing is waited for here
	client := server.Client(noRetries)
	keyless, err := withoutKey(server)
	if err != nil {
		return err
	}
	closed := voiceagenttest.NewServer()
	closed.Close()

	get := func(ctx context.Context, client *voiceagent.Client) error {
		_, err := client.Agents.Get(ctx, agentID)
		return err
	}
	call := func(ctx context.Context, client *voiceagent.Client) error {
		// OutcomeFail, as this program has nobody to ask what became of the call.
		_, err := client.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+919876543210"},
			voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
		return err
	}
	hurried := func(ctx context.Context, client *voiceagent.Client) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // nearer than the reset
		defer cancel()
		return get(ctx, client)
	}
	create := func(name string) func(context.Context, *voiceagent.Client) error {
		return func(ctx context.Context, client *voiceagent.Client) error {
			_, err := client.Agents.Create(ctx, voiceagent.AgentCreateParams{Name: name, StartFlow: "Hello", EndFlow: "Goodbye"})
			return err
		}
	}
	throttled := server.Client()
	const agentRoute = "/agents/{agent_id}"

	meetings := []meeting{
		{want: "ErrNoAPIKey", client: keyless, ask: get},
		{want: "ValidationError, refused here", client: client, ask: func(ctx context.Context, client *voiceagent.Client) error {
			_, err := client.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "98765 43210"})
			return err
		}},
		{want: "ValidationError", client: client, ask: func(ctx context.Context, client *voiceagent.Client) error {
			_, err := client.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: agentID, From: "none", To: "+919876543210"})
			return err
		}},
		{want: "BadRequestError", client: client, ask: func(ctx context.Context, client *voiceagent.Client) error {
			return client.Request(ctx, "POST", "/agents", map[string]any{"name": "Half an agent"}, nil)
		}},
		{want: "NotFoundError", client: client, ask: func(ctx context.Context, client *voiceagent.Client) error {
			_, err := client.Agents.Get(ctx, "no-such-agent")
			return err
		}},
		{want: "ConflictError", client: client, ask: create("Acme Sales")},
		{want: "AuthenticationError", client: server.Client(voiceagent.WithAPIKey("expired")), ask: get},
		{want: "PermissionError", client: server.Client(voiceagent.WithAPIKey(voiceagenttest.KeyForbidden)), ask: get},
		{want: "QuotaExceededError", client: server.Client(voiceagent.WithAPIKey(voiceagenttest.KeyNoCredits)), ask: call},
		// A 429 that lasts longer than the caller can wait is returned at once, and the next call isn't
		// even sent.
		{want: "RateLimitError", client: throttled, ask: hurried, fault: voiceagenttest.Fault{Kind: voiceagenttest.Throttle}},
		{want: "RateLimitError, not sent", client: throttled, ask: hurried},
		{want: "ServerError", client: client, ask: get, fault: voiceagenttest.Fault{Route: agentRoute, Status: 500}},
		{want: "ServerError", client: client, ask: get, fault: voiceagenttest.Fault{Route: agentRoute, Kind: voiceagenttest.HTML}},
		{want: "ConnectionError", client: closed.Client(noRetries), ask: get},
		{want: "ConnectionError", client: server.Client(noRetries, voiceagent.WithAttemptTimeout(100*time.Millisecond)), ask: get,
			fault: voiceagenttest.Fault{Route: agentRoute, Kind: voiceagenttest.HangBefore}},
		{want: "DecodeError", client: client, ask: get, fault: voiceagenttest.Fault{Route: agentRoute, Kind: voiceagenttest.TruncatedJSON}},
		{want: "ErrOutcomeUnknown", client: client, ask: call, fault: voiceagenttest.Fault{Route: "/call", Kind: voiceagenttest.DropAfter}},
		{want: "ErrOutcomeUnknown", client: client, ask: call, fault: voiceagenttest.Fault{Route: "/call", Kind: voiceagenttest.StatusAfter, Status: 504}},
	}
	for _, m := range meetings {
		if m.fault.Kind != "" || m.fault.Status != 0 {
			server.Fail(m.fault)
		}
		err := m.ask(ctx, m.client)
		if err == nil {
			return fmt.Errorf("%s was expected, but all went well", m.want)
		}
		kind, advice := handle(err)
		if kind != m.want {
			return fmt.Errorf("%s was expected, not %s: %w", m.want, kind, err)
		}
		fmt.Printf("%-29s  %s\n", kind, advice)
		if verbose {
			fmt.Printf("    %v\n", err)
		}
	}
	rang := len(server.Dialed())
	fmt.Printf("\nThe phone rang %d times: once for each call whose outcome the client couldn't know.\n", rang)
	if rang != 2 {
		return errors.New("it should have rung twice")
	}
	return nil
}

// withoutKey makes a client that has no key, whatever the environment says.
func withoutKey(server *voiceagenttest.Server) (*voiceagent.Client, error) {
	if err := os.Unsetenv("VOICEAGENT_API_KEY"); err != nil {
		return nil, err
	}
	return voiceagent.NewClient(voiceagent.WithBaseURL(server.URL))
}
