package voiceagenttest

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAgentLifecycle(t *testing.T) {
	a := inMemory(t, config{})
	created := a.post("/agents", object{
		"name": "Acme", "start_flow": "नमस्ते", "end_flow": "Bye", "language": "Hindi", "house_style": object{"tone": "warm"},
		"webhook_config": object{"url": "https://hooks.test/x", "events": []string{"CALL_ENDED"}, "secret": "whsec_1"},
	}).is(200)
	assert.Equal(t, true, created.json()["success"])
	assert.Regexp(t, `^req_[0-9a-f]{12}$`, created.json()["request_id"])
	assert.Equal(t, created.json()["request_id"], created.header.Get("X-Request-Id"))
	agent := created.data()
	id := agent["id"].(string)
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, id)
	assert.Equal(t, "नमस्ते", agent["start_flow"])
	assert.Equal(t, "sales", agent["agent_type"], "default")
	assert.Equal(t, object{"tone": "warm"}, agent["house_style"], "unknown keys are echoed")
	assert.NotContains(t, created.raw, "whsec_1")

	assert.Equal(t, agent, a.get("/agents/"+id).is(200).data())

	changed := a.do(http.MethodPatch, "/agents/"+id, object{"brand_name": "Acme Finance", "language": nil}).is(200).data()
	assert.Equal(t, "Acme Finance", changed["brand_name"])
	assert.Equal(t, "Acme", changed["name"], "what isn't sent stays")
	assert.NotContains(t, changed, "language", "null clears")

	a.do(http.MethodDelete, "/agents/"+id, nil).is(200)
	code, message := a.get("/agents/" + id).is(404).failure()
	assert.Equal(t, "not_found", code)
	assert.Equal(t, "Agent not found", message)
	a.do(http.MethodDelete, "/agents/"+id, nil).is(404)
	a.do(http.MethodPatch, "/agents/"+id, object{"name": "x"}).is(404)
	a.agent("Acme") // the name is free again
}

func TestAgentNamesAreUnique(t *testing.T) {
	for _, status := range []int{http.StatusConflict, http.StatusUnprocessableEntity} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			a := inMemory(t, config{dialect: Dialect{DuplicateStatus: status}})
			a.agent("One")
			two := a.agent("Two")
			for _, refused := range []*answer{
				a.post("/agents", object{"name": "One", "start_flow": "a", "end_flow": "b"}),
				a.do(http.MethodPatch, "/agents/"+two, object{"name": "One"}),
			} {
				code, message := refused.is(status).failure()
				assert.Equal(t, "validation_error", code)
				assert.Equal(t, "Agent name is already in use", message)
			}
			a.do(http.MethodPatch, "/agents/"+two, object{"name": "Two"}).is(200)
			a.do(http.MethodPatch, "/agents/"+two, object{"name": "Three"}).is(200)
			a.agent("Two")
			assert.Len(t, a.get("/agents").list(), 3)
		})
	}
}

func TestAgentValidation(t *testing.T) {
	long := strings.Repeat("न", 101)
	whole := func(change object) object {
		body := object{"name": "A", "start_flow": "a", "end_flow": "b"}
		maps.Copy(body, change)
		return body
	}
	cases := map[string]struct {
		body    any
		status  int
		message string
	}{
		"not JSON":           {`{"name":`, 400, "Malformed JSON"},
		"not an object":      {`[]`, 400, "Malformed JSON"},
		"null":               {`null`, 400, "Malformed JSON"},
		"no name":            {object{"start_flow": "a", "end_flow": "b"}, 400, "name is required"},
		"null flow":          {whole(object{"start_flow": nil}), 400, "start_flow is required"},
		"blank name":         {whole(object{"name": "  "}), 422, "name must not be empty"},
		"long name":          {whole(object{"name": long}), 422, "name must be at most 100 characters"},
		"name of 100":        {whole(object{"name": long[:300]}), 200, ""},
		"wrong type":         {whole(object{"name": 7}), 422, "name must be a string"},
		"custom":             {whole(object{"agent_type": "custom"}), 400, "custom_description is required"},
		"webhook's URL":      {whole(object{"webhook_config": object{"url": "ftp://x"}}), 422, "webhook_config.url must be an http(s) URL"},
		"webhook isn't one":  {whole(object{"webhook_config": "x"}), 422, "webhook_config must be an object with url and events"},
		"two things at once": {whole(object{"name": " ", "voice": 1}), 422, "name must not be empty; voice must be a string"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := inMemory(t, config{})
			ans := a.post("/agents", c.body).is(c.status)
			if c.message == "" {
				return
			}
			_, message := ans.failure()
			assert.Equal(t, c.message, message)
			assert.Empty(t, a.get("/agents").list(), "nothing was made")
		})
	}
}

func TestAgentPatchIsValidated(t *testing.T) {
	a := inMemory(t, config{})
	id := a.agent("A")
	for body, status := range map[string]int{
		`{"name":null}`: 400, `{"name":""}`: 422, `{"start_flow":3}`: 422, `{`: 400, `{}`: 200,
		`{"webhook_config":{"url":"mailto:x"}}`: 422,
	} {
		a.do(http.MethodPatch, "/agents/"+id, body).is(status)
	}
	assert.Equal(t, "A", a.get("/agents/" + id).data()["name"])
}

func TestAgentPaging(t *testing.T) {
	a := inMemory(t, config{})
	a.srv.SeedAgents(45)
	first := a.get("/agents").is(200)
	m := first.json()
	assert.Equal(t, []any{45.0, 1.0, 20.0, true}, []any{m["total"], m["page"], m["page_size"], m["has_more"]})
	assert.Equal(t, "Agent 45", first.list()[0]["name"], "newest first")
	last := a.get("/agents?page=3")
	assert.Equal(t, false, last.json()["has_more"])
	require.Len(t, last.list(), 5)
	assert.Equal(t, "Agent 1", last.list()[4]["name"])
	assert.Equal(t, false, a.get("/agents?page=3&page_size=15").json()["has_more"], "the last page may be full")
	beyond := a.get("/agents?page=4&page_size=100").is(200)
	assert.Empty(t, beyond.list())
	assert.Equal(t, false, beyond.json()["has_more"])
	a.get("/agents?page=1000000000000000").is(200)
}

func TestAgentDeleteWithoutContent(t *testing.T) {
	for _, open := range doors {
		a := open(t, config{dialect: Dialect{DeleteNoContent: true, CreatedStatus: 201}})
		id := a.post("/agents", object{"name": "A", "start_flow": "a", "end_flow": "b"}).is(201).data()["id"].(string)
		assert.Empty(t, a.do(http.MethodDelete, "/agents/"+id, nil).is(204).raw)
	}
}
