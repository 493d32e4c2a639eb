package dialonce_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// A campaign that the server may have renamed leaves the outcome in doubt. One of another name and
// another size doesn't stand in the way, nor does another agent's.
func TestCampaignsOfOtherNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, agent string
		total       int
		end         end
	}{
		{"January 12 run (2)", "ag_1", 5, unknown},
		{"January", "ag_1", 5, unknown},
		{"2026-11-26 JANUARY_12--RUN", "ag_1", 5, unknown},
		{"January", "", 5, unknown},
		{"February", "ag_1", 1, unknown},
		{"January 13 run", "ag_1", 5, placed},
		{"February", "ag_1", 5, placed},
		{"January", "ag_2", 5, placed},
		{"January 12 run", "ag_2", 1, placed},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			on(t, &api{answers: []reply{done, badNot, done}}, func(t *testing.T, a *api, client *voiceagent.Client) {
				campaign := voiceagent.CampaignCreateParams{Name: "Witness", AgentID: "ag_1", From: "+15550100000",
					Contacts: []voiceagent.Contact{{"phone": "+919876540001"}}}
				_, err := client.Campaigns.Create(t.Context(), campaign)
				require.NoError(t, err)
				a.records = append(a.records, record{"id": "other", "name": c.name, "agent_id": c.agent, "total": c.total,
					"created_at": time.Now().UTC().Format(time.RFC3339Nano)})
				campaign.Name = "January 12 run"
				_, err = client.Campaigns.Create(t.Context(), campaign)
				assert.Equal(t, c.end, endOf(err), "%v", err)
				if err == nil {
					assert.Equal(t, 3, a.posts, "it was sent again")
				}
			})
		})
	}
}

// Two campaigns of one name call different people, so none is taken for the other.
func TestCampaignsOfOneName(t *testing.T) {
	t.Parallel()
	for _, first := range []reply{lostNot, badNot, lateNot, {status: http.StatusGatewayTimeout, later: 5 * time.Second}} {
		a := &api{answers: []reply{done, first, late, done}}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			campaign := func(name string, contacts int) (*voiceagent.Campaign, error) {
				return client.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{Name: name, AgentID: "ag_1", From: "+15550100000",
					Contacts: slices.Repeat([]voiceagent.Contact{{"phone": "+919876540001"}}, contacts)})
			}
			_, err := campaign("Witness", 1)
			require.NoError(t, err)
			go func() {
				made, err := campaign("January", 3)
				if err == nil {
					assert.Equal(t, 3, made.Contacts())
				} else {
					assert.Equal(t, unknown, endOf(err), "%v", err)
				}
			}()
			synctest.Wait()
			made, err := campaign("January", 2)
			require.NoError(t, err)
			assert.Equal(t, 2, made.Contacts())
			time.Sleep(time.Minute)
			for n := range 4 {
				all := slices.DeleteFunc(slices.Clone(a.records), func(r record) bool { return r["total"] != n })
				assert.LessOrEqual(t, len(all), 1, "the campaign of %d", n)
			}
		})
	}
}

// The wait for a campaign of the same name ends with the call's time.
func TestCampaignWaitsNoLongerThanItMay(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{lostNot}}, func(t *testing.T, a *api, client *voiceagent.Client) {
		campaign := voiceagent.CampaignCreateParams{Name: "January", AgentID: "ag_1", From: "+15550100000", Contacts: []voiceagent.Contact{{"phone": "+919876540001"}}}
		go func() { _, _ = client.Campaigns.Create(t.Context(), campaign) }()
		synctest.Wait()
		start := time.Now()
		_, err := client.Campaigns.Create(t.Context(), campaign, voiceagent.WithMaxElapsed(5*time.Second))
		assert.Equal(t, failed, endOf(err), "%v", err)
		assert.Equal(t, 5*time.Second, time.Since(start))
		assert.Equal(t, 1, a.posts)
	})
}

var asha = voiceagent.AgentCreateParams{Name: "Asha", StartFlow: "Hello.", EndFlow: "Goodbye."}

// An agent that the list shows in other letters may be the lost one, and a 409 to the repetition
// about it.
func TestAgentInOtherLetters(t *testing.T) {
	t.Parallel()
	for _, first := range []reply{badGate, late} {
		a := &api{answers: []reply{first, {status: http.StatusConflict, not: true}}}
		a.shows = func(r record) record { r["name"] = strings.ToUpper(asha.Name); return r }
		on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
			_, err := client.Agents.Create(t.Context(), asha)
			assert.Equal(t, unknown, endOf(err), "%v", err)
		})
	}
}

// An agent's name is unique, so that its time doesn't matter.
func TestAgentWithoutATime(t *testing.T) {
	t.Parallel()
	for _, shown := range []any{nil, "2020-01-15T10:00:00Z"} {
		a := &api{answers: []reply{lost}}
		a.shows = func(r record) record { r["created_at"] = shown; return r }
		on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
			_, err := client.Agents.Create(t.Context(), asha)
			if shown == nil {
				assert.NoError(t, err)
			} else {
				assert.Equal(t, unknown, endOf(err), "an older one has the name: %v", err)
			}
		})
	}
}

// A name that is taken after a 502 may be taken by ours, which the list doesn't show yet.
func TestAgentThatIsListedLate(t *testing.T) {
	t.Parallel()
	for _, listed := range []time.Duration{0, 25 * time.Second} {
		a := &api{answers: []reply{badGate, {status: http.StatusConflict, not: true}}}
		a.list = func(all []record) (int, []record) {
			return http.StatusOK, slices.DeleteFunc(slices.Clone(all), func(r record) bool {
				made, _ := time.Parse(time.RFC3339Nano, r["created_at"].(string))
				return time.Since(made) < listed
			})
		}
		on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
			_, err := client.Agents.Create(t.Context(), asha)
			assert.NoError(t, err)
			assert.Len(t, a.records, 1)
		})
	}
}

