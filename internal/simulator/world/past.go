package world

import (
	"fmt"
	"slices"
	"time"
)

// Past says what calls [World.MakeUp] makes up.
type Past struct {
	AgentID, AgentType string
	Directions         []string      // in turn; outbound only when empty
	Gap                time.Duration // between two calls; zero means a minute
}

// MakeUp makes up n calls that ended before every other call began. They were never dialled.
func (w *World) MakeUp(n int, p Past, now time.Time) {
	if p.Gap <= 0 {
		p.Gap = time.Minute
	}
	if len(p.Directions) == 0 {
		p.Directions = []string{DirectionOutbound}
	}
	last := now
	if len(w.calls.list) > 0 {
		last = w.calls.list[0].Created
	}
	batch := len(w.calls.list)
	old := w.calls.list
	w.calls.list = make([]*Call, 0, n+batch)
	// One source for all: making one for each call is most of the cost.
	r := Dice(w.cfg.Seed, "seeded calls", uint64(batch))
	for i := range n {
		c := &Call{
			ID: UUID(r), Session: UUID(r), AgentID: p.AgentID, AgentType: p.AgentType,
			Direction: p.Directions[i%len(p.Directions)],
			Number:    fmt.Sprintf("+9190%08d", i),
			Seeded:    true, Attempt: 1,
			Fate: drawFate(r, ""),
		}
		if c.Direction == DirectionWeb {
			c.Number = ""
		}
		// The gap to the end of the last is longer than any call takes.
		c.Created = last.Add(-2*time.Minute - time.Duration(n-1-i)*p.Gap)
		w.calls.keep(c)
	}
	w.calls.list = slices.Concat(w.calls.list, old)
}
