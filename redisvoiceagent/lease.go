package redisvoiceagent

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	shortestLease  = 100 * time.Millisecond
	renewsPerLease = 3
	mostRenewed    = 500 // keys in one request
)

var (
	errTakenOver     = errors.New("its lease ended, and it was taken over or removed")
	errRenewedSlowly = errors.New("its lease was renewed too slowly")
)

// lease is the right of a holder to a key. It ends when Redis hasn't heard of it for some time.
type lease struct {
	key     string    // in Redis
	token   string    // of the holder, at random
	lost    bool      // Redis says that it isn't ours
	renewed time.Time // before the last request that held it was sent; zero until keep
	until   time.Time // when renewing it ends; zero for never
}

func newLease(key string) lease { return lease{key: key, token: rand.Text()} }

// isOver reports whether it is no longer renewed.
func (l *lease) isOver() bool { return l.lost || l.isDropped() }

func (l *lease) isDropped() bool { return !l.until.IsZero() && !time.Now().Before(l.until) }

// leases renews the leases that a process keeps, all by one timer, without a goroutine in between.
type leases struct {
	rdb    redis.UniversalClient
	script *redis.Script // see renew
	length time.Duration

	mu    sync.Mutex
	kept  map[*lease]struct{}
	timer *time.Timer        // to the next renewal
	stop  context.CancelFunc // nil when nothing is renewed
}

func newLeases(rdb redis.UniversalClient, script *redis.Script, length time.Duration) *leases {
	return &leases{rdb: rdb, script: script, length: max(length, shortestLease), kept: make(map[*lease]struct{})}
}

// keep renews a lease from now on. The request that Redis granted it for was sent after from.
func (s *leases) keep(l *lease, from time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.renewed = from
	s.wake(l)
}

// drop ends the renewing, after a wait during which the holder may come back.
func (s *leases) drop(l *lease, wait time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l.until = time.Now().Add(wait)
	s.rest()
}

// confirm returns nil if at least half of a lease is left after a request to renew it, which
// returned err. If the lease was dropped, the holder is back, and it is dropped after wait again.
//
// On some systems the monotonic clock stops while the machine sleeps, and the wall clock may be set
// back, so the clock that is ahead counts.
func (s *leases) confirm(l *lease, err error, wait time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	age := max(now.Sub(l.renewed), now.Round(0).Sub(l.renewed.Round(0)))
	switch {
	case l.lost:
		return errTakenOver
	case err != nil:
		return fmt.Errorf("its lease could not be renewed: %w", err)
	case s.length-age < s.length/2:
		return errRenewedSlowly
	}
	if !l.until.IsZero() {
		l.until = now.Add(wait)
		s.wake(l)
	}
	return nil
}

// renew prolongs leases by one request: KEYS are their keys, ARGV the length in milliseconds and
// their tokens. The answer has 1 for each that its token still holds, and 0 for the others.
func (s *leases) renew(ctx context.Context, all ...*lease) error {
	keys, args := make([]string, 0, len(all)), []any{s.length.Milliseconds()}
	for _, l := range all {
		keys, args = append(keys, l.key), append(args, l.token)
	}
	from := time.Now()
	held, err := s.script.Run(ctx, s.rdb, keys, args...).Int64Slice()
	switch {
	case err != nil:
		return err
	case len(held) != len(all):
		return fmt.Errorf("the script's answer is of %d keys, not %d", len(held), len(all))
	}
	for i, l := range all {
		s.note(l, held[i] == 1, from)
	}
	return nil
}

// note takes what Redis has said to a request to renew a lease, which was sent after from.
func (s *leases) note(l *lease, held bool, from time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !held:
		l.lost = true
	case from.After(l.renewed):
		l.renewed = from
	}
}

// wake renews a lease with the others, and sets the timer if it isn't set.
func (s *leases) wake(l *lease) {
	s.kept[l] = struct{}{}
	if s.stop == nil {
		ctx, cancel := context.WithCancel(context.Background())
		s.stop = cancel
		s.timer = time.AfterFunc(s.length/renewsPerLease, func() { s.renewKept(ctx) })
	}
}

// rest stops the timer if there is nothing left to renew.
func (s *leases) rest() {
	for l := range s.kept {
		if !l.isOver() {
			return
		}
		delete(s.kept, l)
	}
	if s.stop != nil {
		s.timer.Stop()
		s.stop()
		s.stop = nil
	}
}

// renewKept renews what is kept, and sets the timer to do so again, unless the client was closed.
func (s *leases) renewKept(ctx context.Context) {
	pause := s.length / renewsPerLease
	var err error
	for part := range slices.Chunk(s.due(), mostRenewed) {
		if err = s.renew(ctx, part...); err != nil {
			pause = s.length / (3 * renewsPerLease) // time is running out
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, redis.ErrClosed): // it stays so
		clear(s.kept)
		s.rest()
	default:
		s.timer.Reset(pause)
	}
}

// due returns what is to be renewed.
func (s *leases) due() (all []*lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.kept {
		if l.isOver() {
			delete(s.kept, l)
		} else {
			all = append(all, l)
		}
	}
	s.rest()
	return all
}
