package reconcile

import (
	"context"
	"sync"
)

// Twins keeps requests apart whose records can't be distinguished: two calls to the same person by
// the same agent. Any number of them may be sent at once. A look for a lost one waits until no twin
// is on its way, and no twin is sent during the look. The client's [Memory] has what each of them
// made before the next look, so a look never takes another's record, and every record is returned
// to one caller. It is safe for concurrent use.
type Twins struct {
	mu     sync.Mutex
	groups map[Twin]*twinGroup
}

type twinGroup struct {
	sending int           // attempts on their way
	lookers int           // waiting to look, or looking
	looking bool          // one of them
	changed chan struct{} // closed at the next change; nil when nobody waits for it
}

// TryEnter counts an attempt in, unless somebody looks.
func (t *Twins) TryEnter(key Twin) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.group(key)
	if g.lookers > 0 {
		return false
	}
	g.sending++
	return true
}

// Enter waits until nobody looks, and counts an attempt in.
func (t *Twins) Enter(ctx context.Context, key Twin) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for g := t.group(key); g.lookers > 0; g = t.group(key) {
		if err := t.wait(ctx, g); err != nil {
			return err
		}
	}
	t.group(key).sending++
	return nil
}

// Leave counts an attempt out.
func (t *Twins) Leave(key Twin) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.groups[key]
	g.sending--
	t.change(key, g)
}

// Look waits until no attempt is on its way and nobody else looks. Looked ends it.
func (t *Twins) Look(ctx context.Context, key Twin) error {
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

// Looked ends a look.
func (t *Twins) Looked(key Twin) {
	t.mu.Lock()
	defer t.mu.Unlock()
	g := t.groups[key]
	g.looking = false
	g.lookers--
	t.change(key, g)
}

func (t *Twins) group(key Twin) *twinGroup {
	g := t.groups[key]
	if g == nil {
		if t.groups == nil {
			t.groups = make(map[Twin]*twinGroup)
		}
		g = &twinGroup{}
		t.groups[key] = g
	}
	return g
}

// wait gives way until the group changes.
func (t *Twins) wait(ctx context.Context, g *twinGroup) error {
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

func (t *Twins) change(key Twin, g *twinGroup) {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
	if g.sending == 0 && g.lookers == 0 {
		delete(t.groups, key)
	}
}
