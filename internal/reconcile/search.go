package reconcile

import "time"

// Search is what is known of a request while nobody knows whether it was done.
type Search struct {
	First time.Time     // when the first attempt began, on this machine's clock
	Sent  time.Time     // when the last attempt that may have been done began
	Ended time.Time     // and when it ended: the settle time counts from there
	Spare time.Duration // how much longer ago that was, if it was an earlier process's
	Since time.Time     // when the first attempt began at the earliest, on the list's clock; zero before a look
	Taken time.Time     // when an equal request last took a record that may be this one's; zero for never
	Lag   time.Duration // how late the list is at most, as far as witnesses have shown; 0 for unknown

	Witnesses  []Placed        // of an earlier process
	Suspects   map[string]bool // the ids of what may be the lost record, unless a later look has ruled it out
	Unfiltered bool            // the server refuses the filters
	Looks      int             // how many there were
	Blind      bool            // the last one knew of nothing that the list would have to show
}

// Missing returns how long after t the list would have to show the lost record, judged by the
// records that it has shown.
func (s *Search) Missing(t time.Time) time.Duration { return s.Lag - s.age(t) }

// Unsettled returns how long after t the settle time is over; 0 or less when it is.
func (s *Search) Unsettled(t time.Time, settle time.Duration) time.Duration {
	return settle - min(s.age(t), t.Sub(s.Taken))
}

// age is how long before t the last attempt that may have been done had ended, at least.
func (s *Search) age(t time.Time) time.Duration { return t.Sub(s.Ended) + s.Spare }

// accuse notes that a record may be the lost one. It stays so if a later look doesn't see it.
func (s *Search) accuse(ids []string) {
	if s.Suspects == nil {
		s.Suspects = make(map[string]bool)
	}
	for _, id := range ids {
		s.Suspects[id] = true
	}
}

// clear notes that a record is not the lost one.
func (s *Search) clear(ids []string) {
	for _, id := range ids {
		delete(s.Suspects, id)
	}
}
