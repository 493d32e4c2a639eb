package envelope_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// What other writers put into JSON costs nothing that stands beside it, whatever else the body
// needs.
func TestReadWhatIsNotQuiteJSON(t *testing.T) {
	t.Parallel()
	three := 3.0
	for body, want := range map[string]wide{
		"\ufeff" + `{"id":"a"}`:                                     {ID: "a"},
		`{"cost":NaN,"score":Infinity,"any":-Infinity,"id":"a"}`:    {ID: "a"},
		`{"map":{"a":NaN,"b":[-Infinity,1]},"list":["NaN"]}`:        {Map: map[string]any{"a": nil, "b": []any{nil, 1.0}}, List: []string{"NaN"}},
		"{\"id\":\"a\n\tb\x00\x1f\",\"kind\":\"\\\"\n\\\\\"}":       {ID: "a\n\tb\x00\x1f", Kind: "\"\n\\"},
		"{\"id\":\"" + strings.Repeat("\n", 600) + "\"}":            {ID: strings.Repeat("\n", 600)},
		`{"id":17,"count":"3","cost":NaN}`:                          {ID: "17", Count: 3},
		`{"id":"a","id":"b","cost":NaN,"cost":3,"name":NaN}`:        {ID: "b", Cost: &three},
		"{\"id\":\"\xff\n\",\"any\":NaN}":                           {ID: "\ufffd\n"},
		`{"id":"-Infinity, \"NaN\"","cost":"Infinity","score":NaN}`: {ID: `-Infinity, "NaN"`},
		`{"raw":{"a":NaN},"new":[NaN]}`:                             {Raw: json.RawMessage(`{"a":null}`), Extra: map[string]json.RawMessage{"new": json.RawMessage("[null]")}},
		`{"success":true,"request_id":"req_1","any":[[{"a":NaN}]]}`: {Meta: metaOf(t, `{"success":true,"request_id":"req_1"}`), Any: []any{[]any{map[string]any{"a": nil}}}},
	} {
		var got wide
		require.NoError(t, envelope.Unmarshal([]byte(body), &got), body)
		assert.Equal(t, want, got, body)
	}
}

func metaOf(t *testing.T, body string) (meta envelope.Meta) {
	t.Helper()
	require.NoError(t, envelope.Unmarshal([]byte(body), &meta))
	return meta
}

// What is wrong otherwise stays wrong, and says why as before.
func TestRepairInventsNothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"any":nan}`, `{"any":Inf}`, `{"any":+Infinity}`, `{"any":-NaN}`, `{"any":NaNs}`, `{"any":xNaN}`, `{NaN:1}`, `{"any":NaN,}`, `{"any":NaN`, `NaN{}`,
		"{\"id\":\"a\\\n\"}", "\ufeff\ufeff{}", "{}\ufeff", "\x00{}", "{\"a\":\x00}", strings.Repeat("\ufeff", 100_000) + "{}", `{"id":"NaN`, "{\"id\":\"\n",
	} {
		assert.Error(t, envelope.Unmarshal([]byte(body), new(wide)), body)
	}
}

// An error body says the same with what doesn't belong there.
func TestReadFailureThatIsNotQuiteJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"\ufeff" + `{"success":false,"error":{"code":"odd","message":"No."},"request_id":"req_1"}`,
		`{"success":false,"error":{"code":"odd","message":"No.","retry_after":NaN},"request_id":"req_1"}`,
	} {
		assert.Equal(t, envelope.Failure{Code: "odd", Message: "No.", RequestID: "req_1", Refused: true, Object: true, Own: true}, envelope.ReadFailure([]byte(body)), body)
	}
	var into struct {
		A *float64 `json:"a"`
	}
	into.A = new(1.0)
	require.NoError(t, (&envelope.Into{Out: &into}).Decode([]byte("\ufeff"+`{"data":{"a":NaN}}`)))
	assert.Nil(t, into.A)
}

// JSON is left alone, and what was repaired needs no repair.
func FuzzRepair(f *testing.F) {
	for _, body := range append(append(seeds, taken...), left...) {
		f.Add([]byte(body))
	}
	for _, body := range []string{`{"a":"NaN\\\"","b":[-1,-Infinity]}`, "\ufeff\"\n\\"} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		before := string(body)
		repaired, changed := envelope.Repair(body)
		require.Equal(t, before, string(body), "the body is the caller's")
		if json.Valid(body) {
			require.False(t, changed)
			require.Equal(t, before, string(repaired))
		}
		if json.Valid(repaired) {
			_, again := envelope.Repair(repaired)
			require.False(t, again)
		}
	})
}
