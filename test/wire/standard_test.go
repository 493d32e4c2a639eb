package wire_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// options has a field of each kind that an omitempty leaves out or a naive library gets wrong.
type options struct {
	Enabled  bool              `json:"enabled,omitempty"`
	Retries  int               `json:"retries,omitempty"`
	Ratio    float64           `json:"ratio,omitempty"`
	Nested   *options          `json:"nested,omitempty"`
	When     time.Time         `json:"when,omitzero"`
	Tags     []string          `json:"tags"`
	Map      map[string]int    `json:"map"`
	Quoted   int64             `json:"quoted,string"`
	Number   json.Number       `json:"number"`
	Pause    time.Duration     `json:"pause"`
	Sum      [4]byte           `json:"sum"`
	Blob     []byte            `json:"blob"`
	ByNumber map[int]string    `json:"by_number"`
	Labels   map[string]string `json:"labels"`
	Secret   string            `json:"-"`
	Name     string
	Embedded
	hidden int
}

// Embedded is a part of options, whose fields are as its own.
type Embedded struct{ Inner string }

// written are values of a caller's own, as Go code has them.
func written() map[string]any {
	five := 5
	return map[string]any{
		"zero struct": options{},
		"full struct": options{
			Enabled: true, Retries: 3, Ratio: 0.5, Nested: &options{}, When: time.Date(2025, 1, 2, 3, 4, 5, 6, time.UTC),
			Tags: []string{}, Map: map[string]int{"b": 1, "a": 2}, Quoted: 5, Number: "9007199254740993", Pause: time.Second,
			Sum: [4]byte{1, 2, 3, 4}, Blob: []byte("hi"), ByNumber: map[int]string{10: "ten", 9: "nine"}, Labels: map[string]string{"z": "", "y": "&"},
			Secret: "s", Name: "<Asha> & \u2028", Embedded: Embedded{"i"}, hidden: 1,
		},
		"pointer": &options{Name: "a"}, "number": json.Number("1e400"), "duration": 5 * time.Second, "array": [4]byte{1, 2, 3, 4}, "bytes": []byte("hi"),
		"nil slice": []string(nil), "nil map": map[string]int(nil), "nil pointer": (*int)(nil), "to five": &five, "raw": json.RawMessage(`{"b": 1, "a":[ ]}`),
		"keys": map[int]string{2: "b", 1: "a"}, "time": time.Date(2025, 1, 2, 3, 4, 5, 0, time.FixedZone("", 19800)), "signs": "<b> & 'c' \u2028 \u007f \t",
		"floats": []any{1e21, 0.1, float32(0.1), 1e-7, 100.0}, "error": struct{ error }{}, "anonymous": struct{ A, b int }{1, 2}, "text key": map[stamp]int{{1}: 1},
		"list": []any{nil, true, "a", map[string]any{"b": nil, "a": []map[string]any{nil, {}}}}, "own": shouted("a"), "enum": voiceagent.CallBusy,
	}
}

type stamp struct{ n int }

func (s stamp) MarshalText() ([]byte, error) { return []byte(fmt.Sprint("stamp-", s.n)), nil }

type shouted string

func (s shouted) MarshalJSON() ([]byte, error) { return json.Marshal(string(s) + "!") }

// loud is read in capitals, and never empty.
type loud string

func (l *loud) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return io.ErrUnexpectedEOF
	}
	*l = loud(bytes.ToUpper(text))
	return nil
}

// standard is what encoding/json makes of a value with SetEscapeHTML(false), with U+2028 as it is.
func standard(t *testing.T, value any) string {
	t.Helper()
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	require.NoError(t, encoder.Encode(value))
	return string(bytes.ReplaceAll(bytes.TrimSpace(buf.Bytes()), []byte(`\u2028`), []byte("\u2028")))
}

// recorder returns a client, and where the body of its last request will be.
func recorder(t *testing.T) (client *voiceagent.Client, sent *string) {
	t.Helper()
	sent = new(string)
	return server(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		*sent = string(body)
		return ok(r, aCall), err
	}).client(t), sent
}

