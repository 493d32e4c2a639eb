package simulator

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
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

// Fail adds faults. It panics when one has a kind that doesn't exist, which
// would otherwise make a test pass for no reason.
func (s *Simulator) Fail(faults ...Fault) {
	for _, f := range faults {
		s.faults.add(f)
	}
}

// ClearFaults removes every fault.
func (s *Simulator) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.rules = nil
}

func (fs *faultRules) add(f Fault) {
	if f.Kind == "" && f.Status != 0 {
		f.Kind = StatusBefore
	}
	if !slices.Contains(Kinds, f.Kind) {
		panic(fmt.Sprintf("simulator: no fault is called %q", f.Kind))
	}
	if (f.Kind == StatusBefore || f.Kind == StatusAfter) && (f.Status < 200 || f.Status > 599) {
		panic(fmt.Sprintf("simulator: a %s fault can't answer with status %d", f.Kind, f.Status))
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
		rand: dice(fs.seed, "fault", fs.added),
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

// due counts a matching request and says whether the fault happens to it.
func (r *faultRule) due() bool {
	r.matched++
	if r.fault.Every > 0 && r.matched%r.fault.Every != 0 {
		return false
	}
	return r.fault.Rate <= 0 || r.rand.Float64() < r.fault.Rate
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
