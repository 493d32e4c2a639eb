package reconcile

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// Kind compares the records of one kind.
type Kind[T any] interface {
	// Compare compares a record with the lost one by everything but the time and the ids.
	Compare(*T) Verdict
	// Resembles goes by what a twin says. An empty name says nothing.
	Resembles(*T, Twin) Verdict
	// At returns when the record was made, and whether the record says just that. Else it is a time
	// shortly after, by which a list may put records that have none yet in another place.
	At(*T) (at time.Time, exact bool)
	IDs(*T) []string
	// Began returns when the work began, by which a list may be sorted; zero while it waits, and for a
	// kind that doesn't begin.
	Began(*T) time.Time
	Ended(*T) bool
	// Nearest narrows several records that fit down to those that fit best.
	Nearest([]*T) []*T
	// Unique reports whether there is one of its name at most, so that its time and other records
	// of its kind don't matter.
	Unique() bool
}

// Page is a page of a list, as far as it says.
type Page[T any] struct {
	Data     []T
	Total    int
	PageSize int
	HasMore  bool
	Ends     bool          // it says that there are no more
	Date     time.Time     // of the answer, by the server's clock; zero for unknown
	Age      time.Duration // how long a cache has had it; 0 when it doesn't say
}

// Look is one look for what a lost answer was about.
type Look[T any] struct {
	Kind[T]
	// List reads a page of the list that shows the records, if it can since a time, which may be zero.
	List   func(ctx context.Context, page int, since time.Time) (*Page[T], error)
	Search *Search
	Memory *Memory
	Twin   Twin

	Key        string // the idempotency key
	FirstSent  time.Time
	Resumed    bool          // an earlier process began it; FirstSent is on its clock
	Ahead      time.Duration // what the server's clock was ahead of that process's
	AheadKnown bool
	SettleTime time.Duration
	Shared     bool // other processes may have made equal requests, under a ledger
	// ServerAhead returns what the server's clock is ahead of this machine's.
	ServerAhead func() (time.Duration, bool)
	// EqualWaits reports whether an equal request of another worker waits for its answer.
	EqualWaits func() (bool, error)
	// Claim makes a record the answer. It reports false if the record is another request's.
	Claim func(*T) (bool, error)

	began time.Time
	date  time.Time       // of the last page
	stale bool            // the list was stored before the attempt ended
	seen  map[string]bool // the ids of what was placed that the list has shown
	clock offset          // of the list against this machine
	then  offset          // of the list against the machine of an earlier process
}

// DoubtError is why a look that worked proves nothing.
type DoubtError string

func (d DoubtError) Error() string { return string(d) }

// The doubts.
const (
	ErrMayBeOurs DoubtError = "the list shows one that may be it and can't be told for sure"
	ErrNotWhole  DoubtError = "the list could not be read to where it would stand"
	ErrUnseen    DoubtError = "the list doesn't show what was placed just before, so what it doesn't show proves nothing"
	ErrStale     DoubtError = "the list comes from a cache, and is older than the request"
	ErrTwins     DoubtError = "an equal request may have made what the list shows"
	// ErrNoWitness means that the list has no such record, and that no other record is known which it
	// would have to show.
	ErrNoWitness DoubtError = "nothing was placed before that the list would have to show"
)

