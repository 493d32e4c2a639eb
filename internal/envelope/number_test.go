package envelope_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

// numbers are texts and what they are in a field of type any.
var numbers = map[string]any{
	"0": 0.0, "-0": math.Copysign(0, -1), "17": 17.0, "-17": -17.0, "999999999999999": 999999999999999.0,
	"9007199254740991": 9007199254740991.0, "9007199254740992": 9007199254740992.0, "9007199254740994": 9007199254740994.0,
	"9007199254740993": json.Number("9007199254740993"), "-9007199254740993": json.Number("-9007199254740993"),
	"9223372036854775807": json.Number("9223372036854775807"), "9223372036854775808": 0x1p63,
	"12345678901234567890": json.Number("12345678901234567890"),
	"12345678901234567168": 12345678901234567168.0, "12345678901234567000": json.Number("12345678901234567000"),
	"1" + strings.Repeat("0", 22):  1e22,
	"1" + strings.Repeat("0", 23):  json.Number("1" + strings.Repeat("0", 23)),
	"1" + strings.Repeat("0", 400): json.Number("1" + strings.Repeat("0", 400)),
	"0.1":                          0.1, "0.12345678901234567890": 0.12345678901234568, "1e23": 1e23, "1e308": 1e308, "1e-400": 0.0, "9007199254740993.0": 9007199254740992.0,
	"1e400": json.Number("1e400"), "-1E+999": json.Number("-1E+999"),
}

// Each pass reads a number as the same, wherever it stands, and it is written as the number that it
// was.
func TestNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range numbers {
		for pad := range 16 { // wherever the bytes are that hasLongInteger looks at
			var got wide
			require.NoError(t, envelope.Unmarshal([]byte(strings.Repeat(" ", pad)+`{"any":`+text+`}`), &got), text)
			assert.Equal(t, want, got.Any, "%d, %s", pad, text)
		}
		body := `{"map":{"a":` + text + `,"b":[{"c":` + text + `}]},"any":` + text
		var strict, lenient, tolerant wide
		require.NoError(t, envelope.Unmarshal([]byte(body+`}`), &strict), text)
		require.NoError(t, envelope.Unmarshal([]byte(body+`,"new":1,"new":2}`), &lenient), text)
		require.NoError(t, envelope.Unmarshal([]byte(body+`,"id":1}`), &tolerant), text)
		for _, got := range []wide{strict, lenient, tolerant} {
			assert.Equal(t, want, got.Any, text)
			assert.Equal(t, map[string]any{"a": want, "b": []any{map[string]any{"c": want}}}, got.Map, text)
		}
		if _, exact := want.(json.Number); exact {
			written, err := envelope.Marshal(strict.Map["b"], 0)
			require.NoError(t, err)
			assert.Equal(t, `[{"c":`+text+`}]`, string(written))
		}
	}
}

// A key twice has the last value, whatever kind the one before was of.
func TestTheLastOfTwoKinds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{`"a"`: "a", "true": true, "null": nil, "1": 1.0, "[1]": []any{1.0}, "9007199254740993": json.Number("9007199254740993")} {
		for _, before := range []string{"9007199254740995", "1", `"b"`, "[2]", "{}"} {
			var got wide
			require.NoError(t, envelope.Unmarshal([]byte(`{"map":{"a":`+before+`,"a":`+text+`}}`), &got))
			assert.Equal(t, map[string]any{"a": want}, got.Map, text)
		}
	}
}

// A json.Number of the user's own is written as encoding/json writes it, or refused as there.
func TestNumbersWritten(t *testing.T) {
	t.Parallel()
	type named struct {
		N json.Number `json:"n"`
	}
	for _, text := range []string{"", "0", "-1.5e3", "true", `"a"`, "[1]", "01", "1 ", " 1", "x", "1,2"} {
		for _, value := range []any{json.Number(text), map[string]any{"a": json.Number(text)}, named{json.Number(text)}, []json.Number{json.Number(text)}} {
			want, wantErr := json.Marshal(value)
			got, err := envelope.Marshal(value, 0)
			require.Equal(t, wantErr == nil, err == nil, "%q: %v", text, err)
			if err == nil {
				assert.Equal(t, string(want), string(got), text)
			}
		}
	}
}

// A caller's own type gets what encoding/json gives it.
func TestNumbersOfOthers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{"data":{"a":[9007199254740993]}}`, `{"data":{"a":[9007199254740993],"b":"` + "\xff" + `"}}`} {
		var out any
		require.NoError(t, (&envelope.Into{Out: &out}).Decode([]byte(body)))
		assert.Equal(t, []any{9007199254740992.0}, out.(map[string]any)["a"])
	}
}
