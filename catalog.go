package voiceagent

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// CatalogService reads the public endpoints, which need no key: voices, languages, industries,
// agent types. The paths are documented (authentication page), the shapes of the answers are
// unknown.
type CatalogService struct{ c *Client }

// CatalogItem is a voice, a language, an industry or an agent type. Their shapes are unknown, so it
// reads a string as well as an object. Extra holds the other keys of an object.
type CatalogItem struct {
	ID          string // what other calls want: a slug, a code, or the name where there is nothing else
	Name        string
	Description string
	Extra       map[string]json.RawMessage
}

// The keys under which an item's id and name may stand, the likeliest first.
var (
	idKeys   = []string{"id", "slug", "code", "key", "value", "voice_id", "agent_type", "type", "industry", "language", "voice"}
	nameKeys = []string{"name", "label", "title", "display_name"}
)

// UnmarshalJSON implements [json.Unmarshaler].
func (i *CatalogItem) UnmarshalJSON(data []byte) error {
	*i = CatalogItem{}
	var fields map[string]json.RawMessage
	if len(data) == 0 || data[0] != '{' {
		var text string
		if err := envelope.Unmarshal(data, &text); err != nil {
			return err
		}
		i.ID, i.Name = text, text
		return nil
	}
	if err := envelope.Unmarshal(data, &fields); err != nil {
		return err
	}
	i.ID = takeText(fields, idKeys...)
	i.Name = takeText(fields, nameKeys...)
	i.Description = takeText(fields, "description")
	if i.ID == "" {
		i.ID = i.Name
	}
	if i.Name == "" {
		i.Name = i.ID
	}
	if len(fields) > 0 {
		i.Extra = fields
	}
	return nil
}

// takeText takes the first of the keys that holds a text or a number out of fields.
func takeText(fields map[string]json.RawMessage, keys ...string) string {
	for _, key := range keys {
		var text string
		if value, ok := fields[key]; ok && envelope.Unmarshal(value, &text) == nil && text != "" {
			delete(fields, key)
			return text
		}
	}
	return ""
}

// catalog is a list of items in any form: a list, an object that holds a list, or an object with
// one item per key.
type catalog []CatalogItem

func (c *catalog) UnmarshalJSON(data []byte) error {
	*c = nil
	switch data[0] {
	case '[':
		return envelope.Unmarshal(data, (*[]CatalogItem)(c))
	case '{':
	default:
		return envelope.ErrShape
	}
	var fields map[string]json.RawMessage
	if err := envelope.Unmarshal(data, &fields); err != nil {
		return err
	}
	keys := slices.Sorted(maps.Keys(fields))
	isList := func(key string) bool { return fields[key][0] == '[' }
	switch {
	case slices.ContainsFunc(keys, isList): // all of them, in an order that doesn't change
		for _, key := range keys {
			var items []CatalogItem
			if isList(key) && envelope.Unmarshal(fields[key], &items) == nil {
				*c = append(*c, items...)
			}
		}
		return nil
	case fields["success"] != nil || fields["request_id"] != nil: // an envelope around nothing
		return envelope.ErrNoData
	}
	for _, key := range keys {
		item := CatalogItem{ID: key, Name: key}
		if value := fields[key]; value[0] == '{' || value[0] == '"' {
			if err := envelope.Unmarshal(value, &item); err != nil {
				return err
			}
			item.ID = key
		}
		*c = append(*c, item)
	}
	return nil
}

// Voices lists the voices: GET /voices.
//
// Source: path documented (authentication page), shape unknown.
func (s *CatalogService) Voices(ctx context.Context, opts ...RequestOption) ([]CatalogItem, error) {
	return s.list(ctx, get("/voices"), opts)
}

// Languages lists the languages: GET /voices/languages.
//
// Source: path documented (authentication page), shape unknown.
func (s *CatalogService) Languages(ctx context.Context, opts ...RequestOption) ([]CatalogItem, error) {
	return s.list(ctx, get("/voices/languages"), opts)
}

// Industries lists the industries: GET /industries.
//
// Source: path documented (authentication page), shape unknown.
func (s *CatalogService) Industries(ctx context.Context, opts ...RequestOption) ([]CatalogItem, error) {
	return s.list(ctx, get("/industries"), opts)
}

// AgentTypes lists the agent types of an industry, by its ID:
// GET /industries/{industry}/agent-types.
//
// Source: path documented (authentication page), shape unknown.
func (s *CatalogService) AgentTypes(ctx context.Context, industry string, opts ...RequestOption) ([]CatalogItem, error) {
	const route = "/industries/{industry}/agent-types"
	if err := checkID("GET", route, "industry", industry); err != nil {
		return nil, err
	}
	return s.list(ctx, get(route).to(industry), opts)
}

func (s *CatalogService) list(ctx context.Context, r request, opts []RequestOption) ([]CatalogItem, error) {
	var items catalog
	r = r.withoutKey()
	if err := s.c.send(ctx, &r, &envelope.Into{Out: &items}, opts); err != nil {
		return nil, err
	}
	return items, nil
}
