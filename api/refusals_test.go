package api_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// TestRefusals has good requests refused for what they ask: the answers are as the file has them.
func TestRefusals(t *testing.T) {
	type run = func(ctx context.Context, c *voiceagent.Client, to target) error
	call := func(ctx context.Context, c *voiceagent.Client, to target) error {
		_, err := c.Calls.Create(ctx, newCall(to.agent, true))
		return err
	}
	agent := func(ctx context.Context, c *voiceagent.Client, _ target) error {
		params := newAgent(false)
		params.Name = "Agent 1" // which prepare has made
		_, err := c.Agents.Create(ctx, params)
		return err
	}
	resume := func(ctx context.Context, c *voiceagent.Client, to target) error {
		_, err := c.Campaigns.Resume(ctx, to.campaign)
		return err
	}
	get := func(ctx context.Context, c *voiceagent.Client, _ target) error {
		_, err := c.Agents.Get(ctx, "nobody")
		return err
	}
	for name, row := range map[string]struct {
		dialect voiceagenttest.Dialect
		key     string
		run     run
		status  int
	}{
		"a wrong key":                   {key: "sk_test_1", run: call, status: 401},
		"a wrong key, in the envelope":  {dialect: dialects["envelopes"], key: "sk_test_1", run: call, status: 401},
		"a key that may not":            {key: voiceagenttest.KeyForbidden, run: call, status: 403},
		"no credits":                    {key: voiceagenttest.KeyNoCredits, run: call, status: 402},
		"no credits, 403":               {dialect: dialects["other status"], key: voiceagenttest.KeyNoCredits, run: call, status: 403},
		"no credits, 429":               {dialect: dialects["other status2"], key: voiceagenttest.KeyNoCredits, run: call, status: 429},
		"no such agent":                 {run: get, status: 404},
		"the name is taken":             {run: agent, status: 409},
		"the name is taken, 422":        {dialect: dialects["other status"], run: agent, status: 422},
		"the campaign isn't paused":     {run: resume, status: 409},
		"the campaign isn't paused 400": {dialect: dialects["other status"], run: resume, status: 400},
		"the campaign isn't paused 422": {dialect: dialects["other status2"], run: resume, status: 422},
	} {
		t.Run(name, func(t *testing.T) {
			c := loadContract(t)
			synctest.Test(t, func(t *testing.T) {
				srv := newServer(t, voiceagenttest.WithDialect(row.dialect))
				w := c.witness(srv.Transport())
				var opts []voiceagent.ClientOption
				if row.key != "" {
					opts = append(opts, voiceagent.WithAPIKey(row.key))
				}
				err := row.run(t.Context(), newClient(t, w, opts...), prepare(t, srv, ""))
				var apiErr *voiceagent.APIError
				require.ErrorAs(t, err, &apiErr)
				assert.Equal(t, row.status, apiErr.StatusCode)
				w.agrees(t)
			})
		})
	}
}
