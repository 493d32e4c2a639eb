package redisvoiceagent

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent"
)

// LedgerParams says where a [Ledger] keeps its entries, and for how long. The zero value works.
type LedgerParams struct {
	// Prefix keeps this ledger's keys apart from everything else in Redis, and must be the same
	// wherever the ledger is shared; "voiceagent:ledger" when empty. Braces in it are dropped.
	Prefix string
	// Lease is how long a process keeps a key after its last renewal reached Redis. 0 or less means
	// 15 s; the minimum is 100 ms. The lease is renewed after each third of it. After a crash the keys
	// of the process are busy for that long. It should be several times as long as a request to Redis
	// may take, with the Redis client's timeouts and retries.
	Lease time.Duration
	// Keep is how long an entry and the owners of its IDs are kept after it is done. After that the
	// same idempotency key places the call again. 0 means 90 days, a negative value for ever. Open and
	// unknown entries are always kept for ever.
	Keep time.Duration
}

// Ledger is a [voiceagent.Ledger] in Redis, which any number of processes can share. It is safe for
// concurrent use.
//
// A process that begins a key holds it on a lease of 15 s, which it renews while it lives and
// reaches Redis. Meanwhile another process's Begin of the key returns [voiceagent.ErrLedgerBusy]:
// leave the row to the holder, or try it again later. If the holder dies, the next Begin after the
// end of its lease takes the key over with its standing entry, so that the client looks before it
// dials.
//
// A holder that was stopped, or cut off from Redis, for longer than its lease may come back when
// another process has the key. What it then records does no harm: its Forget removes nothing, its
// "unknown" replaces no "done", and a call that it did make is recorded, unless another call is. It
// must not send any more, so the client calls [Ledger.Held] right before each attempt. If the
// process is stopped between Held and the first byte of its request for longer than half a lease,
// or the API takes longer than that to list a call, a person can still be called twice. A longer
// lease makes that less likely, but the rows of a crashed process wait longer.
//
// Two workers may place equal calls under different keys. The ledger records which requests wait
// for an answer ([voiceagent.SharedLedger]), so that a look takes no call that may belong to an
// equal request. A request whose lease is over isn't waited for. While Redis can't be reached, a
// look takes nothing, and nothing is sent again.
//
// A ledger is as durable as its Redis. With appendfsync everysec a crash of Redis or of the machine
// loses the last second, or two. Without appendonly a restart loses everything since the last
// snapshot, or everything. Replicas aren't waited for, so a failover loses the last writes. A call
// whose entry is lost can be placed again under its key. If that matters more than sharing, use
// boltledger.
type Ledger struct {
	*leases
	prefix prefix
	expiry time.Duration    // of what is done; 0 for never
	holds  map[string]*hold // by idempotency key; guarded by mu
}

var (
	_ voiceagent.LeasedLedger = (*Ledger)(nil)
	_ voiceagent.SharedLedger = (*Ledger)(nil)
)

// NewLedger returns the ledger that p says. It sends nothing; [Ledger.Check] does.
func NewLedger(rdb redis.UniversalClient, p LedgerParams) *Ledger {
	l := &Ledger{leases: newLeases(rdb, ledgerRenew, orDefault(p.Lease, 15*time.Second)),
		prefix: newPrefix(p.Prefix, "voiceagent:ledger"), holds: make(map[string]*hold)}
	if p.Keep >= 0 {
		l.expiry = max(orDefault(p.Keep, 90*24*time.Hour), time.Millisecond)
	}
	return l
}