// Find looks. It takes a record that is ours by every field that it shows. Of several it takes the
// oldest, as requests that began later can only have made later records. It reports false if
// nothing was made. An error says why that isn't known.
func (l *Look[T]) Find(ctx context.Context) (found bool, err error) {
	l.began = time.Now()
	l.noteTaken()
	pages := &pages[T]{ctx: ctx, l: l, left: l.most()}
	whole, err := pages.read()
	if err != nil {
		return false, err
	}
	window := l.window()
	var ours []*T
	mayBe := false
	for _, s := range pages.suspects {
		verdict, ids := l.verdict(s, window), l.IDs(s.record)
		if verdict == Not {
			l.Search.clear(ids)
			continue
		}
		l.Search.accuse(ids)
		if verdict == Ours {
			ours = append(ours, s.record)
		}
		mayBe = mayBe || verdict == Maybe
	}
	slices.SortStableFunc(ours, func(a, b *T) int {
		at, _ := l.At(a)
		other, _ := l.At(b)
		return at.Compare(other)
	})
	nearest := l.Nearest(ours)
	mayBe = mayBe || len(nearest) < len(ours)
	for _, record := range nearest {
		if err := l.mayTake(); err != nil {
			return false, err
		}
		if isOurs, err := l.Claim(record); isOurs || err != nil {
			return isOurs, err
		}
		ids := l.IDs(record)
		if len(ids) > 1 { // the other request may have had but one of them, which is no id
			mayBe = true
			continue
		}
		l.Search.clear(ids)
		l.Memory.Note(Placed{Twin: l.Twin, IDs: ids, At: time.Now()})
		l.noteTaken()
	}
	switch {
	case mayBe || len(l.Search.Suspects) > 0:
		return false, ErrMayBeOurs
	case !whole || pages.skipped:
		return false, ErrNotWhole
	case l.stale:
		return false, ErrStale
	case l.Unique():
		return false, nil
	}
	err = l.meaning() // also where it doesn't count yet, it shows how late the list is
	if l.began.Sub(l.Search.Taken) < l.SettleTime {
		return false, ErrTwins
	}
	return false, err
}

// noteTaken notes when the look of an equal request last took a record that may be ours. What is
// left for us is then its own, which may be made still, or be older than our first attempt.
func (l *Look[T]) noteTaken() {
	for _, p := range l.Memory.Equal(l.Twin, l.Search.First) {
		if !p.Told() && p.At.After(l.Search.Taken) {
			l.Search.Taken = p.At
		}
	}
}

// suspect is a record that isn't ruled out.
type suspect[T any] struct {
	record  *T
	verdict Verdict
}

func (l *Look[T]) verdict(s suspect[T], window Window) Verdict {
	at, exact := l.At(s.record)
	if l.Unique() && at.IsZero() {
		return s.verdict
	}
	if !exact && window.Doubt > 0 { // where no record shows it, the zone of the list isn't known either
		window.Doubt += zoneMost
	}
	if !l.Search.Taken.IsZero() {
		window.Doubt = max(window.Doubt, remembered)
	}
	verdict := min(s.verdict, window.Test(at))
	if len(l.IDs(s.record)) == 0 {
		verdict = min(verdict, Maybe) // it could be taken twice
	}
	return verdict
}

const (
	// youngest is the greatest age of a young witness when the lost attempt began. An older one
	// doesn't say how late the list is.
	youngest = 5 * time.Second
	// equalBefore is how long before the first attempt an equal request may have been answered
	// whose record the list may show as if it were ours.
	equalBefore = 10 * time.Second
	// clockDoubt is how far the clocks of two machines may be apart.
	clockDoubt = 15 * time.Minute
	// leastPages is how many pages a look reads at the most, besides those that this client has
	// filled meanwhile, and mostPages how many whatever was filled.
	leastPages, mostPages = 5, 100
	// maxPage is how many records a page has at the most (documented).
	maxPage = 100
	// cutOff is what a Date hides that is cut to the second.
	cutOff = time.Second
)

// sees reports whether a record was placed by this client or an earlier process, so that it isn't
// the lost one. A record that differs from what was placed doesn't count, even under the same ids.
// Either it is another one, or the list shows records in a form in which the lost one would be
// ruled out too.
func (l *Look[T]) sees(ids []string, at time.Time, differs func(Twin) bool) bool {
	for _, w := range l.Search.Witnesses {
		if w.IsShownBy(ids) && !differs(w.Twin) {
			l.mark(w.IDs)
			moved := l.FirstSent.Sub(l.Search.First) // to that process's clock
			l.then.note(at, w.Sent.Add(moved), w.At.Add(moved))
			return true
		}
	}
	placed, ok := l.Memory.Find(ids)
	if !ok || differs(placed.Twin) {
		return false
	}
	l.mark(placed.IDs)
	if placed.Twin.Owner == l.Twin.Owner {
		l.clock.note(at, placed.Sent, placed.At)
	}
	return placed.Key != l.Key // its own, which the ledger did not take down
}

