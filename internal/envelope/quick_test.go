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

// wide has a field of each kind that Read knows.
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
	By string `json:"by" also:"role"`
}

func (s *said) UnmarshalJSON(text []byte) error {
	var wire struct {
		By   string `json:"by"`
		Role string `json:"role"`
	}
	err := envelope.Unmarshal(text, &wire)
	s.By = cmp.Or(wire.By, wire.Role)
	return err
}

// shout reads its own JSON, and not all of it.
type shout string

func (s *shout) UnmarshalJSON(text []byte) error {
	if string(text) == "1" {
		return errors.New("no 1")
	}
	*s = shout(strings.ToUpper(string(text)))
	return nil
}

// taken are read without the library.
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

// left are left to the library, which takes some of them.
var left = []string{
	``, ` `, `{`, `{"any":`, `{"any":x`, `{"id"`, `{"id":`, `{"id":"a"`, `{"id":"a",`, `{"id":"a",}`, `{,}`, `{"id":"a"}x`, `{"id":"a"}{}`, `{"id" "a"}`, `{id:"a"}`, `[]`, `"a"`, `1`, "{}\x00",
	`{"id":1}`, `{"id":"a}`, `{"id":"a\`, `{"id":"\x"}`, `{"id":"\ud800"}`, "{\"id\":\"\xff\"}", "{\"id\":\"\n\"}", "{\"new\":\"\xff\"}", `{"id":nul}`, `{"on":tru}`, `{"on":"true"}`,
	`{"count":1.0}`, `{"count":1e2}`, `{"count":9223372036854775808}`, `{"score":1e999}`, `{"score":01}`, `{"score":.5}`, `{"score":1.}`, `{"score":1e}`, `{"score":+1}`, `{"score":-}`,
	`{"id":"a","id":"b"}`, `{"new":1,"new":2}`, `{"map":{"a":1,"a":2}}`, `{"said":[{"by":"a","role":"b"}]}`, `{"said":[{"by":1}]}`, `{"said":"a"}`, `{"map":[]}`, `{"list":{}}`, `{"list":["a",]}`, `{"list":["a"`, `{"own":1}`,
	`{"any":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, `{"any":` + strings.Repeat(`{"a":`, 200) + `1` + strings.Repeat("}", 200) + `}`,
}

func TestQuick(t *testing.T) {
	t.Parallel()
	for _, body := range taken {
		var got, want wide
		assert.True(t, envelope.Quick([]byte(body), &got), body)
		require.NoError(t, envelope.Unmarshal([]byte(body), &want), body)
		assert.Equal(t, want, got, body)
	}
	for _, body := range left {
		assert.False(t, envelope.Quick([]byte(body), new(wide)), body)
		read, want := wide{ID: "before"}, wide{}
		readErr, wantErr := envelope.Read([]byte(body), &read), envelope.Unmarshal([]byte(body), &want)
		assert.Equal(t, wantErr, readErr, body)
		assert.Equal(t, want, read, body)
	}
}

func TestQuickLeavesTypesItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, v := range []any{
		new(struct {
			Unnamed string
		}), new(struct {
			A string `json:"a,case:ignore"`
		}), new(struct {
			A []byte `json:"a"`
		}), new(struct {
			A map[string]string `json:"a"`
		}), new(struct {
			A int8 `json:"a"`
		}), new(struct {
			A string `json:"-"`
		}), new(struct {
			A int `json:"a,omitzero,string"`
		}), new(struct {
			hidden
			A string `json:"a"`
		}), new(map[int]any), new(func()),
	} {
		assert.False(t, envelope.Quick([]byte(`{}`), v), "%T", v)
	}
}

type hidden struct {
	A string `json:"b"`
}

// A type may hold itself.
func TestReadOfATree(t *testing.T) {
	t.Parallel()
	type tree struct {
		Name     string `json:"name"`
		Children []tree `json:"children"`
	}
	var got tree
	require.True(t, envelope.Quick([]byte(`{"name":"a","children":[{"name":"b","children":[]}]}`), &got))
	assert.Equal(t, tree{"a", []tree{{"b", []tree{}}}}, got)
}

// A text that is kept for the next record must not be what is left of another.
func TestTextsOfManyRecords(t *testing.T) {
	t.Parallel()
	for i := range 2000 {
		want := strings.Repeat(string(rune('a'+i%26)), i%100)
		var got wide
		require.NoError(t, envelope.Read([]byte(`{"id":"`+want+`","list":["`+want+`","\u0041`+want+`"]}`), &got))
		assert.Equal(t, want, got.ID)
		assert.Equal(t, []string{want, "A" + want}, got.List)
	}
}

// Whatever quick takes, the library takes in the same way.
func FuzzQuick(f *testing.F) {
	for _, body := range append(append(seeds, taken...), left...) {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got, want wide
		if envelope.Quick(body, &got) {
			require.NoError(t, envelope.Unmarshal(body, &want))
			require.Equal(t, want, got)
		}
		var list, wantList envelope.List[record]
		if envelope.Quick(body, &list) {
			require.NoError(t, envelope.Unmarshal(body, &wantList))
			require.Equal(t, wantList, list)
		}
	})
}
