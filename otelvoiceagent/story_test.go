package otelvoiceagent_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// What must never show.
const (
	secretKey    = "lev_test_0SECRET1_keep"
	secretTo     = "+919876543217"
	secretFrom   = "+15550100093"
	secretName   = "Asha Placeholder"
	secretPrompt = "Greet the customer by the name on file"
	secretSpeech = "I will try again later" // what the simulator's agent says in a transcript
)

var secrets = []string{
	secretKey, "0SECRET1", "Bearer", strings.TrimPrefix(secretTo, "+"), "9876543217", "6543217", strings.TrimPrefix(secretFrom, "+"), "5550100093",
	secretName, "Asha", secretPrompt, "Greet", secretSpeech, "try again later",
}

// tellStory runs a client in a bubble through everything that it can do and everything that can go
// wrong, with secrets in every possible place.
func tellStory(t *testing.T, tracer voiceagent.Tracer) {
	t.Helper()
	srv := server(t, voiceagenttest.WithLimits(voiceagenttest.PerMinute(40)), voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Voicemail }))
	client := srv.Client(voiceagent.WithAPIKey(secretKey), voiceagent.WithTracer(tracer), voiceagent.WithHeader("X-Customer", secretName))
	ctx := t.Context()

	agent, err := client.Agents.Create(ctx, voiceagent.AgentCreateParams{Name: secretName, StartFlow: secretPrompt, EndFlow: secretPrompt})
	require.NoError(t, err)
	params := voiceagent.CallCreateParams{AgentID: agent.ID, From: secretFrom, To: secretTo, Metadata: map[string]any{"name": secretName}}
	call, err := client.Calls.Create(ctx, params)
	require.NoError(t, err)
	_, err = client.Campaigns.Create(ctx, voiceagent.CampaignCreateParams{Name: secretName, AgentID: agent.ID, From: secretFrom,
		Contacts: []voiceagent.Contact{{"phone": secretTo, "name": secretName}}})
	require.NoError(t, err)
	time.Sleep(time.Hour)
	call, err = client.Calls.Get(ctx, call.Ref())
	require.NoError(t, err)
	require.Contains(t, call.Transcript[0].Content, secretSpeech, "or the sweep is for nothing")
	for range 50 { // until the limiter throttles
		_, err = client.Calls.List(ctx, voiceagent.CallListParams{AgentID: agent.ID})
		require.NoError(t, err)
	}

	_ = client.Request(ctx, http.MethodGet, "/numbers/"+secretTo+"/calls?phone_number=%2B"+secretTo[1:]+"&key="+secretKey, nil, nil)
	_ = client.Request(ctx, "LINK", "/calls", map[string]string{"to": secretTo}, nil)

	told := secretName + " at " + secretTo + " with " + secretKey
	echo := http.Header{"X-Request-Id": {secretKey}}
	for _, fault := range []voiceagenttest.Fault{
		{Status: 422, Message: told, Header: echo},
		{Status: 500, Body: told, Header: http.Header{"X-Request-Id": {told}}},
		{Status: 503, Code: told, Message: told, Header: http.Header{"X-Request-Id": {"call " + secretTo}}},
		{Kind: voiceagenttest.Throttle, Message: told},
		{Kind: voiceagenttest.HTML, Body: "<p>" + told},
		{Kind: voiceagenttest.WrongShape, Body: `{"request_id":"` + secretKey + `","transcript":"` + told + `"}`},
		{Kind: voiceagenttest.NotSuccess, Message: told, Code: secretTo},
		{Kind: voiceagenttest.Redirect, Header: http.Header{"Location": {"https://example.org/" + secretTo + "?key=" + secretKey}}},
		{Kind: voiceagenttest.Redirect, Header: http.Header{"Location": {"://" + secretTo}}},
		{Kind: voiceagenttest.CutBody},
		{Kind: voiceagenttest.DropAfter},
		{Kind: voiceagenttest.HangAfter},
		{Kind: voiceagenttest.Refuse},
		{Status: 504},
	} {
		for range 2 { // a read, and a call whose outcome may be lost
			srv.Fail(fault)
			_, _ = client.Calls.List(ctx, voiceagent.CallListParams{})
			srv.ClearFaults()
			srv.Fail(fault)
			_, _ = client.Calls.Create(ctx, params)
			srv.ClearFaults()
		}
	}
	tellOfBrokenCallers(t, srv, tracer, told)
}

func tellOfBrokenCallers(t *testing.T, srv *voiceagenttest.Server, tracer voiceagent.Tracer, told string) {
	t.Helper()
	failing := func(broken roundTrip) {
		client := srv.Client(voiceagent.WithAPIKey(secretKey), voiceagent.WithTracer(tracer), voiceagent.WithMaxRetries(1),
			voiceagent.WithMiddleware(func(http.RoundTripper) http.RoundTripper { return broken }))
		_, _ = client.Agents.List(t.Context(), voiceagent.AgentListParams{})
	}
	failing(func(*http.Request) (*http.Response, error) { return nil, errors.New(told) })
	assert.Panics(t, func() { failing(func(*http.Request) (*http.Response, error) { panic(told) }) })

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New(told))
	_, err := srv.Client(voiceagent.WithTracer(tracer)).Agents.List(ctx, voiceagent.AgentListParams{})
	require.Error(t, err)
}
