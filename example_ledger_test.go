package voiceagent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// The connection is lost after the call was placed. The client doesn't place it again: it finds the
// call, and returns it as if the answer had come.
func ExampleCallsService_Create_answerLost() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	srv.Fail(voiceagenttest.Fault{Kind: voiceagenttest.DropAfter})

	var response voiceagent.Response
	call, err := srv.Client().Calls.Create(context.Background(),
		voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+919876543210"},
		voiceagent.WithResponse(&response))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(call.Ref() == srv.Dials()[0].SessionID)
	for _, attempt := range response.Attempts {
		fmt.Println(attempt.StatusCode, attempt.Lookup)
	}
	fmt.Println(srv.Dialed())
	// Output:
	// true
	// 0 false
	// 200 true
	// [+919876543210]
}

// With a ledger, a key stands for one call. A second Create under the key returns the recorded call
// and sends nothing. A ledger in a file, as in the module boltledger, has the call after a restart
// too.
func ExampleWithLedger() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})

	client := srv.Client(voiceagent.WithLedger(voiceagent.NewMemoryLedger()))
	params := voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+919876543210"}
	key := voiceagent.WithIdempotencyKey("reminders-row-7") // from the data, so that it is the same after a restart
	first, err := client.Calls.Create(context.Background(), params, key)
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := client.Calls.Create(context.Background(), params, key)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(again.Ref() == first.Ref(), srv.RequestCount())

	params.To = "+919876543211"
	_, err = client.Calls.Create(context.Background(), params, key)
	_, invalid := errors.AsType[*voiceagent.ValidationError](err)
	fmt.Println("the same key for another person:", invalid)
	fmt.Println(srv.Dialed())
	// Output:
	// true 1
	// the same key for another person: true
	// [+919876543210]
}

// An unknown outcome stays in the ledger. A second Create under the key looks for the call, and
// finds it.
func ExampleWithLedger_unknown() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	srv.Fail(voiceagenttest.Fault{Kind: voiceagenttest.DropAfter})

	client := srv.Client(voiceagent.WithLedger(voiceagent.NewMemoryLedger()))
	params := voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+919876543210"}
	key := voiceagent.WithIdempotencyKey("reminders-row-7")
	_, err := client.Calls.Create(context.Background(), params, key, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
	fmt.Println(errors.Is(err, voiceagent.ErrOutcomeUnknown))

	call, err := client.Calls.Create(context.Background(), params, key)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(call.Ref() == srv.Dials()[0].SessionID, srv.Dialed())
	// Output:
	// true
	// true [+919876543210]
}

// The error has what is needed to find out what became of the call. Numbers are cut to their last
// four digits.
func ExampleOutcomeUnknownError() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	srv.Fail(voiceagenttest.Fault{Kind: voiceagenttest.DropAfter})

	_, err := srv.Client().Calls.Create(context.Background(),
		voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+919876543210"},
		voiceagent.WithIdempotencyKey("reminders-row-7"), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
	if unknown, ok := errors.AsType[*voiceagent.OutcomeUnknownError](err); ok {
		fmt.Println(unknown.IdempotencyKey)
		fmt.Println(strings.ReplaceAll(unknown.Subject, agentID, "ag_1"))
		fmt.Println(strings.HasPrefix(unknown.Check, "GET /calls?agent_id="+agentID))
	}
	// Output:
	// reminders-row-7
	// a call to ***3210 by agent ag_1
	// true
}
