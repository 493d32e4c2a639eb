package redisvoiceagent

import (
	"container/list"
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/voiceagent-go/voiceagent"
)

const (
	stepEvery      = time.Second            // while the limiter is in use; the script's lease is 3 s
	pollAfter      = 10 * time.Millisecond  // for a caller whose turn may come with an answer that another process gets, this
	pollJitter     = 30 * time.Millisecond  // and up to this
	reportSoon     = 10 * time.Millisecond  // until an answer is reported to Redis if little is left or a caller waits
	reportLater    = 500 * time.Millisecond // and otherwise; mostly the next attempt's step reports it
	unlimitedFree  = 1 << 30                // what is free when the API sends no rate-limit headers is more
	longestClosed  = 2 * time.Minute        // as in the script
	unseenInFlight = 16                     // where nothing is known of the window, as in one process
)

// limiter is the part in one process. Callers queue here. One step at a time asks Redis for permits
// for all of them.
type limiter struct {
	LimiterParams
	rdb          redis.UniversalClient
	key          string // in Redis
	id           string // of this process, for Redis
	guess        int    // the plan's limit, or 0
	heedsContext bool   // the Redis client returns when a context ends

	mu sync.Mutex

	// The callers.
	waiters list.List // of *waiter: first those of Acquire, then those of AcquireLow, each in order of arrival
	inUse   int       // permits that callers have
	spare   int       // permits that nobody wanted in the end

	// What is known of the budget.
	pending     report    // not yet in Redis
	reportAt    time.Time // when it must be taken there; zero for never
	latest      *window   // the newest that an answer reported
	last        stepReply
	closedUntil time.Time // nobody goes before this, as far as is known here

	// The steps.
	seq       int64
	stepping  bool // a step is on its way
	closing   bool // the next one is due, and may be the last
	stepBegan time.Time
	late      chan struct{} // to be closed if the step takes too long
	stepEnded sync.Cond
	pollAt    time.Time // when to ask again for those who wait
	alarm     *time.Timer
	alarmAt   time.Time // when it fires; zero for never

	fallback *fallback // while Redis is down
}

// NewLimiter returns a limiter that shares the budget of params.APIKey with all others on the same
// Redis. Use one per process, for all clients with that key. It leaves no goroutine behind.
//
// The rules are those of [voiceagent.NewLimiter], for all processes together: a 429 to one closes
// the limiter for all, and after the reset one attempt goes first. Within a process callers are
// served in order of arrival, see cancellation at once, and are refused at once if their deadline
// comes before the reset. The limiter is a [voiceagent.PriorityLimiter] within a process, too: what
// All and Watch ask for there yields to the work of that process, not to that of others, which have
// shares of their own.
//
// Each process that has requests may send an equal share of the window. What the others don't use
// goes to the processes that want more, little by little in the second half of the window. If a
// process dies, its attempts in flight count as sent after 3 seconds of silence. A process that
// ends may close the limiter, which is an [io.Closer], so that the others get its share at once.
//
// A step is one atomic script on one key. It asks for permits for all waiting callers, and reports
// the answers since the last step, so an attempt costs at most one round trip to Redis. A waiting
// process steps at least once a second, and about 40 times a second while its turn may come at any
// moment. If Redis is slow or gone, [OnDown] says what happens; a step is then tried once a second
// in the background, and no request waits for it.
func NewLimiter(rdb redis.UniversalClient, params LimiterParams) voiceagent.Limiter {
	params = params.withDefaults()
	l := &limiter{LimiterParams: params, rdb: rdb, key: params.redisKey(), id: rand.Text()[:12], guess: params.Plan.PerMinute(), heedsContext: heedsContext(rdb)}
	l.last.processes = 1
	l.stepEnded.L = &l.mu
	return l
}

// Acquire implements [voiceagent.Limiter].
func (l *limiter) Acquire(ctx context.Context) error { return l.acquire(ctx, false) }

// AcquireLow implements [voiceagent.PriorityLimiter].
func (l *limiter) AcquireLow(ctx context.Context) error { return l.acquire(ctx, true) }

func (l *limiter) acquire(ctx context.Context, low bool) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if f := l.down(); f != nil {
			err = l.acquireFrom(ctx, f, low)
		} else {
			err = l.acquireShared(ctx, low)
		}
		if err != errAskAgain { //nolint:errorlint // it is never wrapped
			return err
		}
	}
}

