package reconcile

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// pages reads a list for a look, in whatever order the server has it: from the newest on; else from
// the last page back; else with a filter by time.
type pages[T any] struct {
	ctx      context.Context
	l        *Look[T]
	left     int             // how many may still be read
	shown    int             // how many records they had, since the first page
	distinct map[string]bool // the ids of these
	atFirst  int             // the total, as the first page had it
	total    int             // as the page before had it
	first    []string        // the ids of the first record of the page before
	repeats  bool            // a page begins as the one before
	skipped  bool            // a page may begin behind where the one before ended
	suspects []suspect[T]
}

// read reports whether all was read that may hold the lost record.
func (p *pages[T]) read() (whole bool, err error) {
	var forward order
	for number := 1; ; number++ {
		page, err := p.next(number, time.Time{}, &forward)
		if err != nil || page == nil {
			return false, err
		}
		switch {
		case p.isLast(page, number):
			return number == 1 || forward.rises == 0 || p.hasAll(p.atFirst), nil
		case forward.newestFirst() && p.passed(forward.last):
			if forward.hidesWaiting() {
				return p.waiting(page, number)
			}
			return true, nil
		case number == 1 && forward.rises > 0:
			whole, err := p.backwards(page, forward.falls == 0)
			if !whole && err == nil {
				whole, err = p.filtered()
			}
			return whole, err
		}
	}
}

// backwards reads from the last page to the second, or until the records are too old. It needs to
// know how many pages there are.
func (p *pages[T]) backwards(first *Page[T], oldestFirst bool) (whole bool, err error) {
	for number := lastPageOf(first); number > 1; number-- {
		var o order
		page, err := p.next(number, time.Time{}, &o)
		oldestFirst = oldestFirst && o.falls == 0 && o.later == 0
		switch {
		case err != nil || page == nil:
			return false, err
		case number == 2:
			return oldestFirst || p.hasAll(page.Total), nil
		case len(page.Data) == 0: // the total is of other records
			return false, nil
		case oldestFirst && p.passed(o.first):
			return true, nil
		case !oldestFirst && number-2 > p.left: // in no order, and too long
			return false, nil
		}
	}
	return false, nil
}

// filtered reads what is left when the server is asked for what is new enough. What was seen
// without the filter doesn't say that the filter shows it.
func (p *pages[T]) filtered() (whole bool, err error) {
	p.l.seen = nil
	since := p.l.oldest()
	if since.IsZero() {
		return false, nil
	}
	for number := 1; ; number++ {
		page, err := p.next(number, since, new(order))
		if err != nil || page == nil {
			return false, err
		}
		if p.isLast(page, number) {
			return number == 1 || p.hasAll(p.atFirst), nil
		}
	}
}

// hasAll reports whether a list in no order has shown as many different records as it has. It may
// be sorted anew for each request, and a record that comes in between moves others to a page that
// was read before.
func (p *pages[T]) hasAll(total int) bool { return len(p.distinct) >= cmp.Or(total, p.shown) }

// waiting reads from the last page back as long as it has nothing but records that have not begun:
// there they stand in a list that is sorted by the beginning, as MySQL and MongoDB do it. It needs
// to know how many pages there are.
func (p *pages[T]) waiting(page *Page[T], read int) (whole bool, err error) {
	for number := lastPageOf(page); number > read; number-- {
		var o order
		page, err := p.next(number, time.Time{}, &o)
		if err != nil || page == nil || len(page.Data) == 0 {
			return false, err
		}
		if o.waiting < len(page.Data) {
			return true, nil
		}
	}
	return false, nil
}

// passed reports whether what follows in a sorted list is too old to matter.
func (p *pages[T]) passed(reached time.Time) bool {
	oldest := p.l.oldest()
	return !oldest.IsZero() && reached.Before(oldest)
}

// next reads a page. It returns nil when no more may be read.
func (p *pages[T]) next(number int, since time.Time, o *order) (*Page[T], error) {
	if p.left == 0 {
		return nil, nil //nolint:nilnil // no page is no error
	}
	p.left--
	l := p.l
	page, err := l.List(p.ctx, number, since)
	if err != nil {
		return nil, err
	}
	l.date = page.Date
	l.noteAge(page.Age)
	if number == 1 {
		p.shown, p.total, p.atFirst, p.first = 0, page.Total, page.Total, nil
		p.distinct = make(map[string]bool)
	}
	if len(page.Data) > 0 {
		first := l.IDs(&page.Data[0])
		p.repeats = len(first) > 0 && slices.Equal(first, p.first)
		p.first = first
	}
	p.skipped = p.skipped || page.Total < p.total
	p.shown, p.total = p.shown+len(page.Data), page.Total
	for i := range page.Data {
		record := &page.Data[i]
		at, exact := l.At(record)
		o.see(at, exact)
		switch began := l.Began(record); {
		case began.IsZero():
			o.waiting++
		case began.Sub(at) > cutOff:
			o.waited++
		}
		if !l.Ended(record) {
			l.Memory.NoteLive(l.Twin.Owner.Route)
		}
		differs := func(placed Twin) bool { return l.Resembles(record, placed) == Not }
		if !exact { // it says nothing of the clock
			at = time.Time{}
		}
		ids := l.IDs(record)
		if len(ids) > 0 {
			p.distinct[ids[0]] = true
		}
		verdict := Not
		if !l.sees(ids, at, differs) {
			verdict = l.Compare(record)
		}
		if verdict == Not {
			l.Search.clear(ids)
			continue
		}
		p.suspects = append(p.suspects, suspect[T]{record, verdict})
	}
	return page, nil
}

// isLast reports whether a list that is read from the first page on ends with this page. A page may
// hold fewer records than were asked for, whatever size it states. Without paging keys the list
// ends with a page that has nothing, or nothing new.
func (p *pages[T]) isLast(page *Page[T], number int) bool {
	size := cmp.Or(page.PageSize, maxPage)
	switch {
	case page.HasMore:
		return false
	case page.Total > 0 && len(page.Data) > 0:
		return p.shown >= page.Total
	case page.Total > 0: // or it is a hole
		return number*size >= page.Total
	case page.Ends:
		return len(page.Data) < size
	}
	return len(page.Data) == 0 || p.repeats
}

// lastPageOf returns the number of the last page, or 0 when it isn't known. A page that isn't the
// last shows how long the pages are.
func lastPageOf[T any](page *Page[T]) int {
	size := max(len(page.Data), 1)
	return (page.Total + size - 1) / size
}

// order is what the times of consecutive records say of how a list is sorted.
type order struct {
	first, last  time.Time
	rises, falls int // from one record to the next; a record without a time may be either
	later        int // records that don't show when they were made, only a later time
	waiting      int // records that have not begun
	waited       int // records that began after they were made
}

// see takes the next record's time.
func (o *order) see(at time.Time, exact bool) {
	if !exact {
		o.later++
	}
	switch {
	case at.IsZero():
		o.rises++
		o.falls++
		return
	case o.first.IsZero():
		o.first = at
	case at.After(o.last):
		o.rises++
	case at.Before(o.last):
		o.falls++
	}
	o.last = at
}

func (o *order) newestFirst() bool { return o.falls > 0 && o.rises == 0 }

// hidesWaiting reports whether records that have not begun may stand last: there are some at times,
// and none was seen.
func (o *order) hidesWaiting() bool { return o.later > 0 || o.waited > 0 && o.waiting == 0 }
