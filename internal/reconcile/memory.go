package reconcile

import (
	"slices"
	"sync"
	"time"
)

// Twin identifies records that can't be distinguished by what was requested: the calls of one agent
// to one person.
type Twin struct {
	Owner Owner
	Name  string // the number, or the campaign's name
}

// Owner names what a list can be narrowed to.
type Owner struct{ Route, Agent string }

// Placed is a record that an answer reported to this client, or that a look found.
type Placed struct {
	Twin Twin
	Key  string    // the idempotency key of the request that made it
	IDs  []string  // none where the answer had none
	Sent time.Time // it was made after this; zero for a record that was found in a list
	At   time.Time // when this client heard of it; both on this machine's clock
}

// IsShownBy reports whether a record with these ids can be this one. Not every id is of one record
// alone: a server may write the same session id for all that have no session yet. So one common id
// isn't enough where each has another one that differs.
func (p Placed) IsShownBy(ids []string) bool {
	common := 0
	for _, id := range ids {
		if slices.Contains(p.IDs, id) {
			common++
		}
	}
	return common > 0 && (common == len(ids) || common == len(p.IDs))
}

// Told reports whether an answer reported the record, so that the time of its creation is known.
func (p Placed) Told() bool { return !p.Sent.IsZero() }

// mostPlaced bounds what a Memory holds. An entry takes about 350 bytes with its ids, so a full
// Memory takes 3.5 MB.
const mostPlaced = 10_000

// Memory holds what was placed last, so that a look knows what isn't the lost record, and what the
// list must show before its silence means anything. It is safe for concurrent use.
type Memory struct {
	mu   sync.Mutex
	ring []Placed       // the oldest is at next once it is full
	next int            // 0 until it is full
	ids  map[string]int // to the place in ring

	shared map[string]bool // the ids that several records have had

	missing time.Duration   // the greatest age of a record that a list did not show yet
	live    map[string]bool // by route: the list has shown a record that had not ended
}

// Note adds a record, unless it is known.
func (m *Memory) Note(p Placed) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.find(p.IDs); known {
		return
	}
	at := m.next
	if len(m.ring) < mostPlaced {
		at = len(m.ring)
		m.ring = append(m.ring, Placed{})
	} else {
		for _, id := range m.ring[at].IDs {
			if m.ids[id] == at { // it isn't a later one's too
				delete(m.ids, id)
			}
		}
		m.next = (m.next + 1) % mostPlaced
	}
	m.ring[at] = p
	if m.ids == nil {
		m.ids = make(map[string]int)
	}
	for _, id := range p.IDs {
		if m.isOthers(id, p.IDs) {
			if m.shared == nil {
				m.shared = make(map[string]bool)
			}
			m.shared[id] = true
		}
		m.ids[id] = at
	}
}

func (m *Memory) isOthers(id string, ids []string) bool {
	at, ok := m.ids[id]
	return ok && !m.ring[at].IsShownBy(ids)
}

// Own returns those of a record's ids that no other record has had, as far as is known.
func (m *Memory) Own(ids []string) (own []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range ids {
		if !m.shared[id] && !m.isOthers(id, ids) {
			own = append(own, id)
		}
	}
	return own
}

// Find returns the record that has the ids.
func (m *Memory) Find(ids []string) (Placed, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.find(ids)
}

func (m *Memory) find(ids []string) (Placed, bool) {
	for _, id := range ids {
		if at, ok := m.ids[id]; ok && m.ring[at].IsShownBy(ids) {
			return m.ring[at], true
		}
	}
	return Placed{}, false
}

// Before returns the last n records of an owner that answers had reported by t, but none older than
// oldest. The newest comes first.
func (m *Memory) Before(owner Owner, t, oldest time.Time, n int) (found []Placed) {
	m.backwards(func(p Placed) bool {
		if p.At.Before(oldest) {
			return false
		}
		if p.Twin.Owner == owner && p.Told() && !p.At.After(t) {
			found = append(found, p)
		}
		return len(found) < n
	})
	return found
}

const (
	// witnessed is how many of those that were placed before must be in the list.
	witnessed = 5
	// remembered is for how long what was placed counts as a witness.
	remembered = 10 * time.Minute
)

// Witnesses returns what a list must show before its silence means anything: the last records of an
// owner that answers had reported by t, unless they are too old at a time from then on.
func (m *Memory) Witnesses(owner Owner, t, now time.Time) []Placed {
	return m.Before(owner, t, now.Add(-remembered), witnessed)
}

// After returns the records of an owner that answers reported after t.
func (m *Memory) After(owner Owner, t time.Time) (found []Placed) {
	m.backwards(func(p Placed) bool {
		if p.Twin.Owner == owner && p.Told() && p.At.After(t) {
			found = append(found, p)
		}
		return p.At.After(t)
	})
	return found
}

// Equal returns the twins that were placed since t.
func (m *Memory) Equal(twin Twin, t time.Time) (found []Placed) {
	m.backwards(func(p Placed) bool {
		if p.Twin == twin && !p.At.Before(t) {
			found = append(found, p)
		}
		return !p.At.Before(t)
	})
	return found
}

// Since returns how many records of an owner were placed since t, and whether all of them are
// remembered.
func (m *Memory) Since(owner Owner, t time.Time) (n int, all bool) {
	older := false
	m.backwards(func(p Placed) bool {
		if older = p.At.Before(t); !older && p.Twin.Owner == owner {
			n++
		}
		return !older
	})
	return n, older || !m.isFull()
}

func (m *Memory) isFull() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.ring) == mostPlaced
}

// backwards calls visit with each record, the newest first, until it reports false.
func (m *Memory) backwards(visit func(Placed) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.ring {
		at := m.next - 1 - i
		if at < 0 {
			at += len(m.ring)
		}
		if !visit(m.ring[at]) {
			return
		}
	}
}

// NoteMissing notes that a list didn't show a record of that age.
func (m *Memory) NoteMissing(age time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.missing = max(m.missing, age)
}

// Missing returns how long after it was made a record was still not listed.
func (m *Memory) Missing() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.missing
}

// NoteLive notes that the list of what a route makes has shown a record that had not ended, so it
// isn't one of those that have.
func (m *Memory) NoteLive(route string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.live == nil {
		m.live = make(map[string]bool)
	}
	m.live[route] = true
}

// Live reports whether NoteLive was called for a route.
func (m *Memory) Live(route string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.live[route]
}
