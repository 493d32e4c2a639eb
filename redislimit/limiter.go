package redislimit

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
	heartbeat   = time.Second            // while attempts are in flight or callers wait; the script takes who is silent for 3 s for dead
	shortPoll   = 10 * time.Millisecond  // for a caller whose turn may come with an answer that another process gets, this
	pollJitter  = 30 * time.Millisecond  // and up to this
	promptly    = 10 * time.Millisecond  // until an answer's news is taken to Redis when little is left or somebody waits for it
	leisurely   = 500 * time.Millisecond // and otherwise; mostly the next attempt's step takes it along
	unlimited   = 1 << 30                // what is free when the API sends no rate-limit headers is more
	longestPark = 2 * time.Minute
	farewell    = -1 // what a process wants that has ended
	unseen      = 16 // in flight before the first answer, as in one process
)

// limiter is one process's part. Callers queue here; one step at a time asks Redis for leave for all of them.
type limiter struct {
	Params
	rdb   redis.UniversalClient
	key   string
	id    string // of this process, for Redis
	guess int

	heedsContext bool // the Redis client returns when a context ends

	mu      sync.Mutex
	waiters list.List // of *waiter, in order of arrival
	inUse   int       // leaves that callers have
	spare   int       // leaves that nobody wanted in the end
	news    news
	newsAt  time.Time // when it must be taken to Redis; zero for none
	latest  *sighting // of the newest window
	last    reply
	parked  time.Time // nobody goes before this, as far as is known here
	pollAt  time.Time // when to ask again for those who wait

	seq      int64
	stepping bool          // a step is on its way
	closing  bool          // the next one is due, and may be the last
	late     chan struct{} // to be closed if it takes too long
	ended    sync.Cond
	stepped  time.Time
	alarm    *time.Timer
	alarmAt  time.Time // when it rings; zero for never
	fallback *fallback // while Redis is gone
}

// waiter is a caller in the queue. ready is closed when it may go, was refused, or must ask again.
type waiter struct {
	ready    chan struct{}
	deadline time.Time // zero for none
	err      error
}

// New returns a limiter that shares the budget of params.APIKey with all others on the same Redis. Use one in a process, for all clients with
// that key. It holds no connection of its own and leaves no goroutine behind.
//
// It is an [io.Closer] too. A process that ends may close it, so that the others needn't wait 3 seconds to know that it needs no share any more.
func New(rdb redis.UniversalClient, params Params) voiceagent.Limiter {
	params = params.withDefaults()
	l := &limiter{Params: params, rdb: rdb, key: params.redisKey(), id: rand.Text()[:12], guess: unseen, heedsContext: heedsContext(rdb)}
	l.last.processes = 1
	l.ended.L = &l.mu
	if n := params.Plan.PerMinute(); n > 0 {
		l.guess = n
	}
	return l
}

// Acquire implements [voiceagent.Limiter].
func (l *limiter) Acquire(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if f := l.down(); f != nil {
			err = l.acquireFrom(ctx, f)
		} else {
			err = l.acquireShared(ctx)
		}
		if err != errAskAgain { //nolint:errorlint // it is never wrapped
			return err
		}
	}
}

func (l *limiter) acquireShared(ctx context.Context) error {
	l.mu.Lock()
	now := time.Now()
	if l.fallback != nil {
		l.mu.Unlock()
		return errAskAgain
	}
	if l.spare > 0 && l.waiters.Len() == 0 && !now.Before(l.parked) {
		l.spare--
		l.inUse++
		l.mu.Unlock()
		return nil
	}
	w := &waiter{ready: make(chan struct{})}
	w.deadline, _ = ctx.Deadline()
	if err := l.refusal(w); err != nil {
		l.mu.Unlock()
		return err
	}
	if l.waiters.Len() == 0 {
		l.pollAt = l.nextPoll(now)
	}
	place := l.waiters.PushBack(w)
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

// leave takes a caller whose context has ended out of the queue. It may have been called up at the same moment.
func (l *limiter) leave(ctx context.Context, place *list.Element, w *waiter) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.ready:
		if w.err == nil {
			l.inUse--
			l.handOut(1)
		}
	default:
		l.waiters.Remove(place)
		if l.waiters.Len() == 0 && l.newsAt.IsZero() {
			l.newsAt = time.Now().Add(promptly) // or Redis would keep a share for those who wait no longer
		}
	}
	l.kick(time.Now())
	return ctx.Err()
}

