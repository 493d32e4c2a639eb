package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// TestMethods compares each method's requests, and the simulator's answers in each dialect, with
// the file.
func TestMethods(t *testing.T) {
	c := loadContract(t)
	all := c.witness(nil)
	for name, dialect := range dialects {
		t.Run(name, func(t *testing.T) {
			for _, m := range methods {
				for _, full := range []bool{true, false} {
					if !full && name != documented { // a dialect changes answers alone
						continue
					}
					t.Run(fmt.Sprintf("%s, full %v", m.name, full), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							srv := newServer(t, voiceagenttest.WithDialect(dialect))
							w := c.witness(srv.Transport())
							_, err := m.run(t.Context(), newClient(t, w), prepare(t, srv, m.campaign), full)
							require.NoError(t, err)
							w.agrees(t)
							all.join(w)
						})
					})
				}
			}
		})
	}
	for _, route := range c.routes() {
		assert.Condition(t, func() bool {
			for status := range all.statuses[route] {
				if status/100 == 2 {
					return true
				}
			}
			return false
		}, "%s is in the file and no method of the client was seen to use it", route)
	}
	for key := range beyond {
		assert.True(t, all.excused[key], "%s was not met: it can leave the list of what no source knows", key)
	}
}

// routes are the operations of the file.
func (c *contract) routes() (routes []string) {
	for path, item := range c.model.Paths.PathItems.FromOldest() {
		for verb := range item.GetOperations().FromOldest() {
			routes = append(routes, strings.ToUpper(verb)+" "+path)
		}
	}
	return routes
}

func newServer(t *testing.T, opts ...voiceagenttest.Option) *voiceagenttest.Server {
	t.Helper()
	deaf := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})}
	srv := voiceagenttest.NewServer(slices.Concat([]voiceagenttest.Option{
		voiceagenttest.WithLimits(voiceagenttest.Pro), voiceagenttest.WithWebhookClient(deaf),
	}, opts)...)
	t.Cleanup(srv.Close)
	return srv
}

// newClient uses the vendor's address, as in the file, but a transport that sends nothing to it.
func newClient(t *testing.T, through http.RoundTripper, opts ...voiceagent.ClientOption) *voiceagent.Client {
	t.Helper()
	client, err := voiceagent.NewClient(slices.Concat([]voiceagent.ClientOption{
		voiceagent.WithAPIKey(voiceagenttest.DefaultKey),
		voiceagent.WithHTTPClient(&http.Client{Transport: through}),
		voiceagent.WithMaxRetries(0),
	}, opts)...)
	require.NoError(t, err)
	return client
}

// prepare makes the objects that a method needs. There are calls of each direction, and one more is
// under way.
func prepare(t *testing.T, srv *voiceagenttest.Server, status voiceagent.CampaignStatus) target {
	t.Helper()
	to := target{most: 1000}
	to.agent = srv.SeedAgents(2)[0]
	srv.SeedCalls(8, voiceagenttest.CallSeed{
		AgentID: to.agent, Directions: []string{voiceagenttest.Outbound, voiceagenttest.Inbound, voiceagenttest.Web},
	})
	client := srv.Client()
	call, err := client.Calls.Create(t.Context(), newCall(to.agent, true))
	require.NoError(t, err)
	to.call = call.Ref()
	params := newCampaign(to.agent, true)
	if status != voiceagent.CampaignScheduled {
		params.ScheduleAt, params.Blackouts = time.Now(), nil // it begins at once
	}
	campaign, err := client.Campaigns.Create(t.Context(), params)
	require.NoError(t, err)
	to.campaign = campaign.ID
	if status == voiceagent.CampaignPaused {
		_, err = client.Campaigns.Pause(t.Context(), campaign.ID)
		require.NoError(t, err)
	}
	return to
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }
