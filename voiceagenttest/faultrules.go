package voiceagenttest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// faultRules are the faults in force.
type faultRules struct {
	seed  uint64
	mu    sync.Mutex
	rules []*faultRule
	added uint64
}

type faultRule struct {
	fault   Fault
	route   string // normalised
	left    int    // below zero: for ever
	matched int
	rand    *rand.Rand
}

// Fail makes requests go wrong. Each request gets the first fault that matches it and is due, in
// the order in which they were added. Fail panics when a fault has a kind that doesn't exist, which
// would otherwise make a test pass for no reason. A fault that no request matches isn't reported:
// [Server.Requests] tells which fault each request met.
func (s *Server) Fail(faults ...Fault) {
	for _, f := range faults {
		s.faults.add(f)
	}
}

// ClearFaults takes back every fault.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rules = nil
}

func (fs *faultRules) add(f Fault) {
	if f.Kind == "" && f.Status != 0 {
		f.Kind = StatusBefore
	}
	if !slices.Contains(Kinds(), f.Kind) {
		panic(fmt.Sprintf("voiceagenttest: no fault is called %q", f.Kind))
	}
	if (f.Kind == StatusBefore || f.Kind == StatusAfter) && (f.Status < 200 || f.Status > 599) {
		panic(fmt.Sprintf("voiceagenttest: a %s fault can't answer with status %d", f.Kind, f.Status))
	}
	if f.WorkDelay != 0 && !f.Kind.works() {
		panic(fmt.Sprintf("voiceagenttest: a %s fault does no work that could be put off", f.Kind))
	}
	left := f.Times
	if left == 0 {
		left = 1
		if f.Rate > 0 || f.Every > 0 {
			left = -1
		}
	}
	f.Header = f.Header.Clone()
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.rules = append(fs.rules, &faultRule{
		fault: f, route: anonymous(f.Route), left: left,
		rand: world.Dice(fs.seed, "fault", fs.added),
	})
	fs.added++
}

// phase is when a fault is looked for. In memory there are two: before the
// connection, where only the transport can act, and at the server.
type phase int

const (
	phaseSocket  phase = iota // at the server, behind a real socket: any kind
	phaseConnect              // before the connection, in memory
	phaseServer               // at the server, in memory
)

func (p phase) takes(k Kind) bool {
	connecting := k == Refuse || k == BreakWrite
	return p == phaseSocket || connecting == (p == phaseConnect)
}

// pick returns the fault that a request gets, or nil. to is nil for a path that
// the API doesn't have.
func (fs *faultRules) pick(p phase, method string, to *route, path string) *Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.rules) == 0 {
		return nil
	}
	for i, r := range fs.rules {
		if !p.takes(r.fault.Kind) || !r.matches(method, to, path) || !r.due() {
			continue
		}
		if r.left > 0 {
			r.left--
		}
		if r.left == 0 {
			fs.rules = slices.Delete(fs.rules, i, i+1)
		}
		return &r.fault
	}
	return nil
}

func (r *faultRule) matches(method string, to *route, path string) bool {
	if r.fault.Method != "" && r.fault.Method != method {
		return false
	}
	return r.route == "" || r.route == path || to != nil && r.route == to.hidden
}

// due counts a matching request and reports whether the fault happens to it.
func (r *faultRule) due() bool {
	r.matched++
	if r.fault.Every > 0 && r.matched%r.fault.Every != 0 {
		return false
	}
	return r.fault.Rate <= 0 || r.rand.Float64() < r.fault.Rate
}

// inForce returns the faults in force, in their order. The Times of each is how often it will still
// happen.
func (fs *faultRules) inForce() []Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	list := make([]Fault, len(fs.rules))
	for i, r := range fs.rules {
		list[i] = r.fault
		list[i].Times = r.left
	}
	return list
}

// anonymous drops the names from a route's braces, so that a fault for
// "/agents/{id}" finds "/agents/{agent_id}".
func anonymous(route string) string {
	if !strings.Contains(route, "{") {
		return route
	}
	parts := strings.Split(route, "/")
	for i, p := range parts {
		if strings.HasPrefix(p, "{") {
			parts[i] = "{}"
		}
	}
	return strings.Join(parts, "/")
}
