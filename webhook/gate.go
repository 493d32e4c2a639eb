package webhook

import "sync"

// gate counts the requests inside, admits none once it is closed, and signals when the last has
// left.
type gate struct {
	most int // of those that enter; those that follow come on top

	mu      sync.Mutex
	entered int
	inside  int           // with those that followed
	closed  chan struct{} // closed with the gate
	empty   chan struct{} // closed when it is closed and nobody is inside
}

func newGate(most int) *gate {
	return &gate{most: most, closed: make(chan struct{}), empty: make(chan struct{})}
}

// enter returns what keeps the caller out, or nil: then it has to leave.
func (g *gate) enter() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.isClosed():
		return ErrClosed
	case g.entered >= g.most:
		return ErrBusy
	}
	g.entered++
	g.inside++
	return nil
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entered--
	g.left()
}

// follow is for what somebody inside begins and leaves behind; [gate.unfollow] ends it.
func (g *gate) follow() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside++
}

func (g *gate) unfollow() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left()
}

func (g *gate) left() {
	if g.inside--; g.inside == 0 && g.isClosed() {
		close(g.empty)
	}
}

func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.isClosed() {
		return
	}
	close(g.closed)
	if g.inside == 0 {
		close(g.empty)
	}
}

func (g *gate) isClosed() bool {
	select {
	case <-g.closed:
		return true
	default:
		return false
	}
}
