package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// verdict compares what the workers said with the phones that rang.
type verdict struct {
	rows                     int
	placed, refused, unknown int
	unknownRang              int // of the unknown, those whose phone rang: nobody was told, and nobody dials them again
	duplicates               int // numbers that rang more than once
	losses                   int // rows without an outcome
	wrong                    []string
}

// compare needs distinct numbers, by row.
func compare(numbers map[string]string, outcomes map[string]outcome, dials []voiceagenttest.Dial) verdict {
	v := verdict{rows: len(numbers)}
	rang, callees := map[string]int{}, map[string]string{}
	for _, dial := range dials {
		rang[dial.Number]++
		callees[dial.CallID] = dial.Number
	}
	refs, wanted := map[string]string{}, map[string]bool{}
	for row, number := range numbers {
		wanted[number] = true
		if rang[number] > 1 {
			v.duplicates++
		}
		switch o := outcomes[row]; o.Kind {
		case placed:
			v.placed++
			if callees[o.Ref] != number {
				v.wrongf("row %s has call %q, which didn't ring its phone", row, o.Ref)
			}
			if other := refs[o.Ref]; other != "" {
				v.wrongf("rows %s and %s have the same call", row, other)
			}
			refs[o.Ref] = row
		case refused:
			v.refused++
			if rang[number] > 0 {
				v.wrongf("row %s was refused, and its phone rang", row)
			}
		case unknown:
			v.unknown++
			if rang[number] > 0 {
				v.unknownRang++
			}
		default:
			v.losses++
		}
	}
	for row := range outcomes {
		if numbers[row] == "" {
			v.wrongf("row %s has an outcome and isn't on the list", row)
		}
	}
	for number := range rang {
		if !wanted[number] {
			v.wrongf("%s rang and isn't on the list", number)
		}
	}
	slices.Sort(v.wrong)
	return v
}

func (v *verdict) wrongf(format string, args ...any) {
	v.wrong = append(v.wrong, fmt.Sprintf(format, args...))
}

// err is nil if the numbers add up.
func (v *verdict) err() error {
	switch {
	case v.losses > 0:
		return fmt.Errorf("%d rows have no outcome", v.losses)
	case v.duplicates > 0:
		return fmt.Errorf("%d phones rang more than once", v.duplicates)
	case len(v.wrong) > 0:
		return fmt.Errorf("%d things are wrong:\n%s", len(v.wrong), strings.Join(v.wrong, "\n"))
	}
	return nil
}

func (v *verdict) String() string {
	return fmt.Sprintf("%d rows: %d placed, %d refused, %d unknown (%d of which rang), %d duplicates, %d losses",
		v.rows, v.placed, v.refused, v.unknown, v.unknownRang, v.duplicates, v.losses)
}
