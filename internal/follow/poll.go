package follow

import (
	"context"
	"time"
)

const (
	pageSize = 100
	// Between two looks at a record that is asked for by itself. It is an eighth of the time since the
	// record changed, within these.
	soonest, rarest = 2 * time.Second, 10 * time.Second
	// Between two looks at a record that the list shows. It is longer the more there are.
	soonestCheck = 15 * time.Second
	// Between the beginnings of two readings of the list. It grows while nothing ends.
	soonestReading, rarestReading = 4 * time.Second, 8 * time.Second
	// The same where records are delivered, so that looking is only the safety net.
	safetyNet = time.Minute
	// Between two readings then, as long as a watcher hasn't heard of its record at all.
	firstSight = 20 * time.Second
	// So many ends that are delivered, and then a look that finds no other, show that all are. Some
	// calls may have no webhook.
	deliveredInARow = 5
	// With more watchers than that, a look that fails isn't repeated at once: others wait.
	politeness = 2
	// So many records are asked for by themselves before the next page of a list, if both are due.
	getsForAPage = 3
	// How long a list that failed is left alone.
	listRests = 30 * time.Second
	// How long every request may fail before everybody's watch fails.
	patience = 5 * time.Minute
	// Ends that Get showed and the list didn't yet, of which some are kept.
	mostProofs = 1000
)

// quality says what a record of the list has, beside one that was asked for by itself.
type quality uint8

const (
	untried quality = iota
	whole
	poor // it lacks what Get has, so an end is asked for by itself
)

// trust is how far the list is known to keep up with what it shows.
type trust uint8

const (
	unproven trust = iota // it hasn't shown any record change
	live
	stale // it showed a record in a state that this had left
)

// poll is what the goroutine knows. It belongs to the Follower's lock.
type poll[T any] struct {
	requested time.Time // when the last request began
	gets      int       // requests since the last page of the list
	failing   time.Time // since when each request fails; zero if the last did not

	page  int       // the next page of the reading under way; 0 for none
	began time.Time // of that reading
	read  time.Time // when the last complete reading began
	gap   time.Duration
	ends  int // that were found since that reading began

	listErr    error // why the last page failed
	listFailed time.Time
	unfiltered bool // the list takes no time, or finds nothing by it
	quality    quality
	most       int // watchers at a time, since there were none
	trust      trust
	check      bool            // a record is to prove the list, see proves
	checked    time.Time       // when that was last the case
	proofs     map[string]bool // ids of records that have ended, which the list is to show so
	delivered  int             // ends that came by Deliver since a look found one
	told       bool            // ends come by Deliver, so that looking is only the safety net
}

// step is a request to make.
type step[T any] struct {
	at time.Time
	of *watcher[T] // nil for a page of the list
}

// run makes one request after the other until life ends.
func (f *Follower[T]) run(life context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for life.Err() == nil {
		f.mu.Lock()
		next := f.next(time.Now())
		f.mu.Unlock()
		if wait := time.Until(next.at); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-f.wake:
			case <-life.Done():
			}
			continue
		}
		f.request(life, next)
	}
}

func (f *Follower[T]) request(life context.Context, next step[T]) {
	f.mu.Lock()
	f.poll.requested = time.Now()
	if w := next.of; w != nil {
		hasty := f.following() > politeness
		f.poll.gets++
		f.mu.Unlock()
		record, err := w.Get(w.ctx, hasty)
		f.mu.Lock()
		defer f.mu.Unlock()
		if !w.isOver() {
			f.got(w, record, err)
		}
		return
	}
	if f.poll.page == 0 {
		f.poll.page, f.poll.began, f.poll.ends = 1, time.Now(), 0
	}
	f.poll.gets = 0
	page, since := f.poll.page, f.since()
	f.mu.Unlock()
	records, more, err := f.source.List(life, page, since)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case life.Err() != nil:
	case err != nil:
		f.listHasFailed(err, !since.IsZero())
	default:
		f.listed(records, more, !since.IsZero())
	}
}

// since is when the oldest record that is watched may have been made, with room for a clock.
func (f *Follower[T]) since() time.Time {
	if f.poll.unfiltered {
		return time.Time{}
	}
	oldest := time.Now()
	for _, w := range f.watchers {
		made := w.began
		if w.last != nil {
			if at := f.source.Made(w.last); !at.IsZero() {
				made = at
			}
		}
		if made.Before(oldest) {
			oldest = made
		}
	}
	return oldest.Add(-5 * time.Minute)
}

