package voiceagenttest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestKeys(t *testing.T) {
	cases := map[string]struct {
		keys   []string
		key    string
		status int
	}{
		"any":                 {nil, "lev_anything", 200},
		"none":                {nil, "", 401},
		"prefix only":         {nil, "lev_", 401},
		"another prefix":      {nil, "sk_123", 401},
		"listed":              {[]string{"lev_a", "lev_b"}, "lev_b", 200},
		"unlisted":            {[]string{"lev_a"}, "lev_b", 401},
		"forbidden":           {nil, KeyForbidden, 403},
		"forbidden, longer":   {[]string{"lev_a"}, KeyForbidden + "_x", 403},
		"no credits, to read": {nil, KeyNoCredits, 200},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := inMemory(t, config{keys: c.keys})
			a.key = c.key
			a.get("/agents").is(c.status)
			a.get("/health").is(200)
		})
	}
}

func TestUnauthorizedBodies(t *testing.T) {
	a := inMemory(t, config{})
	a.key = "bad"
	assert.JSONEq(t, `{"detail":"Invalid or expired API key"}`, a.get("/calls").is(401).raw)
	a = inMemory(t, config{dialect: Dialect{EnvelopeUnauthorized: true}})
	a.key = "bad"
	code, message := a.get("/calls").is(401).failure()
	assert.Equal(t, "authentication_error", code)
	assert.Equal(t, "Invalid or expired API key", message)
}

func TestNoCredits(t *testing.T) {
	for _, status := range []int{402, 403, 429} {
		a := inMemory(t, config{dialect: Dialect{QuotaStatus: status}})
		agentID := a.agent("A")
		a.key = KeyNoCredits
		for path, body := range map[string]object{
			"/call":      {"agent_id": agentID, "source_number": "+919240018601", "phone_number": phone(1)},
			"/campaigns": {"name": "C", "agent_id": agentID, "phone_number": "+919240018601", "contacts": contacts(1)},
		} {
			code, message := a.post(path, body).is(status).failure()
			assert.Equal(t, "quota_exceeded", code)
			assert.Equal(t, "Insufficient credits", message)
		}
		assert.Empty(t, a.srv.Dialed())
	}
}

func TestForbiddenDoesNothing(t *testing.T) {
	a := inMemory(t, config{})
	a.key = KeyForbidden
	code, _ := a.post("/agents", object{"name": "A", "start_flow": "a", "end_flow": "b"}).is(403).failure()
	assert.Equal(t, "permission_denied", code)
	a.key = "lev_1"
	assert.Empty(t, a.get("/agents").list())
}
