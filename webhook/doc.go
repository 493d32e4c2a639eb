// Package webhook receives the results of calls. The vendor sends them to the URL in the webhook_config of an agent.
//
//	hooks := webhook.NewHandler(webhook.HandlerParams{
//		Secrets: []string{os.Getenv("WEBHOOK_SECRET")},
//		Handle: func(ctx context.Context, event webhook.Event) error {
//			if ended, ok := event.(*webhook.CallEnded); ok {
//				return save(ctx, ended.Call) // 200 when it has returned nil
//			}
//			return nil
//		},
//	})
//	http.Handle("/webhook/levrage", hooks)
//
// # What is promised
//
// Nothing is answered 200 before Handle has returned nil for it. While this process lives, Handle isn't called again for an event that it has
// handled, as long as the [Store] remembers it, and never twice at once. If the process is killed, the events under way got no 200, so the vendor sends
// them again: 3 attempts are documented. If it was killed after Handle and before the store had recorded that, Handle is called again for that event:
// over crashes it is at least once. [NewMemoryStore], the default, forgets with the process what was handled; the module rediswebhook doesn't. Use
// [Event].ID as a unique key of your own where twice is too often.
//
// Memory is bounded, by [HandlerParams]: at most Requests bodies of 64 KiB and 16 of MaxBody while they are read, and then one event for each
// of Requests, Workers and Queue.
//
// # What is unverified
//
// How the vendor computes X-Levrage-Signature is unknown: its page names the header, and the part with the code could not be read. [Verify] does what
// is likeliest: hex HMAC-SHA256 of the raw body, keyed with the whole secret, with or without "sha256=" before it. If your events are refused with
// 401 although the secret is right, that guess is wrong: set [HandlerParams].Scheme. Which answers count as delivered is inferred (2xx).
package webhook