func (l *Look[T]) mark(ids []string) {
	if l.seen == nil {
		l.seen = make(map[string]bool)
	}
	for _, id := range ids {
		l.seen[id] = true
	}
}

// shows reports whether the list has shown what was placed.
func (l *Look[T]) shows(p Placed) bool {
	return slices.ContainsFunc(p.IDs, func(id string) bool { return l.seen[id] })
}

// noteAge notes whether the answer comes from a cache, in spite of no-cache, and is too old to show
// what was made. Its Age may be cut to the second.
func (l *Look[T]) noteAge(age time.Duration) {
	if age > 0 && l.Search.Ended.After(l.began.Add(-age-cutOff)) {
		l.stale = true
	}
}

// most is how many pages the look may read.
func (l *Look[T]) most() int {
	placed, _ := l.Memory.Since(l.Twin.Owner, l.FirstSent)
	return min(leastPages+placed/maxPage, mostPages)
}

// before are the witnesses that were placed before the lost attempt.
func (l *Look[T]) before() []Placed {
	return append(l.Memory.Witnesses(l.Twin.Owner, l.Search.Sent, l.began), l.Search.Witnesses...)
}

// mayTake returns nil if a record that is equal to the lost one can't be that of an equal request.
func (l *Look[T]) mayTake() error {
	since := l.FirstSent.Add(-equalBefore)
	if l.Resumed {
		since = l.Search.Ended.Add(-clockDoubt)
	}
	if _, all := l.Memory.Since(l.Twin.Owner, since); !all {
		return ErrTwins // too many were placed since to remember all
	}
	for _, equal := range l.Memory.Equal(l.Twin, since) {
		if equal.Told() && !l.shows(equal) { // what a look has taken, it has seen under its own id
			return ErrTwins // it may be listed under another id
		}
	}
	if before := l.before(); l.Shared && len(before) > 0 && !slices.ContainsFunc(before, l.shows) {
		return ErrTwins // so may an equal one that another process has placed
	}
	waits, err := l.EqualWaits()
	if waits {
		err = ErrTwins
	}
	return err
}

// meaning says what it proves that the list has nothing that could be ours. Nothing was made if the
// list shows the witnesses, also calls that have not ended, and has shown one of them so soon that
// it would have shown ours by now.
func (l *Look[T]) meaning() error {
	s := l.Search
	before := l.before()
	all := append(l.Memory.After(l.Twin.Owner, s.Sent), before...)
	if len(all) == 0 {
		if len(l.Memory.Before(l.Twin.Owner, s.Sent, time.Time{}, 1)) > 0 { // too long ago
			return ErrUnseen
		}
		return ErrNoWitness
	}
	young := false
	for _, w := range all {
		switch {
		case !l.shows(w):
			l.Memory.NoteMissing(l.began.Sub(w.At))
		case !w.At.Before(s.Sent.Add(-youngest)):
			young = true
			lag := l.began.Sub(w.Sent)
			s.Lag = min(cmp.Or(s.Lag, lag), lag)
		}
	}
	if !young || !l.Memory.Live(l.Twin.Owner.Route) || slices.ContainsFunc(before, func(w Placed) bool { return !l.shows(w) }) {
		return ErrUnseen
	}
	const asMuchAgain = 2 // a record that was missing may have been so for longer
	s.Lag = max(s.Lag, min(asMuchAgain*l.Memory.Missing(), l.SettleTime))
	if s.Missing(l.began) > 0 {
		return ErrUnseen
	}
	return nil
}
