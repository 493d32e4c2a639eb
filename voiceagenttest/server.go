package voiceagenttest

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator"
)

// DefaultKey is the API key of the clients that [Server.Client] makes.
const DefaultKey = "lev_test_simulator"

// Keys that the server treats in a special way, also with anything appended.
const (
	// KeyForbidden may do nothing: 403.
	KeyForbidden = simulator.KeyForbidden
	// KeyNoCredits can't pay for calls: quota_exceeded.
	KeyNoCredits = simulator.KeyNoCredits
)

// bubbleURL is where a server without a socket seems to be. Its transport
// answers for every host; a client wants https for one that isn't this machine.
const bubbleURL = "https://voiceagent.test/v1"

// Server is the API in memory. It is safe for concurrent use.
type Server struct {
	// URL is the base URL, as voiceagent.WithBaseURL wants it. In a
	// testing/synctest bubble nothing listens there: use [Server.Client] or
	// [Server.Transport].
	URL string

	sim    *simulator.Simulator
	socket *httptest.Server // nil in a bubble
	once   sync.Once
}

// NewServer starts a server. Close it when the test is done.
func NewServer(opts ...Option) *Server {
	var c config
	for _, o := range opts {
		o(&c)
	}
	s := &Server{URL: bubbleURL, sim: simulator.New(c.sim)}
	if inBubble() {
		return s
	}
	s.socket = httptest.NewUnstartedServer(s.sim)
	// Broken connections are part of the job; the log would be full of them.
	s.socket.Config.ErrorLog = log.New(io.Discard, "", 0)
	if c.tls {
		s.socket.EnableHTTP2 = true
		s.socket.StartTLS()
	} else {
		s.socket.Start()
	}
	// The default of 2 makes many goroutines reconnect all the time.
	s.socket.Client().Transport.(*http.Transport).MaxIdleConnsPerHost = 100
	s.URL = s.socket.URL + "/v1"
	return s
}

// Close ends requests that hang, stops webhooks and the server itself. It may
// be called more than once.
func (s *Server) Close() {
	s.once.Do(func() {
		s.sim.Close()
		if s.socket != nil {
			s.socket.Close()
		}
	})
}

// Transport returns a transport that reaches the server in memory, whatever
// host a request names. It opens no socket and starts no goroutine, so it works
// in a testing/synctest bubble.
func (s *Server) Transport() http.RoundTripper { return s.sim.Transport() }

// HTTPClient returns a client that reaches the server: over its socket,
// trusting its certificate, or in memory in a bubble.
func (s *Server) HTTPClient() *http.Client {
	if s.socket == nil {
		return &http.Client{Transport: s.Transport()}
	}
	return s.socket.Client()
}

// Fail makes requests go wrong. Each request gets the first fault that matches
// it and is due, in the order in which they were added. Fail panics when a
// fault has a kind that doesn't exist.
func (s *Server) Fail(faults ...Fault) { s.sim.Fail(faults...) }

// ClearFaults takes back every fault.
func (s *Server) ClearFaults() { s.sim.ClearFaults() }

// Dialed returns the numbers that were dialled, oldest first: once for each
// time that a phone would have rung, by a call or by a campaign.
func (s *Server) Dialed() []string { return s.sim.Dialed() }

// Dials returns the same as [Server.Dialed], with the call, the campaign and
// the attempt, which tells a retry that the campaign asked for from a mistake.
func (s *Server) Dials() []Dial { return s.sim.Dials() }

// Requests returns the requests received, oldest first. The API key is reduced
// to its last four characters.
func (s *Server) Requests() []Request { return s.sim.Requests() }

// RequestCount is how many requests were received, remembered or not.
func (s *Server) RequestCount() int { return s.sim.RequestCount() }

// Deliveries returns the tries to deliver webhooks, oldest first.
func (s *Server) Deliveries() []Delivery { return s.sim.Deliveries() }

// Advance moves the server's clock: calls and campaigns go on as if d had
// passed, and so do the windows of the rate limit. The clock of the client
// stays where it is; in a bubble, time.Sleep moves both.
func (s *Server) Advance(d time.Duration) { s.sim.Advance(d) }

// Now is the time in the simulated world, where calls and campaigns live.
func (s *Server) Now() time.Time { return s.sim.Now() }

// ServerTime is the server's own clock, which its Date header shows. It differs
// from [Server.Now] with [WithSpeed].
func (s *Server) ServerTime() time.Time { return s.sim.ServerTime() }

// AddAgent adds an agent without a request and returns its id. It panics when
// the name is taken.
func (s *Server) AddAgent(a NewAgent) string { return s.sim.AddAgent(a) }

// SeedAgents adds n agents and returns their ids.
func (s *Server) SeedAgents(n int) []string { return s.sim.SeedAgents(n) }

// SeedCalls makes up n calls that ended in the past. They were never dialled.
func (s *Server) SeedCalls(n int, seed CallSeed) { s.sim.SeedCalls(n, seed) }
