package dial

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// row is a line of the file that isn't empty.
type row struct {
	line   int      // where it begins, from 1
	cells  []string // as they are in the file; valid until the next row
	number string   // E.164; "" when it can't be used
	why    *Problem // why it is left out; nil for a contact
	again  bool     // it is left out because its number came before
}

// Problem is a row that can't be used, and where.
type Problem struct {
	File   string `json:"file"`
	Line   int    `json:"line"`           // from 1
	Column int    `json:"column"`         // which cell, from 1
	Name   string `json:"name,omitempty"` // of the column; "" when the header doesn't have it
	Reason string `json:"reason"`
}

// String is one line: where, and what.
func (p Problem) String() string {
	return fmt.Sprintf("%s, line %d, %s: %s", p.File, p.Line, place(p.Column, p.Name), p.Reason)
}

func place(column int, name string) string {
	if name == "" {
		return fmt.Sprintf("column %d", column)
	}
	return fmt.Sprintf("column %d (%s)", column, name)
}

// rows reads the file from its start. An error ends it, as the rows after it can't be recognised.
// known holds the numbers that came before, and rows adds to it.
func (s *source) rows(numbers numbering, known seen) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		reader, limit, err := s.reader()
		if err == nil {
			_, err = reader.Read() // the header, which was read before
		}
		if err != nil {
			yield(row{}, err)
			return
		}
		for line := 1; ; {
			limit.left = longestRecord
			before := reader.InputOffset()
			cells, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			one := row{cells: cells}
			if err != nil {
				one.line, one.why, err = s.parseProblem(err, line, len(cells))
				if err == nil {
					one.cells, err = s.asWritten(before, reader.InputOffset())
				}
			} else {
				one.line, _ = reader.FieldPos(0)
				line = one.line
				if blank(cells) {
					continue
				}
				err = s.check(&one, reader, numbers, known)
			}
			if !yield(one, err) || err != nil {
				return
			}
		}
	}
}

// check finds the number of a row, or why the row can't be used. An error means that the whole file
// can't be used.
func (s *source) check(one *row, reader *csv.Reader, numbers numbering, known seen) error {
	h := &s.header
	for i, cell := range one.cells {
		if !valid(cell) {
			line, _ := reader.FieldPos(i)
			return s.notUTF8(line, i+1, h.name(i), cell)
		}
	}
	if got, want := len(one.cells), len(h.names); got != want {
		at := min(got, want)
		line, _ := reader.FieldPos(min(at, got-1))
		reason := fmt.Sprintf("the row has %d fields, the header has %d", got, want)
		if line != one.line {
			reason += fmt.Sprintf("; it began on line %d: is a quote not closed there?", one.line)
		}
		one.why = s.problem(line, at+1, reason)
		return nil
	}
	line, _ := reader.FieldPos(h.phone)
	number, reason := numbers.read(one.cells[h.phone])
	if reason != "" {
		one.why = s.problem(line, h.phone+1, masked(one.cells[h.phone])+" "+reason)
		return nil
	}
	one.number = number
	if before := known.first(number, one.line); before != one.line {
		one.again = true
		one.why = s.problem(line, h.phone+1, fmt.Sprintf("%s is the number of line %d again", masked(number), before))
	}
	return nil
}

func (s *source) problem(line, column int, reason string) *Problem {
	return &Problem{File: s.name, Line: line, Column: column, Name: s.header.name(column - 1), Reason: reason}
}

// name returns a column's name; "" for one that the header doesn't have.
func (h *header) name(column int) string {
	if column < len(h.names) {
		return h.names[column]
	}
	return ""
}

// parseProblem turns an error of the CSV reader into a Problem if the reader can go on with the
// next line, and else into an error. read is the number of cells before it.
func (s *source) parseProblem(err error, after, read int) (line int, why *Problem, fatal error) {
	parse, ok := errors.AsType[*csv.ParseError](err)
	switch {
	case errors.Is(err, errTooLong):
		return after, nil, badInput("%s: the row after line %d has no end within %d bytes: a quote (\") that opens there isn't closed",
			s.path, after, longestRecord)
	case !ok:
		return after, nil, badInput("%s, after line %d: %w", s.path, after, err)
	case parse.Line != parse.StartLine:
		return after, nil, badInput("%s: a quote (\") that opens in the row of line %d isn't closed as it should be, in %s; that showed on line %d, byte %d. "+
			"What is between can't be told apart: close the quote, or write \"\" for a quote inside a cell", s.path, parse.StartLine, place(read+1, s.header.name(read)),
			parse.Line, parse.Column)
	}
	return parse.Line, s.problem(parse.Line, read+1,
		fmt.Sprintf("a quote (\") at byte %d is where none can be: put the cell in quotes, and write \"\" for one inside", parse.Column)), nil
}

// asWritten returns the cells of a line that the CSV reader could not read to its end. It cuts at
// each separator and ignores quotes.
func (s *source) asWritten(from, to int64) ([]string, error) {
	line := make([]byte, to-from)
	if _, err := s.file.ReadAt(line, s.mark+from); err != nil {
		return nil, badInput("%w", err)
	}
	return strings.Split(strings.Trim(string(line), "\r\n"), string(s.comma)), nil // lines that are empty came before it
}

func blank(cells []string) bool {
	for _, cell := range cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return true
}

func valid(cell string) bool { return utf8.ValidString(cell) && !strings.ContainsRune(cell, 0) }

// notUTF8 refuses the whole file: names would reach the agent garbled.
func (s *source) notUTF8(line, column int, name, cell string) *BadInput {
	what := "NUL, which no text has: the file may be UTF-16, or damaged"
	for i, r := range cell {
		if _, size := utf8.DecodeRuneInString(cell[i:]); r == utf8.RuneError && size == 1 {
			what = fmt.Sprintf("byte 0x%X, which isn't UTF-8: the file looks like Latin-1 or Windows-1252. Save it as \"CSV UTF-8\", or run\n"+
				"  iconv -f WINDOWS-1252 -t UTF-8 %s > utf8.csv", cell[i], s.path)
			break
		}
	}
	return badInput("%v", Problem{s.path, line, column, name, "has a " + what})
}
