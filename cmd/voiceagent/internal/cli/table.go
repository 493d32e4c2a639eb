package cli

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// The widest that a value gets in a table: with many records, and alone.
const (
	cellWidth   = 40
	detailWidth = 100
)

// tablePrinter holds all records until the end, as the widths depend on them.
func tablePrinter[T any](p *Program, columns []Column[T]) Printer[T] {
	out := p.newTable()
	var header table.Row
	var configs []table.ColumnConfig
	for _, c := range columns {
		if !c.Long {
			header = append(header, strings.ToUpper(c.Name))
			configs = append(configs, table.ColumnConfig{Number: len(header), WidthMax: cellWidth, WidthMaxEnforcer: snip})
		}
	}
	out.AppendHeader(header)
	out.SetColumnConfigs(configs)
	out.SuppressEmptyColumns()
	return Printer[T]{
		Add: func(record T) error {
			var row table.Row
			for _, c := range columns {
				if !c.Long {
					row = append(row, p.Cell(c.Value(record), c.Paint))
				}
			}
			out.AppendRow(row)
			return nil
		},
		end: func() error {
			if out.Length() == 0 {
				fmt.Fprintln(p.Err, "There are none.")
				return nil
			}
			_, err := fmt.Fprintln(p.Out, withoutTrailing(out.Render()))
			return err
		},
	}
}

// writeDetails writes the values of one record below each other, and leaves out those that it
// doesn't have.
func writeDetails[T any](p *Program, record T, columns []Column[T]) error {
	out := p.newTable()
	out.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: detailWidth, WidthMaxEnforcer: text.WrapSoft}})
	for _, c := range columns {
		if value := c.Value(record); value != "" {
			out.AppendRow(table.Row{strings.ToUpper(c.Name), p.Cell(value, c.Paint)})
		}
	}
	_, err := fmt.Fprintln(p.Out, withoutTrailing(out.Render()))
	return err
}

func (p *Program) newTable() table.Writer {
	out := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format = table.FormatOptions{} // as it comes
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Size.WidthMax = WidthOf(p.Out)
	out.SetStyle(style)
	return out
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

func snip(value string, width int) string { return text.Snip(value, width, "~") }

func withoutTrailing(rendered string) string {
	lines := strings.Split(rendered, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
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
