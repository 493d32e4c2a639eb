// Package redisvoiceagent keeps in Redis what processes that use the voiceagent client share, on
// one machine or on many:
//
//   - [NewLimiter]: one rate limit for all processes with the same API key.
//   - [NewLedger]: which calls were asked for. Whichever processes get a row, die and start again,
//     its call is placed once.
//   - [NewWebhookStore]: which events were handled. Whichever processes receive an event, it is
//     handled once.
//
// Each works without the others, and they need not share a server:
//
//	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
//	client, err := voiceagent.NewClient(
//		voiceagent.WithLimiter(redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{})),
//		voiceagent.WithLedger(redisvoiceagent.NewLedger(rdb, redisvoiceagent.LedgerParams{})),
//	)
//	hooks := webhook.NewHandler(webhook.HandlerParams{
//		Store: redisvoiceagent.NewWebhookStore(rdb, redisvoiceagent.WebhookStoreParams{}),
//		// and the secret, and your function
//	})
//
// The ledger is for calls with a [voiceagent.WithIdempotencyKey]; nothing else is kept.
//
// The Redis client belongs to the caller, and must stay open while they are in use. Nothing but a
// limiter can be closed, and it need not be.
//
// # What Redis must be like
//
// It is Redis 5 or newer, or another server that runs Redis scripts with cjson: one server, or a
// Redis Cluster behind a [redis.ClusterClient]. What it must keep depends on what it is for:
//
//	           while Redis is away                    if Redis forgets
//	limiter    each process keeps to its share        a few answers are a 429
//	ledger     no call is placed                      a person may be called again
//	webhooks   the sender gets a 503, and repeats     a repetition is handled again
//
// So the ledger's server needs appendonly yes, appendfsync always and maxmemory-policy noeviction,
// which [Ledger.Check] checks. A replica gets each write a moment later, so a failover can lose the
// last ones, whatever the settings are.
//
// Times are measured by the clock of Redis alone; the clocks of the machines needn't agree. If that
// clock is set forward, or a server whose clock is ahead takes over, leases end too early.
//
// # What Redis holds
//
//	{voiceagent:limit}:HASH         a budget of an API key, by half of the key's SHA-256; minutes
//	{voiceagent:ledger}:entry:KEY   what was asked for and made under an idempotency key; 90 days
//	{voiceagent:ledger}:owner:ID    the idempotency key that an id belongs to; 90 days
//	{voiceagent:ledger}:twin:HASH   the entries of equal requests that wait for an answer; a day
//	{voiceagent:webhook}:ID         whether an event is claimed or done; 24 hours
//
// What is in braces is the Prefix of the parameters. It is the hash tag of the keys, so that all
// keys with one prefix share a slot of a cluster. Give fleets that don't work together prefixes of
// their own.
//
// The entries of a ledger are personal data, as they have phone numbers and metadata: one to three
// kilobytes each. Redis keeps them in its memory, its files and its replicas. Use TLS, a short
// [LedgerParams].Keep, and a separate user, which needs no more than
//
//	+eval +evalsha +time +type +get +set +del +expire +pexpire
//	+hset +hmget +hgetall +hdel +sadd +srem +smembers
//	+info +config|get
//	~{voiceagent:limit}:* ~{voiceagent:ledger}:* ~{voiceagent:webhook}:*
//
// where the third line is for Check. In a cluster it also needs +cluster|slots.
package redisvoiceagent
