package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisledger"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// A worker that has lost the key of a row sends nothing, and the row is another's.
func TestNothingIsSentWithoutTheKey(t *testing.T) {
	t.Parallel()
	l := newList(t)
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	params := voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: "+15550000001"}
	never := redisledger.New(l.rdb, redisledger.Params{Prefix: "never-begun"})
	client := srv.Client(voiceagent.WithMaxRetries(0), voiceagent.WithMiddleware(onlyIfHeld(never)))
	_, err := client.Calls.Create(t.Context(), params)
	require.ErrorIs(t, err, redisledger.ErrNotHeld)
	assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	_, settled := judge(nil, err, mostLooks)
	assert.False(t, settled, "the row is tried again: %v", err)
	assert.Empty(t, srv.Dialed())
	_, err = client.Agents.Get(t.Context(), agent)
	assert.NoError(t, err, "what makes nothing needs no key")
}
