package redisvoiceagent

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent/webhook"
)

const recordPause = 200 * time.Millisecond

// What the key of an event holds, besides the token of a claim.
const handled = "done"

// WebhookStoreParams says where a [WebhookStore] keeps what it knows, and for how long. The zero
// value works.
type WebhookStoreParams struct {
	// Prefix keeps this store's keys apart from everything else in Redis, and must be the same
	// wherever the store is shared; "voiceagent:webhook" when empty. Braces in it are dropped.
	// Endpoints that handle the same events for different purposes need different prefixes.
	Prefix string
	// Lease is how long an event stays claimed after the last renewal reached Redis. 0 or less means
	// 5 s; the minimum is 100 ms. The lease is renewed after each third of it. It should be shorter
	// than HandlerParams.AnswerWithin, so that a repetition can take over from a process that was
	// killed, and several times as long as a request to Redis may take.
	Lease time.Duration
	// Keep is how long a handled event is remembered; 0 or less means 24 h. The vendor repeats within
	// seconds, so Keep is mostly a protection against replayed deliveries.
	Keep time.Duration
}

// WebhookStore is a [webhook.Store] in Redis, which any number of processes can share. It is safe
// for concurrent use.
//
// A process that handles an event has claimed it on a lease of 5 s, which is renewed while Handle
// runs. If the process is killed, the one that gets the vendor's repetition handles the event when
// the lease is over. A process that is stopped, or cut off from Redis, for longer than its lease
// may go on after another has begun the same event. Then the event is handled twice.
//
// While Redis can't be reached, no event is handled. The vendor is answered 503 and repeats the
// event, as it is documented to do two or three times. The handler logs the reason. If Redis goes
// down while an event is handled, the store tries for 5 s to record it; if that fails, a repetition
// would be handled again.
type WebhookStore struct {
	*leases
	prefix prefix
	expiry time.Duration // of what was handled
}

var _ webhook.Store = (*WebhookStore)(nil)

// NewWebhookStore returns the store that p says. It sends nothing.
func NewWebhookStore(rdb redis.UniversalClient, p WebhookStoreParams) *WebhookStore {
	return &WebhookStore{leases: newLeases(rdb, webhookRenew, orDefault(p.Lease, 5*time.Second)),
		prefix: newPrefix(p.Prefix, "voiceagent:webhook"), expiry: max(orDefault(p.Keep, 24*time.Hour), time.Millisecond)}
}

// Claim implements [webhook.Store]. It returns when ctx ends, whatever timeouts the Redis client
// has.
func (s *WebhookStore) Claim(ctx context.Context, id string) (webhook.Claim, error) {
	c := &claim{s: s, id: id, lease: newLease(s.prefix.key(id))}
	from := time.Now()
	code, err := inTime(ctx, func() (string, error) {
		return webhookClaim.Run(ctx, s.rdb, []string{c.key}, c.token, s.length.Milliseconds()).Text()
	}, func() { _ = c.release(context.WithoutCancel(ctx)) })
	switch {
	case err != nil:
		return nil, fmt.Errorf("redisvoiceagent: claiming %s: %w", id, err)
	case code == handled:
		return nil, webhook.ErrDone
	case code == "claimed":
		return nil, webhook.ErrClaimed
	}
	s.keep(&c.lease, from)
	return c, nil
}

// claim is the right to handle an event, as long as its lease is renewed.
type claim struct {
	lease
	s  *WebhookStore
	id string // of the event
}

// Done implements [webhook.Claim]. It records that the event was handled even if the lease was
// lost, and retries until ctx ends: an event that isn't recorded would be handled again.
func (c *claim) Done(ctx context.Context) error {
	defer c.s.drop(&c.lease, 0)
	for {
		_, err := inTime(ctx, func() (string, error) { return c.s.rdb.Set(ctx, c.key, handled, c.s.expiry).Result() }, func() {})
		if err == nil {
			return nil
		}
		select {
		case <-time.After(recordPause):
		case <-ctx.Done():
			return fmt.Errorf("redisvoiceagent: recording %s: %w", c.id, err)
		}
	}
}

// Release implements [webhook.Claim]. It changes nothing if somebody else has the event.
func (c *claim) Release(ctx context.Context) error {
	c.s.drop(&c.lease, 0)
	_, err := inTime(ctx, func() (struct{}, error) { return struct{}{}, c.release(ctx) }, func() {})
	if err != nil {
		return fmt.Errorf("redisvoiceagent: giving %s back: %w", c.id, err)
	}
	return nil
}

func (c *claim) release(ctx context.Context) error {
	return webhookRelease.Run(ctx, c.s.rdb, []string{c.key}, c.token).Err()
}

// inTime returns the results of f, or the error of ctx if it ends first. go-redis may wait longer,
// for its own timeouts. late is called if f succeeds after that.
func inTime[T any](ctx context.Context, f func() (T, error), late func()) (T, error) {
	type result struct {
		value T
		err   error
	}
	results := make(chan result)
	go func() {
		value, err := f()
		select {
		case results <- result{value, err}:
		case <-ctx.Done():
			if err == nil {
				late()
			}
		}
	}()
	select {
	case r := <-results:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
