package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// A number that no float64 holds is printed as the number that came.
func TestLargeNumbers(t *testing.T) {
	t.Parallel()
	values := map[string]any{"lead": json.Number("9007199254740993")}
	assert.Equal(t, `{"lead":9007199254740993}`, Compact(values))
	var out strings.Builder
	require.NoError(t, WriteJSON(&out, values))
	assert.Equal(t, `{"lead":9007199254740993}`+"\n", out.String())
}

// The simulator shows no secrets. Whether the API does is unknown.
func TestAnAgentsSecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	agent := &voiceagent.Agent{ID: "ag_1", Webhook: &voiceagent.WebhookConfig{URL: "https://example.com/hook", Secret: "whsec_test_1"}}
	var b strings.Builder
	require.NoError(t, WriteJSON(&b, agent))
	assert.JSONEq(t, `{"id":"ag_1","webhook_config":{"url":"https://example.com/hook"}}`, b.String())
	assert.Equal(t, "whsec_test_1", agent.Webhook.Secret, "the agent itself stays as it is")
}
