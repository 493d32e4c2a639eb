package voiceagent_test

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/voiceagent-go/voiceagent"
)

// A call, a campaign, a contact and an agent can be given to a logger as they are: they show ids,
// status, times and counts, the last 4 digits of numbers, and nothing that was said. A webhook's
// secret isn't shown.
func ExampleCall_LogValue() {
	logged := func(v slog.LogValuer) {
		var parts []string
		for _, attr := range v.LogValue().Group() {
			if text := attr.Value.String(); text != "" && text != "0" && text != "0s" {
				parts = append(parts, attr.String())
			}
		}
		fmt.Println(strings.Join(parts, " "))
	}
	logged(&voiceagent.Call{
		ID: "call_1", Status: voiceagent.CallCompleted, PhoneNumber: "+919876543210",
		Summary: "Asha asked for a later date.", Metadata: map[string]any{"name": "Asha"},
		Transcript: []voiceagent.TranscriptEntry{{Role: "user", Content: "It's Asha."}},
	})
	logged(&voiceagent.Campaign{ID: "camp_1", Name: "Asha's list", From: "+15550100000", TotalContacts: 2000})
	logged(voiceagent.Contact{"phone": "98765 43210", "name": "Asha"})
	logged(&voiceagent.Agent{ID: "ag_1", AgentType: "sales", StartFlow: "Hello, this is Acme.",
		Webhook: &voiceagent.WebhookConfig{URL: "https://example.com/hook?token=abc", Secret: "whsec_1"}})
	// Output:
	// id=call_1 status=completed phone_number=***3210 transcript_entries=1
	// id=camp_1 phone_number=***0000 contacts=2000
	// keys=2
	// id=ag_1 agent_type=sales webhook=[host=example.com signed=true]
}
