package follow

import (
	"slices"
	"time"
)

// got takes what Get said of w's record.
func (f *Follower[T]) got(w *watcher[T], record *T, err error) {
	now := time.Now()
	w.asked = now
	f.poll.check = false
	switch {
	case err == nil && !f.adopt(w, record): // it is another's
	case err == nil:
		f.poll.failing, w.getless, w.byList = time.Time{}, false, false
		f.gotRecord(w, record)
	case f.source.IsForAll(err):
		f.endAll(err)
	case f.source.IsMissing(err), f.source.IsRefused(err) && f.isListed(w):
		f.poll.failing = time.Time{}
		w.missing, w.byList = err, true
		if w.state == ending {
			w.getless = true
			f.ends(w)
			if f.poll.quality == untried { // there is nothing to add
				f.isWhole()
			}
			return
		}
		f.judge(w, now)
	case w.state == ending: // it has ended, whatever else there is to know
		f.ends(w)
	case f.following() > politeness && !f.source.IsRefused(err): // it was not tried again
		f.failed(err, now)
	default:
		f.end(w, failed, err)
	}
}

// isListed reports whether the last reading of the list showed w's record.
func (f *Follower[T]) isListed(w *watcher[T]) bool {
	return !w.listed.IsZero() && !w.listed.Before(f.poll.read)
}

func (f *Follower[T]) gotRecord(w *watcher[T], record *T) {
	listed := w.last // as the list showed it
	if now := f.source.State(record); w.shown != "" && now != w.shown {
		w.passed = w.shown
	}
	f.show(w, record)
	isEnd := f.source.Ended(record)
	switch {
	case w.state == ending && !isEnd: // one of them is wrong: the list has to say it again
		w.state, w.disputed = following, true
		w.tell()
	case isEnd:
		if w.state == ending && f.poll.quality == untried {
			f.poll.quality = poor
			if !f.source.Adds(listed, record) {
				f.isWhole()
			}
		}
		if !w.listed.IsZero() && w.state == following && len(f.poll.proofs) < mostProofs {
			for _, id := range w.ids {
				f.poll.proofs[id] = true
			}
		}
		f.ends(w)
	case f.following() <= f.few:
		f.foundNone()
	}
}

// isWhole notes that the list shows an end as Get does, so that the others that it has shown aren't
// asked for.
func (f *Follower[T]) isWhole() {
	f.poll.quality = whole
	for _, w := range f.watchers {
		if w.state == ending && !w.isOver() {
			f.ends(w)
		}
	}
}

// foundNone notes a look at all that is watched, or at one of a few. If no end was found by it,
// those that were delivered are all.
func (f *Follower[T]) foundNone() {
	isEnding := func(w *watcher[T]) bool { return w.state == ending && !w.isOver() }
	if f.poll.delivered >= deliveredInARow && !slices.ContainsFunc(f.watchers, isEnding) {
		f.poll.told = true
	}
}

// ends ends a watch whose end was found by looking, not delivered.
func (f *Follower[T]) ends(w *watcher[T]) {
	f.poll.delivered, f.poll.told = 0, false
	f.poll.ends++
	f.end(w, ended, nil)
}

// failed notes a request that failed. An API that answers nobody ends all watches.
func (f *Follower[T]) failed(err error, now time.Time) {
	if f.poll.failing.IsZero() {
		f.poll.failing = now
	}
	if now.Sub(f.poll.failing) >= patience {
		f.endAll(err)
	}
}

func (f *Follower[T]) endAll(err error) {
	for _, w := range f.watchers {
		if !w.isOver() {
			f.end(w, failed, err)
		}
	}
}

// listHasFailed takes an error of the list.
func (f *Follower[T]) listHasFailed(err error, filtered bool) {
	f.poll.page = 0
	if filtered && f.source.IsRefused(err) && !f.source.IsMissing(err) {
		f.poll.unfiltered = true
		return
	}
	now := time.Now()
	f.poll.listErr, f.poll.listFailed = err, now
	f.listSaid(now)
	switch {
	case f.source.IsForAll(err):
		f.endAll(err)
	case !f.source.IsMissing(err) && !f.source.IsRefused(err):
		f.failed(err, now)
	}
}

