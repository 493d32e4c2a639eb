package redisledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent"
)

// Ledger is a [voiceagent.Ledger] in Redis, which any number of processes can share. It is safe for concurrent use. There is nothing to
// close; the Redis client stays the caller's, and has to stay open while calls are placed.
type Ledger struct {
	rdb  redis.UniversalClient
	p    Params
	name string // of this ledger, at random
	n    atomic.Int64

	mu      sync.Mutex
	holds   map[string]*hold
	timer   *time.Timer        // to the next beat
	beating context.CancelFunc // nil when no lease is renewed
}

var _ voiceagent.LeasedLedger = (*Ledger)(nil)

// New returns the ledger that p says. It sends nothing; [Ledger.Check] does.
func New(rdb redis.UniversalClient, p Params) *Ledger {
	return &Ledger{rdb: rdb, p: p.withDefaults(), name: rand.Text(), holds: make(map[string]*hold)}
}

// Begin implements [voiceagent.Ledger]. An open entry whose holder has died, or was away for longer than its lease, is returned as it
// stands. If Redis fails nothing may be sent; if it was only the answer that was lost, the key is free after a lease.
func (l *Ledger) Begin(ctx context.Context, entry voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	data, err := encode(entry)
	if err != nil {
		return voiceagent.LedgerEntry{}, false, failed("Begin", entry.Key, err)
	}
	token := l.name + "." + strconv.FormatInt(l.n.Add(1), 36)
	h, before, mine := l.reserve(entry.Key, token)
	look := 1
	if mine {
		look = 0
	}
	from := time.Now()
	a, err := l.run(ctx, beginScript, []string{l.entryKey(entry.Key)},
		token, entry.Fingerprint, string(entry.State), data, l.p.Lease.Milliseconds(), look)
	standing, found, damage := a.standing(entry.Key)
	if damage != nil {
		err = damage
	}
	if err == nil && (a.code() == codeNew || a.code() == codeHeld) {
		l.hold(h, from)
	} else {
		l.unhold(h, before)
	}
	switch {
	case err != nil:
		return standing, found || errors.Is(err, voiceagent.ErrLedgerBusy), failed("Begin", entry.Key, err)
	case a.code() == codeNew:
		return entry, false, nil
	case !found:
		return standing, false, failed("Begin", entry.Key, errUnreadable)
	}
	return standing, true, nil
}

var errUnreadable = errors.New("the script's answer makes no sense")

// Finish implements [voiceagent.Ledger], for the holder of the key and, if the lease was lost, for one who was. In the second case
// what is done is recorded, whoever holds the key now, and never replaced by anything else: Finish is nil then if the entry isn't of something
// made, and an error if it is of something else, under other IDs. When it fails the key becomes free after a lease.
func (l *Ledger) Finish(ctx context.Context, entry voiceagent.LedgerEntry) error {
	data, err := encode(entry)
	if err != nil {
		return failed("Finish", entry.Key, err)
	}
	keys := make([]string, 1, 1+len(entry.IDs))
	keys[0] = l.entryKey(entry.Key)
	for _, id := range entry.IDs {
		keys = append(keys, l.key("owner", id))
	}
	h, token := l.token(entry.Key)
	a, err := l.run(ctx, finishScript, keys, token, entry.Key, entry.Fingerprint, string(entry.State), data, l.p.Keep.Milliseconds())
	if err == nil && a.code() == codeOther {
		err = fmt.Errorf("it stands as done already, of something else: %v was made as well", entry.IDs)
	}
	return l.ended(h, "Finish", entry.Key, err)
}

// Forget implements [voiceagent.Ledger]. It removes nothing if this ledger held the key and another process has taken it over, or if
// another's request under the key may have been done. For a key that this ledger doesn't hold it is [voiceagent.ErrLedgerBusy] while somebody
// else does.
func (l *Ledger) Forget(ctx context.Context, key string) error {
	h, token := l.token(key)
	_, err := l.run(ctx, forgetScript, []string{l.entryKey(key)}, token)
	return l.ended(h, "Forget", key, err)
}

// ended lets a key go whose work has ended, unless that could not be recorded.
func (l *Ledger) ended(h *hold, method, key string, err error) error {
	if err == nil {
		l.unhold(h, nil)
		return nil
	}
	l.giveUp(h, err)
	return failed(method, key, err)
}

// Entry returns what stands under a key; false when there is nothing.
func (l *Ledger) Entry(ctx context.Context, key string) (voiceagent.LedgerEntry, bool, error) {
	name := l.entryKey(key)
	fields, err := l.rdb.HGetAll(ctx, name).Result()
	if err != nil || len(fields) == 0 {
		return voiceagent.LedgerEntry{}, false, failed("Entry", key, err)
	}
	entry, err := decode(key, fields["entry"], fields["fingerprint"], fields["state"])
	return entry, true, failed("Entry", key, err)
}

// key is a name in Redis. The braces make the prefix what the slot of a cluster is reckoned from.
func (l *Ledger) key(kind, name string) string { return "{" + l.p.Prefix + "}:" + kind + ":" + name }

func (l *Ledger) entryKey(key string) string { return l.key("entry", key) }

// failed says what failed, but lets the errors of every ledger be as they are.
func failed(method, key string, err error) error {
	switch {
	case err == nil, errors.Is(err, voiceagent.ErrLedgerMismatch), errors.Is(err, voiceagent.ErrLedgerBusy),
		errors.Is(err, voiceagent.ErrLedgerTaken):
		return err
	}
	return fmt.Errorf("redisledger: %s of key %q: %w", method, key, err)
}