// An agent with our name and other texts isn't known to be ours. Texts that weren't sent, or aren't
// shown, prove nothing.
func TestAgentOfOtherTexts(t *testing.T) {
	t.Parallel()
	all := voiceagent.AgentCreateParams{Name: "Asha", StartFlow: "Hello.", EndFlow: "Goodbye.", AgentType: "sales", CustomDescription: "short",
		Sector: "retail", Language: "Hindi", Voice: "female", BrandName: "Acme", Description: "long"}
	fields := []string{"start_flow", "end_flow", "agent_type", "custom_description", "sector", "language", "voice", "brand_name", "description"}
	for i, field := range fields {
		t.Run(field, func(t *testing.T) {
			t.Parallel()
			for shown, want := range map[string]end{"": placed, "another": unknown} {
				a := &api{answers: []reply{lost}}
				a.shows = func(r record) record { r[field] = shown; return r }
				on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
					_, err := client.Agents.Create(t.Context(), all)
					assert.Equal(t, want, endOf(err), "%v", err)
					if i > 1 { // the others need not be sent
						_, err = a.client().Agents.Create(t.Context(), voiceagent.AgentCreateParams{Name: "Ravi", StartFlow: "Hello.", EndFlow: "Goodbye."})
						assert.NoError(t, err)
					}
				})
			}
		})
	}
}

// Records that were placed before show how the list's clock goes, in any list.
func TestZonesOfCampaignsAndAgents(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("IST", 19800)
	a := &api{answers: []reply{done, lost}}
	a.shows = func(r record) record { r["created_at"] = time.Now().In(zone).Format("2006-01-02T15:04:05"); return r }
	on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
		campaign := voiceagent.CampaignCreateParams{Name: "Witness", AgentID: "ag_1", From: "+15550100000",
			Contacts: []voiceagent.Contact{{"phone": "+919876540001"}}}
		_, err := client.Campaigns.Create(t.Context(), campaign)
		require.NoError(t, err)
		campaign.Name = "January"
		_, err = client.Campaigns.Create(t.Context(), campaign)
		require.NoError(t, err)
		a.records, a.answers = nil, []reply{done, done, done, lost}
		_, err = client.Agents.Create(t.Context(), asha)
		require.NoError(t, err)
		other := asha
		other.Name = "Ravi"
		_, err = client.Agents.Create(t.Context(), other)
		require.NoError(t, err)
	})
}

// A UUID is the same in capitals.
func TestAgentIDInCapitals(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{lost}}
	a.shows = func(r record) record { r["agent_id"] = strings.ToUpper(r["agent_id"].(string)); return r }
	on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
		call := person(1)
		call.AgentID = "5b3e1f88-0000-4000-8000-00000000abcd"
		_, err := client.Calls.Create(t.Context(), call)
		require.NoError(t, err)
	})
}

// The error says what may have been made, and where to look for it.
func TestWhatMayHaveBeenMade(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{lostNot}}, func(t *testing.T, _ *api, client *voiceagent.Client) {
		_, err := client.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{Name: "January", AgentID: "ag_1", From: "+15550100000",
			Contacts: []voiceagent.Contact{{"phone": "+919876540001"}}})
		about, _ := errors.AsType[*voiceagent.OutcomeUnknownError](err)
		require.NotNil(t, about, "%v", err)
		assert.Equal(t, `campaign "January" of agent ag_1`, about.Subject)
		assert.Equal(t, "GET /campaigns", about.Check)

		_, err = client.Agents.Create(t.Context(), asha)
		about, _ = errors.AsType[*voiceagent.OutcomeUnknownError](err)
		require.NotNil(t, about, "%v", err)
		assert.Equal(t, `agent "Asha"`, about.Subject)
		assert.Equal(t, "GET /agents", about.Check)
	})
}

// Two spellings of one agent, or of one name, make equal requests. The look for one takes no record
// while the other waits for its answer.
func TestSpellingsOfEqualRequests(t *testing.T) {
	t.Parallel()
	call := func(agent string) func(*testing.T, *voiceagent.Client) error {
		return func(t *testing.T, c *voiceagent.Client) error {
			_, err := c.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: person(1).To})
			return err
		}
	}
	campaign := func(name string) func(*testing.T, *voiceagent.Client) error {
		return func(t *testing.T, c *voiceagent.Client) error {
			_, err := c.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{Name: name, AgentID: "ag_1", From: "+15550100000",
				Contacts: []voiceagent.Contact{{"phone": person(1).To}}})
			return err
		}
	}
	for _, pair := range [][2]func(*testing.T, *voiceagent.Client) error{
		{call("ab12-34"), call("AB12-34")},
		{campaign("January run"), campaign("January  run ")},
	} {
		on(t, &api{answers: []reply{lostNot, done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
			client := testkit.NewClient(t, wire(func(req *http.Request) (*http.Response, error) {
				resp, err := a.RoundTrip(req)
				if req.Method == http.MethodPost && err == nil {
					time.Sleep(5 * time.Second)
				}
				return resp, err
			}))
			first := make(chan error)
			go func() { first <- pair[0](t, client) }()
			synctest.Wait()
			assert.NoError(t, pair[1](t, client))
			assert.Equal(t, unknown, endOf(<-first), "it was not made")
		})
	}
}
