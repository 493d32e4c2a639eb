// Package world simulates calls, campaigns and the clock that moves them. It has no HTTP and no
// JSON: how an API shows all this is decided in voiceagenttest.
package world

import (
	"sync"
	"time"
)

// Config configures a [World].
type Config struct {
	Seed  uint64        // decides the fate of each call and each id
	Start time.Time     // of both hands of the clock; zero means this machine's clock and Skew
	Speed float64       // how fast simulated time passes
	Skew  time.Duration // how far the clock is ahead of this machine's, without Start

	// Outcome decides how a call to a number ends. The seed decides when Outcome is nil or returns
	// "".
	Outcome func(number string, attempt int) string

	// Ended, if not nil, is called for each call that has ended, with the world locked.
	Ended func(*Call)
}

// World holds the calls and the campaigns. It has no goroutine: [World.Step] works out from the
// clock what has happened. All methods require the lock.
type World struct {
	sync.Mutex

	Clock *Clock

	cfg     Config
	calls   calls
	dialler dialler
}

// New makes a world without calls and campaigns.
func New(cfg Config) *World {
	w := &World{cfg: cfg, Clock: NewClock(cfg.Start, cfg.Speed, cfg.Skew)}
	w.calls.init()
	w.dialler.init()
	return w
}

// Step brings calls and campaigns to the present, which it returns. The present is read under the
// lock so that records are made in the order of their times.
func (w *World) Step() time.Time {
	now := w.Clock.Now()
	w.advance(now)
	return now
}

// Calls returns all calls, oldest first. The list only ever grows at its end, and calls don't
// change, so that it can be read when the world is no longer locked.
func (w *World) Calls() []*Call { return w.calls.list }

// Call finds a call by either of its ids; nil when there is none.
func (w *World) Call(id string) *Call { return w.calls.byID[id] }

// Numbers is how many different numbers were dialled.
func (w *World) Numbers() int { return len(w.calls.dialled) }

// Rings is how often a number was dialled.
func (w *World) Rings(number string) Rings { return w.calls.dialled[number] }

// Repeated is how many numbers were dialled again though no retry_config asked for it.
func (w *World) Repeated() int { return w.calls.repeated }

// Campaigns returns all campaigns, oldest first.
func (w *World) Campaigns() []*Campaign { return w.dialler.list }

// Campaign finds a campaign; nil when there is none.
func (w *World) Campaign(id string) *Campaign { return w.dialler.byID[id] }
