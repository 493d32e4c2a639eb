package wire_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// A timestamp takes anything, and what it has read it can write and read again.
func FuzzTimestamp(f *testing.F) {
	for _, data := range []string{`"2025-01-15T10:27:05Z"`, `"2025-01-15T10:27:05.123456+05:30"`, `"2025-01-15 10:27:05"`, `"2025-01-15"`, `"10:27:05"`, `"10:27"`,
		`1736936825`, `1736936825.5`, `1736936825000`, `"1736936825"`, `null`, `""`, `"None"`, `"soon"`, `{"a":1}`, `-5`, `1e300`, `-0`, `0`, `1e-320`,
		`"2025-01-15T10:27:05+24:00"`, `"2025-01-15T10:27:05-23:59"`, `"0000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59Z"`, "\"\xff\"", `"\ud800"`, `"\u0000"`, `"`, ``} {
		f.Add([]byte(data))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := voiceagent.Timestamp{Time: time.Now()}
		require.NoError(t, got.UnmarshalJSON(data))
		_ = got.String()
		written, err := json.Marshal(got)
		require.NoError(t, err)
		if !json.Valid(data) {
			return // by hand it may be given anything, and what is left of it is a guess
		}
		var again voiceagent.Timestamp
		require.NoError(t, json.Unmarshal(written, &again))
		assert.True(t, got.Equal(again.Time), "%s: %v was written as %s", data, got.Time, written)
		assert.Equal(t, got.Raw(), again.Raw())
		if got.IsZero() && got.Raw() == "" {
			assert.Equal(t, "null", string(written))
			assert.Empty(t, got.String())
		}
	})
}
