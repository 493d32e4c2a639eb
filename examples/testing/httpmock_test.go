package reminders_test

import (
	"net/http"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestHTTPMock(t *testing.T) {
	mock := httpmock.NewMockTransport()
	mock.RegisterMatcherResponder(http.MethodPost, baseURL+"/call",
		httpmock.BodyContainsString(`"order":"1042"`),
		httpmock.NewStringResponder(http.StatusOK, `{"success": true, "data": {"session_id": "s1", "status": "initiated"}}`))
	client := newClient(t, &http.Client{Transport: mock})

	ref, err := remind(t.Context(), client, "agent-1", "1042")
	require.NoError(t, err)
	assert.Equal(t, "s1", ref)

	// A request without a responder gets no answer, so for all that is known it may have been done.
	_, err = remind(t.Context(), client, "agent-1", "1043")
	assert.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	assert.ErrorIs(t, err, httpmock.NoResponderFound)
}

// ActivateNonDefault changes the http.Client, of which NewClient makes a copy: call it before.
func TestHTTPMockActivated(t *testing.T) {
	hc := &http.Client{}
	httpmock.ActivateNonDefault(hc)
	defer httpmock.DeactivateAndReset()
	httpmock.RegisterResponder(http.MethodPost, baseURL+"/call",
		httpmock.NewStringResponder(http.StatusOK, `{"success": true, "data": {"session_id": "s1", "status": "initiated"}}`))

	ref, err := remind(t.Context(), newClient(t, hc), "agent-1", "1042")
	require.NoError(t, err)
	assert.Equal(t, "s1", ref)
}

// Activate alone replaces http.DefaultTransport, which the client doesn't use: the phone rings.
func TestActivateDoesNotReachTheClient(t *testing.T) {
	srv := voiceagenttest.NewServer() // stands for the real service
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	httpmock.Activate()
	defer httpmock.DeactivateAndReset()
	httpmock.RegisterResponder(http.MethodPost, srv.URL+"/call", httpmock.NewStringResponder(http.StatusOK, `{}`))
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey(voiceagenttest.DefaultKey), voiceagent.WithBaseURL(srv.URL))
	require.NoError(t, err)

	_, err = remind(t.Context(), client, agentID, "1042")
	require.NoError(t, err)
	assert.Zero(t, httpmock.GetTotalCallCount())
	assert.Equal(t, []string{"+919876543210"}, srv.Dialed())
}
