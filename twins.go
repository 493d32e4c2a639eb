package voiceagent

import (
	"context"
	"sync"
	"time"
)

// twins keeps requests apart that would make records which can't be told from each other: two calls to the same person by the
// same agent. Any number of them may be sent at once, but a look for a lost one waits until no twin is on its way, and no twin
// is sent while it looks. What each of them made is noted before the next look, so that a look never takes the record of
// another for its own, and every record is handed out once.
type twins struct {
	mu     sync.Mutex
	groups map[string]*twinGroup
	spare  *twinGroup // of a key that is no longer in use

	// The ids of records that were handed out: since the last turn, and in the period before it.
	handed, before map[string]struct{}
	turned         time.Time
}

type twinGroup struct {
	sending int           // attempts on their way
	lookers int           // waiting to look, or looking
	looking bool          // one of them
	changed chan struct{} // closed at the next change; nil when nobody waits for it
}

// handedFor is how long at least a record is remembered. A look goes back to its own first attempt and some
// seconds; records that were handed out before that are of no interest.
const handedFor = 10 * time.Minute

// tryEnter counts an attempt in, unless somebody looks.
func (t *twins) tryEnter(key string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.group(key)
	if g.lookers > 0 {
		return false
	}
	g.sending++
	return true
}

// enter waits until nobody looks, and counts an attempt in.
func (t *twins) enter(ctx context.Context, key string) error {
	for !t.tryEnter(key) {
		if err := t.untilChange(ctx, key); err != nil {
			return err
		}
	}
	return nil
}

func (t *twins) untilChange(ctx context.Context, key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if g := t.groups[key]; g != nil && g.lookers > 0 {
		return t.wait(ctx, g)
	}
	return nil
}

// leave counts an attempt out, with the ids of what it made.
func (t *twins) leave(key string, ids []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(ids)
	g := t.groups[key]
	g.sending--
	t.change(key, g)
}

// look waits until no attempt is on its way and nobody else looks. It is ended by looked.
func (t *twins) look(ctx context.Context, key string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.group(key)
	g.lookers++
	for g.sending > 0 || g.looking {
		if err := t.wait(ctx, g); err != nil {
			g.lookers--
			t.change(key, g)
			return err
		}
	}
	g.looking = true
	return nil
}

func (t *twins) looked(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.groups[key]
	g.looking = false
	g.lookers--
	t.change(key, g)
}

// taken tells if one of the ids was handed out.
func (t *twins) taken(ids []string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range ids {
		if _, ok := t.handed[id]; ok {
			return true
		}
		if _, ok := t.before[id]; ok {
			return true
		}
	}
	return false
}

// take hands out what has these ids.
func (t *twins) take(ids []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.note(ids)
}

func (t *twins) note(ids []string) {
	if len(ids) == 0 {
		return
	}
	if now := time.Now(); t.handed == nil || now.Sub(t.turned) > handedFor {
		t.before, t.handed, t.turned = t.handed, make(map[string]struct{}), now
	}
	for _, id := range ids {
		t.handed[id] = struct{}{}
	}
}

func (t *twins) group(key string) *twinGroup {
	g := t.groups[key]
	if g == nil {
		if t.groups == nil {
			t.groups = make(map[string]*twinGroup)
		}
		if g = t.spare; g == nil {
			g = &twinGroup{}
		}
		t.spare, t.groups[key] = nil, g
	}
	return g
}

// wait gives way until the group changes.
func (t *twins) wait(ctx context.Context, g *twinGroup) error {
	if g.changed == nil {
		g.changed = make(chan struct{})
	}
	changed := g.changed
	t.mu.Unlock()
	defer t.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *twins) change(key string, g *twinGroup) {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
	if g.sending == 0 && g.lookers == 0 {
		delete(t.groups, key)
		t.spare = g
	}
}
