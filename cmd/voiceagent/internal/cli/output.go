package cli

import (
	"encoding/csv"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/contactfile"
)

// Format is how a command writes what it has found.
type Format string

// Formats of -o.
const (
	Table Format = "table"
	JSON  Format = "json"
	CSV   Format = "csv"
)

var formats = []string{string(Table), string(JSON), string(CSV)}

// String implements [pflag.Value].
func (f *Format) String() string { return string(*f) }

// Type implements [pflag.Value].
func (*Format) Type() string { return "table|json|csv" }

// Set implements [pflag.Value].
func (f *Format) Set(text string) error {
	if !slices.Contains(formats, text) {
		return fmt.Errorf("it must be one of %s", strings.Join(formats, ", "))
	}
	*f = Format(text)
	return nil
}

// Column is one value of a record. A long one is left out where a table has many records.
type Column[T any] struct {
	Name   string
	Value  func(T) string
	Long   bool
	ID     bool                    // where a table has no room for it, its beginning will do
	Time   bool                    // RFC 3339; people see it in their own zone
	Paint  func(string) text.Color // nil for none
	Detail func(T) string          // the value where it is alone, and may have lines; nil for Value
}

// Printer writes records in one format: one by one as they come where the format allows it.
type Printer[T any] struct {
	Add func(T) error
	end func() error // writes what is held back until all have come
}

func newPrinter[T any](p *Program, columns []Column[T]) Printer[T] {
	switch p.Output {
	case JSON:
		return Printer[T]{
			Add: func(record T) error { return WriteJSON(p.Out, record) },
			end: func() error { return nil },
		}
	case CSV:
		return csvPrinter(p.Out, columns)
	default:
		return tablePrinter(p, columns)
	}
}

// csvPrinter writes each record through at once, for whoever reads along.
func csvPrinter[T any](w io.Writer, columns []Column[T]) Printer[T] {
	out := csv.NewWriter(w)
	begun := false
	write := func(cell func(Column[T]) string) error {
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
		return write(func(c Column[T]) string { return c.Name })
	}
	flush := func(err error) error {
		out.Flush()
		return errors.Join(err, out.Error())
	}
	return Printer[T]{
		Add: func(record T) error {
			err := header()
			return flush(errors.Join(err, write(func(c Column[T]) string { return contactfile.Inert(c.Value(record)) })))
		},
		end: func() error { return flush(header()) },
	}
}

// List writes the records of a sequence, at most limit if that isn't 0. The records before an error
// are written too.
func List[T any](p *Program, records iter.Seq2[T, error], limit int, columns []Column[T]) error {
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
		if err := out.Add(record); err != nil {
			return err
		}
		count++
	}
	err := out.end()
	if more && p.Output == Table {
		fmt.Fprintf(p.Err, "There are more than %d: --limit 0 shows all.\n", limit)
	}
	return err
}

// Show returns a function that writes a record, or returns its error: show(p,
// columns)(client.Calls.Get(ctx, id)).
func Show[T any](p *Program, columns []Column[T]) func(T, error) error {
	return func(record T, err error) error {
		if err != nil {
			return err
		}
		if p.Output == Table {
			return writeDetails(p, record, columns)
		}
		out := newPrinter(p, columns)
		return errors.Join(out.Add(record), out.end())
	}
}

// Changes is a printer of what is watched. For people that is a line each time, after the time of
// day.
func Changes[T any](p *Program, line func(T) string, columns []Column[T]) Printer[T] {
	if p.Output != Table {
		return newPrinter(p, columns)
	}
	return Printer[T]{
		Add: func(record T) error {
			_, err := fmt.Fprintln(p.Out, strings.TrimRight(time.Now().Format(time.TimeOnly)+"  "+line(record), " "))
			return err
		},
		end: func() error { return nil },
	}
}

// Follow writes what is watched as it changes.
func Follow[T any](p *Program, watched iter.Seq2[T, error], line func(T) string, columns []Column[T]) error {
	out := Changes(p, line, columns)
	for record, err := range watched {
		if err != nil {
			return err
		}
		if err := out.Add(record); err != nil {
			return err
		}
	}
	return nil
}

// Each makes a sequence of a list that came whole.
func Each[T any](records []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, record := range records {
			if !yield(record, nil) {
				return
			}
		}
	}
}

// jsonOptions are the options of what is printed as JSON. A number that no float64 holds is a
// json.Number, which the library would write as a string.
var jsonOptions = json.JoinOptions(json.Deterministic(true), json.WithMarshalers(json.JoinMarshalers(
	json.MarshalToFunc(func(enc *jsontext.Encoder, number stdjson.Number) error {
		return enc.WriteValue(jsontext.Value(number))
	}),
	json.MarshalToFunc(writeAgent),
)))

// writeAgent writes what an agent has, and no secret. A key that the API didn't send would be taken
// for an empty value by whoever sends the agent back.
func writeAgent(enc *jsontext.Encoder, a *voiceagent.Agent) error {
	type plain voiceagent.Agent // without this function
	shown := plain(*a)
	if a.Webhook != nil {
		shown.Webhook = &voiceagent.WebhookConfig{URL: a.Webhook.URL, Events: a.Webhook.Events}
	}
	return json.MarshalEncode(enc, &shown, json.OmitZeroStructFields(true))
}

// WriteJSON writes a value on one line.
func WriteJSON(w io.Writer, value any) error {
	text, err := json.Marshal(value, jsonOptions)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
