package voiceagenttest_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func Example() {
	srv := voiceagenttest.NewServer(voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Completed }))
	defer srv.Close()
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Sales"})
	client := srv.Client()

	ctx := context.Background()
	call, err := client.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: agent, From: "+919240018601", To: "+919876543210"})
	if err != nil {
		fmt.Println(err)
		return
	}
	srv.Advance(time.Minute)
	call, err = client.Calls.Get(ctx, call.Ref())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(call.Status, srv.Dialed())
	// Output: completed [+919876543210]
}

// The answer to a call is lost after the phone rang.
func ExampleServer_Fail() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Sales"})
	srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/call", Kind: voiceagenttest.DropAfter})

	client := srv.Client(voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
	_, err := client.Calls.Create(context.Background(), voiceagent.CallCreateParams{AgentID: agent, From: "+919240018601", To: "+919876543210"})
	fmt.Println(errors.Is(err, voiceagent.ErrOutcomeUnknown), srv.Dialed())
	// Output: true [+919876543210]
}
