package commands

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

const wholeAgent = `{"name": "Mira", "start_flow": "Hi", "end_flow": "Bye", "status": "live", "tools": [{"b": 9007199254740993, "a": 0.50}],
	"details_to_collect": ["email"], "webhook_config": {"url": "https://example.com/hook", "events": ["CALL_ENDED"], "secret": "whsec_test_1"}}`

// sentBodies returns the bodies of the requests with this method.
func sentBodies(server *voiceagenttest.Server, method string) (bodies []string) {
	for _, r := range server.Requests() {
		if r.Method == method {
			bodies = append(bodies, string(r.Body))
		}
	}
	return bodies
}

func written(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "agent.json")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

// What get writes changes nothing when update gets it back, and what was changed in it is sent
// alone.
func TestAnAgentGoesOutAndComesBack(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	made := runHere(t.Context(), variables, "agents", "create", "--from-json", written(t, wholeAgent), "-o", "json")
	require.Zero(t, made.code, made.errOut)
	id := server.AddAgent(voiceagenttest.NewAgent{Name: "Another", Webhook: &voiceagenttest.Webhook{URL: "https://example.com/other", Secret: "whsec_test_2"}})
	mira := strings.Split(made.out, `"`)[3]

	got := runHere(t.Context(), variables, "agents", "get", mira, "-o", "json")
	require.Zero(t, got.code, got.errOut)
	keys := []string{
		`{"id":`, `"name":`, `"start_flow":`, `"end_flow":`, `"agent_type":`, `"language":`, `"voice":`, `"webhook_config":`, `"details_to_collect":`,
		`"created_at":`, `"updated_at":`, `"status":`, `"tools":`,
	}
	places := make([]int, len(keys))
	for i, key := range keys {
		places[i] = strings.Index(got.out, key)
	}
	assert.True(t, slices.IsSorted(places) && places[0] == 0, "%v in %s", places, got.out)
	assert.NotContains(t, got.out, `"sector"`, "which the API didn't send")
	assert.NotContains(t, got.out, "whsec_")

	back := runHere(t.Context(), variables, "agents", "update", mira, "--from-json", written(t, got.out), "-o", "json")
	require.Zero(t, back.code, back.errOut)
	assert.Equal(t, got.out, back.out, "the agent as it is")
	assert.Contains(t, back.errOut, `"note":"The agent is like that already: nothing was changed."`)
	assert.Empty(t, sentBodies(server, http.MethodPatch))

	changed := strings.NewReplacer(`"voice":"female"`, `"voice":"male"`, `"status":"live"`, `"status":"draft"`, `0.5`, `0.500`).Replace(got.out)
	back = runHere(t.Context(), variables, "agents", "update", mira, "--from-json", written(t, changed))
	require.Zero(t, back.code, back.errOut)
	assert.Empty(t, back.errOut)
	assert.Equal(t, []string{`{"voice":"male","status":"draft"}`}, sentBodies(server, http.MethodPatch))

	// A number that no float64 holds is another one.
	changed = strings.Replace(changed, "9007199254740993", "9007199254740992", 1)
	back = runHere(t.Context(), variables, "agents", "update", mira, "--from-json", written(t, changed))
	require.Zero(t, back.code, back.errOut)
	assert.Contains(t, sentBodies(server, http.MethodPatch)[1], `"tools":`)

	// One agent's texts for another, whose webhook then has no secret any more.
	back = runHere(t.Context(), variables, "agents", "update", id, "--from-json", written(t, strings.Replace(got.out, "Mira", "Tara", 1)))
	require.Zero(t, back.code, back.errOut)
	assert.Contains(t, back.errOut, "Warning: webhook_config is sent without a secret")
	last := sentBodies(server, http.MethodPatch)[2]
	assert.Contains(t, last, `"name":"Tara"`)
	assert.NotContains(t, last, `"id"`)
	assert.NotContains(t, last, `_at"`)
	assert.NotContains(t, last, `"voice"`, "is the same")
}

// What a file says of a key is heeded, also that it is to be empty.
func TestAKeyIsClearedFromAFile(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	file := written(t, `{"voice": null, "sector": null, "colour": null, "language": ""}`)
	got := runHere(t.Context(), variables, "agents", "update", "ag_1", "--from-json", file)
	require.Zero(t, got.code, got.errOut)
	assert.Equal(t, []string{`{"language":"","voice":null}`}, sentBodies(server, http.MethodPatch), "what it doesn't have needn't be cleared")
}

func TestASecretInAFileIsNotShown(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	for _, args := range [][]string{{"create"}, {"update", "ag_1"}} {
		args := append(append([]string{"agents"}, args...), "--dry-run", "--from-json", written(t, wholeAgent))
		got := runHere(t.Context(), variables, args...)
		require.Zero(t, got.code, got.errOut)
		assert.Contains(t, got.out, `"secret": "REDACTED"`)
		assert.NotContains(t, got.out+got.errOut, "whsec_")
	}
	assert.Empty(t, server.Requests())
}
