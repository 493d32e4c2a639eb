package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/text"
)

const (
	cellWidth = 40  // the widest that a value gets in a table with many records
	cutMark   = "~" // at the end of what is cut
	shortID   = 8   // what is shown of an id where the whole one has no room
	gap       = 2   // columns between two values
)

// tablePrinter holds all records until the end, as the widths depend on them.
func tablePrinter[T any](p *Program, columns []Column[T]) Printer[T] {
	columns = slices.DeleteFunc(slices.Clone(columns), func(c Column[T]) bool { return c.Long })
	t := &grid{cells: make([][]string, len(columns))}
	times := make([]*zoned, len(columns))
	return Printer[T]{
		Add: func(record T) error {
			for i, c := range columns {
				value := c.Value(record)
				if c.Time {
					if times[i] == nil {
						times[i] = new(zoned)
					}
					times[i].add(value)
				}
				t.cells[i] = append(t.cells[i], text.Snip(Printable(value), cellWidth, cutMark))
			}
			return nil
		},
		end: func() error {
			if len(columns) == 0 || len(t.cells[0]) == 0 {
				fmt.Fprintln(p.Err, "There are none.")
				return nil
			}
			for i, c := range columns {
				head := strings.ToUpper(c.Name)
				if times[i] != nil {
					var zone string
					if t.cells[i], zone = times[i].cells(); zone != "" {
						head += " (" + zone + ")"
					}
				}
				t.columns = append(t.columns, gridColumn{head: head, name: c.Name, id: c.ID, paint: c.Paint})
			}
			told := t.fit(WidthOf(p.Out))
			if _, err := fmt.Fprint(p.Out, t.render(p)); err != nil {
				return err
			}
			if told != "" {
				fmt.Fprintln(p.Err, told)
			}
			return nil
		},
	}
}

// grid is a table of many records.
type grid struct {
	columns []gridColumn
	cells   [][]string // of each column
}

type gridColumn struct {
	head, name string
	id         bool
	paint      func(string) text.Color
	out        bool // it is left out
}

// fit makes a table as narrow as a terminal, of 0 columns for any width, and says what it left out.
// An id is cut, and then columns are left out from the end, as a line that is cut says less.
func (t *grid) fit(columns int) string {
	for i := range t.columns {
		t.columns[i].out = t.isEmpty(i)
	}
	if columns <= 0 || t.width() <= columns {
		return ""
	}
	cut := ""
	for i, c := range t.columns {
		if !c.id {
			continue
		}
		for row, id := range t.cells[i] {
			if text.StringWidthWithoutEscSequences(id) > shortID+1 {
				t.cells[i][row], cut = text.Snip(id, shortID+1, cutMark), "ids are cut"
			}
		}
	}
	var out []string
	for i := len(t.columns) - 1; i > 0 && t.width() > columns; i-- {
		if !t.columns[i].out {
			t.columns[i].out = true
			out = append(out, t.columns[i].name)
		}
	}
	if len(out) > 0 {
		slices.Reverse(out)
		left := strings.Join(out, ", ") + " left out"
		cut = strings.TrimPrefix(cut+", "+left, ", ")
	}
	return "To fit the terminal: " + cut + ". A wider one, or -o csv, shows all."
}

func (t *grid) isEmpty(i int) bool {
	return !slices.ContainsFunc(t.cells[i], func(cell string) bool { return cell != "" })
}

// widthOf is how wide a column is.
func (t *grid) widthOf(i int) int {
	width := text.StringWidthWithoutEscSequences(t.columns[i].head)
	for _, cell := range t.cells[i] {
		width = max(width, text.StringWidthWithoutEscSequences(cell))
	}
	return width
}

func (t *grid) width() (all int) {
	for i, c := range t.columns {
		if !c.out {
			all += t.widthOf(i) + gap
		}
	}
	return all - gap
}

func (t *grid) render(p *Program) string {
	widths := make([]int, len(t.columns))
	for i := range t.columns {
		widths[i] = t.widthOf(i)
	}
	var b strings.Builder
	line := func(cell func(i int) (plain, painted string)) {
		spaces := 0
		for i, c := range t.columns {
			if c.out {
				continue
			}
			plain, painted := cell(i)
			if plain != "" { // nothing is padded at the end of a line
				b.WriteString(strings.Repeat(" ", spaces) + painted)
				spaces = 0
			}
			spaces += widths[i] - text.StringWidthWithoutEscSequences(plain) + gap
		}
		b.WriteByte('\n')
	}
	line(func(i int) (string, string) { return t.columns[i].head, t.columns[i].head })
	for row := range t.cells[0] {
		line(func(i int) (string, string) {
			return t.cells[i][row], p.Cell(t.cells[i][row], t.columns[i].paint)
		})
	}
	return b.String()
}

// Cell is a value as a table shows it.
func (p *Program) Cell(value string, paint func(string) text.Color) string {
	value = Printable(value)
	if paint == nil || !p.colours() {
		return value
	}
	return paint(value).Sprint(value)
}

// colours reports whether the output has colours: on a terminal, unless NO_COLOR is set
// (https://no-color.org).
func (p *Program) colours() bool {
	return IsTerminal(p.Out) && p.Env("NO_COLOR") == "" && p.Env("TERM") != "dumb"
}

// Printable removes characters that would control the terminal, as names, summaries and transcripts
// come from others. It keeps the two joiners, which several scripts need.
func Printable(value string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == '\u200c' || r == '\u200d' {
			return r
		}
		return ' '
	}, value)
}

// StatusColour paints the states of calls and campaigns.
func StatusColour(status string) text.Color {
	switch status {
	case "completed":
		return text.FgGreen
	case "failed", "stopped", "cancelled":
		return text.FgRed
	case "in_progress", "ringing", "initiated":
		return text.FgCyan
	case "paused", "pending", "scheduled", "no_answer", "voicemail", "busy":
		return text.FgYellow
	}
	return text.Reset
}
