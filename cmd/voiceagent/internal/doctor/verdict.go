package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// doubt notes why a lost call may not be recognised in the list.
func (d *Doctor) doubt(format string, args ...any) {
	d.doubts = append(d.doubts, fmt.Sprintf(format, args...))
}

// provided notes what must be so for a lost call to be recognised, and can't be seen by reading.
func (d *Doctor) provided(condition string) { d.conditions = append(d.conditions, condition) }

// sum reports whether a call whose answer is lost would be found in the list.
func (d *Doctor) sum() {
	const name = "A lost call can be recognised"
	is := &d.asked
	answer, client := "yes", "it is found, or else shown not to be there, if the client has placed another one shortly before"
	switch why := is.calls.why(); {
	case why != "" && is.calls.read:
		answer, client = "not known: "+why, ""
	case why != "":
		answer, client = "no: "+why, "a lost answer ends as unknown"
	case len(d.doubts) > 0:
		slices.Sort(d.doubts)
		answer, client = "with doubt: "+strings.Join(slices.Compact(d.doubts), "; "), "more lost answers end as unknown; none rings twice"
	case len(d.conditions) > 0:
		answer = "yes, if " + strings.Join(d.conditions, " and ")
	}
	d.report.Habits = append([]Habit{{name, answer, client}}, d.report.Habits...)
}
