package envelope_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

type kind string

// wide has a field of each kind that answers have.
type wide struct {
	envelope.Meta
	ID    string                     `json:"id"`
	Kind  kind                       `json:"kind,omitempty"`
	Count int                        `json:"count"`
	On    bool                       `json:"on"`
	Score float64                    `json:"score"`
	Cost  *float64                   `json:"cost"`
	Name  *string                    `json:"name"`
	Any   any                        `json:"any"`
	Map   map[string]any             `json:"map"`
	List  []string                   `json:"list"`
	Wide  []*wide                    `json:"wide"`
	Raw   json.RawMessage            `json:"raw"`
	Own   shout                      `json:"own"`
	Said  []said                     `json:"said"`
	Extra map[string]json.RawMessage `json:",embed"`
}

// said has two spellings.
type said struct {
	By string `json:"by"`
}

type wireSaid struct {
	By   string `json:"by"`
	Role string `json:"role"`
}

var readSaid = envelope.Reads(func(w *wireSaid) said { return said{cmp.Or(w.By, w.Role)} })

func (s *said) UnmarshalJSON(data []byte) error { return readSaid(data, s) }

// shout reads its own JSON, and not all of it.
type shout string

func (s *shout) UnmarshalJSON(text []byte) error {
	if string(text) == "1" {
		return errors.New("no 1")
	}
	*s = shout(strings.ToUpper(string(text)))
	return nil
}

// taken are read in one pass.
var taken = []string{
	`{}`, ` { } `, "\n{\"id\" :\t\"a\" ,\r\"on\": true } ", `null`, `{"id":"नमस्ते"}`, `{"id":"a\n\u00e9\ud83d\ude00\"","a\tb":1}`, `{"\u0069d":"a"}`,
	`{"success":true,"request_id":"req_1","timestamp":"2025-01-01T12:00:00Z","message":null}`, `{"success":"odd"}`,
	`{"kind":"new","count":-17,"on":false,"score":-0.5e+3,"cost":0,"name":"","own":{"a":[1]},"raw":[ 1 , {} ],"new":{ "a" : null },"list":["a","b","c","d","e"]}`,
	`{"kind":null,"count":null,"on":null,"score":null,"cost":null,"name":null,"any":null,"map":null,"list":null,"wide":null,"raw":null,"own":null}`,
	`{"any":[1,"a",true,false,null,{"b":[]},[]],"map":{"a":{"b":{"c":1e-3}}},"list":[],"wide":[{"wide":[null,{}]}]}`,
	`{"said":[{"by":"a"},{"role":"b"},{},null,{"role":null,"new":1}]}`,
	`{"score":1E5,"any":0,"cost":12345678901234567890}`,
	`{"any":9007199254740993,"map":{"a":[9007199254740992,{"b":-9007199254740993}],"c":1e400,"d":0.1,"e":-0}}`,
}

// left take more than one pass, or can't be read.
var left = []string{
	``, ` `, `{`, `{"any":`, `{"any":x`, `{"id"`, `{"id":`, `{"id":"a"`, `{"id":"a",`, `{"id":"a",}`, `{,}`, `{"id":"a"}x`, `{"id":"a"}{}`, `{"id" "a"}`, `{id:"a"}`, `[]`, `"a"`, `1`, "{}\x00",
	`{"id":1}`, `{"id":"a}`, `{"id":"a\`, `{"id":"\x"}`, `{"id":"\ud800"}`, "{\"id\":\"\xff\"}", "{\"id\":\"\n\"}", "{\"new\":\"\xff\"}", `{"id":nul}`, `{"on":tru}`, `{"on":"true"}`,
	`{"count":1.0}`, `{"count":1e2}`, `{"count":9223372036854775808}`, `{"score":1e999}`, `{"score":01}`, `{"score":.5}`, `{"score":1.}`, `{"score":1e}`, `{"score":+1}`, `{"score":-}`,
	`{"id":"a","id":"b"}`, `{"new":1,"new":2}`, `{"map":{"a":1,"a":2}}`, `{"said":[{"by":"a","role":"b"}]}`, `{"said":[{"by":1}]}`, `{"said":"a"}`, `{"map":[]}`, `{"list":{}}`, `{"list":["a",]}`, `{"list":["a"`, `{"own":1}`,
	`{"any":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, `{"any":` + strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat("}", 200) + `}`,
}

// What a body holds of a type is read as the types around it, in every spelling and in every pass.
func TestReads(t *testing.T) {
	t.Parallel()
	long := `,"new":"` + strings.Repeat("a", 5000) + `"`
	for _, more := range []string{"", `,"new":1,"new":2`, `,"id":1`, `,"any":9007199254740993`, long, long + `,"id":1`} {
		var got wide
		body := `{"said":[{"by":"a"},{"role":"b"},{},null,{"by":1,"role":null}]` + more + `}`
		require.NoError(t, envelope.Unmarshal([]byte(body), &got))
		assert.Equal(t, []said{{"a"}, {"b"}, {}, {}, {"1"}}, got.Said, more)
	}
	assert.Error(t, envelope.Unmarshal([]byte(`{"said":[[]]}`), new(wide)))
}

// The lists of a long body hold nothing of each other.
func TestReadsLists(t *testing.T) {
	t.Parallel()
	var got []wide
	body := `[{"said":[{"by":"a"},{"role":"b"}]},{"said":[{},null]},{"said":[]},{"said":null},{},{"said":[{"role":"c"}],"id":"` + strings.Repeat("a", 5000) + `"}]`
	require.NoError(t, envelope.Unmarshal([]byte(body), &got))
	var lists [][]said
	for _, w := range got {
		lists = append(lists, w.Said)
	}
	assert.Equal(t, [][]said{{{"a"}, {"b"}}, {{}, {}}, {}, nil, nil, {{"c"}}}, lists)
}

// A body that was read into before leaves nothing behind.
func TestDecodeTwice(t *testing.T) {
	t.Parallel()
	single, list := new(envelope.Single[wide]), new(envelope.List[wide])
	require.NoError(t, single.Decode([]byte(`{"data":{"id":"a","map":{"a":1},"new":1},"message":"b"}`)))
	require.NoError(t, single.Decode([]byte(`{"data":{"map":{"b":1}}}`)))
	assert.Equal(t, envelope.Single[wide]{Data: &wide{Map: map[string]any{"b": 1.0}}}, *single)
	require.NoError(t, list.Decode([]byte(`{"data":[{"id":"a"}],"total":3}`)))
	require.NoError(t, list.Decode([]byte(`{"data":[{}]}`)))
	assert.Equal(t, envelope.List[wide]{Data: []wide{{}}}, *list)
}
