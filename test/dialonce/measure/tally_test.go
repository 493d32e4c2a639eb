package measure_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// tally is what became of calls that were wanted.
type tally struct {
	wanted, rings int
	twice         int // numbers that rang more often than was wanted
	silent        int // calls that were reported as placed and have no ring of their own
	handed        int // calls that were handed out twice
	refused       int // calls that were reported as not placed, of a number that rang for no other
	unknown       int
	unknownRang   int // of these, at least so many whose phone rang
	lost          int // calls to numbers for which an answer was lost
	lostUnknown   int // of these, the unknown ones
	lists         int // requests that looked
}

// told is what callers got for one number.
type told struct {
	wanted, placed, refused, unknown int
	refs                             []string
}

// teller collects what callers get.
type teller map[string]*told

func (all teller) note(number string, ref string, err error) {
	of := all[number]
	if of == nil {
		of = &told{}
		all[number] = of
	}
	of.wanted++
	switch {
	case err == nil:
		of.placed++
		of.refs = append(of.refs, ref)
	case errors.Is(err, voiceagent.ErrOutcomeUnknown):
		of.unknown++
	default:
		of.refused++
	}
}

// noteCall is note for a call of CreateEach.
func (all teller) noteCall(result voiceagent.CallResult) {
	ref := ""
	if result.Call != nil {
		ref = result.Call.Ref()
	}
	all.note(result.Params.To, ref, result.Err)
}

// count compares what callers got with the phones that rang.
func (all teller) count(dials []voiceagenttest.Dial, seen *arrivals) tally {
	rings, owners := map[string]int{}, map[string]string{}
	for _, dial := range dials {
		rings[dial.Number]++
		owners[dial.CallID], owners[dial.SessionID] = dial.CallID, dial.CallID
	}
	numbers := map[string]string{}
	for _, dial := range dials {
		numbers[dial.CallID] = dial.Number
	}
	seen.mu.Lock()
	defer seen.mu.Unlock()
	sum := tally{lists: seen.lists}
	out := map[string]bool{}
	for number, of := range all {
		rang := rings[number]
		sum.wanted += of.wanted
		sum.rings += rang
		sum.unknown += of.unknown
		sum.silent += max(0, of.placed-rang)
		sum.refused += min(of.refused, max(0, rang-of.placed-of.unknown))
		sum.unknownRang += min(of.unknown, max(0, rang-of.placed))
		if rang > of.wanted {
			sum.twice++
		}
		if seen.lost[number] {
			sum.lost += of.wanted
			sum.lostUnknown += of.unknown
		}
		for _, ref := range of.refs {
			call, known := owners[ref] // "None" isn't
			switch {
			case known && numbers[call] != number:
				sum.silent++
			case known && out[call]:
				sum.handed++
			}
			out[call] = known
		}
	}
	return sum
}

// isRight asserts what is promised of every server that has done and listed a call in time.
func (s tally) isRight(t *testing.T) {
	t.Helper()
	assert.Zero(t, s.twice, "numbers that rang too often")
	assert.Zero(t, s.silent, "placed, and didn't ring")
	assert.Zero(t, s.refused, "refused, and rang")
	assert.Zero(t, s.handed, "handed out twice")
}

// add joins two tallies.
func (s tally) add(o tally) tally {
	s.wanted, s.rings, s.twice, s.silent = s.wanted+o.wanted, s.rings+o.rings, s.twice+o.twice, s.silent+o.silent
	s.handed, s.refused, s.unknown, s.unknownRang = s.handed+o.handed, s.refused+o.refused, s.unknown+o.unknown, s.unknownRang+o.unknownRang
	s.lost, s.lostUnknown, s.lists = s.lost+o.lost, s.lostUnknown+o.lostUnknown, s.lists+o.lists
	return s
}

func percent(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}

// table has a row for each thing that was measured.
type table struct {
	title string
	mu    sync.Mutex
	order []string
	rows  map[string]tally
}

func newTable(title string) *table { return &table{title: title, rows: map[string]tally{}} }

// expect gives a row its place.
func (tb *table) expect(name string) { tb.order = append(tb.order, name) }

func (tb *table) put(name string, row tally) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.rows[name] = row
}

// write logs the table when the test ends, in Markdown.
func (tb *table) write(t *testing.T) {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n", tb.title)
	b.WriteString("| habit | wanted | rings | rung twice | placed, silent | handed twice | refused, rang | unknown | of the lost | unknown that rang | lists |\n")
	b.WriteString("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	rows := maps.Clone(tb.rows)
	var sum tally
	for _, name := range tb.order {
		r, ok := rows[name]
		if !ok {
			continue
		}
		sum = sum.add(r)
		b.WriteString(r.row(name))
	}
	b.WriteString(sum.row("all"))
	t.Log(b.String())
	if *toStdout {
		fmt.Fprint(os.Stdout, b.String())
	}
}

func (s tally) row(name string) string {
	return fmt.Sprintf("| %s | %d | %d | %d | %d | %d | %d | %d | %s | %d | %d |\n",
		name, s.wanted, s.rings, s.twice, s.silent, s.handed, s.refused, s.unknown, percent(s.lostUnknown, s.lost), s.unknownRang, s.lists)
}
