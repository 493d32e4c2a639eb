// Package follow follows many records with few requests. Its watchers share one goroutine. That
// asks for a few records one by one. From more watchers on it reads the list, which shows a hundred
// records a page, and asks for a record by itself only where the list can't be believed.
package follow

import (
	"context"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"sync"
	"time"
)

// Source is where the records are.
type Source[T any] interface {
	// List returns a page of the records made since a time, the zero time for all.
	List(ctx context.Context, page int, since time.Time) (records []T, more bool, err error)
	// IDs returns all ids that name a record.
	IDs(record *T) []string
	Ended(record *T) bool
	// State returns where a record is in its life.
	State(record *T) string
	// Made returns when a record was made; the zero time if that isn't known.
	Made(record *T) time.Time
	// Merged returns now, with what only before has.
	Merged(before, now *T) *T
	// Adds reports whether got has what listed, the same record from a list, doesn't show.
	Adds(listed, got *T) bool
	// IsMissing reports whether an error says that there is no such record.
	IsMissing(err error) bool
	// IsRefused reports whether an error is the API's last word on one request, such as a 403.
	IsRefused(err error) bool
	// IsForAll reports whether an error is the API's last word on every request, such as a 401.
	IsForAll(err error) bool
	// Pace returns the time from one request to the next; 0 for any.
	Pace() time.Duration
	// Begin and End say when there is somebody who watches, and when there is nobody any more.
	Begin()
	End()
}

// Watch says what to watch.
type Watch[T any] struct {
	ID string
	// Get asks for this record alone. If hasty it doesn't try again, as others wait.
	Get      func(ctx context.Context, hasty bool) (*T, error)
	Interval time.Duration // between two looks; 0 for the Follower's choice
	Settle   time.Duration // how long a record that was just made may be missing
}

// state is where a watcher is.
type state uint8

const (
	following state = iota
	ending          // the list shows the end, which Get is to confirm
	ended
	failed
)

// watcher is a Watch under way. Its fields belong to the Follower's lock.
type watcher[T any] struct {
	Watch[T]
	ctx   context.Context
	ids   []string
	state state
	last  *T
	fresh bool  // last was not yielded yet
	err   error // why it failed

	began   time.Time
	asked   time.Time // when Get was last asked, or the list in its place
	listed  time.Time // when the list last showed it
	known   time.Time // when either last showed it
	changed time.Time // when last became another

	shown    string // the state in which the list last showed it
	passed   string // a state that it was shown in, and has left as Get knows; "" for none
	missing  error  // what Get said, if it knows no such record
	getless  bool   // Get doesn't know it, or refuses it, and the list shows it
	byList   bool   // after Get, it is the list's turn
	disputed bool   // the list showed an end, and Get did not

	news chan struct{}
}

// Follower shares the looking among all who watch.
type Follower[T any] struct {
	source Source[T]
	few    int

	mu       sync.Mutex
	watchers []*watcher[T]
	named    map[string][]*watcher[T]
	stop     context.CancelFunc // ends the goroutine; nil when there is none
	wake     chan struct{}
	poll     poll[T]
}

// New returns a Follower of the source's records, which asks for them one by one as long as there
// are few watchers.
func New[T any](source Source[T], few int) *Follower[T] {
	return &Follower[T]{
		source: source, few: few, named: make(map[string][]*watcher[T]), wake: make(chan struct{}, 1),
		poll: poll[T]{proofs: make(map[string]bool)},
	}
}