func (l *limiter) acquireShared(ctx context.Context, low bool) error {
	l.mu.Lock()
	now := time.Now()
	if l.fallback != nil {
		l.mu.Unlock()
		return errAskAgain
	}
	if l.spare > 0 && l.waiters.Len() == 0 && !now.Before(l.closedUntil) {
		l.spare--
		l.inUse++
		l.mu.Unlock()
		return nil
	}
	w := &waiter{ready: make(chan struct{}), low: low}
	w.deadline, _ = ctx.Deadline()
	if err := l.refusal(w); err != nil {
		l.mu.Unlock()
		return err
	}
	if l.waiters.Len() == 0 {
		l.pollAt = l.nextPoll(now)
	}
	place := l.enqueue(w)
	next := l.begin(now)
	l.mu.Unlock()
	if next != nil {
		if l.heedsContext && (w.deadline.IsZero() || w.deadline.Sub(now) > l.Timeout) {
			l.run(next)
		} else {
			go l.run(next)
		}
	}

	select {
	case <-w.ready:
		return w.err
	case <-ctx.Done():
		return l.leave(ctx, place, w)
	}
}

// Release implements [voiceagent.Limiter].
func (l *limiter) Release(ctx context.Context, o voiceagent.Observation) {
	l.mu.Lock()
	now := time.Now()
	l.inUse--
	l.pending.add(now, o)
	l.latest = l.latest.merge(l.pending.window)
	switch at := now.Add(l.reportDelay()); {
	case o.Throttled:
		l.reportAt = now
		l.close(now, l.pending.closedUntil)
	case l.reportAt.IsZero() || at.Before(l.reportAt):
		l.reportAt = at
	}
	l.pollAt = l.nextPoll(now)
	f := l.fallback
	own := f != nil && f.release()
	l.schedule(now)
	l.mu.Unlock()
	switch {
	case own:
		f.limiter.Release(ctx, f.shareOf(o))
	case f != nil && f.limiter != nil && o.Throttled: // with a permit from Redis: the fallback must know
		at, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if f.limiter.Acquire(at) == nil { // else it is closed already
			f.limiter.Release(ctx, f.shareOf(o))
		}
	}
}

// Close implements [io.Closer]. It reports the last answers to Redis, and that the process needs no
// more permits. It waits for two steps at most, each no longer than Timeout, and never fails.
func (l *limiter) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing = l.seq > 0
	last := l.seq + 1 // the step that says so; others may go on with more
	for l.fallback == nil && (l.closing || l.stepping && l.seq <= last) {
		l.schedule(time.Now())
		l.stepEnded.Wait()
	}
	l.closing = false
	return nil
}

// reportDelay returns how long an answer's report may wait for the next step. Until then its permit
// counts as in use, which is safe, but another process may need it.
func (l *limiter) reportDelay() time.Duration {
	plenty := l.last.window != 0 && l.last.limit > 0 && l.last.free > l.last.limit/4 || l.last.free > unlimitedFree
	if plenty && l.last.waiting == 0 {
		return reportLater
	}
	return reportSoon
}

// nextPoll returns when to ask again for the waiting callers: not while the limiter is closed, but
// at least once a second.
func (l *limiter) nextPoll(at time.Time) time.Time {
	if l.closedUntil.After(at) {
		at = l.closedUntil
	}
	if latest := l.stepBegan.Add(stepEvery); at.After(latest) {
		return latest
	}
	return at
}

// close lets nobody go before the given time. An absurd one is cut, as in the script.
func (l *limiter) close(now, until time.Time) {
	if latest := now.Add(longestClosed); until.After(latest) {
		until = latest
	}
	if until.After(l.closedUntil) {
		l.closedUntil = until
	}
	l.refuseLate()
}

// logDown and logUp are the only lines: one for each time that Redis goes and comes back.
func (l *limiter) logDown(err error) {
	l.Logger.LogAttrs(context.Background(), slog.LevelWarn, "voiceagent: the shared rate limit can't be reached",
		slog.String("key", l.key), slog.String("error", err.Error()), slog.Int("processes", l.last.processes), slog.Bool("refuse", l.OnDown == Refuse))
}

func (l *limiter) logUp(gone time.Duration) {
	l.Logger.LogAttrs(context.Background(), slog.LevelInfo, "voiceagent: the shared rate limit is back", slog.Duration("after", gone))
}
