package dialonce_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// awayLedger is away when a result is to be taken down. When it is back the entry stands as it was
// begun, and nobody holds it.
type awayLedger struct {
	*voiceagent.MemoryLedger
	begun voiceagent.LedgerEntry
	away  bool
}

func (l *awayLedger) Begin(ctx context.Context, entry voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	l.begun = entry
	return l.MemoryLedger.Begin(ctx, entry)
}

func (l *awayLedger) Finish(ctx context.Context, entry voiceagent.LedgerEntry) error {
	if !l.away {
		return l.MemoryLedger.Finish(ctx, entry)
	}
	l.MemoryLedger = voiceagent.NewMemoryLedger()
	return errors.Join(errors.New("the ledger is away"), l.MemoryLedger.Finish(ctx, l.begun))
}

// A call whose result the ledger did not take down, and that the same process is asked for again,
// is found: that the process knows its ids doesn't make it another's.
func TestAskedAgainAfterTheLedgerWasAway(t *testing.T) {
	t.Parallel()
	for name, faults := range map[string][]voiceagenttest.Fault{
		"answered":        nil,
		"found by a look": {{Method: "POST", Kind: voiceagenttest.DropAfter}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := voiceagenttest.NewServer()
				defer srv.Close()
				agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
				ledger := &awayLedger{MemoryLedger: voiceagent.NewMemoryLedger()}
				client := srv.Client(voiceagent.WithLedger(ledger))
				_, err := client.Calls.Create(t.Context(), callTo(agent, "+15550100001"))
				require.NoError(t, err)

				srv.Fail(faults...)
				ledger.away = true
				row := voiceagent.WithIdempotencyKey("row-1")
				first, err := client.Calls.Create(t.Context(), callTo(agent, lostNumber), row)
				if err != nil { // what can't be taken down may not be handed out
					require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				}
				ledger.away = false
				time.Sleep(2 * time.Second)
				again, err := client.Calls.Create(t.Context(), callTo(agent, lostNumber), row)
				require.NoError(t, err)
				if first != nil {
					assert.Equal(t, first.Ref(), again.Ref())
				}
				assert.Len(t, ringsOf(srv, lostNumber), 1)
			})
		})
	}
}
