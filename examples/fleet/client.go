package main

import (
	"log/slog"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisledger"
	"github.com/voiceagent-go/voiceagent/redislimit"
)

// ledger is where the workers write down each call before they place it.
func (l *list) ledger() *redisledger.Ledger {
	return redisledger.New(l.rdb, redisledger.Params{Prefix: l.ledgerPrefix()})
}

// newClient returns the client of a worker. Its limiter and its ledger are shared by all workers, through Redis.
func newClient(l *list, log *slog.Logger) (*voiceagent.Client, error) {
	return voiceagent.NewClient(
		voiceagent.WithApplication("fleet", ""),
		voiceagent.WithMaxElapsed(callTime),
		voiceagent.WithLimiter(redislimit.New(l.rdb, redislimit.Params{Logger: log})),
		voiceagent.WithLedger(l.ledger()),
	)
}
