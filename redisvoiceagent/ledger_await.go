package redisvoiceagent

import (
	"context"
	"time"
)

// Await implements [voiceagent.SharedLedger]. Like [Ledger.Held] it renews the lease. Its error
// satisfies errors.Is(err, [ErrNotHeld]) if another process has taken the key over, Redis can't be
// reached, or too little of the lease is left. The request must not be sent then.
func (l *Ledger) Await(ctx context.Context, key string, waits bool) error {
	h, err := l.begun(key)
	if err != nil {
		return err
	}
	mark := 0
	if waits {
		mark = 1
	}
	from := time.Now()
	a, err := l.run(ctx, ledgerAwait, []string{h.key, l.twinKey(h.twin)},
		h.token, l.length.Milliseconds(), mark)
	if err == nil {
		l.note(&h.lease, a.code() != codeLost, from)
	}
	return l.confirmHold(h, err)
}

// Awaited implements [voiceagent.SharedLedger]. A request whose lease is over isn't awaited, until
// its worker comes back and renews it. While Redis can't be reached Awaited returns an error, and a
// look takes nothing.
func (l *Ledger) Awaited(ctx context.Context, twin, key string) (bool, error) {
	for keys := []string{l.twinKey(twin), l.entryKey(key)}; ; {
		a, err := l.run(ctx, ledgerAwaited, keys)
		if err != nil {
			return false, ledgerError("Awaited", key, err)
		}
		if a.code() != codeMore {
			return a.code() == codeWaits, nil
		}
		keys = append(keys[:2], a[1:]...)
	}
}