// Follow yields the record as it is now, then each time it has changed, and last when it has ended.
// A watcher that reads slowly misses what lies between, and holds up nobody.
func (f *Follower[T]) Follow(ctx context.Context, watch Watch[T]) iter.Seq2[*T, error] {
	return func(yield func(*T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		w := f.join(ctx, watch)
		defer f.leave(w)
		for {
			select {
			case <-w.news:
			case <-ctx.Done():
				yield(nil, f.cutShort(ctx, w))
				return
			}
			record, now, err := f.take(w)
			switch {
			case record != nil && !yield(record, nil), now == ended:
				return
			case now == failed:
				yield(nil, err)
				return
			}
		}
	}
}

func (f *Follower[T]) join(ctx context.Context, watch Watch[T]) *watcher[T] {
	now := time.Now()
	w := &watcher[T]{Watch: watch, ctx: ctx, began: now, changed: now, news: make(chan struct{}, 1)}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watchers = append(f.watchers, w)
	f.poll.most = max(f.poll.most, len(f.watchers))
	for _, other := range slices.Clone(f.named[w.ID]) {
		if other.ID != w.ID { // what it was shown as may be another's record
			f.unname(other, w.ID)
		}
	}
	f.name(w, w.ID)
	if f.stop == nil {
		var life context.Context
		life, f.stop = context.WithCancel(context.Background())
		f.poll.page = 0
		f.source.Begin()
		go f.run(life)
	}
	f.wakeUp()
	return w
}

func (f *Follower[T]) leave(w *watcher[T]) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watchers = slices.DeleteFunc(f.watchers, func(other *watcher[T]) bool { return other == w })
	for len(w.ids) > 0 {
		f.unname(w, w.ids[0])
	}
	if len(f.watchers) == 0 && f.stop != nil {
		f.stop()
		f.stop, f.poll.most = nil, 0
		f.source.End()
	}
}

// name notes an id under which w's record may be shown.
func (f *Follower[T]) name(w *watcher[T], id string) {
	if !slices.Contains(w.ids, id) {
		w.ids = append(w.ids, id)
		f.named[id] = append(f.named[id], w)
	}
}

// unname forgets an id of w's record.
func (f *Follower[T]) unname(w *watcher[T], id string) {
	w.ids = slices.DeleteFunc(w.ids, func(own string) bool { return own == id })
	f.named[id] = slices.DeleteFunc(f.named[id], func(other *watcher[T]) bool { return other == w })
	if len(f.named[id]) == 0 {
		delete(f.named, id)
	}
}

func (f *Follower[T]) wakeUp() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// take returns what is new for w.
func (f *Follower[T]) take(w *watcher[T]) (record *T, now state, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w.fresh {
		record, w.fresh = w.last, false
	}
	return record, w.state, w.err
}

// cutShort returns the error of a watcher whose context has ended.
func (f *Follower[T]) cutShort(ctx context.Context, w *watcher[T]) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if w.missing != nil {
		return fmt.Errorf("%w, after %w", context.Cause(ctx), w.missing)
	}
	return context.Cause(ctx)
}

// Deliver takes a record that came another way, such as a webhook's, and hands it to those who
// watch it.
func (f *Follower[T]) Deliver(record *T) {
	if record == nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	isEnd := f.source.Ended(record)
	for _, w := range f.whose(record) {
		f.show(w, record)
		if isEnd {
			f.poll.delivered++
			f.end(w, ended, nil)
		}
	}
}

// whose returns those who watch a record.
func (f *Follower[T]) whose(record *T) (all []*watcher[T]) {
	for _, id := range f.source.IDs(record) {
		for _, w := range f.named[id] {
			if !w.isOver() && !slices.Contains(all, w) {
				all = append(all, w)
			}
		}
	}
	return all
}

// show notes what is known of w's record now.
func (f *Follower[T]) show(w *watcher[T], record *T) {
	now := time.Now()
	own := *record
	w.known, w.missing = now, nil
	if w.last != nil && (f.source.Ended(record) || !f.source.Ended(w.last)) { // nothing of an end that was none
		own = *f.source.Merged(w.last, record)
	}
	if w.last == nil || !reflect.DeepEqual(w.last, &own) {
		w.last, w.fresh, w.changed = &own, true, now
	}
	if w.fresh && !f.source.Ended(record) {
		w.tell()
	}
}

// adopt notes by which ids else w's record is shown, if none of them is that of another watcher. It
// reports false if one is.
func (f *Follower[T]) adopt(w *watcher[T], record *T) bool {
	ids := f.source.IDs(record)
	for _, id := range ids {
		for _, other := range f.named[id] {
			if other.ID == id && w.ID != id {
				return false
			}
		}
	}
	for _, id := range ids {
		f.name(w, id)
	}
	return true
}

// end ends a watch.
func (f *Follower[T]) end(w *watcher[T], how state, err error) {
	w.state, w.err = how, err
	w.tell()
}

// isOver reports whether there is nothing more to look for.
func (w *watcher[T]) isOver() bool { return w.state > ending || w.ctx.Err() != nil }

func (w *watcher[T]) tell() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}
