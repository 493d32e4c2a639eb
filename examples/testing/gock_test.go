package reminders_test

import (
	"net/http"
	"testing"

	"github.com/h2non/gock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestGock(t *testing.T) {
	defer gock.Off()
	gock.New(baseURL).Post("/call").
		MatchHeader("Authorization", "Bearer lev_test_12345678").
		JSON(map[string]any{
			"agent_id": "agent-1", "source_number": "+15550100000", "phone_number": "+919876543210",
			"metadata": map[string]any{"order": "1042", "name": "Asha", "due": "Monday"},
		}).
		Reply(http.StatusOK).
		JSON(map[string]any{"success": true, "data": map[string]any{"session_id": "s1", "status": "initiated"}})
	hc := &http.Client{}
	gock.InterceptClient(hc) // before NewClient, which makes a copy
	client := newClient(t, hc)

	ref, err := remind(t.Context(), client, "agent-1", "1042")
	require.NoError(t, err)
	assert.Equal(t, "s1", ref)
	assert.True(t, gock.IsDone())

	// A mock answers once. A second call finds none.
	_, err = remind(t.Context(), client, "agent-1", "1042")
	assert.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	assert.ErrorIs(t, err, gock.ErrCannotMatch)
}

// gock.New alone replaces http.DefaultTransport, which the client doesn't use: the phone rings.
func TestGocksHookDoesNotReachTheClient(t *testing.T) {
	srv := voiceagenttest.NewServer() // stands for the real service
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	defer gock.Off()
	gock.New(srv.URL).Post("/call").Reply(http.StatusOK)
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey(voiceagenttest.DefaultKey), voiceagent.WithBaseURL(srv.URL))
	require.NoError(t, err)

	_, err = remind(t.Context(), client, agentID, "1042")
	require.NoError(t, err)
	assert.True(t, gock.IsPending())
	assert.Equal(t, []string{"+919876543210"}, srv.Dialed())
}
