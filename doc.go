// Package voiceagent is a client for the Levrage.AI voice-agent API: agents that talk, calls, and
// campaigns that call a list of contacts. It is an independent client, not the vendor's.
//
//	client, err := voiceagent.NewClient() // the key comes from VOICEAGENT_API_KEY
//	call, err := client.Calls.Create(ctx, voiceagent.CallCreateParams{
//		AgentID: agentID,
//		From:    "+15550100000",
//		To:      "+919876543210",
//	})
//
// # Errors
//
// Every error answer is an [*APIError] and one of the types that embed it: [*ValidationError],
// [*NotFoundError], [*RateLimitError] and so on, found with [errors.As]. Each shows the request id,
// and a hint if there is one. A missing answer is a [*ConnectionError], an unreadable one a
// [*DecodeError].
//
// # Retries
//
// Which statuses are retried follows the vendor's table; see [DefaultRetryPolicy]. The client
// doesn't begin a wait that would outlast the context's deadline.
//
// # Never dial twice
//
// A repeated POST /call rings a person's phone again. So a write that creates something is sent
// again only if it was never sent whole, was turned away by a 429, or if the list proves that
// nothing was made after a 500, 502, 503 or 504. There is one exception: a client's first calls,
// for which no list can prove anything, are sent again after a 500, 502 or 503, as the vendor's
// guide says. They may ring twice; [OutcomeFail] rules it out.
//
// If the answer is lost, the client looks for what the request may have made, and returns it. What
// is neither found nor refuted ends in an error that satisfies errors.Is(err, [ErrOutcomeUnknown]).
// With a [Ledger] this also holds for a process that is killed and starts again.
//
// # Rate limits
//
// All goroutines that share a [Client] share its limiter. The client never has more requests in
// flight than the API's X-RateLimit-Remaining allows, and waits for the reset by the server's
// clock. See [NewLimiter].
//
// # What is known of the API
//
// The comment of each method says how its endpoint is known: documented on the vendor's pages, seen
// in use by another client, or inferred. What the client doesn't know is passed through: unknown
// fields are in Extra, unknown parameters are sent from Extra, and [Client.Request] reaches any
// endpoint.
package voiceagent
