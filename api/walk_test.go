package api_test

import (
	"fmt"
	"slices"
	"strings"
)

// pages are those of the vendor's documentation that could be read.
var pages = []string{
	"/getting-started/authentication",
	"/advanced/guides/error-handling",
	"/advanced/guides/pagination",
	"/core-concepts/guides/webhooks",
	"/core-concepts/guides/agents",
	"/core-concepts/guides/campaigns",
	"/api-reference/api-reference/calls/make-call-v-1-call-post",
}

// keywords are the keywords that a schema may have. Any other might contain a schema that isn't
// visited, or close an open set of values: there is no enum.
var keywords = []string{
	"type", "description", "examples", "default", "pattern", "minimum", "maximum", "maxLength", "maxItems", "required", "const",
	"properties", "items", "allOf", "anyOf", "if", "then", "additionalProperties", "x-evidence", "x-source",
}

// walk visits the elements of a document that have to say how they are known.
type walk struct{ complaints []string }

func (w *walk) complain(at, format string, args ...any) {
	w.complaints = append(w.complaints, at+": "+fmt.Sprintf(format, args...))
}

func (w *walk) tagged(at string, node map[string]any) {
	evidence, _ := node["x-evidence"].(string)
	source, sourced := node["x-source"].(string)
	switch evidence {
	case "documented":
		page, ok := strings.CutPrefix(source, "https://docs.levrage.ai")
		if !ok || !slices.Contains(pages, page) {
			w.complain(at, "is documented on %q, which is no page of the vendor's that could be read", source)
		}
	case "in-use", "inferred":
		if sourced {
			w.complain(at, "is %s and has an x-source, which is for what is documented", evidence)
		}
	default:
		w.complain(at, "x-evidence is %q, not documented, in-use or inferred", evidence)
	}
}

func (w *walk) pathItem(at string, node map[string]any) {
	w.tagged(at, node)
	w.parameters(at, node)
	for _, verb := range []string{"get", "put", "post", "patch", "delete"} {
		op, ok := node[verb].(map[string]any)
		if !ok {
			continue
		}
		at := at + "/" + verb
		w.tagged(at, op)
		w.parameters(at, op)
		each(op["responses"], at, w.response)
		if body, ok := op["requestBody"].(map[string]any); ok {
			w.tagged(at+"/requestBody", body)
			w.content(at+"/requestBody", body)
		}
	}
}

func (w *walk) parameters(at string, node map[string]any) {
	for i, param := range list(node["parameters"]) {
		w.parameter(fmt.Sprintf("%s/parameters/%d", at, i), object(param))
	}
}

// parameter is one, or a header, which is alike.
func (w *walk) parameter(at string, node map[string]any) {
	if node["$ref"] == nil {
		w.tagged(at, node)
		w.schema(at+"/schema", object(node["schema"]))
	}
}

func (w *walk) response(at string, node map[string]any) {
	if node["$ref"] == nil {
		w.tagged(at, node)
		each(node["headers"], at+"/headers", w.parameter)
		w.content(at, node)
	}
}

func (w *walk) content(at string, node map[string]any) {
	each(node["content"], at, func(at string, media map[string]any) { w.schema(at+"/schema", object(media["schema"])) })
}

// field is a schema that says for itself how it is known, also where it refers to another.
func (w *walk) field(at string, node map[string]any) {
	if node["$ref"] != nil {
		w.tagged(at, node)
	}
	w.schema(at, node)
}

func (w *walk) schema(at string, node map[string]any) {
	if node["$ref"] != nil {
		for key := range node {
			if key != "$ref" && key != "description" && !strings.HasPrefix(key, "x-") {
				w.complain(at, "%s stands beside a $ref, where not every tool heeds it", key)
			}
		}
		return
	}
	w.tagged(at, node)
	for key := range node {
		if !slices.Contains(keywords, key) {
			w.complain(at, "%s is no keyword that this description uses", key)
		}
	}
	if more, ok := node["additionalProperties"]; ok && more != true {
		w.complain(at, "additionalProperties is %v: an object may always have more keys", more)
	}
	each(node["properties"], at, w.field)
	for _, key := range []string{"items", "if", "then"} {
		if inner, ok := node[key]; ok {
			w.schema(at+"/"+key, object(inner))
		}
	}
	for _, key := range []string{"allOf", "anyOf"} {
		for i, inner := range list(node[key]) {
			w.schema(fmt.Sprintf("%s/%s/%d", at, key, i), object(inner))
		}
	}
}

// each calls f for the objects in a map of them.
func each(node any, at string, f func(at string, node map[string]any)) {
	for name, child := range object(node) {
		f(at+"/"+name, object(child))
	}
}

func object(node any) map[string]any { m, _ := node.(map[string]any); return m }
func list(node any) []any            { l, _ := node.([]any); return l }
