package voiceagenttest

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestCampaignValidation(t *testing.T) {
	a := inMemory(t, config{})
	agentID := a.agent("A")
	cases := map[string]struct {
		change  object
		status  int
		message string
	}{
		"no name":            {object{"name": nil}, 400, "name is required"},
		"long name":          {object{"name": strings.Repeat("x", 101)}, 422, "name must be at most 100 characters"},
		"no agent":           {object{"agent_id": nil}, 400, "agent_id is required"},
		"unknown agent":      {object{"agent_id": "nobody"}, 404, "Agent not found"},
		"no source":          {object{"phone_number": nil}, 400, "phone_number is required"},
		"no contacts":        {object{"contacts": nil}, 400, "contacts is required"},
		"empty contacts":     {object{"contacts": []object{}}, 422, "contacts must not be empty"},
		"contacts of text":   {object{"contacts": []string{"+919876543210"}}, 422, "contacts must be an array of objects"},
		"too many contacts":  {object{"contacts": contacts(2001)}, 422, "contacts must be at most 2000, not 2001"},
		"no column":          {object{"contacts": []object{{"phone": phone(1)}, {"mobile": phone(2)}}}, 422, `contact 2 has no "phone" column`},
		"other column":       {object{"phone_column": "mobile"}, 422, `contact 1 has no "mobile" column`},
		"no valid number":    {object{"contacts": []object{{"phone": "12"}}}, 422, "contacts have no valid phone number"},
		"concurrency 0":      {object{"max_concurrent_calls": 0}, 422, "max_concurrent_calls must be an integer from 1 to 50"},
		"concurrency 51":     {object{"max_concurrent_calls": 51}, 422, "max_concurrent_calls must be an integer from 1 to 50"},
		"concurrency 1.5":    {object{"max_concurrent_calls": 1.5}, 422, "max_concurrent_calls must be an integer from 1 to 50"},
		"hours":              {object{"daily_start_time": "9:00", "daily_end_time": "18:00"}, 422, "daily_start_time must be HH:MM"},
		"half of the hours":  {object{"daily_start_time": "09:00"}, 422, "daily_end_time is needed with daily_start_time"},
		"25 o'clock":         {object{"blackout_periods": []object{{"start": "21:00", "end": "25:00"}}}, 422, "blackout_periods must be HH:MM"},
		"schedule":           {object{"schedule_time": "tomorrow"}, 422, "schedule_time must be an ISO 8601 time"},
		"retry's status":     {object{"retry_config": object{"enabled": true, "on_statuses": []string{"completed"}}}, 422, "on_statuses may be no_answer, voicemail and failed"},
		"retry's unit":       {object{"retry_config": object{"enabled": true, "interval_unit": "fortnights"}}, 422, "interval_unit must be minutes, hours or days"},
		"retry's interval":   {object{"retry_config": object{"enabled": true, "interval_value": 0}}, 422, "interval_value must be a positive integer"},
		"retry's number":     {object{"retry_config": object{"enabled": true, "max_retries": -1}}, 422, "max_retries must be from 0 to 10"},
		"retry isn't object": {object{"retry_config": true}, 422, "retry_config must be an object"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			body := object{"name": "C", "agent_id": agentID, "phone_number": "+919240018601", "contacts": contacts(2)}
			maps.Copy(body, c.change)
			_, message := a.post("/campaigns", body).is(c.status).failure()
			assert.Equal(t, c.message, message)
		})
	}
	a.srv.Advance(time.Hour)
	assert.Empty(t, a.get("/campaigns").list())
	assert.Empty(t, a.srv.Dialed())
	a.post("/campaigns", `[`).is(400)
	a.campaign(agentID, 2000, object{"max_concurrent_calls": 50})
}

func TestCampaignSkipsNumbersThatCannotBeDialled(t *testing.T) {
	a := inMemory(t, config{})
	id := a.campaign(a.agent("A"), 0, object{"phone_column": "mobile", "description": "Spring", "contacts": []object{
		{"mobile": phone(1), "phone": "x"}, {"mobile": "98765"}, {"mobile": 919876543210}, {"mobile": phone(2)},
	}})
	a.srv.Advance(time.Hour)
	c := a.get("/campaigns/" + id).data()
	assert.Equal(t, []any{4.0, 2.0, 2.0, "Spring", "completed"},
		[]any{c["total_contacts"], c["valid_contacts"], c["skipped_contacts"], c["description"], c["status"]})
	assert.Equal(t, []string{phone(1), phone(2)}, a.srv.Dialed())
}