// A caller's values are written as encoding/json writes them, byte for byte, wherever they stand.
func TestValuesAreWrittenAsByTheStandard(t *testing.T) {
	t.Parallel()
	client, sent := recorder(t)
	for name, value := range written() {
		want := standard(t, value)
		require.NoError(t, client.Request(t.Context(), "PATCH", "/agents/ag_1", value, nil), name)
		assert.Equal(t, want, *sent, name)

		call := testkit.ValidCall()
		call.Metadata, call.Extra = map[string]any{"v": value}, map[string]any{"w": value}
		_, err := client.Calls.Create(t.Context(), call)
		require.NoError(t, err, name)
		assert.Contains(t, *sent, `"metadata":{"v":`+want+`},"w":`+want+`}`, name)

		campaign := testkit.ValidCampaign()
		campaign.Contacts[0]["v"] = value
		_, err = client.Campaigns.Create(t.Context(), campaign)
		require.NoError(t, err, name)
		assert.Contains(t, *sent, `"v":`+want+`}]`, name)
	}
}

// The same call has the same bytes, so that a recording of it matches.
func TestTheSameCallHasTheSameBytes(t *testing.T) {
	t.Parallel()
	client, sent := recorder(t)
	many := func() map[string]any {
		keys := make(map[string]any)
		for i := range 20 {
			keys[fmt.Sprint("key", i)] = map[string]any{"b": 1, "a": map[string]string{"d": "", "c": ""}}
		}
		return keys
	}
	var first [3]string
	for i := range 20 {
		call, campaign, update := testkit.ValidCall(), testkit.ValidCampaign(), voiceagent.AgentUpdateParams{Extra: many()}
		call.Metadata, call.Extra = many(), map[string]any{"y": many(), "x": 1, "z": 2}
		campaign.Contacts[0]["list"], campaign.Extra = many(), many()
		for j, send := range []func() error{
			func() error { return testkit.Second(client.Calls.Create(t.Context(), call)) },
			func() error { return testkit.Second(client.Campaigns.Create(t.Context(), campaign)) },
			func() error { return testkit.Second(client.Agents.Update(t.Context(), "ag_1", update)) },
		} {
			require.NoError(t, send())
			if i == 0 {
				first[j] = *sent
			}
			require.Equal(t, first[j], *sent)
		}
	}
	assert.Contains(t, first[0], `"key0":{"a":{"c":"","d":""},"b":1},"key1":`)
}

// A text that isn't UTF-8 is refused where a person would hear it, and written as encoding/json
// writes it in a body of the caller's own.
func TestBrokenTexts(t *testing.T) {
	t.Parallel()
	client, sent := recorder(t)
	require.NoError(t, client.Request(t.Context(), "PATCH", "/agents/ag_1", map[string]any{"a": "caf\xe9"}, nil))
	assert.JSONEq(t, `{"a":"caf`+"\ufffd"+`"}`, *sent)
	call := testkit.ValidCall()
	call.Metadata = map[string]any{"name": "caf\xe9"}
	*sent = ""
	_, err := client.Calls.Create(t.Context(), call)
	require.ErrorContains(t, err, "invalid UTF-8 within \"/metadata/name\"")
	assert.Empty(t, *sent)
}

// received are bodies, and the type of the caller's that each is read into.
func received() map[string]reflect.Type {
	as := reflect.TypeFor[options]()
	return map[string]reflect.Type{
		`{"Name":"a","Inner":"b"}`:                 as,
		`{"name":"a","INNER":"b","ENABLED":true}`:  as,
		`{"quoted":"5","number":12,"pause":5}`:     as,
		`{"number":"12"}`:                          as,
		`{"number":9007199254740993}`:              as,
		`{"sum":[1,2],"blob":"aGk="}`:              as,
		`{"sum":[1,2,3,4,5,6]}`:                    as,
		`{"by_number":{"1":"a"},"tags":null}`:      as,
		`{"labels":{"a":"b","a":"c"},"name":null}`: as,
		`{"nested":{"nested":{"retries":1}}}`:      as,
		`{"when":"2025-01-02T03:04:05Z"}`:          as,
		`{"Secret":"s","-":"s","hidden":1}`:        as,
		"{\"name\":\"caf\xe9\"}":                   as,
		`[1,"a",null,{"b":[true]}]`:                reflect.TypeFor[[]any](),
		`{"a":1,"b":"2","c":9007199254740993}`:     reflect.TypeFor[map[string]any](),
		`{"2":"b"}`:                                reflect.TypeFor[map[int]string](),
		`[1,2]`:                                    reflect.TypeFor[[3]int](),
		`17`:                                       reflect.TypeFor[json.Number](),
		`"a"`:                                      reflect.TypeFor[any](),
		`{ "b":1, "a" : [ 1 ] }`:                   reflect.TypeFor[json.RawMessage](),
	}
}

