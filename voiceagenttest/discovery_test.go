package voiceagenttest

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDiscovery(t *testing.T) {
	paths := []string{"/voices", "/voices/languages", "/industries", "/industries/real_estate/agent-types"}
	objects, strings := inMemory(t, config{}), inMemory(t, config{dialect: Dialect{DiscoveryStrings: true}})
	objects.key, strings.key = "", "" // public
	for _, path := range paths {
		list := objects.get(path).is(200).list()
		assert.NotEmpty(t, list)
		assert.NotEmpty(t, list[0]["name"])
		assert.NotContains(t, objects.get(path).json(), "has_more", "not paged")
		names := strings.get(path).is(200).json()["data"].([]any)
		assert.Len(t, names, len(list))
		assert.IsType(t, "", names[0])
	}
	assert.Equal(t, "real_estate_lead_qualifier", objects.get(paths[3]).list()[0]["id"])
	assert.Equal(t, "Lead Qualifier", objects.get(paths[3]).list()[0]["name"])
	objects.get("/industries/alchemy/agent-types").is(404)
}

func TestHealth(t *testing.T) {
	a := inMemory(t, config{})
	a.key = ""
	assert.Equal(t, "healthy", a.get("/health").is(200).data()["status"])
	a = inMemory(t, config{dialect: Dialect{BareHealth: true}})
	assert.Equal(t, "healthy", a.get("/health").is(200).json()["status"])
}

func TestPathsThatDoNotExist(t *testing.T) {
	a := inMemory(t, config{})
	a.get("/nothing").is(404)
	a.get("/agents/").is(404)
	a.get("/agents/x/clone").is(404)
	a.get("/call").is(405)
	a.do("PUT", "/agents/x", object{}).is(405)
	a.base = "https://api.test/v2"
	a.get("/agents").is(404)
	a.base = "https://api.test"
	a.get("/v1").is(404)
}

// An id is one element of the path, whatever is in it.
func TestEscapedIDs(t *testing.T) {
	for door, open := range doors {
		t.Run(door, func(t *testing.T) {
			a := open(t, config{})
			a.srv.AddAgent(NewAgent{ID: "a/b ?#%", Name: "Odd"})
			assert.Equal(t, "Odd", a.get("/agents/a%2Fb%20%3F%23%25").is(200).data()["name"])
			assert.Equal(t, "/agents/{agent_id}", a.srv.Requests()[0].Route)
		})
	}
}
