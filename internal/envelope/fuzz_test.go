package envelope_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// record has a field of each kind that answers have.
type record struct {
	ID       string                     `json:"id"`
	Count    int                        `json:"count"`
	Score    float64                    `json:"score"`
	Cost     *float64                   `json:"cost"`
	On       bool                       `json:"on"`
	List     []string                   `json:"list"`
	Metadata map[string]any             `json:"metadata"`
	Inner    *record                    `json:"inner"`
	Extra    map[string]json.RawMessage `json:",embed"`
}

var seeds = []string{
	`{"success":true,"data":{"id":"a","count":1,"score":0.5,"cost":0,"on":true,"list":["a"],"metadata":{"a":[1]},"inner":{},"new":1},"request_id":"req_1"}`,
	`{"success":true,"data":[{"id":17,"count":"1","score":"None","cost":"$1","on":"yes","list":"None","metadata":""}],"total":"1","page":1.5,"page_size":1e300,"has_more":1}`,
	`{"success":false,"error":{"code":"odd","message":"No.","details":[{"loc":["body","a",1,"b"],"msg":"c"}]},"request_id":"req_1","timestamp":1}`,
	`{"detail":[null,5,[],{},"text",{"loc":"a","msg":7},{"loc":[[],1e999]}]}`, `{"detail":{"detail":{"detail":"a"}}}`, `{"error":"a","message":"b","detail":"c"}`,
	`{"request_id":null,"request_id":{"a":1},"request_id":"b","data":{}}`, "{\"request_id\":\"\xff\",\"data\":{\"\xff\":\"\xff\"}}", `{"request_id":"\ud800","data":{}}`,
	`{"data":{"metadata":{"a":[9007199254740993,1e400]}}}`, `{"data":{"metadata":{"a":9007199254740993,"a":"\ud800"}}}`,
	`{"data":{"":{"0":"\ud800"}}}`,
	`{"data":{"count":9223372036854775808,"cost":1e999,"score":-0}}`, `{"data":{"inner":{"inner":{"inner":null}}}}`, `{"data":nul`, `[`, `"a"`, `1`, ``, ` `, "\ufeff{}", "\x00",
}

// unwritable is what the writer says of a value that JSON can't hold: an infinite number, or half
// of a character.
var unwritable = regexp.MustCompile("Inf|surrogate")

// The decoder of a success and the reader of errors find the same keys beside the data. The latter
// takes the request id from a body that the former can't read.
func FuzzDecode(f *testing.F) {
	for _, body := range seeds {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, buf []byte) {
		before := string(buf)
		said := envelope.ReadFailure(buf)
		single, list, none := new(envelope.Single[record]), new(envelope.List[record]), new(envelope.None)
		optional := new(envelope.Optional[record])
		var out any
		into := &envelope.Into{Out: &out}
		for name, body := range map[string]envelope.Body{"single": single, "list": list, "optional": optional, "none": none, "into": into} {
			err := body.Decode(buf)
			if err == nil && (name == "single" || name == "list") {
				head := body.Head()
				assert.Equal(t, said.RequestID, head.RequestID, name)
				assert.Equal(t, said.Timestamp, head.Timestamp, name)
				assert.Equal(t, said.Refused, head.Refused(), name)
			}
			require.Equal(t, before, string(buf), "the body is the caller's")
			again := body.Decode(buf)
			assert.Equal(t, err == nil, again == nil, "%s: %v, then %v", name, err, again)
		}
		if err := none.Decode(buf); err != nil {
			assert.Regexp(t, "^(\ufeff)?\\s*<", string(buf), "it is no page")
		}
		if list.Decode(buf) == nil && !list.Refused() {
			assert.NotNil(t, list.Data)
			_ = list.More()
		}
		if single.Decode(buf) == nil && !single.Refused() {
			require.NotNil(t, single.Data)
			// A decoded value can be encoded and decodes to the same, except for characters and numbers that
			// JSON can't hold.
			written, err := envelope.Marshal(single.Data, 0)
			if !utf8.Valid(buf) || (err != nil && unwritable.MatchString(err.Error())) {
				return
			}
			require.NoError(t, err)
			if json.Unmarshal(written, new(any)) != nil {
				return // an unknown key holds a number beyond every float, which is kept as it stands, and can't be compared
			}
			var again record
			require.NoError(t, envelope.Unmarshal(written, &again))
			rewritten, err := envelope.Marshal(again, 0)
			require.NoError(t, err)
			assert.JSONEq(t, string(written), string(rewritten))
		}
	})
}

// The reader of errors takes whatever comes, and only texts that can be shown.
func FuzzReadFailure(f *testing.F) {
	for _, body := range seeds {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, buf []byte) {
		said := envelope.ReadFailure(buf)
		assert.Equal(t, said, envelope.ReadFailure(buf))
		texts := []string{said.Code, said.Message, said.RequestID, said.Timestamp}
		for _, field := range said.Fields {
			assert.NotEqual(t, envelope.Field{}, field)
			texts = append(texts, field.Name, field.Message)
		}
		for _, text := range texts {
			assert.True(t, utf8.ValidString(text), "%q", text)
			assert.LessOrEqual(t, len(text), 3*len(buf)+100, "a text grows out of nothing")
		}
		_, _ = envelope.ParseTime(said.Timestamp)
		if jsontext.Value(bytes.TrimPrefix(buf, []byte("\ufeff"))).Kind() != '{' {
			assert.Equal(t, envelope.Failure{}, said)
		}
	})
}

// A type of a caller's is read as encoding/json reads it, where it reads it.
func FuzzInto(f *testing.F) {
	for _, body := range append(append(seeds, taken...), left...) {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, buf []byte) {
		type own struct {
			ID       string
			Count    int `json:"count,omitempty"`
			Score    float64
			List     []string
			Any      any             `json:"any"`
			Raw      json.RawMessage `json:"raw"`
			Map      map[string]any
			Pair     [2]int
			Children []own
		}
		for _, v := range []struct{ got, want any }{{new(own), new(own)}, {new(any), new(any)}, {new([]own), new([]own)}} {
			if json.Unmarshal(buf, v.want) != nil {
				continue
			}
			env := append(append([]byte(`{"success":true,"data":`), buf...), '}')
			if err := (&envelope.Into{Out: v.got}).Decode(env); !errors.Is(err, envelope.ErrNoData) {
				require.NoError(t, err)
				require.Equal(t, v.want, v.got)
			}
		}
	})
}
