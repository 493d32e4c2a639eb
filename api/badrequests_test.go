package api_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

type fields = map[string]any

// badRequest is one that the client itself would refuse to send.
type badRequest struct {
	method, path string
	body         any
}

// badRequests break one rule each.
var badRequests = func() map[string]badRequest {
	call := fields{"agent_id": "ag_1", "source_number": caller, "phone_number": person}
	agent := fields{"name": "Acme", "start_flow": "Hello", "end_flow": "Goodbye"}
	campaign := fields{"name": "Acme", "agent_id": "ag_1", "phone_number": caller, "contacts": []fields{{"phone": person}}}
	return map[string]badRequest{
		"a call without an agent":   {"POST", "/call", with(call, "agent_id", nil)},
		"a number without its plus": {"POST", "/call", with(call, "phone_number", "919876543210")},
		"an agent's id as a number": {"POST", "/call", with(call, "agent_id", 7)},
		"metadata as text":          {"POST", "/call", with(call, "metadata", "x")},
		"a long agent's name":       {"POST", "/agents", with(agent, "name", strings.Repeat("x", 101))},
		"no closing message":        {"POST", "/agents", with(agent, "end_flow", nil)},
		"custom, undescribed":       {"POST", "/agents", with(agent, "agent_type", "custom")},
		"a webhook as text":         {"POST", "/agents", with(agent, "webhook_config", "https://example.com")},
		"page 0":                    {"GET", "/agents?page=0", nil},
		"no records a page":         {"GET", "/calls?page_size=0", nil},
		"101 records a page":        {"GET", "/campaigns?page_size=101", nil},
		"a page as text":            {"GET", "/agents?page=one", nil},
		"a campaign without a name": {"POST", "/campaigns", with(campaign, "name", nil)},
		"a long campaign's name":    {"POST", "/campaigns", with(campaign, "name", strings.Repeat("x", 101))},
		"2,001 contacts":            {"POST", "/campaigns", with(campaign, "contacts", slices.Repeat([]fields{{"phone": person}}, 2001))},
		"contacts as an object":     {"POST", "/campaigns", with(campaign, "contacts", fields{"phone": person})},
		"51 calls at once":          {"POST", "/campaigns", with(campaign, "max_concurrent_calls", 51)},
		"no call at once":           {"POST", "/campaigns", with(campaign, "max_concurrent_calls", 0)},
		"a retry that is maybe":     {"POST", "/campaigns", with(campaign, "retry_config", fields{"enabled": "maybe"})},
		"an hour after 24":          {"POST", "/campaigns", with(campaign, "blackout_periods", []fields{{"start": "25:00", "end": "09:00"}})},
		"hours that aren't HH:MM":   {"POST", "/campaigns", with(with(campaign, "daily_start_time", "9 am"), "daily_end_time", "6 pm")},
	}
}()

// with changes one field of a good body; nil leaves it out.
func with(good fields, key string, value any) fields {
	bad := maps.Clone(good)
	if bad[key] = value; value == nil {
		delete(bad, key)
	}
	return bad
}

// TestBadRequests checks that the simulator and the file agree that a request is wrong, in each
// form that such an answer may have.
func TestBadRequests(t *testing.T) {
	for name, row := range badRequests {
		for _, dialect := range []string{documented, "detail lists"} {
			t.Run(name+", "+dialect, func(t *testing.T) {
				c := loadContract(t)
				synctest.Test(t, func(t *testing.T) {
					srv := newServer(t, voiceagenttest.WithDialect(dialects[dialect]))
					srv.AddAgent(voiceagenttest.NewAgent{ID: "ag_1", Name: "Agent"})
					w := c.witness(srv.Transport())
					err := newClient(t, w).Request(t.Context(), row.method, row.path, row.body, nil)
					var apiErr *voiceagent.APIError
					require.ErrorAs(t, err, &apiErr)
					assert.Contains(t, []int{400, 422}, apiErr.StatusCode)
					found := w.take()
					require.Len(t, found, 1)
					assert.Contains(t, found[0], ": request: ")
				})
			})
		}
	}
}
