package voiceagent_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// atMost is the default policy without the long waits.
type atMost struct {
	voiceagent.RetryPolicy
	wait time.Duration
}

func (p atMost) Decide(f voiceagent.Failure) voiceagent.Decision {
	d := p.RetryPolicy.Decide(f)
	if d.Wait > p.wait {
		return voiceagent.Decision{Reason: "the wait is too long for me"}
	}
	return d
}

// A policy of one's own usually asks the default one first.
func ExampleWithRetryPolicy() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	srv.Fail(voiceagenttest.Fault{Status: http.StatusServiceUnavailable}) // for which the vendor asks to wait 30 s

	client := srv.Client(voiceagent.WithRetryPolicy(atMost{voiceagent.DefaultRetryPolicy(), 10 * time.Second}))
	var response voiceagent.Response
	_, err := client.Calls.List(context.Background(), voiceagent.CallListParams{}, voiceagent.WithResponse(&response))
	fmt.Println(response.StatusCode, len(response.Attempts), err != nil)
	// Output: 503 1 true
}

// Decide also explains what the client would do, and why.
func ExampleDefaultRetryPolicy() {
	policy := voiceagent.DefaultRetryPolicy()
	for _, status := range []int{404, 502, 503} {
		d := policy.Decide(voiceagent.Failure{Attempt: 1, Method: http.MethodGet, Safe: true, StatusCode: status})
		fmt.Println(d.Retry, d.Reason)
	}
	// Output:
	// false 404: trying again would get the same answer
	// true 502: upstream unavailable, wait 1 to 2 s
	// true 503: maintenance, wait 30s
}
