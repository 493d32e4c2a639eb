package voiceagent_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// The examples run against voiceagenttest, the simulator for tests. A program makes its client with
// NewClient.
func Example() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	ctx, client := context.Background(), srv.Client()

	agent, err := client.Agents.Create(ctx, voiceagent.AgentCreateParams{
		Name:      "Acme Sales",
		StartFlow: "Hello, this is Acme. Do you have a minute?",
		EndFlow:   "Thank you. Goodbye.",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	call, err := client.Calls.Create(ctx, voiceagent.CallCreateParams{
		AgentID:  agent.ID,
		From:     "+15550100000",
		To:       "+919876543210",
		Metadata: map[string]any{"customer_name": "Rahul"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(call.Status)
	fmt.Println(srv.Dialed())
	// Output:
	// initiated
	// [+919876543210]
}

func ExampleNewClient() {
	client, err := voiceagent.NewClient(
		voiceagent.WithAPIKey("lev_test_1234"), // without it, VOICEAGENT_API_KEY
		voiceagent.WithPlan(voiceagent.PlanPro),
		voiceagent.WithMaxRetries(5),
		voiceagent.WithApplication("acme-dialler", "1.4.0"),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Describe().Get("limiter"))
	// Output: in this process, pro (300 requests a minute)
}

// An option that makes no sense is refused when the client is made, not when it is used.
func ExampleNewClient_refused() {
	_, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_1234"), voiceagent.WithBaseURL("http://api.example.com/v1"))
	fmt.Println(err)
	// Output: voiceagent: the base URL from WithBaseURL: plain http to api.example.com would show the key and all data to the network: use https, or WithInsecureHTTP
}

// Health is public: it works without a key.
func ExampleClient_Health() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()

	health, err := srv.Client().Health(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(health.Status)
	fmt.Println(string(health.Extra["version"])) // a key that the client doesn't know
	// Output:
	// healthy
	// "1.0.0"
}

func ExampleClient_RateLimit() {
	srv := voiceagenttest.NewServer(voiceagenttest.WithLimits(voiceagenttest.Pro))
	defer srv.Close()
	client := srv.Client()

	_, known := client.RateLimit()
	fmt.Println(known)
	if _, err := client.Calls.List(context.Background(), voiceagent.CallListParams{}); err != nil {
		fmt.Println(err)
		return
	}
	limit, known := client.RateLimit()
	fmt.Println(known, limit.Remaining, "of", limit.Limit)
	// Output:
	// false
	// true 299 of 300
}

// Describe shows the settings of a client and where each came from. It never shows the key.
func ExampleClient_Describe() {
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_1234"), voiceagent.WithMaxRetries(5))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, setting := range client.Describe() {
		switch setting.Name {
		case "API key", "max retries", "attempt timeout":
			fmt.Printf("%s: %s (%s)\n", setting.Name, setting.Value, setting.Source)
		}
	}
	// Output:
	// API key: lev_...REDACTED (WithAPIKey)
	// max retries: 5 (WithMaxRetries)
	// attempt timeout: 30s (default)
}

// Request reaches endpoints that the client has no method for, with the same retries, limits and
// errors.
func ExampleClient_Request() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	srv.SeedAgents(3)

	// A Page takes the list with its paging keys; any other value takes what is in "data".
	var page voiceagent.Page[struct {
		Name string `json:"name"`
	}]
	if err := srv.Client().Request(context.Background(), http.MethodGet, "/agents?page_size=2", nil, &page); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(page.Data), "of", page.Total, page.HasMore)
	// Output: 2 of 3 true
}

// The response shows how a call went, even if it succeeded in the end.
func ExampleWithResponse() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	id := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	srv.Fail(voiceagenttest.Fault{Status: http.StatusInternalServerError})

	var response voiceagent.Response
	agent, err := srv.Client().Agents.Get(context.Background(), id, voiceagent.WithResponse(&response))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name, response.StatusCode, response.RequestID)
	for _, attempt := range response.Attempts {
		fmt.Println(attempt.StatusCode, attempt.RequestID, attempt.Wait > 100*time.Millisecond)
	}
	// Output:
	// Acme Sales 200 req_000000000002
	// 500 req_000000000001 false
	// 200 req_000000000002 true
}

// sendFunc is a function as a transport.
type sendFunc func(*http.Request) (*http.Response, error)

func (f sendFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// A middleware sees each attempt, so it can count them, sign them or trace them.
func ExampleWithMiddleware() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	srv.Fail(voiceagenttest.Fault{Status: http.StatusInternalServerError})

	show := func(next http.RoundTripper) http.RoundTripper {
		return sendFunc(func(req *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if err == nil {
				fmt.Println(req.Method, req.URL.Path, resp.StatusCode)
			}
			return resp, err
		})
	}
	client := srv.Client(voiceagent.WithMiddleware(show))
	if _, err := client.Catalog.Voices(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// GET /v1/voices 500
	// GET /v1/voices 200
}
