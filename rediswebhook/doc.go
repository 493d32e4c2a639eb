// Package rediswebhook keeps a [webhook.Store] in Redis, so that any number of processes can receive the events of the same agents and handle each of
// them once.
//
//	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379"})
//	hooks := webhook.NewHandler(webhook.HandlerParams{
//		Secrets: []string{os.Getenv("WEBHOOK_SECRET")},
//		Handle:  handle,
//		Store:   rediswebhook.New(rdb, rediswebhook.Params{}),
//	})
//
// # Leases
//
// A process that handles an event has claimed it on a lease, 5 s long, which is renewed while Handle runs. If the process is killed the lease ends, and
// the vendor's repetition is handled by whoever it arrives at: that waits for the lease, which is shorter than its own AnswerWithin. A process that is
// stopped, or cut off from Redis, for longer than its lease may go on after another has begun the same event: then it is handled twice. What is
// handled is recorded, whoever holds the claim by then.
//
// # Without Redis
//
// When Redis can't be reached nothing is handled: the vendor is answered 503, and repeats, which it is documented to do twice, or three times. The reason
// is in the log of the handler. An event that was handled when Redis went away is answered 200; for 5 s the store tries to record it, and if that
// fails it would be handled again if it came again.
//
// # What Redis holds
//
// Under PREFIX:ID, the event's ID, whether it is claimed or done, for as long as Params.Keep: some 150 bytes, with no more of the call than its session
// id. If Redis forgets it (a restart without appendonly, a maxmemory-policy that evicts, a failover that loses the last writes) a repetition of the event
// is handled again. A user of its own needs +get +set +del +pexpire +eval +evalsha ~PREFIX:*. It needs Redis 5 or newer.
package rediswebhook
