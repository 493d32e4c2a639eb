package api_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// dialects are the simulator's answers where the documentation is silent or contradicts itself.
// TimeUnix is not among them: see TestUnknownForms.
const documented = "as documented"

var dialects = map[string]voiceagenttest.Dialect{
	documented:              {},
	"success null":          {Success: voiceagenttest.SuccessNull},
	"success missing":       {Success: voiceagenttest.SuccessMissing},
	"times with a fraction": {Times: voiceagenttest.TimeFractionZ},
	"times without a zone":  {Times: voiceagenttest.TimeNaive},
	"whole naive times":     {Times: voiceagenttest.TimeNaiveWhole},
	"times with an offset":  {Times: voiceagenttest.TimeOffset},
	"call by id":            {CallRef: voiceagenttest.CallRefID},
	"call by session":       {CallRef: voiceagenttest.CallRefSessionID},
	"total":                 {Totals: voiceagenttest.TotalsShort},
	"total_contacts":        {Totals: voiceagenttest.TotalsLong},
	"201":                   {CreatedStatus: 201},
	"204":                   {DeleteNoContent: true},
	"speaker and text":      {SpeakerText: true},
	"catalog of texts":      {DiscoveryStrings: true, BareHealth: true},
	"sparse calls":          {WebPhoneMissing: true, NullNumbers: true, OmitMetadata: true, OmitCreatedAt: true},
	"actions with data":     {ActionData: true},

	// Errors and webhooks, which TestRefusals and TestWebhooks look at.
	"envelopes":     {EnvelopeUnauthorized: true, ClampPageSize: true, SignaturePrefix: "sha256="},
	"detail lists":  {DetailArrays: true, MissingStatus: 422},
	"other status":  {DuplicateStatus: 422, QuotaStatus: 403, WrongStateStatus: 400},
	"other status2": {QuotaStatus: 429, WrongStateStatus: 422},
}

// habits are the choices that the file says nothing about or that contradict it.
var habits = []string{
	"ListDelay", "ListDelayMost", "GetDelay", "ListEndedOnly", "Order", "Filters", "PageCap", "Paging", "ListStatus", "ListRef",
	"StartedLate", "SessionNone", "Numbers", "AgentIDs", "Directions", "Metadata", "Source",
	"TrimNames", "CapConcurrency", "InvalidContacts", "DateSkew",
}

// TestDialectsAreComplete fails for a choice that somebody adds to the simulator and not here.
func TestDialectsAreComplete(t *testing.T) {
	of := reflect.TypeFor[voiceagenttest.Dialect]()
	for i := range of.NumField() {
		used := slices.Contains(habits, of.Field(i).Name)
		for _, dialect := range dialects {
			used = used || !reflect.ValueOf(dialect).Field(i).IsZero()
		}
		assert.True(t, used, "no dialect sets %s", of.Field(i).Name)
	}
}
