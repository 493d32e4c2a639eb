package voiceagent_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func ExampleCallsService_Create() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})

	call, err := srv.Client().Calls.Create(context.Background(), voiceagent.CallCreateParams{
		AgentID:  agentID,
		From:     "+15550100000",
		To:       "+919876543210",
		Metadata: map[string]any{"customer_name": "Rahul"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(call.Status, call.To())
	fmt.Println(call.Ref() != "") // the id to go on with; the webhook's event has the same Ref
	// Output:
	// initiated +919876543210
	// true
}

// Watch yields a call each time it has changed, and ends when the call has.
func ExampleCallsService_Watch() {
	srv := voiceagenttest.NewServer(voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Completed }))
	defer srv.Close()
	ctx, client := context.Background(), srv.Client()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	call, err := client.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+919876543210"})
	if err != nil {
		fmt.Println(err)
		return
	}

	for call, err := range client.Calls.Watch(ctx, call.Ref(), voiceagent.WatchParams{Interval: time.Millisecond}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(call.Status)
		switch call.Status { // move the server's clock, as nobody wants to wait for the real one
		case voiceagent.CallInitiated:
			srv.Advance(time.Second)
		case voiceagent.CallRinging:
			srv.Advance(8 * time.Second)
		case voiceagent.CallInProgress:
			srv.Advance(time.Minute)
		}
	}
	// Output:
	// initiated
	// ringing
	// in_progress
	// completed
}

// The sequence may come from a file or a database: it is read while the calls are placed. Results
// come as calls end, with their index in the sequence.
func ExampleCallsService_CreateEach() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})

	var calls []voiceagent.CallCreateParams
	for _, number := range []string{"+919876543210", "98765 43211", "+919876543212"} {
		calls = append(calls, voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: number})
	}
	lines := make([]string, len(calls))
	for i, result := range srv.Client().Calls.CreateEach(context.Background(), slices.Values(calls), voiceagent.CreateEachParams{Concurrency: 2}) {
		if result.Err != nil {
			lines[i] = result.Err.Error()
			continue
		}
		lines[i] = "placed: " + string(result.Call.Status)
	}
	for _, line := range lines {
		fmt.Println(line)
	}
	// Output:
	// placed: initiated
	// call 1: voiceagent: POST /call: refused before sending (validation_error): phone_number: ***3211 is not E.164: write it with a plus, the country code and no spaces, like +919876543210
	// placed: initiated
}

func ExampleCallsService_List() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	srv.SeedCalls(45, voiceagenttest.CallSeed{})

	page, err := srv.Client().Calls.List(context.Background(), voiceagent.CallListParams{Page: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(page.Data), "of", page.Total, page.HasMore)
	// Output: 5 of 45 false
}

func ExampleCallsService_All() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	srv.SeedCalls(30, voiceagenttest.CallSeed{Directions: []string{voiceagenttest.Inbound, voiceagenttest.Web}})

	calls := srv.Client().Calls.All(context.Background(), voiceagent.CallListParams{
		Direction: voiceagent.CallInbound,
		Since:     srv.Now().Add(-24 * time.Hour),
	})
	n := 0
	for call, err := range calls {
		if err != nil {
			fmt.Println(err)
			return
		}
		if call.Ended() {
			n++
		}
	}
	fmt.Println(n, "inbound calls have ended")
	// Output: 15 inbound calls have ended
}
