package redisledger

import (
	"context"
	"time"
)

// Lapse makes a ledger believe that the lease of a key was last renewed so long ago that it is over.
func Lapse(l *Ledger, key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h := l.holds[key]; h != nil {
		h.from = time.Now().Add(-l.p.Lease)
	}
}

// Beating tells if a ledger renews leases.
func Beating(l *Ledger) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.beating != nil
}

// Freeze ends the beating, as if the process had been stopped. The leases go on.
func Freeze(l *Ledger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rest()
}

// Thaw begins it again.
func Thaw(l *Ledger) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wake()
}

// End ends the lease of a key in Redis, as the passing of time would.
func End(ctx context.Context, l *Ledger, key string) error {
	return l.rdb.HSet(ctx, l.entryKey(key), "until", "1").Err()
}
