package api_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestChangedFile changes the file in one place. The tests must notice that: otherwise they don't
// show that the file is right.
func TestChangedFile(t *testing.T) {
	for name, row := range map[string]struct {
		from, to string
		method   string
		full     bool
	}{
		"another server":       {"url: https://api.levrage.ai/v1", "url: https://api.levrage.ai/v2", "Agents.Get", false},
		"another path":         {"\n  /calls:", "\n  /callz:", "Calls.List", false},
		"another verb":         {"\n    patch:", "\n    put:", "Agents.Update", false},
		"a request's field":    {" source_number: {", " sourcenumber: {", "Calls.Create", false},
		"a field deeper down":  {" respect_calling_hours: {", " respect_hours: {", "Campaigns.Create", true},
		"a query parameter":    {"name: from_date", "name: since", "Calls.List", true},
		"an answer's field":    {" skipped_contacts: {", " skipped: {", "Campaigns.Get", false},
		"a field in a list":    {" content: {type: [string", " words: {type: [string", "Calls.List", false},
		"a request's type":     {"custom_description: {type: string, description", "custom_description: {type: integer, description", "Agents.Create", true},
		"an answer's type":     {"valid_contacts: {type: [integer, 'null']", "valid_contacts: {type: string", "Campaigns.Get", false},
		"one more is required": {"required: [agent_id, source_number, phone_number]", "required: [agent_id, source_number, phone_number, metadata]", "Calls.Create", false},
		"a lower limit":        {"maximum: 50", "maximum: 49", "Campaigns.Create", true},
		"a header's type":      {"{type: integer, examples: [1706140800]", "{type: boolean, examples: [1706140800]", "Agents.Get", false},
	} {
		t.Run(name, func(t *testing.T) {
			text := string(readSpec(t))
			require.Equal(t, 1, strings.Count(text, row.from), "%q must be there once", row.from)
			c, err := newContract([]byte(strings.Replace(text, row.from, row.to, 1)))
			require.NoError(t, err)
			synctest.Test(t, func(t *testing.T) {
				srv := newServer(t)
				w := c.witness(srv.Transport())
				m := methodNamed(t, row.method)
				_, err := m.run(t.Context(), newClient(t, w), prepare(t, srv, m.campaign), row.full)
				require.NoError(t, err)
				assert.NotEmpty(t, w.take())
			})
		})
	}
}
