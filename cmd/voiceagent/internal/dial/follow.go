package dial

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/voiceagent-go/voiceagent"
)

const (
	lookInterval = 2 * time.Second  // between two looks at the same campaign, at least
	leastPace    = time.Second      // between two looks
	outageWait   = 30 * time.Second // before the next look when the API can't be reached
	longestOut   = time.Hour        // after which watching ends
)

// follow polls one campaign after the other until all have ended. However many there are, it uses
// at most a quarter of the rate limit: that many watches of the library would each have a pace of
// their own.
func (r *run) follow(ctx context.Context) error {
	screen := r.newDisplay(countUp(r.parts))
	defer screen.end()
	var out time.Time // since when the API can't be reached
	stale := r.state.again
	for i := 0; ; i++ {
		live := r.live()
		if len(live) == 0 {
			screen.show(countUp(r.parts))
			return nil
		}
		if !stale || i >= len(r.parts) { // what a ledger knows of a campaign is how it began
			select {
			case <-time.After(r.pace(len(live), !out.IsZero())):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		part := live[i%len(live)]
		now, err := r.client.Campaigns.Get(ctx, part.ID)
		switch {
		case err == nil:
			part.campaign, part.Status = now, now.Status
			if !out.IsZero() {
				out = time.Time{}
				screen.note("the API answers again")
			}
			screen.show(countUp(r.parts))
		case ctx.Err() != nil:
			return ctx.Err()
		case !passing(err) || !out.IsZero() && time.Since(out) > longestOut:
			return fmt.Errorf("campaign %s can't be watched: %w", shown(part.ID), err)
		case out.IsZero():
			out = time.Now()
			screen.note(fmt.Sprintf("the campaigns go on, but can't be watched for now: %v", err))
		}
	}
}

// live are the campaigns that haven't ended.
func (r *run) live() (live []*Part) {
	for i := range r.parts {
		if p := &r.parts[i]; p.campaign != nil && !p.campaign.Ended() {
			live = append(live, p)
		}
	}
	return live
}

// pace is how long to wait before the next look.
func (r *run) pace(live int, unreachable bool) time.Duration {
	if unreachable {
		return outageWait
	}
	wait := max(leastPace, lookInterval/time.Duration(live))
	limit, ok := r.client.RateLimit()
	if !ok || limit.Limit <= 0 {
		return wait
	}
	wait = max(wait, 4*time.Minute/time.Duration(limit.Limit))
	if left := time.Until(limit.Reset); left > 0 && limit.Remaining*5 < limit.Limit {
		wait = max(wait, left/time.Duration(limit.Remaining+1))
	}
	return wait
}

// passing reports whether an error may go away after a while.
func passing(err error) bool {
	return errors.As(err, new(*voiceagent.ConnectionError)) || errors.As(err, new(*voiceagent.RateLimitError)) ||
		errors.As(err, new(*voiceagent.DecodeError)) || errors.As(err, new(*voiceagent.ServerError))
}
