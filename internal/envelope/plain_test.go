package envelope_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// membersOf returns what PlainMembers tells of an object; false where it leaves it to a decoder.
func membersOf(object []byte) (map[string]string, bool) {
	got := make(map[string]string)
	ok := envelope.PlainMembers(object, func(key, value []byte) { got[string(key)] = string(value) })
	return got, ok
}

func TestPlainMembers(t *testing.T) {
	t.Parallel()
	for object, want := range map[string]map[string]string{
		`{}`:                               {},
		` { } `:                            {},
		`{"role":"agent"}`:                 {"role": "agent"},
		" {\n\"a\" : \"b\" ,\t\"c\":\"\"}": {"a": "b", "c": ""},
		`{"content":"नमस्ते"}`:             {"content": "नमस्ते"},
		`{"a":"b","a":"c"}`:                {"a": "c"},
	} {
		got, ok := membersOf([]byte(object))
		assert.True(t, ok, object)
		assert.Equal(t, want, got, object)
	}
	for _, object := range []string{
		``, `null`, `[]`, `"a"`, `{`, `{"a"`, `{"a":`, `{"a":"b"`, `{"a":"b",`, `{"a":"b",}`, `{,}`, `{"a":"b"}x`, `{"a":1}`, `{"a":null}`,
		`{"a":"b\n"}`, `{"\u0061":"b"}`, "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", `{"a":{"b":"c"}}`, `{"a" "b"}`, `{a:"b"}`,
	} {
		_, ok := membersOf([]byte(object))
		assert.False(t, ok, object)
	}
}

// Whatever PlainMembers takes, a decoder takes in the same way.
func FuzzPlainMembers(f *testing.F) {
	for _, object := range []string{`{}`, `{"role":"agent","content":"Hello"}`, `{"a":"b","a":"c"}`, `{"a":"\n"}`, "{\"a\":\"\xff\"}", `{"a":1}`, `{"a":"b"}}`} {
		f.Add([]byte(object))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		got, ok := membersOf(object)
		if !ok {
			return
		}
		decoded := make(map[string]string)
		require.NoError(t, envelope.Unmarshal(object, &decoded))
		require.Equal(t, decoded, got)
	})
}
