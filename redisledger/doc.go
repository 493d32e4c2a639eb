// Package redisledger keeps a [voiceagent.Ledger] in Redis, so that any number of processes on any number of machines can work through the
// same rows, die, and start again, and each call is placed once.
//
//	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
//	ledger := redisledger.New(rdb, redisledger.Params{})
//	if err := ledger.Check(ctx); err != nil {
//		log.Print(err) // what would make Redis forget
//	}
//	client, err := voiceagent.NewClient(voiceagent.WithLedger(ledger))
//
// # Leases
//
// Whoever begins a key holds it on a lease, 15 s long, which is renewed as long as the process lives and reaches Redis. Until it is finished
// another process's Begin of the key is [voiceagent.ErrLedgerBusy]: leave the row to the other, or come back to it. When the holder dies its lease
// ends, and the next Begin takes the key over with what stands there, so that the client looks before it dials.
//
// A holder may also be stopped (by a debugger, the scheduler, a machine that is moved) or cut off from Redis for longer than its
// lease, and come back when another has taken the key over. What it then tells the ledger harms nothing: its Forget removes nothing, its
// "unknown" replaces no "done" and isn't forgotten by the other, and if it did make a call that is recorded, unless another is. But it must
// not send any more: the client asks [Ledger.Held] right before each attempt. What no ledger can rule out is a process that is stopped between that question and
// the first byte of its request, for longer than half a lease, or an API that takes longer than that to list a call: then a person can be
// called twice. A longer lease makes that less likely, and the rows of a crashed process wait longer.
//
// Leases are measured by the clock of Redis alone; those of the machines needn't agree. If that clock is set forward, or another server with a
// clock that is ahead takes over, leases end too early.
//
// # What Redis may forget
//
// Whoever loses an entry may call a person again. A ledger is as durable as its Redis: with appendonly yes and appendfsync always what a method
// has recorded is on the disk when it returns. With appendfsync everysec a crash of the machine loses the last second, or two; without appendonly
// a restart loses everything since the last snapshot, or everything. Under a maxmemory-policy other than noeviction Redis may throw entries away. [Ledger.Check]
// reports these. Replicas get what is written a moment later, and this package doesn't WAIT for them: a failover loses the last writes, whatever else
// is set, and a call whose entry is lost can be placed again by whoever uses its key. For work where that matters more than being shared, there is
// boltledger.
//
// # What Redis holds
//
// Under {PREFIX}:entry:KEY, for each idempotency key, a hash of the request and the record of what was made, with phone numbers and metadata: one to
// three kilobytes. Under {PREFIX}:owner:ID whose an ID is. That is personal data, and Redis keeps it in its memory, its files and its replicas: use TLS, a
// user of its own (+@read +@write +@scripting +time ~{PREFIX}:*, and +info +config|get for Check), and as short a Params.Keep as will do. It needs Redis 5 or newer.
package redisledger
