package api_test

import (
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// delivery says what is wrong with a webhook.
func (c *contract) delivery(req *http.Request, body []byte) []finding {
	event := c.model.Webhooks.GetOrZero("callEnded")
	_, wrong := c.strict.ValidateHttpRequestSyncWithPathItem(withBody(req, body), event, req.URL.Path)
	return findings("request", wrong)
}

// TestWebhooks holds the deliveries of calls that end in each way against the file.
func TestWebhooks(t *testing.T) {
	for name, dialect := range map[string]voiceagenttest.Dialect{
		documented: {}, "a prefix": dialects["envelopes"], "sparse": dialects["sparse calls"], "speaker": dialects["speaker and text"],
	} {
		for _, secret := range []string{"", hook.Secret} {
			for _, outcome := range []string{
				voiceagenttest.Completed, voiceagenttest.NoAnswer, voiceagenttest.Voicemail, voiceagenttest.Failed,
			} {
				t.Run(name+", "+outcome+", "+secret, func(t *testing.T) { deliver(t, loadContract(t), dialect, secret, outcome) })
			}
		}
	}
}

// deliver has a call and the calls of a campaign reported.
func deliver(t *testing.T, c *contract, dialect voiceagenttest.Dialect, secret, outcome string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		var w *witness
		var signed atomic.Int64
		srv := newServer(t, voiceagenttest.WithDialect(dialect),
			voiceagenttest.WithOutcome(func(string, int) string { return outcome }),
			voiceagenttest.WithWebhookClient(&http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
				body, err := io.ReadAll(req.Body)
				if err != nil {
					return nil, err
				}
				if req.Header.Get("X-Levrage-Signature") != "" {
					signed.Add(1)
				}
				w.note("callEnded", c.delivery(req, body))
				return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
			})}))
		w = c.witness(srv.Transport())
		client := newClient(t, w)
		agent := newAgent(true)
		agent.Webhook = &voiceagent.WebhookConfig{URL: hook.URL, Secret: secret}
		made, err := client.Agents.Create(t.Context(), agent)
		require.NoError(t, err)
		_, err = client.Calls.Create(t.Context(), newCall(made.ID, true))
		require.NoError(t, err)
		_, err = client.Campaigns.Create(t.Context(), newCampaign(made.ID, false))
		require.NoError(t, err)

		time.Sleep(10 * time.Minute)
		synctest.Wait()
		w.agrees(t)
		assert.Len(t, srv.Deliveries(), 2)
		want := int64(0)
		if secret != "" {
			want = 2
		}
		assert.Equal(t, want, signed.Load(), "deliveries with a signature")
	})
}
