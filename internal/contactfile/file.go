// Package contactfile reads files of contacts as people have them: CSV in the encodings, with the
// separators and the marks that spreadsheets write. ContactsFromCSV and the command line read with
// it, so that both read the same, and say the same of what they can't read. Nothing that it says
// shows a name or a whole number of a person.
package contactfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// Options says how to read a file.
type Options struct {
	PhoneColumn string // its name, in any case; "" for the one that looks like it
	Comma       rune   // 0 for the one of the first line

	// Normalize returns a clean number as it is to be called, or why it can't be. Nil takes 6 to 15
	// digits.
	Normalize func(string) (string, error)
	Exclude   func(*Row) error // returns why a row with a good number is left out; nil, or nil itself, for no reason
	Lines     Lines            // of the numbers that came before; rows are added, but for those that Exclude leaves out
}

// File is a file whose header has been read.
type File struct {
	Names    []string // of the columns, as they are in the file; their places if it has no header
	Keys     []string // as the API gets them
	Phone    int      // which of them has the numbers
	Encoding string   // as iconv names it; "" as long as only ASCII was read
	Mark     bool     // it begins with a byte order mark
	Comma    rune     // what separates the columns

	o       Options
	records records
	contact bool // the first record, which was read for a header, is a contact
}

// Problem is what can't be used, and where.
type Problem struct { //nolint:errname // callers read contactfile.Problem
	Line   int    // from 1; 0 for the file as a whole
	Column int    // from 1; 0 for the line as a whole
	Name   string // of the column, without a number that is in it; "" if the header has none
	Err    error
}

// Error implements error.
func (p *Problem) Error() string {
	switch {
	case p.Line == 0:
		return p.Err.Error()
	case p.Column == 0:
		return fmt.Sprintf("line %d: %v", p.Line, p.Err)
	case p.Name == "":
		return fmt.Sprintf("line %d, column %d: %v", p.Line, p.Column, p.Err)
	}
	return fmt.Sprintf("line %d, column %d (%s): %v", p.Line, p.Column, p.Name, p.Err)
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Open reads the header. An error is a [Problem].
func Open(r io.Reader, o Options) (*File, error) {
	if r == nil {
		return nil, &Problem{Err: errors.New("there is no file: the reader is nil")}
	}
	text, encoding, mark, err := decoded(r)
	if err != nil {
		return nil, asProblem(err)
	}
	if o.Lines == nil {
		o.Lines = make(Lines)
	}
	f := &File{Encoding: encoding, Mark: mark, Comma: o.Comma, o: o, records: records{r: text, end: '\n'}}
	line, end := f.firstLine(text)
	if f.Comma == 0 {
		f.Comma = guessComma(line, o.PhoneColumn)
	}
	if f.records.comma = string(f.Comma); end == "\r" {
		f.records.end = '\r'
	}
	if !isSeparator(f.Comma) {
		return nil, &Problem{Err: fmt.Errorf("%q can't separate columns", f.Comma)}
	}
	cells, err := f.records.next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, &Problem{Line: 1, Err: errors.New("the file is empty: its first line must name the columns")}
	case err != nil:
		_, err = f.faulty(err)
		return nil, err
	}
	if at, err := f.decode(cells); err != nil {
		return nil, f.problem(at+1, err)
	}
	if err := f.readHeader(cells, o.PhoneColumn); err != nil {
		return nil, err
	}
	return f, nil
}

// firstLine returns the first line with something in it, and its end. It reads over what is above:
// empty lines, and the line by which some programs tell a spreadsheet the separator, as sep=;.
func (f *File) firstLine(text *bufio.Reader) (line []byte, end string) {
	for {
		head, _ := text.Peek(text.Buffered())
		if !bytes.ContainsAny(head, "\r\n") { // else an empty line is enough
			head = peekLine(text)
		}
		n, quoted := 0, false
		for ; n < len(head) && (quoted || head[n] != '\n' && head[n] != '\r'); n++ {
			quoted = quoted != (head[n] == '"')
		}
		line, end = bytes.Clone(head[:n]), string(head[n:min(n+1, len(head))])
		if end == "\r" {
			if next, _ := text.Peek(min(n+2, text.Size())); string(next[n:]) == "\r\n" {
				end = "\r\n"
			}
		}
		comma := namedComma(string(line))
		if end == "" || comma == 0 && strings.Trim(visible(string(line)), separators+string(f.Comma)+`" `) != "" {
			return line, end
		}
		if f.Comma == 0 {
			f.Comma = comma
		}
		f.records.line++
		if _, err := text.Discard(n + len(end)); err != nil {
			return nil, ""
		}
	}
}

// namedComma returns the separator that a line names, which may be written as \t; else 0.
func namedComma(line string) rune {
	const name = "sep="
	line = strings.Trim(line, `"`)
	if len(line) <= len(name) || !strings.EqualFold(line[:len(name)], name) {
		return 0
	}
	line = strings.Replace(line[len(name):], `\t`, "\t", 1)
	r, size := utf8.DecodeRuneInString(line)
	if !isSeparator(r) || r == ' ' || unicode.IsLetter(r) || unicode.IsDigit(r) || strings.Trim(line[size:], separators+" ") != "" {
		return 0
	}
	return r
}

func isSeparator(r rune) bool {
	return r > 0 && r != '"' && r != '\r' && r != '\n' && r != utf8.RuneError && utf8.ValidRune(r)
}

// visible returns a name without spaces around it and marks that nobody sees.
func visible(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r >= 0x80 && unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, text))
}

// problem is one of the record that was read last, in a column from 1 on, or 0.
func (f *File) problem(column int, err error) *Problem {
	return &Problem{Line: f.line(column), Column: column, Name: f.name(column), Err: err}
}

// line is where a column of the record that was read last begins, or the record itself.
func (f *File) line(column int) int {
	begins := f.records.begins
	if len(begins) == 0 {
		return f.records.line + 1
	}
	return begins[max(min(column, len(begins)), 1)-1]
}

// name returns a column's name as it may be shown; "" for one that the header doesn't have.
func (f *File) name(column int) string {
	if column >= 1 && column <= len(f.Names) {
		return secret.MaskNumbers(f.Names[column-1])
	}
	return ""
}

func asProblem(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	return &Problem{Err: err}
}
