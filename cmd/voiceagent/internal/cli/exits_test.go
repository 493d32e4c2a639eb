package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
)

func TestTheGravestCounts(t *testing.T) {
	t.Parallel()
	lost := fmt.Errorf("%w: %w", voiceagent.ErrOutcomeUnknown, context.Canceled)
	assert.Equal(t, OutcomeUnknown, ExitOf(lost).Kind, "Ctrl-C while a phone rings")
	assert.Equal(t, OutcomeUnknown, ExitOf(timeoutError{error: lost}).Kind)
	assert.Equal(t, Interrupted, ExitOf(context.Canceled).Kind)
	assert.Equal(t, Incomplete, ExitOf(fmt.Errorf("x: %w", As(Incomplete, lost))).Kind, "what an error was made goes first")
	assert.Equal(t, Kind("other"), ExitOf(errors.New("the disk is full")).Kind)
}
