package contactfile

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// Row is a line of the file that isn't empty.
type Row struct {
	Line     int      // where it begins, from 1
	Cells    []string // one for each column, if nothing is wrong with it; valid until the next row
	Number   string   // "" if it can't be used
	First    int      // the line of the same number before, if there is one
	Excluded bool     // Options.Exclude leaves it out
	Problem  *Problem // why the row isn't used; nil for a contact
}

// ErrNoRow is the cause of the error of a file without a row.
var ErrNoRow = errors.New("no row follows the header: there is nobody to call")

// Rows reads the rest of the file. After an error, which is a [Problem], no row can be recognised.
// A file without a row is an error.
func (f *File) Rows() iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		for empty := true; ; empty = false {
			row, err := f.next()
			if errors.Is(err, io.EOF) {
				if !empty {
					return
				}
				err = &Problem{Line: f.records.line, Err: ErrNoRow}
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// next reads rows until one isn't empty.
func (f *File) next() (*Row, error) {
	for {
		cells, err := f.records.cells, error(nil) // of the first line
		isFirst := f.contact
		if f.contact = false; !isFirst {
			cells, err = f.records.next()
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil, err
		case err != nil:
			problem, err := f.faulty(err)
			if err != nil {
				return nil, err
			}
			written := f.records.asWritten()
			_, _ = f.decode(written) // what can't be decoded stays as it is
			return &Row{Line: problem.Line, Cells: written, Problem: problem}, nil
		case isBlank(cells):
			continue
		}
		row := &Row{Line: f.line(0), Cells: cells}
		if !isFirst { // that was decoded for the header
			if at, err := f.decode(cells); err != nil {
				row.Problem = f.problem(at+1, err)
				return row, nil
			}
		}
		row.Problem = f.check(row)
		return row, nil
	}
}

func isBlank(cells []string) bool {
	for _, cell := range cells {
		if visible(cell) != "" {
			return false
		}
	}
	return true
}

// check finds the number of a row, or why the row can't be used.
func (f *File) check(row *Row) *Problem {
	if n := len(f.Names); len(row.Cells) > n && isBlank(row.Cells[n:]) {
		row.Cells = row.Cells[:n]
	}
	if got, want := len(row.Cells), len(f.Names); got != want {
		p := f.problem(min(got, want)+1, fmt.Errorf("the row has %d fields, the header has %d", got, want))
		if p.Line != row.Line {
			p.Err = fmt.Errorf("%w; it began on line %d: is a quote not closed there?", p.Err, row.Line)
		}
		return p
	}
	number, err := f.number(row.Cells[f.Phone])
	if err != nil {
		return f.problem(f.Phone+1, err)
	}
	row.Number = number
	if f.o.Exclude != nil {
		if why := f.o.Exclude(row); why != nil {
			row.Excluded = true
			return f.problem(f.Phone+1, why)
		}
	}
	if before := f.o.Lines.First(number, row.Line); before != row.Line {
		row.First = before
		return f.problem(f.Phone+1, fmt.Errorf("the number %s is that of line %d again", secret.MaskNumber(number), before))
	}
	return nil
}

// number returns the number in a cell.
func (f *File) number(cell string) (number string, err error) {
	text := Clean(cell)
	shown := " " + secret.MaskNumber(text)
	why := whyNot(text)
	if why == wasSpoiled || secret.MaskNumber(text) == secret.MaskNumber("") {
		shown = ""
	}
	switch {
	case why != "":
	case f.o.Normalize == nil:
		number, why = compact(text)
	default:
		if number, err = f.o.Normalize(text); err != nil {
			return "", &refusal{fmt.Sprintf("the number%s can't be used: %s", shown, secret.MaskNumbers(err.Error())), err}
		}
		if number == "" {
			why = "is no phone number"
		}
	}
	if why != "" {
		return "", fmt.Errorf("the number%s %s", shown, why)
	}
	return number, nil
}

// refusal is an error with a text of our own: that of the cause may have the number in it.
type refusal struct {
	text  string
	cause error
}

func (r *refusal) Error() string { return r.text }
func (r *refusal) Unwrap() error { return r.cause }

// decode makes the cells UTF-8, or returns which of them can't be, and why.
func (f *File) decode(cells []string) (int, error) {
	const western = "WINDOWS-1252"
	for i, cell := range cells {
		switch {
		case strings.IndexByte(cell, 0) >= 0:
			return i, errors.New("has a NUL, which no text has: the file is damaged, or no text")
		case !utf8.ValidString(cell):
			text, ok := fromWindows1252(cell, f.Encoding == western)
			if !ok || f.Encoding != "" && f.Encoding != western {
				at := strings.IndexFunc(cell, func(r rune) bool { return r == utf8.RuneError })
				return i, fmt.Errorf("has the byte 0x%X, which isn't UTF-8: save the file as \"CSV UTF-8\", or, if it is Windows-1252, run: "+
					"iconv -f %s -t UTF-8 FILE >utf8.csv", cell[at], western)
			}
			cells[i], f.Encoding = text, western
		case f.Encoding != "" && f.Encoding != western, len(cell) == utf8.RuneCountInString(cell):
		case f.Encoding == western:
			return i, errors.New(`is UTF-8, and cells before it are Windows-1252: save the whole file as "CSV UTF-8"`)
		default:
			f.Encoding = "UTF-8"
		}
	}
	return 0, nil
}

// faulty makes a Problem of an error of the records if the next line is a record again, and else an
// error.
func (f *File) faulty(err error) (*Problem, error) {
	p := f.problem(len(f.records.begins), nil)
	switch {
	case errors.Is(err, errTooLong):
		p.Err = fmt.Errorf("the row doesn't end within %d bytes: is a quote (\") not closed?", longestRecord)
	case !errors.Is(err, errQuote):
		return nil, asProblem(err)
	case f.line(0) == f.records.line && f.Names != nil:
		p.Err = errors.New(`a quote (") is where none can be: put the cell in quotes, and write "" for one inside`)
		return p, nil
	default:
		p.Err = fmt.Errorf("a quote (\") opens here that isn't closed as it should be; that showed on line %d. What is between can't be told apart: close the quote, "+
			"or write \"\" for one inside a cell", f.records.line)
	}
	return nil, p
}
