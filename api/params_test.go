package api_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/voiceagent-go/voiceagent"
)

// When Since and Until of lists are, and when campaigns are scheduled: to come, also in no bubble.
var past, future = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)

const (
	caller = "+15550100000"
	person = "+919876543210"
)

var hook = &voiceagent.WebhookConfig{
	URL: "https://example.com/hook", Events: []string{voiceagent.EventCallEnded}, Secret: "whsec_test_secret",
}

func newAgent(full bool) voiceagent.AgentCreateParams {
	if !full {
		return voiceagent.AgentCreateParams{Name: "Minimal", StartFlow: "Hello", EndFlow: "Goodbye"}
	}
	return voiceagent.AgentCreateParams{
		Name: "Full", StartFlow: "नमस्ते", EndFlow: "Goodbye", AgentType: voiceagent.AgentTypeCustom, CustomDescription: "Asks for feedback",
		Sector: "finance", Language: "Hindi", Voice: "female", BrandName: "Acme", Description: "For tests", Webhook: hook,
	}
}

func agentUpdate(full bool) voiceagent.AgentUpdateParams {
	if !full {
		return voiceagent.AgentUpdateParams{Webhook: &voiceagent.WebhookConfig{URL: "https://example.com/hook"}}
	}
	return voiceagent.AgentUpdateParams{
		Name: new("Renamed"), StartFlow: new("Hello again"), EndFlow: new("Goodbye again"), AgentType: new(voiceagent.AgentTypeCustom),
		CustomDescription: new("Asks again"), Sector: new("finance"), Language: new("English"), Voice: new("male"),
		BrandName: new("Acme"), Description: new("For tests"), Webhook: hook,
	}
}

func agentList(full bool) voiceagent.AgentListParams {
	if !full {
		return voiceagent.AgentListParams{}
	}
	return voiceagent.AgentListParams{Page: 1, PageSize: 100}
}

func newCall(agent string, full bool) voiceagent.CallCreateParams {
	params := voiceagent.CallCreateParams{AgentID: agent, From: "0015550100000", To: person}
	if full {
		params.From = caller
		params.Metadata = map[string]any{"customer_name": "Rahul", "amount": 500000, "tags": []string{"a"}, "address": map[string]any{"city": "Pune"}}
	}
	return params
}

func callList(agent string, full bool) voiceagent.CallListParams {
	if !full {
		return voiceagent.CallListParams{}
	}
	return voiceagent.CallListParams{
		Page: 1, PageSize: 1, Status: voiceagent.CallCompleted, Direction: voiceagent.CallOutbound, AgentID: agent, Since: past, Until: future,
	}
}

func newCampaign(agent string, full bool) voiceagent.CampaignCreateParams {
	if !full {
		return voiceagent.CampaignCreateParams{Name: "Minimal", AgentID: agent, From: caller, Contacts: []voiceagent.Contact{{"phone": person}}}
	}
	return voiceagent.CampaignCreateParams{
		Name: "Full", AgentID: agent, From: caller, PhoneColumn: "mobile", MaxConcurrentCalls: 50,
		Contacts: []voiceagent.Contact{{"mobile": person, "name": "Asha", "loan_amount": "500000"}, {"mobile": "+919876543211"}},
		Retry: &voiceagent.CampaignRetry{
			Enabled: true, OnStatuses: []voiceagent.CallStatus{voiceagent.CallNoAnswer, voiceagent.CallVoicemail, voiceagent.CallFailed},
			IntervalValue: 30, IntervalUnit: "minutes", MaxRetries: 3, RespectCallingHours: new(true),
		},
		CallingHours: &voiceagent.CallingHours{Start: "00:00", End: "23:59"},
		Blackouts:    []voiceagent.Blackout{{Start: "21:00", End: "09:00"}},
		ScheduleAt:   future,
	}
}

func campaignList(full bool) voiceagent.CampaignListParams {
	if !full {
		return voiceagent.CampaignListParams{}
	}
	return voiceagent.CampaignListParams{Page: 1, PageSize: 100, Status: voiceagent.CampaignInProgress}
}

// TestFullParametersLackNothing fails for a field that somebody adds to the client and not here.
func TestFullParametersLackNothing(t *testing.T) {
	for _, params := range []any{
		newAgent(true), agentUpdate(true), agentList(true), newCall("ag_1", true), callList("ag_1", true),
		newCampaign("ag_1", true), campaignList(true),
	} {
		assert.Empty(t, unset(reflect.ValueOf(params), reflect.TypeOf(params).Name()))
	}
}

// unset lists the fields that have no value. Extra is left out, as it is for what the client and
// the file don't know, and Repeated, which isn't sent.
func unset(v reflect.Value, name string) (missing []string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.Type().Elem().Kind() == reflect.Struct && !v.IsNil() {
			return unset(v.Elem(), name)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && field.Name != "Extra" && field.Name != "Repeated" {
				missing = append(missing, unset(v.Field(i), name+"."+field.Name)...)
			}
		}
		if v.Type() != reflect.TypeFor[time.Time]() {
			return missing
		}
	case reflect.Slice:
		for i := range v.Len() {
			missing = append(missing, unset(v.Index(i), fmt.Sprintf("%s[%d]", name, i))...)
		}
	}
	if v.IsZero() {
		missing = append(missing, name)
	}
	return missing
}
