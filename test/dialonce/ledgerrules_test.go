package dialonce_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/ledgertest"
)

func TestMemoryLedgerKeepsTheRules(t *testing.T) {
	t.Parallel()
	for name, steps := range ledgertest.Rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.NoError(t, ledgertest.Run(t.Context(), voiceagent.NewMemoryLedger(), steps))
		})
	}
}

func TestManyUseOneMemoryLedger(t *testing.T) {
	t.Parallel()
	require.NoError(t, ledgertest.Race(t.Context(), voiceagent.NewMemoryLedger()))
}
