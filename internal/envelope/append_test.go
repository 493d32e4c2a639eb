package envelope_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

func TestAddMember(t *testing.T) {
	t.Parallel()
	five := 5
	values := map[string]any{
		"": "", "text": "Asha", "quoted": "\"a\\\n\u2028", "नाम": "नमस्ते", "true": true, "false": false, "nil": nil, "int": -17, "int64": int64(1 << 60), "uint8": uint8(7),
		"float": 1.5, "whole": 1e15, "small": -1e-9, "zero": 0.0, "pointer": &five, "time": time.Unix(0, 0).UTC(), "number": json.Number("12"), "raw": json.RawMessage(`[1]`),
		"list": []any{1, "a", nil}, "strings": []string{"a"}, "map": map[string]any{"a": map[string]any{"b": []any{}}}, "empty": map[string]any{}, "typed": map[string]int{"a": 1},
		"struct": struct{ A string }{"b"},
	}
	for _, object := range []string{`{}`, `{"a":1}`} {
		for _, value := range []any{values, []map[string]any{values, nil, {}}, []map[string]any{}, map[string]any(nil), "text"} {
			got, err := envelope.AddMember([]byte(object), "member", value)
			require.NoError(t, err)
			want, err := envelope.Marshal(value, true)
			require.NoError(t, err)
			wantWhole := `{"member":` + string(want) + `}`
			if object != `{}` {
				wantWhole = `{"a":1,"member":` + string(want) + `}`
			}
			assert.JSONEq(t, wantWhole, string(got))
		}
	}
}

func TestAddMemberRefuses(t *testing.T) {
	t.Parallel()
	itself := map[string]any{}
	itself["a"] = itself
	circle := map[string]any{}
	circle["a"] = []map[string]any{circle}
	for name, value := range map[string]any{
		"not a number": math.NaN(), "infinity": math.Inf(1), "channel": make(chan int), "broken text": "\xff", "itself": itself, "a circle": circle,
	} {
		_, err := envelope.AddMember([]byte(`{}`), "contacts", []map[string]any{{}, {"field": value}})
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), `"contacts": 1: "field": `, name)
		assert.Less(t, len(err.Error()), 1000, name)
	}
	_, err := envelope.AddMember([]byte(`{}`), "metadata", map[string]any{"\xff": 1})
	require.ErrorContains(t, err, `"metadata": "\xff": `)
}

// Long bodies are written into a buffer of the right size at once.
func TestAddMemberAllocatesOnce(t *testing.T) {
	contacts := make([]map[string]any, 200)
	for i := range contacts {
		contacts[i] = map[string]any{"phone": fmt.Sprintf("+9198765%05d", i), "name": "Asha Rao", "age": 30}
	}
	allocs := testing.AllocsPerRun(10, func() {
		_, err := envelope.AddMember([]byte(`{"name":"January"}`), "contacts", contacts)
		require.NoError(t, err)
	})
	assert.LessOrEqual(t, allocs, 2.0)
}

// Whatever a text is, it can be read again, or is refused as the library refuses it.
func FuzzAddMember(f *testing.F) {
	for _, text := range []string{"", "a", "\"", "\\", "\x00", "\u2028", "\xff", "😀"} {
		f.Add(text, text, 1.5)
	}
	f.Fuzz(func(t *testing.T, name, text string, number float64) {
		value := map[string]any{name: text, name + "a": number, name + "b": []any{text}}
		got, err := envelope.AddMember([]byte(`{}`), "member", value)
		want, wantErr := envelope.Marshal(map[string]any{"member": value}, false)
		require.Equal(t, wantErr == nil, err == nil)
		if err == nil {
			require.JSONEq(t, string(want), string(got))
		}
	})
}
