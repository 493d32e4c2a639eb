package voiceagent

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// CSVParams says how to read a CSV file of contacts.
type CSVParams struct {
	PhoneColumn string // the column with the numbers; "phone" when empty
	Comma       rune   // the separator; a comma when 0
}

// RowError is a row of a CSV file that can't be used.
type RowError struct {
	Line   int // in the file, from 1
	Column string
	Err    error
}

// Error implements error.
func (e *RowError) Error() string {
	if e.Column != "" {
		return fmt.Sprintf("line %d, column %s: %v", e.Line, e.Column, e.Err)
	}
	return fmt.Sprintf("line %d: %v", e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *RowError) Unwrap() error { return e.Err }

// ContactsFromCSV reads contacts one by one, so a file of any length takes little memory. The
// header row gives the keys. Any character of a key but a letter, a digit or an underscore becomes
// an underscore, as the API takes nothing else (seen in use). Empty lines are skipped.
//
// A row that can't be used is yielded as a [*RowError] with its line, and the loop goes on. A
// header that can't be used ends the loop.
func ContactsFromCSV(r io.Reader, params CSVParams) iter.Seq2[Contact, error] {
	return func(yield func(Contact, error) bool) {
		reader := csv.NewReader(r)
		reader.FieldsPerRecord = -1 // counted here, with the line
		reader.ReuseRecord = true
		if params.Comma != 0 {
			reader.Comma = params.Comma
		}
		keys, phone, err := readHeader(reader, params.PhoneColumn)
		if err != nil {
			yield(nil, err)
			return
		}
		for {
			record, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var contact Contact
			if err != nil {
				err = rowError(err)
			} else {
				line, _ := reader.FieldPos(0)
				contact, err = toContact(record, keys, phone, line)
			}
			if !yield(contact, err) || isReadError(err) {
				return
			}
		}
	}
}

// readHeader returns the keys, and which of them is the phone column's.
func readHeader(reader *csv.Reader, column string) (keys []string, phone int, err error) {
	header, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return nil, 0, &RowError{Line: 1, Err: errors.New("the file is empty: its first line must name the columns")}
	}
	if err != nil {
		return nil, 0, rowError(err)
	}
	if column == "" {
		column = defaultPhoneColumn
	}
	phone = -1
	seen := make(map[string]bool, len(header))
	for i, name := range header {
		key := contactKey(name, i)
		if key == "" || seen[key] {
			return nil, 0, &RowError{Line: 1, Err: fmt.Errorf("column %d has no name of its own; does the first line name the columns?", i+1)}
		}
		seen[key] = true
		if keys = append(keys, key); key == contactKey(column, i) {
			phone = i
		}
	}
	if phone < 0 {
		return nil, 0, &RowError{Line: 1, Err: fmt.Errorf("there is no column %q among the %d of the first line, which must name them", column, len(keys))}
	}
	return keys, phone, nil
}

// contactKey makes a key of a column's name. Spreadsheets put a byte order mark before the first
// name.
func contactKey(name string, column int) string {
	if column == 0 {
		name = strings.TrimPrefix(name, "\ufeff")
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			return r
		}
		return '_'
	}, strings.TrimSpace(name))
}

func toContact(record, keys []string, phone, line int) (Contact, error) {
	if len(record) != len(keys) {
		return nil, &RowError{Line: line, Err: fmt.Errorf("has %d fields, the header has %d", len(record), len(keys))}
	}
	contact := make(Contact, len(keys))
	for i, key := range keys {
		if !utf8.ValidString(record[i]) { // JSON can't hold it, and one such row would have the whole campaign refused
			return nil, &RowError{Line: line, Column: key, Err: errors.New("is not UTF-8: save the file in that encoding")}
		}
		contact[key] = strings.TrimSpace(record[i])
	}
	if number, _ := contact[keys[phone]].(string); !looksDialable(number) {
		return nil, &RowError{Line: line, Column: keys[phone], Err: fmt.Errorf("%q is no phone number", maskedIfAny(number))}
	}
	return contact, nil
}

// looksDialable reports whether number has at least 6 digits and only the usual signs between them.
// Which forms the API takes in a campaign is unknown.
func looksDialable(number string) bool {
	digits := 0
	for i, r := range number {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '+' && i == 0, strings.ContainsRune(" -().", r):
		default:
			return false
		}
	}
	return digits >= 6 && digits <= 17
}

// rowError gives an error of the CSV reader the line that it happened in.
func rowError(err error) error {
	if parse, ok := errors.AsType[*csv.ParseError](err); ok {
		return &RowError{Line: parse.Line, Err: parse.Err}
	}
	return &RowError{Err: err}
}

// isReadError reports whether the error is of the file itself, after which no rows follow.
func isReadError(err error) bool {
	row, ok := errors.AsType[*RowError](err)
	return ok && row.Line == 0
}
