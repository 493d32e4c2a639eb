package rediswebhook

import (
	"context"
	"crypto/rand"
	_ "embed" // the scripts
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent/webhook"
)

var (
	//go:embed claim.lua
	claimLua string
	//go:embed renew.lua
	renewLua string
	//go:embed release.lua
	releaseLua string

	claimScript   = redis.NewScript(claimLua)
	renewScript   = redis.NewScript(renewLua)
	releaseScript = redis.NewScript(releaseLua)
)

// done stands for an event that was handled. A token never is that.
const done = "done"

// Store is a [webhook.Store] in Redis, which any number of processes can share. It is safe for concurrent use. There is nothing to close; the Redis
// client stays the caller's, and has to stay open until the handler's Shutdown has returned.
type Store struct {
	rdb redis.UniversalClient
	p   Params
}

var _ webhook.Store = (*Store)(nil)

// New returns the store that p says. It sends nothing.
func New(rdb redis.UniversalClient, p Params) *Store { return &Store{rdb: rdb, p: p.withDefaults()} }

// Claim implements [webhook.Store]. It returns when ctx ends, whatever timeouts the Redis client has.
func (s *Store) Claim(ctx context.Context, id string) (webhook.Claim, error) {
	c := &claim{s: s, id: id, key: s.p.Prefix + ":" + id, token: rand.Text()}
	code, err := inTime(ctx, func() (string, error) {
		return claimScript.Run(ctx, s.rdb, []string{c.key}, c.token, s.p.Lease.Milliseconds()).Text()
	}, func() { _ = c.release(context.WithoutCancel(ctx)) })
	switch {
	case err != nil:
		return nil, fmt.Errorf("rediswebhook: claiming %s: %w", id, err)
	case code == done:
		return nil, webhook.ErrDone
	case code == "claimed":
		return nil, webhook.ErrClaimed
	}
	c.keep()
	return c, nil
}

// inTime returns what f does, or that ctx has ended before. go-redis by itself may wait until its own timeouts. late is called if f succeeds then.
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
