package redisledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

// ErrNotHeld is why a request must not be sent (any more): this process isn't at work on the key, another process has taken it over, or
// may have done so meanwhile.
var ErrNotHeld = errors.New("this process does not hold the idempotency key")

const (
	beatsPerLease = 3
	// takenLeases is for how many leases a key is kept for a process after its Finish was [voiceagent.ErrLedgerTaken]. It may go on to
	// look, or may have given up, which nobody tells the ledger.
	takenLeases = 4
	mostRenewed = 500 // keys in one request
)

// hold is a key that a caller of this ledger is at work on.
type hold struct {
	key, token string
	held       bool      // Begin has come back
	lost       bool      // Redis says that it isn't ours
	from       time.Time // before the last request that held it was sent, so that the lease ends after from+lease
	until      time.Time // when renewing it ends; zero for never
}

// left is how much of a lease is left, at least. The monotonic clock of some systems stands still while the machine sleeps, and the other
// one may be set back, so whichever is ahead counts.
func (h *hold) left(lease time.Duration) time.Duration {
	now := time.Now()
	return lease - max(now.Sub(h.from), now.Round(0).Sub(h.from.Round(0)))
}

// given tells if nobody is at work on the key, although it was not released.
func (h *hold) given() bool { return !h.until.IsZero() && !time.Now().Before(h.until) }

func (h *hold) renewable() bool { return h.held && !h.lost && !h.given() }

// Held implements [voiceagent.LeasedLedger]; the client asks it right before each attempt: between Begin and that moment the process may have been stopped, or cut off
// from Redis, for longer than the lease, and another process may be at work on the key. It is nil if at least half of the lease is left by
// this machine's clocks, counted from before the last renewal was sent. If not it tries to renew the lease, once. If that fails the error
// satisfies errors.Is(err, [ErrNotHeld]), and the request must not be sent.
func (l *Ledger) Held(ctx context.Context, key string) error {
	l.mu.Lock()
	h := l.holds[key]
	known := h != nil && h.held
	fresh := known && !h.lost && h.left(l.p.Lease) >= l.p.Lease/2
	l.mu.Unlock()
	switch {
	case !known:
		return fmt.Errorf("redisledger: key %q: %w: it was not begun, or has ended", key, ErrNotHeld)
	case fresh:
		return nil
	}
	err := l.renew(ctx, []*hold{h})
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case h.lost:
		return fmt.Errorf("redisledger: key %q: %w: its lease ended, and it was taken over or removed", key, ErrNotHeld)
	case err != nil:
		return fmt.Errorf("redisledger: key %q: %w: its lease could not be renewed: %w", key, ErrNotHeld, err)
	case h.left(l.p.Lease) < l.p.Lease/2:
		return fmt.Errorf("redisledger: key %q: %w: its lease was renewed too slowly", key, ErrNotHeld)
	}
	if !h.until.IsZero() { // it did not end with the Finish that failed
		h.until = time.Now().Add(takenLeases * l.p.Lease)
		l.wake()
	}
	return nil
}

// renew prolongs the leases, as one request to Redis.
func (l *Ledger) renew(ctx context.Context, holds []*hold) error {
	keys := make([]string, len(holds))
	args := make([]any, 1, 1+len(holds))
	args[0] = l.p.Lease.Milliseconds()
	for i, h := range holds {
		keys[i] = l.entryKey(h.key)
		args = append(args, h.token)
	}
	from := time.Now()
	held, err := renewScript.Run(ctx, l.rdb, keys, args...).Int64Slice()
	if err != nil {
		return err
	}
	if len(held) != len(holds) {
		return fmt.Errorf("the script's answer is of %d keys, not %d", len(held), len(holds))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, h := range holds {
		switch {
		case held[i] == 0:
			h.lost = true
		case from.After(h.from):
			h.from = from
		}
	}
	return nil
}

// reserve takes the key for a caller. It is not mine when another caller of this process is at work on it; before is who was.
func (l *Ledger) reserve(key, token string) (h, before *hold, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before = l.holds[key]
	if before != nil && !before.given() {
		return nil, before, false
	}
	h = &hold{key: key, token: token}
	l.holds[key] = h
	return h, before, true
}

// hold begins to renew the lease of a key.
func (l *Ledger) hold(h *hold, from time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.held, h.from = true, from
	l.wake()
}

// wake has the leases renewed from now on, if they aren't.
func (l *Ledger) wake() {
	if l.beating == nil {
		ctx, cancel := context.WithCancel(context.Background())
		l.beating = cancel
		l.timer = time.AfterFunc(l.p.Lease/beatsPerLease, func() { l.beat(ctx) })
	}
}

// unhold lets a key go. Then before, which may be nil, has it as it had before.
func (l *Ledger) unhold(h, before *hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h == nil || l.holds[h.key] != h {
		return
	}
	if delete(l.holds, h.key); before != nil {
		l.holds[h.key] = before
	}
	for _, h := range l.holds {
		if h.renewable() {
			return
		}
	}
	l.rest()
}

// giveUp ends the renewing of a key whose Finish or Forget failed: at once, so that it becomes free with the end of its lease, or
// somewhat later if whoever holds it may still be at work.
func (l *Ledger) giveUp(h *hold, err error) {
	if h == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	h.until = time.Now()
	if errors.Is(err, voiceagent.ErrLedgerTaken) {
		h.until = h.until.Add(takenLeases * l.p.Lease)
	}
}

// token is that of whoever is at work on the key.
func (l *Ledger) token(key string) (h *hold, token string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h = l.holds[key]; h == nil {
		return nil, ""
	}
	return h, h.token
}

// beat renews all leases, and sets the timer to do so again. There is no goroutine in between.
func (l *Ledger) beat(ctx context.Context) {
	holds := l.renewables(ctx)
	pause := l.p.Lease / beatsPerLease
	for part := range slices.Chunk(holds, mostRenewed) {
		if l.renew(ctx, part) != nil {
			pause = l.p.Lease / (3 * beatsPerLease) // time is running out
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() == nil {
		l.timer.Reset(pause)
	}
}

// renewables are the keys to renew. When there are none the beating ends.
func (l *Ledger) renewables(ctx context.Context) (holds []*hold) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ctx.Err() != nil {
		return nil
	}
	for _, h := range l.holds {
		if h.renewable() {
			holds = append(holds, h)
		}
	}
	if len(holds) == 0 {
		l.rest()
	}
	return holds
}

// rest ends the beating, if there is any.
func (l *Ledger) rest() {
	if l.beating != nil {
		l.timer.Stop()
		l.beating()
		l.beating = nil
	}
}
