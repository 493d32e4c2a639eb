package redisvoiceagent_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// longWait is a limiter during whose wait something happens.
type longWait struct{ meanwhile func() }

func (l longWait) Acquire(context.Context) error                   { l.meanwhile(); return nil }
func (l longWait) Release(context.Context, voiceagent.Observation) {}

// A call that waits for the rate limit for longer than its lease, and loses its key meanwhile,
// isn't placed.
func TestLedgerClientAsksBeforeItSends(t *testing.T) {
	rdb := connect(t, startRedis(t))
	ledger := redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{Lease: shortLease})
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	params := voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: "+15550100001"}
	key := voiceagent.WithIdempotencyKey("row-1")
	lost := longWait{func() {
		require.NoError(t, rdb.FlushAll(t.Context()).Err())
		require.Eventually(t, func() bool { return ledger.Held(t.Context(), "row-1") != nil }, eventually, 10*time.Millisecond)
	}}
	_, err := srv.Client(voiceagent.WithLedger(ledger), voiceagent.WithLimiter(lost)).Calls.Create(t.Context(), params, key)
	require.ErrorIs(t, err, redisvoiceagent.ErrNotHeld)
	assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	assert.Empty(t, srv.Dialed())

	_, err = srv.Client(voiceagent.WithLedger(ledger), voiceagent.WithLimiter(longWait{func() {}})).Calls.Create(t.Context(), params, key)
	require.NoError(t, err)
	assert.Len(t, srv.Dialed(), 1)
}
