package cli

import (
	"fmt"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// The width of a value that is shown alone.
const (
	detailWidth = 100
	leastDetail = 20
)

// writeDetails writes the values of one record below each other, whole, and leaves out those that
// it doesn't have.
func writeDetails[T any](p *Program, record T, columns []Column[T]) error {
	names := 0
	for _, c := range columns {
		if c.Value(record) != "" {
			names = max(names, len(c.Name))
		}
	}
	width := detailWidth
	if columns := WidthOf(p.Out); columns > 0 {
		width = max(min(width, columns-names-gap), leastDetail)
	}
	var b strings.Builder
	for _, c := range columns {
		value := Printable(c.Value(record))
		switch {
		case value == "":
			continue
		case c.Time:
			value = Local(value)
		case c.Detail != nil:
			value = c.Detail(record) // the only one whose lines stay lines
		}
		head := strings.ToUpper(c.Name)
		for line := range strings.SplitSeq(value, "\n") {
			for _, part := range wrapped(Printable(line), width) {
				fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-*s%s", names+gap, head, p.Cell(part, c.Paint)), " "))
				head = ""
			}
		}
	}
	_, err := fmt.Fprint(p.Out, b.String())
	return err
}

// wrapped cuts a text between words into lines of a width. A word that is longer, such as an
// address to be copied, stays whole, and the terminal breaks it.
func wrapped(value string, width int) (lines []string) {
	line, length := "", 0
	for i, word := range strings.Split(value, " ") {
		size := text.StringWidthWithoutEscSequences(word)
		if i > 0 && length+1+size > width {
			lines = append(lines, line)
			line, length, i = "", 0, 0
		}
		if i > 0 {
			line, length = line+" ", length+1
		}
		line, length = line+word, length+size
	}
	return append(lines, line)
}
