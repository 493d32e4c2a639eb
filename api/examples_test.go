package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/voiceagent-go/voiceagent"
)

// unread are the fields of the client's records that no source has, so that the file doesn't have
// them.
var unread = []string{"Call.SourceNumber", "Campaign.AgentID", "Campaign.From"}

// messages are those of the file's examples of an error.
var messages = map[string]string{
	"envelope": "Agent name is already in use", "detail": "Invalid or expired API key", "message": "Something went wrong",
	"detailList": "contacts[3].phone: Field required",
}

// form says which of the fields an answer has that the file allows.
type form uint8

const (
	whole form = iota // each with its example
	nulls             // null wherever the file allows it
	bare              // only what is required
)

// document answers requests with what the file says, and knows nothing else.
type document struct {
	contract *contract
	tree     map[string]any
	status   string // of the answer, as the file has it
	form     form
	example  string // by its name, in place of the form; "" for none

	responses map[string]any // of the last request, by status
}

// RoundTrip implements [http.RoundTripper].
func (d *document) RoundTrip(req *http.Request) (*http.Response, error) {
	verb, route, _ := strings.Cut(d.contract.route(req), " ")
	operation := object(object(object(d.tree["paths"])[route])[strings.ToLower(verb)])
	d.responses = object(operation["responses"])
	response := d.resolve(d.responses[d.status])
	status, err := strconv.Atoi(strings.ReplaceAll(d.status, "X", "0"))
	if err != nil || response == nil {
		return nil, fmt.Errorf("%s %s has no answer %q", verb, route, d.status)
	}
	res := &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: req}
	for name, header := range object(response["headers"]) {
		value, err := json.Marshal(d.value(object(d.resolve(header)["schema"])))
		if err != nil {
			return nil, err
		}
		res.Header.Set(name, string(value))
	}
	if media := d.media(d.status); media != nil {
		value := d.value(object(media["schema"]))
		if d.example != "" {
			value = d.resolve(object(media["examples"])[d.example])["value"]
		}
		body, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		res.Header.Set("Content-Type", "application/json")
		res.Body = io.NopCloser(bytes.NewReader(body))
	}
	return res, nil
}

// media is the JSON of an answer to the last request.
func (d *document) media(status string) map[string]any {
	return object(object(d.resolve(d.responses[status])["content"])["application/json"])
}

// resolve follows a reference to a component.
func (d *document) resolve(node any) map[string]any {
	ref, ok := object(node)["$ref"].(string)
	if !ok {
		return object(node)
	}
	kind, name := path.Split(strings.TrimPrefix(ref, "#/components/"))
	return object(object(object(d.tree["components"])[path.Clean(kind)])[name])
}

// value makes one that a schema allows.
func (d *document) value(schema map[string]any) any {
	schema = d.resolve(schema)
	if d.form == nulls && slices.Contains(list(schema["type"]), any("null")) {
		return nil
	}
	if examples := list(schema["examples"]); len(examples) > 0 {
		return examples[0]
	}
	if shapes := list(schema["anyOf"]); len(shapes) > 0 {
		return d.value(object(shapes[0]))
	}
	if items, ok := schema["items"]; ok {
		return []any{d.value(object(items))}
	}
	fields := make(map[string]any)
	for name, field := range object(schema["properties"]) {
		if d.form != bare || slices.Contains(list(schema["required"]), any(name)) {
			fields[name] = d.value(object(field))
		}
	}
	for _, part := range list(schema["allOf"]) {
		maps.Copy(fields, object(d.value(object(part))))
	}
	return fields
}

// use runs one method, and holds the exchange against the file.
func (d *document) use(t *testing.T, m method) (any, error) {
	t.Helper()
	w := d.contract.witness(d)
	client := newClient(t, w, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
	record, err := m.run(t.Context(), client, target{agent: "ag_1", call: "call_1", campaign: "camp_1", most: 1}, true)
	w.agrees(t)
	return record, err
}

// TestExamples has every method read what the file allows as an answer, and lose nothing of it.
func TestExamples(t *testing.T) {
	c, tree := loadContract(t), readTree(t)
	for _, m := range methods {
		t.Run(m.name, func(t *testing.T) {
			for _, form := range []form{nulls, bare, whole} {
				d := &document{contract: c, tree: tree, status: "2XX", form: form}
				record, err := d.use(t, m)
				require.NoError(t, err, "form %d", form)
				if form == whole {
					keeps(t, m.name, record)
				}
			}
		})
	}
	for _, example := range []string{"texts", "objects"} {
		d := &document{contract: c, tree: tree, status: "2XX", example: example}
		items, err := d.use(t, methodNamed(t, "Catalog.Voices"))
		require.NoError(t, err)
		assert.Len(t, items, 2, example)
	}
	d := &document{contract: c, tree: tree, status: "204"}
	_, err := d.use(t, methodNamed(t, "Agents.Delete"))
	require.NoError(t, err)
}

// keeps fails the test for a field of a record that stayed empty, and for a key of the file that
// the client doesn't know.
func keeps(t *testing.T, name string, record any) {
	t.Helper()
	if name == "Calls.Create" { // of whose answer these are likely, and no more is known
		call := record.(*voiceagent.Call)
		assert.NotEmpty(t, call.ID)
		assert.NotEmpty(t, call.SessionID)
		assert.NotEmpty(t, call.Status)
		assert.Empty(t, call.Extra)
		return
	}
	v := reflect.ValueOf(record)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return
	}
	if data := v.FieldByName("Data"); data.IsValid() { // a page
		require.Equal(t, 1, data.Len())
		v = data.Index(0)
	}
	if extra := v.FieldByName("Extra"); extra.IsValid() {
		missing := slices.DeleteFunc(unset(v, v.Type().Name()), func(field string) bool { return slices.Contains(unread, field) })
		assert.Empty(t, missing, "these stay empty")
		assert.Empty(t, extra.Interface(), "the client doesn't know these")
	}
}

// TestErrorExamples has every method read each example of an error that the file has for it.
func TestErrorExamples(t *testing.T) {
	c, tree := loadContract(t), readTree(t)
	read := make(map[string]bool)
	for _, m := range methods {
		synctest.Test(t, func(t *testing.T) {
			d := &document{contract: c, tree: tree, status: "2XX"}
			_, err := d.use(t, m)
			require.NoError(t, err, m.name)
			for status := range d.responses {
				for example := range object(d.media(status)["examples"]) {
					if status[0] == '2' {
						continue
					}
					d.status, d.example = status, example
					_, err := d.use(t, m)
					var apiErr *voiceagent.APIError
					require.ErrorAs(t, err, &apiErr, "%s %s %s", m.name, status, example)
					assert.Equal(t, strings.ReplaceAll(status, "X", "0"), strconv.Itoa(apiErr.StatusCode), m.name)
					assert.Equal(t, messages[example], apiErr.Message, "%s %s %s", m.name, status, example)
					read[example] = true
				}
			}
		})
	}
	assert.Len(t, read, len(messages))
}
