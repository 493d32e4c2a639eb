package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	"github.com/pb33f/libopenapi-validator/schema_validation"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// endpoints are all that there is evidence for: what of, and if they want a key.
var endpoints = map[string]struct {
	evidence string
	key      bool
}{
	"GET /health":                            {"documented", false},
	"GET /industries":                        {"documented", false},
	"GET /industries/{industry}/agent-types": {"documented", false},
	"GET /voices":                            {"documented", false},
	"GET /voices/languages":                  {"documented", false},
	"POST /agents":                           {"documented", true},
	"GET /agents":                            {"documented", true},
	"GET /agents/{agent_id}":                 {"in-use", true},
	"PATCH /agents/{agent_id}":               {"documented", true},
	"DELETE /agents/{agent_id}":              {"inferred", true},
	"POST /call":                             {"documented", true},
	"GET /calls":                             {"documented", true},
	"GET /calls/{call_id}":                   {"inferred", true},
	"POST /campaigns":                        {"documented", true},
	"GET /campaigns":                         {"documented", true},
	"GET /campaigns/{campaign_id}":           {"documented", true},
	"POST /campaigns/{campaign_id}/pause":    {"documented", true},
	"POST /campaigns/{campaign_id}/resume":   {"documented", true},
	"POST /campaigns/{campaign_id}/stop":     {"documented", true},
	"POST /campaigns/{campaign_id}/cancel":   {"documented", true},
}

// TestValid holds the file against the schema of OpenAPI 3.1.
func TestValid(t *testing.T) {
	doc, err := libopenapi.NewDocument(readSpec(t))
	require.NoError(t, err)
	assert.Equal(t, "3.1.0", doc.GetVersion())
	valid, wrong := schema_validation.ValidateOpenAPIDocument(doc)
	assert.True(t, valid, "%v", wrong)
}

// TestEvidence fails for an element that doesn't say how it is known, or that closes what is open.
func TestEvidence(t *testing.T) {
	assert.Empty(t, unfounded(readTree(t)))
}

// TestEachTagIsLookedAt takes each x-evidence out in turn.
func TestEachTagIsLookedAt(t *testing.T) {
	tree := readTree(t)
	count := 0
	everyMap(tree, func(node map[string]any) {
		tag, ok := node["x-evidence"]
		if !ok {
			return
		}
		count++
		delete(node, "x-evidence")
		assert.NotEmpty(t, unfounded(tree), "%v has lost its x-evidence", node)
		node["x-evidence"] = tag
	})
	assert.Greater(t, count, 300)
}

func TestEndpoints(t *testing.T) {
	c := loadContract(t)
	assert.ElementsMatch(t, slices.Collect(maps.Keys(endpoints)), c.routes())
	for path, item := range c.model.Paths.PathItems.FromOldest() {
		for verb, op := range item.GetOperations().FromOldest() {
			want := endpoints[strings.ToUpper(verb)+" "+path]
			assert.Equal(t, want.evidence, op.Extensions.GetOrZero("x-evidence").Value, op.OperationId)
			assert.Equal(t, want.key, op.Security == nil, "%s: needs a key", op.OperationId) // public ones have an empty list
		}
	}
}

func readTree(t *testing.T) map[string]any {
	t.Helper()
	doc, err := libopenapi.NewDocument(readSpec(t))
	require.NoError(t, err)
	var tree map[string]any
	require.NoError(t, json.Unmarshal(*doc.GetSpecInfo().GetSpecJSONBytes(), &tree))
	return tree
}

func everyMap(node any, f func(map[string]any)) {
	switch node := node.(type) {
	case map[string]any:
		f(node)
		for _, child := range node {
			everyMap(child, f)
		}
	case []any:
		for _, child := range node {
			everyMap(child, f)
		}
	}
}

// unfounded lists what a document has without saying how it is known.
func unfounded(tree map[string]any) []string {
	var w walk
	for i, server := range list(tree["servers"]) {
		w.tagged(fmt.Sprintf("servers/%d", i), object(server))
	}
	each(tree["paths"], "paths", w.pathItem)
	each(tree["webhooks"], "webhooks", w.pathItem)
	parts := object(tree["components"])
	each(parts["securitySchemes"], "securitySchemes", w.tagged)
	each(parts["parameters"], "parameters", w.parameter)
	each(parts["headers"], "headers", w.parameter)
	each(parts["responses"], "responses", w.response)
	each(parts["schemas"], "schemas", w.schema)
	return w.complaints
}
