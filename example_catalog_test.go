package voiceagent_test

import (
	"context"
	"fmt"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func ExampleCatalogService_Voices() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()

	voices, err := srv.Client().Catalog.Voices(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, voice := range voices {
		fmt.Println(voice.ID, voice.Name, string(voice.Extra["gender"]))
	}
	// Output:
	// female Default female "female"
	// male Default male "male"
	// asha Asha "female"
	// arjun Arjun "male"
}

func ExampleCatalogService_AgentTypes() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	ctx, client := context.Background(), srv.Client()

	industries, err := client.Catalog.Industries(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	types, err := client.Catalog.AgentTypes(ctx, industries[0].ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, agentType := range types {
		fmt.Println(agentType.ID)
	}
	// Output:
	// finance_lead_qualifier
	// finance_account_opening
	// finance_collection
}
