package errors_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// A campaign that was to begin in the past is refused before it is sent, by the server's clock once
// an answer has told it.
func TestAScheduleInThePastIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		skew    time.Duration // of the server's clock
		asked   bool          // something was answered before
		at      time.Duration // from now
		refused string        // the clock that the error names; "" for none
	}{
		"to come":                              {at: time.Minute},
		"now":                                  {at: -3 * time.Second},
		"over":                                 {at: -6 * time.Second, refused: "this machine's clock"},
		"over, by the server's clock, too":     {asked: true, at: -8 * time.Second, refused: "the server's clock"},
		"the server is ahead, and isn't known": {skew: time.Hour, at: time.Minute},
		"the server is ahead":                  {skew: time.Hour, asked: true, at: time.Minute, refused: "the server's clock"},
		"the server is behind":                 {skew: -time.Hour, asked: true, at: -time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := voiceagenttest.NewServer(voiceagenttest.WithClockSkew(c.skew))
				defer srv.Close()
				client := srv.Client()
				campaign := testkit.ValidCampaign()
				campaign.AgentID = srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
				if c.asked {
					require.NoError(t, testkit.Second(client.Agents.Get(t.Context(), campaign.AgentID)))
				}
				before := srv.RequestCount()
				campaign.ScheduleAt = time.Now().Add(c.at)
				_, err := client.Campaigns.Create(t.Context(), campaign)
				if c.refused == "" {
					require.NoError(t, err)
					return
				}
				refused := &voiceagent.ValidationError{}
				require.ErrorAs(t, err, &refused)
				require.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				require.Len(t, refused.Fields, 1)
				assert.Equal(t, "schedule_time", refused.Fields[0].Field)
				assert.Contains(t, refused.Fields[0].Message, " is in the past by "+c.refused+": ")
				assert.Zero(t, refused.StatusCode)
				assert.Equal(t, before, srv.RequestCount())
			})
		})
	}
}

// What the ledger has was sent when its time was still to come.
func TestAScheduledCampaignIsReplayedAfterItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer()
		defer srv.Close()
		ledger := voiceagent.NewMemoryLedger()
		client := srv.Client(voiceagent.WithLedger(ledger))
		campaign := testkit.ValidCampaign()
		campaign.AgentID = srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
		campaign.ScheduleAt = time.Now().Add(time.Minute)
		made, err := client.Campaigns.Create(t.Context(), campaign, voiceagent.WithIdempotencyKey("january"))
		require.NoError(t, err)
		time.Sleep(time.Hour)
		again, err := client.Campaigns.Create(t.Context(), campaign, voiceagent.WithIdempotencyKey("january"))
		require.NoError(t, err)
		assert.Equal(t, made.ID, again.ID)

		_, err = client.Campaigns.Create(t.Context(), campaign, voiceagent.WithIdempotencyKey("february"))
		require.ErrorAs(t, err, new(*voiceagent.ValidationError))
		campaign.ScheduleAt = time.Now().Add(time.Minute)
		_, err = client.Campaigns.Create(t.Context(), campaign, voiceagent.WithIdempotencyKey("february"))
		require.NoError(t, err, "what was refused left nothing in the ledger")
	})
}
