package voiceagent

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"time"
)

const defaultWatchInterval = 2 * time.Second

// WatchParams says how to watch. The zero value polls every 2 s.
type WatchParams struct {
	// Interval between two looks. They get rarer when little of the rate limit is left.
	Interval time.Duration
}

// watch polls until ended, and yields what differs from the time before.
func watch[T any](ctx context.Context, c *Client, params WatchParams, look func() (*T, error), ended func(*T) bool) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		if params.Interval < 0 {
			yield(nil, refuse("GET", "", "interval", fmt.Sprintf("%v is negative", params.Interval)))
			return
		}
		var last *T
		for {
			now, err := look()
			if err != nil {
				yield(nil, err)
				return
			}
			if last == nil || !reflect.DeepEqual(last, now) {
				if !yield(now, nil) {
					return
				}
			}
			if ended(now) {
				return
			}
			last = now
			if err := sleep(ctx, c.pollAfter(params.Interval)); err != nil {
				yield(nil, fmt.Errorf("voiceagent: watching: %w", err))
				return
			}
		}
	}
}

// pollAfter stretches an interval when less than a fifth of the budget is left, so that what remains lasts until the reset and work
// goes before looking.
func (c *Client) pollAfter(interval time.Duration) time.Duration {
	if interval == 0 {
		interval = defaultWatchInterval
	}
	limit, ok := c.RateLimit()
	if left := time.Until(limit.Reset); ok && left > 0 && limit.Remaining*5 < limit.Limit {
		return max(interval, min(left, longestWait)/time.Duration(limit.Remaining+1))
	}
	return interval
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
