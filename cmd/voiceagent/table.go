package main

import (
	"fmt"
	"os"
	"strings"
	"unicode"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"
)

// colour is how a value is painted on a terminal.
type colour = text.Color

// The widest that a value gets in a table: with many records, and alone.
const (
	cellWidth   = 40
	detailWidth = 100
)

// tablePrinter holds all records until the end, as the widths depend on them.
func tablePrinter[T any](p *program, columns []column[T]) printer[T] {
	out := p.newTable()
	var header table.Row
	var configs []table.ColumnConfig
	for _, c := range columns {
		if !c.long {
			header = append(header, strings.ToUpper(c.name))
			configs = append(configs, table.ColumnConfig{Number: len(header), WidthMax: cellWidth, WidthMaxEnforcer: snip})
		}
	}
	out.AppendHeader(header)
	out.SetColumnConfigs(configs)
	out.SuppressEmptyColumns()
	return printer[T]{
		add: func(record T) error {
			var row table.Row
			for _, c := range columns {
				if !c.long {
					row = append(row, p.cell(c.value(record), c.paint))
				}
			}
			out.AppendRow(row)
			return nil
		},
		end: func() error {
			if out.Length() == 0 {
				fmt.Fprintln(p.err, "There are none.")
				return nil
			}
			_, err := fmt.Fprintln(p.out, withoutTrailing(out.Render()))
			return err
		},
	}
}

// writeDetails writes the values of one record below each other, and leaves out those that it doesn't have.
func writeDetails[T any](p *program, record T, columns []column[T]) error {
	out := p.newTable()
	out.SetColumnConfigs([]table.ColumnConfig{{Number: 2, WidthMax: detailWidth, WidthMaxEnforcer: text.WrapSoft}})
	for _, c := range columns {
		if value := c.value(record); value != "" {
			out.AppendRow(table.Row{strings.ToUpper(c.name), p.cell(value, c.paint)})
		}
	}
	_, err := fmt.Fprintln(p.out, withoutTrailing(out.Render()))
	return err
}

func (p *program) newTable() table.Writer {
	out := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Format = table.FormatOptions{} // as it comes
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	if file, ok := p.out.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil {
			style.Size.WidthMax = width
		}
	}
	out.SetStyle(style)
	return out
}

// cell is a value as a table shows it.
func (p *program) cell(value string, paint func(string) colour) string {
	value = printable(value)
	if paint == nil || !p.colours() {
		return value
	}
	return paint(value).Sprint(value)
}

// colours tells if the output is painted: for people, and not against their will (https://no-color.org).
func (p *program) colours() bool {
	return isTerminal(p.out) && p.env("NO_COLOR") == "" && p.env("TERM") != "dumb"
}

// printable takes out what would steer the terminal: names, summaries and transcripts are other people's texts. The two joiners are
// letters' business in several scripts.
func printable(value string) string {
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

// statusColour paints the states of calls and campaigns.
func statusColour(status string) colour {
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
