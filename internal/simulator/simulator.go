package simulator

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Simulator is the API. Make one with [New]; it is safe for concurrent use.
type Simulator struct {
	cfg      Config
	clock    *clock
	limiter  *limiter
	faults   *faultRules
	journal  *journal
	requests atomic.Uint64

	closing sync.Once
	closed  chan struct{}

	mu      sync.Mutex // guards what follows
	agents  agents
	calls   calls
	dialler dialler
	courier courier
}

// New makes a simulator. One that is to run on the clock of a
// testing/synctest bubble must be made in it.
func New(cfg Config) *Simulator {
	cfg = cfg.withDefaults()
	s := &Simulator{
		cfg:     cfg,
		clock:   newClock(cfg.Start, cfg.Speed, cfg.Skew),
		limiter: newLimiter(cfg.Limits),
		faults:  &faultRules{seed: cfg.Seed},
		journal: &journal{keep: cfg.KeepRequests, notify: cfg.OnRequest},
		closed:  make(chan struct{}),
	}
	s.agents.init()
	s.calls.init()
	s.dialler.init()
	s.courier.init(cfg)
	return s
}

// Close ends every hanging request and waits for webhooks under way to be
// given up. A closed simulator refuses connections in memory; over a socket it
// drops them.
func (s *Simulator) Close() {
	s.closing.Do(func() {
		close(s.closed)
		s.mu.Lock()
		s.courier.closed = true
		s.mu.Unlock()
		s.courier.cancel()
	})
	s.courier.running.Wait()
	s.courier.hangUp()
}

// Advance moves the clock: calls and campaigns go on as if d had passed, and
// so do the windows of the rate limit.
func (s *Simulator) Advance(d time.Duration) {
	s.clock.advance(d)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step()
}

// Now is the simulated time.
func (s *Simulator) Now() time.Time { return s.clock.now() }

// ServerTime is the server's own clock, which the Date header shows.
func (s *Simulator) ServerTime() time.Time { return s.clock.wall() }

// step brings calls and campaigns to the present, which it returns. The
// simulator must be locked: the present is read under the lock so that records
// are made in the order of their times.
func (s *Simulator) step() time.Time {
	now := s.clock.now()
	s.advance(now)
	s.courier.attend(s)
	return now
}

// isClosed says whether Close was called.
func (s *Simulator) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

var _ http.Handler = (*Simulator)(nil)