// next decides what to ask for, and when. There is at least one watcher, or the goroutine is about
// to end.
func (f *Follower[T]) next(now time.Time) step[T] {
	count := f.following()
	reading := count > f.few
	pace := f.source.Pace()
	if pace == 0 && count > politeness {
		pace = time.Second
	}
	round := time.Duration(count) * pace // as long as it takes to ask for each by itself
	var list step[T]
	if count > 0 {
		list.at = f.nextPage(now, reading, round)
	}
	var get, check step[T]
	for _, w := range f.watchers {
		if w.isOver() {
			continue
		}
		if reading && f.proves(w) && (check.of == nil || w.asked.Before(check.of.asked)) {
			check = step[T]{now, w}
		}
		at, byList := f.nextLook(w, now, reading, round)
		switch {
		case at.IsZero():
		case byList && (list.at.IsZero() || at.Before(list.at)):
			list.at = at
		case !byList && (get.of == nil || at.Before(get.at)):
			get = step[T]{at, w}
		}
	}
	chosen := list
	slot := f.poll.requested.Add(pace)
	if check.of != nil && (get.of == nil || get.at.After(slot)) && list.at.After(slot) { // nothing else is due
		get = check
	}
	switch {
	case get.of == nil && list.at.IsZero(): // all are about to leave
		return step[T]{at: now.Add(rarest)}
	case get.of == nil:
	case list.at.IsZero(), get.of.state == ending:
		chosen = get
	case !get.at.After(slot) && !list.at.After(slot): // both are due
		if f.poll.gets < getsForAPage || f.poll.trust == stale {
			chosen = get
		}
	case get.at.Before(list.at):
		chosen = get
	}
	chosen.at = later(chosen.at, slot)
	return chosen
}

// proves reports whether w's record is to be asked for although the list shows it, which tells
// whether the list is right. As long as the list has shown no change, each record proves it once.
func (f *Follower[T]) proves(w *watcher[T]) bool {
	isDue := f.poll.check || f.poll.trust == unproven && !f.poll.told && w.asked.IsZero()
	return isDue && w.state == following && !w.listed.IsZero() && !w.getless
}

// following counts those who still watch.
func (f *Follower[T]) following() (n int) {
	for _, w := range f.watchers {
		if !w.isOver() {
			n++
		}
	}
	return n
}

// listWorks reports whether to ask the list.
func (f *Follower[T]) listWorks(now time.Time) bool {
	return f.poll.listErr == nil || now.Sub(f.poll.listFailed) >= listRests
}

// nextPage returns when the next page of the list is due; the zero time for never.
func (f *Follower[T]) nextPage(now time.Time, reading bool, round time.Duration) time.Time {
	switch {
	case !f.listWorks(now), !reading && f.poll.page == 0:
		return time.Time{}
	case f.poll.page > 0:
		return now
	}
	gap := max(f.poll.gap, soonestReading)
	if f.poll.told {
		gap = safetyNet
	}
	for _, w := range f.watchers {
		switch {
		case w.Interval > 0:
			gap = min(gap, w.Interval)
		case w.last == nil:
			gap = min(gap, firstSight)
		}
	}
	if f.poll.trust == stale {
		gap = max(gap, round)
	}
	return f.poll.began.Add(gap)
}

// nextLook returns when a record is to be asked for by itself, or, with byList, the list in its
// place. It is the zero time where the list is enough.
func (f *Follower[T]) nextLook(w *watcher[T], now time.Time, reading bool, round time.Duration) (at time.Time, byList bool) {
	interval := w.Interval
	switch {
	case interval > 0:
	case w.last == nil:
		interval = soonest
	case f.poll.told:
		interval = safetyNet
	default:
		interval = min(max(now.Sub(w.changed)/8, soonest), rarest)
	}
	asked := later(w.asked, w.began)
	if w.asked.IsZero() {
		interval = 0
	}
	switch {
	case w.state == ending:
		return w.began, false // before the others
	case !reading, !f.listWorks(now):
		return asked.Add(interval), w.byList && f.listWorks(now)
	case !f.poll.read.After(w.began) && w.listed.IsZero(): // no reading has had the chance to show it
		return time.Time{}, false
	case w.listed.Before(f.poll.read), f.poll.trust == stale && !w.getless: // the list doesn't show it as it is
		return asked.Add(interval), false
	case f.poll.told: // however many of the watchers have left
		return asked.Add(max(time.Duration(f.poll.most)*f.source.Pace(), safetyNet)), false
	case w.getless:
		return asked.Add(max(round, safetyNet)), false
	}
	return asked.Add(max(round, soonestCheck)), false
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