// Begin implements [voiceagent.Ledger]. It returns an open entry unchanged if its holder has died,
// or was away for longer than its lease. If Redis fails, nothing may be sent. If only the answer of
// Redis was lost, the key is free after a lease.
func (l *Ledger) Begin(ctx context.Context, entry voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	data, err := encodeEntry(entry)
	if err != nil {
		return voiceagent.LedgerEntry{}, false, ledgerError("Begin", entry.Key, err)
	}
	h, before := l.reserve(entry)
	look, token := 1, ""
	if h != nil {
		look, token = 0, h.token
	}
	from := time.Now()
	a, err := l.run(ctx, ledgerBegin, []string{l.entryKey(entry.Key), l.twinKey(entry.Twin)},
		token, entry.Fingerprint, string(entry.State), data, l.length.Milliseconds(), look)
	standing, found, damage := a.standing(entry.Key)
	if damage != nil {
		err = damage
	}
	if err == nil && (a.code() == codeNew || a.code() == codeHeld) {
		l.keep(&h.lease, from)
	} else {
		l.unhold(h, before)
	}
	switch {
	case err != nil:
		return standing, found || errors.Is(err, voiceagent.ErrLedgerBusy), ledgerError("Begin", entry.Key, err)
	case a.code() == codeNew:
		return entry, false, nil
	case !found:
		return standing, false, ledgerError("Begin", entry.Key, errUnreadable)
	}
	return standing, true, nil
}

var errUnreadable = errors.New("the script's answer makes no sense")

// Finish implements [voiceagent.Ledger], for the holder of the key and for a process that held it
// and lost the lease. For the latter, a done entry is recorded whoever holds the key now, and is
// never replaced. If a done entry is recorded already, Finish returns nil for an entry that isn't
// done, and an error for a done entry with other IDs. If Finish fails, the key becomes free after a
// lease.
func (l *Ledger) Finish(ctx context.Context, entry voiceagent.LedgerEntry) error {
	data, err := encodeEntry(entry)
	if err != nil {
		return ledgerError("Finish", entry.Key, err)
	}
	keys := make([]string, 0, 2+len(entry.IDs))
	keys = append(keys, l.entryKey(entry.Key), l.twinKey(entry.Twin))
	for _, id := range entry.IDs {
		keys = append(keys, l.prefix.key("owner:"+id))
	}
	h, token := l.worker(entry.Key)
	a, err := l.run(ctx, ledgerFinish, keys, token, entry.Key, entry.Fingerprint, string(entry.State), data, l.expiry.Milliseconds())
	if err == nil && a.code() == codeOther {
		err = fmt.Errorf("it stands as done already, of something else: %v was made as well", entry.IDs)
	}
	return l.ended(h, "Finish", entry.Key, err)
}

// Forget implements [voiceagent.Ledger]. It removes nothing if this ledger held the key and another
// process has taken it over, or if another process's request under the key may have been done. For
// a key that this ledger doesn't hold the error is [voiceagent.ErrLedgerBusy] while another holds
// it.
func (l *Ledger) Forget(ctx context.Context, key string) error {
	h, token := l.worker(key)
	keys := []string{l.entryKey(key)}
	if h != nil {
		keys = append(keys, l.twinKey(h.twin))
	}
	_, err := l.run(ctx, ledgerForget, keys, token)
	return l.ended(h, "Forget", key, err)
}

// ended lets a key go whose work has ended, unless that could not be recorded.
func (l *Ledger) ended(h *hold, method, key string, err error) error {
	if err == nil {
		l.unhold(h, nil)
		return nil
	}
	l.giveUp(h, err)
	return ledgerError(method, key, err)
}

// Entry returns what stands under a key; false when there is nothing.
func (l *Ledger) Entry(ctx context.Context, key string) (voiceagent.LedgerEntry, bool, error) {
	name := l.entryKey(key)
	fields, err := l.rdb.HGetAll(ctx, name).Result()
	if err != nil || len(fields) == 0 {
		return voiceagent.LedgerEntry{}, false, ledgerError("Entry", key, err)
	}
	entry, err := decodeEntry(key, fields["entry"], fields["fingerprint"], fields["state"])
	return entry, true, ledgerError("Entry", key, err)
}

func (l *Ledger) entryKey(key string) string { return l.prefix.key("entry:" + key) }
func (l *Ledger) twinKey(twin string) string { return l.prefix.key("twin:" + twin) }

// ledgerError says what failed, but lets the errors of every ledger be as they are.
func ledgerError(method, key string, err error) error {
	switch {
	case err == nil, errors.Is(err, voiceagent.ErrLedgerMismatch), errors.Is(err, voiceagent.ErrLedgerBusy),
		errors.Is(err, voiceagent.ErrLedgerTaken):
		return err
	}
	return fmt.Errorf("redisvoiceagent: %s of key %q: %w", method, key, err)
}