// listed takes a page of the list.
func (f *Follower[T]) listed(records []T, more, filtered bool) {
	now := time.Now()
	f.poll.listErr, f.poll.failing = nil, time.Time{}
	for i := range records {
		f.listedOne(&records[i], now)
	}
	if more && f.poll.page < f.poll.most/pageSize+maxMorePages && f.lacks() {
		f.poll.page++
		return
	}
	f.poll.page, f.poll.read = 0, f.poll.began
	f.foundNone()
	round := time.Duration(f.following()) * f.source.Pace()
	if !f.poll.told && now.Sub(f.poll.checked) >= round/checksARound {
		f.poll.check, f.poll.checked = true, now
	}
	if f.poll.ends > 0 || f.poll.gap == 0 {
		f.poll.gap = soonestReading
	} else {
		f.poll.gap = min(f.poll.gap*3/2, rarestReading)
	}
	if filtered && f.showsNone() {
		f.poll.unfiltered = true
	}
	f.listSaid(now)
}

// checksARound is how often the list is checked while each record could be asked for once.
const checksARound = 10

// maxMorePages is how many more pages a reading has than the watched records need.
const maxMorePages = 10

func (f *Follower[T]) listedOne(record *T, now time.Time) {
	isEnd := f.source.Ended(record)
	for _, id := range f.source.IDs(record) {
		if f.poll.proofs[id] {
			f.believe(isEnd)
			delete(f.poll.proofs, id)
		}
	}
	state := f.source.State(record)
	for _, w := range f.whose(record) {
		if w.passed != "" {
			f.believe(state != w.passed)
			w.passed = ""
		}
		if f.poll.trust == unproven && w.shown != "" && w.shown != state {
			f.believe(true)
		}
		w.listed, w.shown = now, state
		if w.state == ending {
			continue
		}
		f.adopt(w, record)
		getless := w.getless || w.missing != nil
		if f.poll.trust == stale && !isEnd && !getless && w.last != nil { // Get says how it is
			continue
		}
		f.show(w, record)
		switch {
		case !isEnd:
		case getless || w.disputed || f.poll.quality == whole:
			f.ends(w)
		default:
			w.state = ending
		}
	}
}

// believe notes whether the list showed a record as it is.
func (f *Follower[T]) believe(right bool) {
	f.poll.trust = stale
	if right {
		f.poll.trust = live
	}
}

// lacks reports whether the reading under way hasn't shown all that is watched.
func (f *Follower[T]) lacks() bool {
	for _, w := range f.watchers {
		if w.state == following && !w.isOver() && w.began.Before(f.poll.began) && w.listed.Before(f.poll.began) {
			return true
		}
	}
	return false
}

// showsNone reports whether the reading showed nothing, although some of it is known to be there.
func (f *Follower[T]) showsNone() bool {
	known := false
	for _, w := range f.watchers {
		if !w.listed.Before(f.poll.began) {
			return false
		}
		known = known || w.last != nil
	}
	return known
}

// listSaid notes for all that the list was asked.
func (f *Follower[T]) listSaid(now time.Time) {
	for _, w := range f.watchers {
		if w.byList && w.state == following {
			w.byList, w.asked = false, now
			f.judge(w, now)
		}
	}
}

// judge ends the watch of a record that neither Get nor the list has.
func (f *Follower[T]) judge(w *watcher[T], now time.Time) {
	if w.missing == nil {
		return
	}
	asked := f.poll.listErr != nil || f.poll.read.After(later(w.began, w.known))
	switch {
	case f.isListed(w):
		w.getless, w.missing = true, nil
	case w.last == nil && now.Sub(w.began) < w.Settle:
	case asked, w.last == nil && w.Settle == 0:
		f.end(w, failed, w.missing)
	}
}