// A caller's own types are read as encoding/json reads them, with an envelope around and without.
func TestValuesAreReadAsByTheStandard(t *testing.T) {
	t.Parallel()
	for body, as := range received() {
		want := reflect.New(as)
		require.NoError(t, json.Unmarshal([]byte(body), want.Interface()), body)
		for _, sent := range []string{body, `{"success":true,"data":` + body + `,"request_id":"req_1"}`} {
			got := reflect.New(as)
			require.NoError(t, always(sent).client(t).Request(t.Context(), "GET", "/things/1", nil, got.Interface()), sent)
			assert.Equal(t, want.Elem().Interface(), got.Elem().Interface(), sent)
		}
	}
}

// What encoding/json refuses is refused with where it was, and scalars are converted as everywhere.
func TestValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	var out options
	require.NoError(t, always(`{"data":{"retries":"3","enabled":"true","Name":17}}`).client(t).Request(t.Context(), "GET", "/things/1", nil, &out))
	assert.Equal(t, options{Retries: 3, Enabled: true, Name: "17"}, out)
	for _, lossy := range []string{`{"retries":"12abc"}`, `{"retries":1.9}`, `{"retries":true}`, `{"retries":99999999999999999999}`, `{"retries":""}`, `{"enabled":"maybe"}`, `{"number":"abc"}`} {
		require.Error(t, always(lossy).client(t).Request(t.Context(), "GET", "/things/1", nil, new(options)), lossy)
	}
	// A type with rules of its own keeps them, whatever its neighbours need.
	var own struct {
		Loud  loud
		Count int64
		Rate  *uint8
	}
	require.NoError(t, always(`{"Loud":"abc","Count":"9007199254740993","Rate":"7"}`).client(t).Request(t.Context(), "GET", "/things/1", nil, &own))
	assert.Equal(t, loud("ABC"), own.Loud)
	assert.Equal(t, int64(9007199254740993), own.Count)
	assert.Equal(t, uint8(7), *own.Rate)
	require.Error(t, always(`{"Loud":"","Count":"1"}`).client(t).Request(t.Context(), "GET", "/things/1", nil, &own))
	err := always(`{"data":{"tags":{"a":1}}}`).client(t).Request(t.Context(), "GET", "/things/1", nil, &out)
	var bad *voiceagent.DecodeError
	require.ErrorAs(t, err, &bad)
	assert.ErrorContains(t, err, "tags")
	err = always(`17`).client(t).Request(t.Context(), "GET", "/things/1", nil, &out)
	require.ErrorAs(t, err, &bad)
}

// A page of the client's own records is read with the keys beside it, and theirs.
func TestAPageOfOurRecords(t *testing.T) {
	t.Parallel()
	var page voiceagent.Page[voiceagent.Call]
	body := `{"data":[{"id":"call_1","new":1,"transcript":[{"speaker":"agent","text":"Hello"}]}],"total":7,"page":1,"page_size":1,"has_more":true}`
	require.NoError(t, always(body).client(t).Request(t.Context(), "GET", "/calls", nil, &page))
	require.Len(t, page.Data, 1)
	assert.Equal(t, 7, page.Total)
	assert.True(t, page.HasMore)
	assert.Equal(t, "1", string(page.Data[0].Extra["new"]))
	assert.Equal(t, []voiceagent.TranscriptEntry{{Role: "agent", Content: "Hello"}}, page.Data[0].Transcript)
}
