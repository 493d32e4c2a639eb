package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A number that no float64 holds is printed as the number that came.
func TestLargeNumbers(t *testing.T) {
	t.Parallel()
	values := map[string]any{"lead": json.Number("9007199254740993")}
	assert.Equal(t, `{"lead":9007199254740993}`, Compact(values))
	var out strings.Builder
	require.NoError(t, WriteJSON(&out, values))
	assert.Equal(t, `{"lead":9007199254740993}`+"\n", out.String())
}
