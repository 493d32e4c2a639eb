package redisvoiceagent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// ErrNotHeld means that a request must not be sent: this process doesn't hold the key, or another
// process has taken it over, or may have.
var ErrNotHeld = errors.New("this process does not hold the idempotency key")

// takenLeases is the number of leases for which a process keeps a key after its Finish was
// [voiceagent.ErrLedgerTaken]. The call may go on looking, or may have given up, which the ledger
// doesn't learn.
const takenLeases = 4

// hold is a key that a caller of this ledger is at work on. Its lease is kept when Begin has come
// back.
type hold struct {
	lease
	name string // the idempotency key
	twin string
}

// Held implements [voiceagent.LeasedLedger]. The client calls it right before each attempt: since
// Begin the process may have been stopped, or cut off from Redis, for longer than the lease, and
// another process may be at work on the key. Held returns nil if at least half of the lease is left
// by this machine's clocks, counted from before the last renewal was sent. If not, it tries once to
// renew the lease. If that fails, the error satisfies errors.Is(err, [ErrNotHeld]), and the request
// must not be sent.
func (l *Ledger) Held(ctx context.Context, key string) error {
	h, err := l.begun(key)
	if err != nil || l.confirmHold(h, nil) == nil {
		return err
	}
	return l.confirmHold(h, l.renew(ctx, &h.lease))
}

// begun returns the hold of a key that Begin has come back for.
func (l *Ledger) begun(key string) (*hold, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.holds[key]
	if h == nil || h.renewed.IsZero() {
		return nil, fmt.Errorf("redisvoiceagent: key %q: %w: it was not begun, or has ended", key, ErrNotHeld)
	}
	return h, nil
}

// confirmHold returns nil if at least half of a lease is left after a try to renew it, which
// returned err.
func (l *Ledger) confirmHold(h *hold, err error) error {
	if err = l.confirm(&h.lease, err, takenLeases*l.length); err != nil {
		return fmt.Errorf("redisvoiceagent: key %q: %w: %w", h.name, ErrNotHeld, err)
	}
	return nil
}

// reserve takes the key for a caller. h is nil if another caller of this process is at work on the
// key; before is the hold of an earlier caller.
func (l *Ledger) reserve(entry voiceagent.LedgerEntry) (h, before *hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before = l.holds[entry.Key]
	if before != nil && !before.isDropped() {
		return nil, before
	}
	h = &hold{lease: newLease(l.entryKey(entry.Key)), name: entry.Key, twin: entry.Twin}
	l.holds[entry.Key] = h
	return h, before
}

// worker returns the hold and the token of whoever is at work on the key; nil and "" for nobody.
func (l *Ledger) worker(key string) (h *hold, token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h = l.holds[key]; h == nil {
		return nil, ""
	}
	return h, h.token
}

// unhold lets a key go. Then before, which may be nil, has it as it had before.
func (l *Ledger) unhold(h, before *hold) {
	if h == nil {
		return
	}
	l.drop(&h.lease, 0)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holds[h.name] != h {
		return
	}
	if delete(l.holds, h.name); before != nil {
		l.holds[h.name] = before
	}
}

// giveUp ends the renewing for a key whose Finish or Forget failed. It ends it at once, so that the
// key becomes free when its lease ends, or a little later if the caller may still be at work.
func (l *Ledger) giveUp(h *hold, err error) {
	if h == nil {
		return
	}
	var wait time.Duration
	if errors.Is(err, voiceagent.ErrLedgerTaken) {
		wait = takenLeases * l.length
	}
	l.drop(&h.lease, wait)
}
