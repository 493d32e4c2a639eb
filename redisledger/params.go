package redisledger

import (
	"cmp"
	"strings"
	"time"
)

// Params says where a [Ledger] keeps its entries, and for how long. The zero value works.
type Params struct {
	// Prefix keeps this ledger's keys apart from everything else in Redis, and must be the same wherever the ledger is shared;
	// "voiceagent:ledger" when empty. Braces in it are left out: all keys of a ledger have the prefix as their hash tag, so that they
	// share a slot of a Redis Cluster.
	Prefix string
	// Lease is for how long a key is kept for a process that is at work on it, counted from when Redis last heard of it; 15 s when 0 or
	// negative, and at least 100 ms. It is renewed each third of it. After a crash the keys of the process are busy for that long. It
	// should be several times what a request to Redis may take, with the client's own timeouts and retries.
	Lease time.Duration
	// Keep is how long an entry is kept once it is done, and with it whose the IDs in it are: after that the same idempotency key places
	// the call again. It is 90 days when 0; negative is for ever. Entries that are open or unknown are always kept for ever.
	Keep time.Duration
}

const (
	defaultPrefix = "voiceagent:ledger"
	defaultLease  = 15 * time.Second
	shortestLease = 100 * time.Millisecond
	defaultKeep   = 90 * 24 * time.Hour
)

// withDefaults returns p as it is used. Keep is then 0 for "for ever", as it is for the script.
func (p Params) withDefaults() Params {
	p.Prefix = cmp.Or(strings.NewReplacer("{", "", "}", "").Replace(p.Prefix), defaultPrefix)
	if p.Lease <= 0 {
		p.Lease = defaultLease
	}
	p.Lease = max(p.Lease, shortestLease)
	switch {
	case p.Keep == 0:
		p.Keep = defaultKeep
	case p.Keep < 0:
		p.Keep = 0
	default:
		p.Keep = max(p.Keep, time.Millisecond)
	}
	return p
}
