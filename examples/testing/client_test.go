// Package reminders_test tests a function that calls people with three test doubles: httpmock, gock
// and recordings of go-vcr. What to know of each, and when voiceagenttest does better, is told in
// docs/testing.md.
package reminders_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// remind stands for a function of yours. It returns the id that the webhook's event repeats.
func remind(ctx context.Context, client *voiceagent.Client, agentID, order string) (string, error) {
	call, err := client.Calls.Create(ctx, voiceagent.CallCreateParams{
		AgentID: agentID, From: "+15550100000", To: "+919876543210",
		Metadata: map[string]any{"order": order, "name": "Asha", "due": "Monday"},
	})
	if err != nil {
		return "", fmt.Errorf("order %s: %w", order, err)
	}
	return call.Ref(), nil
}

const baseURL = "https://api.example.test/v1"

// newClient returns a client that sends through hc, a test double's. Should a request get past the
// double, it rings no phone: the key is made up, and nobody has the address. A request that the
// double doesn't know fails at once, where else it would be repeated, or looked for.
func newClient(t *testing.T, hc *http.Client, opts ...voiceagent.ClientOption) *voiceagent.Client {
	t.Helper()
	client, err := voiceagent.NewClient(append([]voiceagent.ClientOption{
		voiceagent.WithHTTPClient(hc),
		voiceagent.WithAPIKey("lev_test_12345678"),
		voiceagent.WithBaseURL(baseURL),
		voiceagent.WithMaxRetries(0),
		voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail),
	}, opts...)...)
	require.NoError(t, err)
	return client
}
