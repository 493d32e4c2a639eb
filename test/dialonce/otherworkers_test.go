package dialonce_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// A worker doesn't place its lost call again because another worker has taken the record of it
// while its own is still to ring.
func TestAnotherWorkerTakesTheRecord(t *testing.T) {
	t.Parallel()
	for _, theirs := range []reply{{status: http.StatusGatewayTimeout, later: 5 * time.Second}, {later: 5 * time.Second}} {
		on(t, &api{answers: []reply{done, done, theirs, badGate, done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
			ledger := voiceagent.WithLedger(voiceagent.NewMemoryLedger())
			one, two := a.client(ledger), a.client(ledger)
			witness(t, one)
			witness(t, two)
			other := make(chan error)
			go func() {
				_, err := two.Calls.Create(t.Context(), person(1))
				other <- err
			}()
			synctest.Wait()
			_, err := one.Calls.Create(t.Context(), person(1), row)
			require.NoError(t, err)
			require.NoError(t, <-other)
			assert.Equal(t, 4, a.posts, "two are wanted, and two were sent")
		})
	}
}

// byOtherIDs lists records under other ids than the answers name.
func byOtherIDs(all []record) (int, []record) {
	shown := make([]record, len(all))
	for i, r := range all {
		shown[i] = record{"session_id": fmt.Sprint("s-", r["id"]), "agent_id": r["agent_id"], "phone_number": r["phone_number"],
			"direction": r["direction"], "metadata": r["metadata"], "created_at": r["created_at"]}
	}
	return http.StatusOK, shown
}

// Where the list has other ids than the answers, a call that another worker has placed can't be
// distinguished from the lost one. So it isn't taken.
func TestAnotherWorkersCallUnderAnotherID(t *testing.T) {
	t.Parallel()
	for _, mine := range []reply{lostNot, lateNot, badNot} {
		on(t, &api{answers: []reply{done, done, mine}, list: byOtherIDs}, func(t *testing.T, a *api, _ *voiceagent.Client) {
			ledger := voiceagent.WithLedger(voiceagent.NewMemoryLedger())
			one, two := a.client(ledger), a.client(ledger)
			witness(t, one)
			_, err := two.Calls.Create(t.Context(), person(1))
			require.NoError(t, err)
			_, err = one.Calls.Create(t.Context(), person(1), row)
			assert.Equal(t, unknown, endOf(err), "%v", err)
		})
	}
}

// Nor can one that the earlier process has placed.
func TestRestartAfterAnEqualCallUnderAnotherID(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done, lostNot}, list: byOtherIDs}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		ledger := &dying{MemoryLedger: voiceagent.NewMemoryLedger()}
		first := a.client(voiceagent.WithLedger(ledger))
		_, err := first.Calls.Create(t.Context(), person(1))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		a.answered = func() { ledger.dead = true; cancel() }
		_, _ = first.Calls.Create(ctx, person(1), row)
		a.answered = nil
		_, err = a.client(voiceagent.WithLedger(ledger.heir(t))).Calls.Create(t.Context(), person(1), row)
		assert.Equal(t, unknown, endOf(err), "%v", err)
	})
}
