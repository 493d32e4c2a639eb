// Package webhook receives the results of calls. The vendor sends them to the URL in the
// webhook_config of an agent.
//
//	hooks := webhook.NewHandler(webhook.HandlerParams{
//		Secrets: []string{os.Getenv("WEBHOOK_SECRET")},
//		Handle: func(ctx context.Context, event webhook.Event) error {
//			if ended, ok := event.(*webhook.CallEnded); ok {
//				return save(ctx, ended.Call) // 200 when it has returned nil
//			}
//			return keep(ctx, event.ID(), event.Raw()) // an UnknownEvent
//		},
//	})
//	http.Handle("/webhook/levrage", hooks)
//
// # What is promised
//
// No event is answered 200 before Handle has returned nil for it. While the process lives, Handle
// isn't called again for an event that it has handled, as long as the [Store] remembers it, and
// never twice at once. If the process is killed, the events under way got no 200, so the vendor
// sends them again: 3 attempts are documented. If it is killed after Handle has returned and before
// the store has recorded that, Handle is called again for the event. So across crashes delivery is
// at least once. [NewMemoryStore], the default, forgets everything when the process ends; the
// module redisvoiceagent doesn't. If handling an event twice does harm, use [Event].ID as a unique
// key of your own.
//
// No signed event is lost because of its JSON: if it can't be read, Handle gets an [UnknownEvent]
// with the raw body, and a line is logged at Warn.
//
// Memory is bounded by [HandlerParams]: while bodies are read, Requests bodies of 64 KiB and 16 of
// MaxBody; then one event with its body for each of Requests, Workers and Queue.
//
// # What is unverified
//
// How the vendor computes X-Levrage-Signature is unknown: its page names the header, and the part
// with the code could not be read. [Verify] does what is likeliest: HMAC-SHA256 of the raw body,
// keyed with the whole secret, in hex or base64, with or without "sha256=" before it. If your
// events are refused with 401 although the secret is right, that guess is wrong: set
// [HandlerParams].Scheme. Which answers count as delivered is inferred (2xx).
package webhook
