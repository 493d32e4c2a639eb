package api_test

// unknownAnswer has the operations whose successful answer has no known shape.
var unknownAnswer = map[string]bool{
	"GET /health":                            true,
	"GET /industries":                        true,
	"GET /industries/{industry}/agent-types": true,
	"GET /voices":                            true,
	"GET /voices/languages":                  true,
}

// beyond has the keys of the simulator's answers that no source has, by operation. The file has
// only what the sources have; the simulator's keys are one possible extension. TestMethods fails
// for an unused entry.
var beyond = func() map[string]bool {
	keys := make(map[string]bool)
	for route, list := range map[string][]string{
		"POST /call":                {"data.agent_id", "data.phone_number", "data.direction", "data.created_at"},
		"POST /campaigns":           {"data.agent_id", "data.phone_number", "data.schedule_time", "data.blackout_periods"},
		"GET /campaigns":            {"data[*].agent_id", "data[*].phone_number", "data[*].schedule_time"},
		"DELETE /agents/{agent_id}": {"data", "message"},

		"GET /campaigns/{campaign_id}":         {"data.agent_id", "data.phone_number", "data.schedule_time"},
		"POST /campaigns/{campaign_id}/pause":  {"data"},
		"POST /campaigns/{campaign_id}/resume": {"data"},
		"POST /campaigns/{campaign_id}/stop":   {"data"},
		"POST /campaigns/{campaign_id}/cancel": {"data"},
	} {
		for _, key := range list {
			keys[route+" $.body."+key] = true
		}
	}
	return keys
}()
