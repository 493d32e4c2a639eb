package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
)

// format is how a command writes what it has found.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
	formatCSV   format = "csv"
)

var formats = []string{string(formatTable), string(formatJSON), string(formatCSV)}

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "table|json|csv" }

func (f *format) Set(text string) error {
	if !slices.Contains(formats, text) {
		return fmt.Errorf("it must be one of %s", strings.Join(formats, ", "))
	}
	*f = format(text)
	return nil
}

// column is one value of a record. A long one is left out where a table has many records.
type column[T any] struct {
	name  string
	value func(T) string
	long  bool
	paint func(string) colour // nil for none
}

// printer writes records in one format: one by one as they come where the format allows it.
type printer[T any] struct {
	add func(T) error
	end func() error // writes what is held back until all have come
}

func newPrinter[T any](p *program, columns []column[T]) printer[T] {
	switch p.output {
	case formatJSON:
		return printer[T]{
			add: func(record T) error { return writeJSON(p.out, record) },
			end: func() error { return nil },
		}
	case formatCSV:
		return csvPrinter(p.out, columns)
	default:
		return tablePrinter(p, columns)
	}
}

// csvPrinter writes each record through at once, for whoever reads along.
func csvPrinter[T any](w io.Writer, columns []column[T]) printer[T] {
	out := csv.NewWriter(w)
	begun := false
	write := func(cell func(column[T]) string) error {
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = cell(c)
		}
		return out.Write(row)
	}
	header := func() error {
		if begun {
			return nil
		}
		begun = true
		return write(func(c column[T]) string { return c.name })
	}
	flush := func(err error) error {
		out.Flush()
		return errors.Join(err, out.Error())
	}
	return printer[T]{
		add: func(record T) error {
			err := header()
			return flush(errors.Join(err, write(func(c column[T]) string { return c.value(record) })))
		},
		end: func() error { return flush(header()) },
	}
}

// list writes the records of a sequence, at most limit if that isn't 0. What came before an error is written too.
func list[T any](p *program, records iter.Seq2[T, error], limit int, columns []column[T]) error {
	out := newPrinter(p, columns)
	count, more := 0, false
	for record, err := range records {
		if err != nil {
			if count > 0 {
				err = errors.Join(err, out.end())
			}
			return err
		}
		if more = limit > 0 && count == limit; more {
			break
		}
		if err := out.add(record); err != nil {
			return err
		}
		count++
	}
	err := out.end()
	if more && p.output == formatTable {
		fmt.Fprintf(p.err, "There are more than %d: --limit 0 shows all.\n", limit)
	}
	return err
}

// show returns what writes one record, or passes its error on: show(p, columns)(client.Calls.Get(ctx, id)).
func show[T any](p *program, columns []column[T]) func(T, error) error {
	return func(record T, err error) error {
		if err != nil {
			return err
		}
		if p.output == formatTable {
			return writeDetails(p, record, columns)
		}
		out := newPrinter(p, columns)
		return errors.Join(out.add(record), out.end())
	}
}

// changes is a printer of what is watched. For people that is a line each time.
func changes[T any](p *program, line func(T) string, columns []column[T]) printer[T] {
	if p.output != formatTable {
		return newPrinter(p, columns)
	}
	return printer[T]{
		add: func(record T) error {
			_, err := fmt.Fprintln(p.out, strings.TrimRight(line(record), " "))
			return err
		},
		end: func() error { return nil },
	}
}

// follow writes what is watched as it changes.
func follow[T any](p *program, watched iter.Seq2[T, error], line func(T) string, columns []column[T]) error {
	out := changes(p, line, columns)
	for record, err := range watched {
		if err != nil {
			return err
		}
		if err := out.add(record); err != nil {
			return err
		}
	}
	return nil
}

// each makes a sequence of a list that came whole.
func each[T any](records []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, record := range records {
			if !yield(record, nil) {
				return
			}
		}
	}
}

func writeJSON(w io.Writer, value any) error {
	text, err := json.Marshal(value, json.Deterministic(true))
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
