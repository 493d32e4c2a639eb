package voiceagenttest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// DefaultKey is the API key of the clients that [Server.Client] makes.
const DefaultKey = "lev_test_simulator"

// Keys that the server treats in a special way, also with anything appended. It accepts them even
// when [WithAPIKeys] leaves them out.
const (
	// KeyForbidden may do nothing: 403.
	KeyForbidden = "lev_forbidden"
	// KeyNoCredits can't pay for calls: quota_exceeded on POST /call and POST /campaigns.
	KeyNoCredits = "lev_no_credits"
)

// bubbleURL is the URL of a server without a socket. The transport accepts every host; the client
// requires https for hosts other than this machine.
const bubbleURL = "https://voiceagent.test/v1"

// Server is the API in memory. It is safe for concurrent use.
//
// It starts no goroutine to move calls and campaigns on: each request works out from the clock what
// has happened since the last. Webhooks are the exception. They need a goroutine while an agent
// with a webhook has calls pending.
type Server struct {
	// URL is the base URL, for voiceagent.WithBaseURL. Without a socket nothing listens there: use
	// [Server.Client] or [Server.Transport].
	URL string

	cfg    config
	socket *httptest.Server // nil when the server has none

	// What requests pass through, each part with a lock of its own.
	limiter  *limiter
	faults   *faultRules
	journal  *journal
	requests atomic.Uint64
	shuffles atomic.Uint64 // lists in a random order
	late     lateWork

	// What requests work on. The world's lock guards all three.
	world   *world.World
	agents  agents
	courier courier

	closing sync.Once
	closed  chan struct{}
}

// NewServer starts a server. Close it when the test is done.
func NewServer(opts ...Option) *Server {
	var c config
	for _, o := range opts {
		o(&c)
	}
	s := newServer(c)
	if !c.noSocket && !inBubble() {
		s.listen()
	}
	return s
}

// newServer makes a server without a socket. It makes every channel that the server waits on, so
// that a server made in a testing/synctest bubble uses the bubble's clock.
func newServer(cfg config) *Server {
	cfg = cfg.withDefaults()
	s := &Server{
		URL:     bubbleURL,
		cfg:     cfg,
		limiter: newLimiter(cfg.limits),
		faults:  &faultRules{seed: cfg.seed},
		journal: &journal{keep: cfg.keepRequests, notify: cfg.onRequest},
		closed:  make(chan struct{}),
	}
	s.world = world.New(world.Config{
		Seed: cfg.seed, Start: cfg.start, Speed: cfg.speed, Skew: cfg.skew, Outcome: cfg.outcome,
		Ended: func(c *world.Call) { s.courier.ended(s, c) },
	})
	s.agents.init()
	s.courier.init(cfg)
	return s
}

// listen opens the socket.
func (s *Server) listen() {
	s.socket = httptest.NewUnstartedServer(s.Handler())
	// Broken connections are part of the job; the log would be full of them.
	s.socket.Config.ErrorLog = log.New(io.Discard, "", 0)
	if s.cfg.tls {
		s.socket.EnableHTTP2 = true
		s.socket.StartTLS()
	} else {
		s.socket.Start()
	}
	// The default of 2 makes many goroutines reconnect all the time.
	s.socket.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = 100
	s.URL = s.socket.URL + basePath
}

// Close ends requests that hang, drops work that a fault put off, stops webhooks and the server
// itself. It may be called more than once. A closed server refuses connections.
func (s *Server) Close() {
	s.closing.Do(func() {
		close(s.closed)
		s.world.Lock()
		s.courier.closed = true
		s.world.Unlock()
		s.courier.cancel()
	})
	s.late.close()
	s.courier.running.Wait()
	s.courier.hangUp()
	if s.socket != nil {
		s.socket.Close()
	}
}

// HTTPClient returns a client that reaches the server over its socket, and trusts its certificate.
// Without a socket the client reaches it in memory.
func (s *Server) HTTPClient() *http.Client {
	if s.socket == nil {
		return &http.Client{Transport: s.Transport()}
	}
	return s.socket.Client()
}

// Advance moves the server's clock: calls and campaigns go on as if d had passed, and so do the
// windows of the rate limit. The clock of the client stays where it is; in a bubble, time.Sleep
// moves both.
func (s *Server) Advance(d time.Duration) {
	s.world.Clock.Advance(d)
	s.world.Lock()
	defer s.world.Unlock()
	s.step()
}

// Now is the time in the simulated world, where calls and campaigns live.
func (s *Server) Now() time.Time { return s.world.Clock.Now() }

// ServerTime is the server's own clock, which its Date header shows. It differs from [Server.Now]
// with [WithSpeed].
func (s *Server) ServerTime() time.Time { return s.world.Clock.Wall() }

// step brings the world, which must be locked, to the present, and returns that.
func (s *Server) step() time.Time {
	now := s.world.Step()
	s.courier.attend(s)
	return now
}

// isClosed reports whether Close was called.
func (s *Server) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}
