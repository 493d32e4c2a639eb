package voiceagenttest

import (
	"net/http"
	"slices"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// filterNames are the filters of all lists.
var filterNames = []string{"status", "direction", "agent_id", "from_date", "to_date"}

// filter is what the query asks for under a name, as far as the dialect heeds it.
func (x *exchange) filter(name string) string {
	switch x.srv.cfg.dialect.Filters {
	case FiltersIgnored:
		return ""
	case FiltersTimesIgnored:
		if name == "from_date" || name == "to_date" {
			return ""
		}
	}
	return x.query.Get(name)
}

// balk answers a list request that the dialect doesn't take at its word.
func (x *exchange) balk() (reply, bool) {
	d := &x.srv.cfg.dialect
	if d.ListStatus != 0 {
		return x.fail(d.ListStatus, codeFor(d.ListStatus), http.StatusText(d.ListStatus)), true
	}
	if d.Filters != FiltersRefused && d.Filters != FiltersEmpty {
		return reply{}, false
	}
	f := queryForm()
	for _, name := range filterNames {
		if x.query.Has(name) {
			f.reject(name, name+" is not a filter")
		}
	}
	if d.Filters == FiltersRefused || len(f.problems) == 0 {
		return f.answer(x)
	}
	return x.list([]any{}, x.paging(queryForm()), 0), true
}

// listsLate reports whether there are records that lists don't show.
func (d *Dialect) listsLate() bool {
	return d.ListDelay > 0 || d.ListDelayMost > 0 || d.ListEndedOnly
}

// listed reports whether lists show by now what was made under id.
func (s *Server) listed(id string, created, now time.Time) bool {
	d, age := &s.cfg.dialect, now.Sub(created)
	span := max(d.ListDelayMost-d.ListDelay, 0)
	if age < d.ListDelay || age >= d.ListDelay+span {
		return age >= d.ListDelay
	}
	return age >= d.ListDelay+time.Duration(world.Dice(s.cfg.seed, "listed "+id, 0).Int64N(int64(span)))
}

// pick picks a page out of list, which is oldest first, in the dialect's order, and counts what
// matches. A nil filter matches all. timeless reports whether a record shows no time.
func pick[T any](
	s *Server, list []T, p paging, filter, timeless func(T) bool,
) (chosen []T, total int) {
	if s.cfg.dialect.Order == OrderNewest {
		return newest(list, p, filter)
	}
	var matching []T
	for _, one := range list {
		if filter == nil || filter(one) {
			matching = append(matching, one)
		}
	}
	switch s.cfg.dialect.Order {
	case OrderRandom:
		world.Dice(s.cfg.seed, "order", s.shuffles.Add(1)).Shuffle(len(matching), func(i, j int) {
			matching[i], matching[j] = matching[j], matching[i]
		})
	case OrderNullsLast:
		var dated, undated []T
		for _, one := range matching {
			if timeless(one) {
				undated = append(undated, one)
			} else {
				dated = append(dated, one)
			}
		}
		slices.Reverse(dated)
		matching = slices.Concat(dated, undated)
	}
	total = len(matching)
	from, to := p.bounds(total)
	return matching[from:to], total
}

// newest picks a page out of list, newest first, and counts what matches. A
// nil filter matches all and looks at nothing but the page.
func newest[T any](list []T, p paging, filter func(T) bool) (chosen []T, total int) {
	if filter == nil {
		total = len(list)
		from, to := p.bounds(total)
		chosen = slices.Clone(list[total-to : total-from])
		slices.Reverse(chosen)
		return chosen, total
	}
	for _, one := range slices.Backward(list) {
		if !filter(one) {
			continue
		}
		if total >= p.start() && total < p.end() {
			chosen = append(chosen, one)
		}
		total++
	}
	return chosen, total
}
