package voiceagent_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func ExampleAgentsService_Create() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()

	agent, err := srv.Client().Agents.Create(context.Background(), voiceagent.AgentCreateParams{
		Name:      "Acme Finance",
		AgentType: "finance_lead_qualifier", // see CatalogService.AgentTypes
		Language:  "Hindi",
		StartFlow: "Namaste, this is Acme Finance.",
		EndFlow:   "Thank you. Goodbye.",
		Webhook:   &voiceagent.WebhookConfig{URL: "https://example.com/hook", Events: []string{voiceagent.EventCallEnded}},
		Extra:     map[string]any{"temperature": 0.3}, // a key that the client doesn't know
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name, agent.Language, string(agent.Extra["temperature"]))
	// Output: Acme Finance Hindi 0.3
}

// What is nil stays as it is. new takes a value since Go 1.26.
func ExampleAgentsService_Update() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	id := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})

	agent, err := srv.Client().Agents.Update(context.Background(), id, voiceagent.AgentUpdateParams{
		Voice: new("asha"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(agent.Name, agent.Voice)
	// Output: Acme Sales asha
}

func ExampleAgentsService_Delete() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	ctx, client := context.Background(), srv.Client()
	id := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})

	fmt.Println(client.Agents.Delete(ctx, id))
	_, err := client.Agents.Get(ctx, id)
	_, gone := errors.AsType[*voiceagent.NotFoundError](err)
	fmt.Println(gone)
	// Output:
	// <nil>
	// true
}

// All fetches a page when it is needed, here twice 100 and once the rest.
func ExampleAgentsService_All() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	srv.SeedAgents(250)

	n := 0
	for _, err := range srv.Client().Agents.All(context.Background(), voiceagent.AgentListParams{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		n++
	}
	fmt.Println(n, "agents,", srv.RequestCount(), "requests")
	// Output: 250 agents, 3 requests
}