// Release implements [voiceagent.Limiter].
func (l *limiter) Release(ctx context.Context, o voiceagent.Observation) {
	l.mu.Lock()
	now := time.Now()
	l.inUse--
	l.news.add(now, o)
	l.latest = l.latest.merge(l.news.known)
	switch at := now.Add(l.patience()); {
	case o.Throttled:
		l.newsAt = now
		l.parked = l.until(l.news.park, now)
		l.refuseLate()
	case l.newsAt.IsZero() || at.Before(l.newsAt):
		l.newsAt = at
	}
	l.pollAt = l.nextPoll(now)
	f := l.fallback
	own := f != nil && f.release()
	l.kick(now)
	l.mu.Unlock()
	switch {
	case own:
		f.limiter.Release(ctx, f.shareOf(o))
	case f != nil && f.limiter != nil && o.Throttled: // of a leave from Redis: the fallback must know
		at, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer cancel()
		if f.limiter.Acquire(at) == nil { // else it is parked already
			f.limiter.Release(ctx, f.shareOf(o))
		}
	}
}

// Close implements [io.Closer]: it takes the last answers' news to Redis, and says that nothing more will come. It waits for two steps at
// most, each no longer than Params.Timeout, and never fails.
func (l *limiter) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing = l.seq > 0
	last := l.seq + 1 // the step that says so; others may go on with more
	for l.fallback == nil && (l.closing || l.stepping && l.seq <= last) {
		l.kick(time.Now())
		l.ended.Wait()
	}
	l.closing = false
	return nil
}

// patience is how long an answer's news may wait for the next step. Until then its leave counts as in use, so nothing
// goes wrong; but another process may need it.
func (l *limiter) patience() time.Duration {
	plenty := l.last.window != 0 && l.last.limit > 0 && l.last.free > l.last.limit/4 || l.last.free > unlimited
	if plenty && l.last.waiting == 0 {
		return leisurely
	}
	return promptly
}

// nextPoll is when to ask for those who wait: not before the end of the park, but once a second in any case.
func (l *limiter) nextPoll(at time.Time) time.Time {
	if l.parked.After(at) {
		at = l.parked
	}
	if latest := l.stepped.Add(heartbeat); at.After(latest) {
		return latest
	}
	return at
}

// handOut lets n callers go, in order of arrival. What is left over goes to the next who asks, or back.
func (l *limiter) handOut(n int) {
	for ; n > 0 && l.waiters.Len() > 0; n-- {
		front := l.waiters.Front()
		l.waiters.Remove(front)
		l.inUse++
		close(front.Value.(*waiter).ready)
	}
	if n > 0 {
		l.spare += n
		if at := time.Now().Add(promptly); l.newsAt.IsZero() || at.Before(l.newsAt) {
			l.newsAt = at
		}
	}
}

// refuseLate sends those away whose deadline comes before the end of the park.
func (l *limiter) refuseLate() {
	for e := l.waiters.Front(); e != nil; {
		next := e.Next()
		w := e.Value.(*waiter)
		if w.err = l.refusal(w); w.err != nil {
			l.waiters.Remove(e)
			close(w.ready)
		}
		e = next
	}
}

// refusal is the error for a caller who can't be served in time.
func (l *limiter) refusal(w *waiter) error {
	if w.deadline.IsZero() || !w.deadline.Before(l.parked) {
		return nil
	}
	return &tooLateError{deadline: w.deadline, retryAt: l.parked}
}

// logDown and logUp are the only lines: one for each time that Redis goes and comes back.
func (l *limiter) logDown(err error) {
	l.Logger.LogAttrs(context.Background(), slog.LevelWarn, "voiceagent: the shared rate limit can't be reached",
		slog.String("key", l.key), slog.String("error", err.Error()), slog.Int("processes", l.last.processes), slog.Bool("refuse", l.OnDown == Refuse))
}

func (l *limiter) logUp(gone time.Duration) {
	l.Logger.LogAttrs(context.Background(), slog.LevelInfo, "voiceagent: the shared rate limit is back", slog.Duration("after", gone))
}
