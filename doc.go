// Package voiceagent is a client for the Levrage.AI voice-agent API: agents that talk, calls, and campaigns that call a list of
// contacts. It is an independent client, not the vendor's.
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
// Every error answer is an [*APIError] and one of the types that embed it: [*ValidationError], [*NotFoundError], [*RateLimitError]
// and so on, found with [errors.As]. Each shows the request id, and a hint where one is known. No answer is a [*ConnectionError], an unreadable
// one a [*DecodeError].
//
// # Retries
//
// Each status is retried or not as the vendor's table says; see [DefaultRetryPolicy]. A wait that can't end before the context's deadline isn't
// begun.
//
// # Never dial twice
//
// A repeated POST /call rings a person's phone again. So a write that creates something is repeated only when the server can't have done it: the
// request never left whole, or the server said no. When its answer is lost the client looks for what it may have made, and returns that; what it
// doesn't find ends in an error that satisfies errors.Is(err, [ErrOutcomeUnknown]), or, after a 504,
// is sent again. With a [Ledger] this holds for a process that is killed and starts again, too.
//
// # Rate limits
//
// One [Client] is one careful caller, however many goroutines share it: it never has more requests in flight than the API's X-RateLimit-Remaining
// allows, and waits for the reset on the server's clock. See [NewLimiter].
//
// # What is known of the API
//
// The comment of each method says how its endpoint is known: documented on the vendor's pages, seen in use by another client, or inferred.
// Whatever the client doesn't know goes through: unknown fields land in Extra, unknown parameters are sent from Extra, and [Client.Request]
// reaches any endpoint.
package voiceagent
