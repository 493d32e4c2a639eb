package api_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var statuses = []int{400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503, 504}

// bodies are the shapes of an error body; "" is the envelope.
var bodies = []string{
	"",
	`{"detail":"Invalid or expired API key"}`,
	`{"detail":[{"loc":["body","contacts",3,"phone"],"msg":"Field required","type":"missing"}]}`,
	`{"message":"Something went wrong"}`,
}

// TestErrorAnswers has each method refused with each status.
func TestErrorAnswers(t *testing.T) {
	for _, m := range methods {
		for _, status := range statuses {
			t.Run(fmt.Sprintf("%s %d", m.name, status), func(t *testing.T) {
				refused(t, m, voiceagenttest.Fault{Status: status}, status)
			})
		}
	}
}

// TestErrorBodies has each status come with each body.
func TestErrorBodies(t *testing.T) {
	for _, status := range statuses {
		for i, body := range bodies {
			t.Run(fmt.Sprintf("%d, body %d", status, i), func(t *testing.T) {
				refused(t, methodNamed(t, "Agents.Update"), voiceagenttest.Fault{Status: status, Body: body}, status)
			})
		}
	}
}

func TestGateways(t *testing.T) {
	for kind, status := range map[voiceagenttest.Kind]int{
		voiceagenttest.HTML: 502, voiceagenttest.Throttle: 429, voiceagenttest.ThrottleBare: 429,
	} {
		t.Run(string(kind), func(t *testing.T) {
			refused(t, methodNamed(t, "Agents.Get"), voiceagenttest.Fault{Kind: kind}, status)
		})
	}
}

func methodNamed(t *testing.T, name string) method {
	t.Helper()
	for _, m := range methods {
		if m.name == name {
			return m
		}
	}
	require.FailNow(t, "there is no method "+name)
	return method{}
}

// refused runs a method against a fault. The client must report the status, and the answer must
// match the file.
func refused(t *testing.T, m method, fault voiceagenttest.Fault, status int) {
	t.Helper()
	c := loadContract(t)
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t)
		w := c.witness(srv.Transport())
		to := prepare(t, srv, m.campaign)
		fault.Times = -1
		srv.Fail(fault)
		client := newClient(t, w, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
		_, err := m.run(t.Context(), client, to, true)
		var apiErr *voiceagent.APIError
		require.ErrorAs(t, err, &apiErr)
		assert.Equal(t, status, apiErr.StatusCode)
		w.agrees(t)
	})
}

// TestUnknownForms checks that the file refuses answers that no source has, or that are broken.
// Whether the client can read them is tested elsewhere.
func TestUnknownForms(t *testing.T) {
	http := voiceagenttest.Pro
	http.Reset = voiceagenttest.ResetHTTPDate
	for name, how := range map[string]struct {
		option voiceagenttest.Option
		fault  voiceagenttest.Kind
	}{
		"times as numbers":  {option: voiceagenttest.WithDialect(voiceagenttest.Dialect{Times: voiceagenttest.TimeUnix})},
		"a reset as a date": {option: voiceagenttest.WithLimits(http)},
		"another shape":     {fault: voiceagenttest.WrongShape},
		"null data":         {fault: voiceagenttest.NullData},
		"an error in a 200": {fault: voiceagenttest.NotSuccess},
		"half of the JSON":  {fault: voiceagenttest.TruncatedJSON},
		"a redirect":        {fault: voiceagenttest.Redirect},
	} {
		t.Run(name, func(t *testing.T) {
			c := loadContract(t)
			synctest.Test(t, func(t *testing.T) {
				opts := []voiceagenttest.Option{}
				if how.option != nil {
					opts = append(opts, how.option)
				}
				srv := newServer(t, opts...)
				w := c.witness(srv.Transport())
				to := target{agent: srv.SeedAgents(1)[0]}
				if how.fault != "" {
					srv.Fail(voiceagenttest.Fault{Kind: how.fault})
				}
				_, _ = newClient(t, w).Agents.Get(t.Context(), to.agent)
				assert.NotEmpty(t, w.take())
			})
		})
	}
}
