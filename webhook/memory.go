package webhook

import (
	"container/list"
	"context"
	"sync"
	"time"
)

const (
	defaultStoreSize = 100_000
	defaultStoreTTL  = 24 * time.Hour
)

// MemoryStore is a [Store] for one process. What it knows ends with the process.
type MemoryStore struct {
	size int
	ttl  time.Duration

	mu     sync.Mutex
	events map[string]*list.Element // nil while the event is claimed
	done   *list.List               // of doneEvent, the oldest first
}

type doneEvent struct {
	id string
	at time.Time
}

// NewMemoryStore returns a store that remembers the last size events that were handled, each for
// ttl. Values that aren't above 0 mean 100,000 events, about 20 MB, and 24 hours. Events that are
// being handled come on top and are never forgotten; a [Handler] has a bounded number of them.
func NewMemoryStore(size int, ttl time.Duration) *MemoryStore {
	if size <= 0 {
		size = defaultStoreSize
	}
	if ttl <= 0 {
		ttl = defaultStoreTTL
	}
	return &MemoryStore{size: size, ttl: ttl, events: make(map[string]*list.Element), done: list.New()}
}

// Claim implements [Store].
func (s *MemoryStore) Claim(_ context.Context, id string) (Claim, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
	switch done, known := s.events[id]; {
	case !known:
		s.events[id] = nil
		return &memoryClaim{s, id}, nil
	case done == nil:
		return nil, ErrClaimed
	}
	return nil, ErrDone
}

// forget drops what is too old or too much.
func (s *MemoryStore) forget() {
	for oldest := s.done.Front(); oldest != nil; oldest = s.done.Front() {
		event := oldest.Value.(doneEvent)
		if s.done.Len() <= s.size && time.Since(event.at) < s.ttl {
			return
		}
		s.done.Remove(oldest)
		delete(s.events, event.id)
	}
}

type memoryClaim struct {
	s  *MemoryStore
	id string
}

// Done implements [Claim].
func (c *memoryClaim) Done(context.Context) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.s.events[c.id] = c.s.done.PushBack(doneEvent{c.id, time.Now()})
	c.s.forget()
	return nil
}

// Release implements [Claim].
func (c *memoryClaim) Release(context.Context) error {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	delete(c.s.events, c.id)
	return nil
}
