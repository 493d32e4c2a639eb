package redisvoiceagent_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/ledgertest"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
)

var begun, other, unknown, done = ledgertest.Begun, ledgertest.Other, ledgertest.Unknown, ledgertest.Done

func freshLedger(t *testing.T) *redisvoiceagent.Ledger {
	t.Helper()
	return redisvoiceagent.NewLedger(connect(t, startRedis(t)), redisvoiceagent.LedgerParams{})
}

// twoLedgers returns two ledgers that share a Redis, with a lease.
func twoLedgers(t *testing.T, lease time.Duration) (a, b *redisvoiceagent.Ledger) {
	t.Helper()
	rdb := connect(t, startRedis(t))
	p := redisvoiceagent.LedgerParams{Lease: lease}
	return redisvoiceagent.NewLedger(rdb, p), redisvoiceagent.NewLedger(rdb, p)
}

// takes begins a key that must be free, and reports whether it was there.
func takes(t *testing.T, l voiceagent.Ledger, key string) (found bool) {
	t.Helper()
	_, found, err := l.Begin(t.Context(), begun(key))
	require.NoError(t, err)
	return found
}

// isBusy reports whether a key is.
func isBusy(t *testing.T, l voiceagent.Ledger, key string) bool {
	t.Helper()
	_, _, err := l.Begin(t.Context(), begun(key))
	if err != nil {
		require.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
	}
	return err != nil
}

// eventuallyTakes begins a key as soon as it is free, and reports whether it was there.
func eventuallyTakes(t *testing.T, l voiceagent.Ledger, key string) (found bool) {
	t.Helper()
	deadline := time.Now().Add(eventually)
	for {
		_, found, err := l.Begin(t.Context(), begun(key))
		if err == nil {
			return found
		}
		require.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
		require.True(t, time.Now().Before(deadline), "%s stays busy", key)
		time.Sleep(10 * time.Millisecond)
	}
}

// stands is what is under a key.
func stands(t *testing.T, l *redisvoiceagent.Ledger, key string) (voiceagent.LedgerEntry, bool) {
	t.Helper()
	entry, found, err := l.Entry(context.WithoutCancel(t.Context()), key)
	require.NoError(t, err)
	return entry, found
}

// isAwaited reports whether an equal request waits under another key than k.
func isAwaited(t *testing.T, l voiceagent.SharedLedger, k string) bool {
	t.Helper()
	awaited, err := l.Awaited(t.Context(), begun(k).Twin, k)
	require.NoError(t, err)
	return awaited
}
