package rediswebhook

import (
	"context"
	"fmt"
	"time"
)

const (
	beatsPerLease = 3
	recordPause   = 200 * time.Millisecond
)

// claim is the right to handle an event, as long as its lease is renewed.
type claim struct {
	s              *Store
	id, key, token string
	rest           context.CancelFunc // ends the renewing
}

// keep renews the lease until rest is called, or somebody else has the event.
func (c *claim) keep() {
	var ctx context.Context
	ctx, c.rest = context.WithCancel(context.Background())
	beat := time.NewTicker(c.s.p.Lease / beatsPerLease)
	go func() {
		defer beat.Stop()
		for {
			select {
			case <-beat.C:
			case <-ctx.Done():
				return
			}
			held, err := renewScript.Run(ctx, c.s.rdb, []string{c.key}, c.token, c.s.p.Lease.Milliseconds()).Int()
			if err == nil && held == 0 {
				return
			}
		}
	}()
}

// Done implements [webhook.Claim]. It records that the event was handled even if the lease was lost, and tries until ctx ends: whoever had done the
// work would else do it again.
func (c *claim) Done(ctx context.Context) error {
	defer c.rest()
	for {
		_, err := inTime(ctx, func() (string, error) { return c.s.rdb.Set(ctx, c.key, done, c.s.p.Keep).Result() }, func() {})
		if err == nil {
			return nil
		}
		select {
		case <-time.After(recordPause):
		case <-ctx.Done():
			return fmt.Errorf("rediswebhook: recording %s: %w", c.id, err)
		}
	}
}

// Release implements [webhook.Claim]. It changes nothing if somebody else has the event.
func (c *claim) Release(ctx context.Context) error {
	c.rest()
	_, err := inTime(ctx, func() (struct{}, error) { return struct{}{}, c.release(ctx) }, func() {})
	if err != nil {
		return fmt.Errorf("rediswebhook: giving %s back: %w", c.id, err)
	}
	return nil
}

func (c *claim) release(ctx context.Context) error {
	return releaseScript.Run(ctx, c.s.rdb, []string{c.key}, c.token).Err()
}
