package voiceagenttest_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// TestEveryHabitIsDocumented keeps the tables of docs/simulator.md complete, and free of fields
// that no longer exist.
func TestEveryHabitIsDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/simulator.md")
	require.NoError(t, err)
	_, tables, found := strings.Cut(string(page), "\n## Habits of real servers\n")
	require.True(t, found)
	var documented, fields []string
	for line := range strings.Lines(tables) {
		if columns := strings.Split(line, "|"); len(columns) == 5 && strings.Contains(columns[2], "`") {
			for name := range strings.SplitSeq(columns[2], ",") {
				documented = append(documented, strings.Trim(name, " `"))
			}
		}
	}
	for field := range reflect.TypeFor[voiceagenttest.Dialect]().Fields() {
		fields = append(fields, field.Name)
	}
	assert.ElementsMatch(t, fields, documented)
}
