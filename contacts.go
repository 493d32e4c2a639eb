package voiceagent

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"strings"
	"sync"

	"github.com/voiceagent-go/voiceagent/internal/contactfile"
	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// CSVParams says how to read a CSV file of contacts.
type CSVParams struct {
	// PhoneColumn names the column with the numbers, in any case. When empty, it is the one whose name
	// looks like it: phone, Mobile No. and so on; two of them are an error. In a file without a header
	// it is the column's place, "1" for the first.
	PhoneColumn string
	Comma       rune // 0 for the one of the first line: comma, semicolon, tab or pipe
	// Repeated permits a number to come more than once. CreateBatches takes such contacts, too, as
	// long as they come straight from the reader, or through a filter.
	Repeated bool

	// Normalize returns a number as it is to be called, as +919876543210, or an error if it can't be.
	// It gets what is in the cell, without a spreadsheet's marks and with ASCII digits. Nil takes 6 to
	// 15 digits, removes the signs between them, and writes + for 00.
	Normalize func(number string) (string, error)
}

// RowError is a row of a CSV file that can't be used.
type RowError struct {
	Line   int    // in the file, from 1; 0 for the file as a whole
	Column string // its name in the file, a number in it masked; "" for the whole line, or if it has none
	Err    error
}

// Error implements error.
func (e *RowError) Error() string {
	switch {
	case e.Line == 0:
		return e.Err.Error()
	case e.Column != "":
		return fmt.Sprintf("line %d, column %s: %v", e.Line, e.Column, e.Err)
	}
	return fmt.Sprintf("line %d: %v", e.Line, e.Err)
}

// Unwrap returns the cause.
func (e *RowError) Unwrap() error { return e.Err }

// RepeatedContactError is a contact that is left out because its number came before.
type RepeatedContactError struct {
	Line, FirstLine   int    // in the CSV file, from 1; 0 if the contacts come from elsewhere
	Index, FirstIndex int    // in the sequence that CreateBatches reads, from 0; 0 if Line is set
	Number            string // its last four digits
}

// Error implements error.
func (e *RepeatedContactError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("the number %s is that of line %d again", e.Number, e.FirstLine)
	}
	return fmt.Sprintf("contacts[%d]: the number %s is that of contacts[%d] again: it is left out, unless CampaignCreateParams.Repeated is set",
		e.Index, e.Number, e.FirstIndex)
}

// ContactsFromCSV reads contacts one by one, so a file of any length takes little memory: about 40
// bytes a row, to know the numbers that came before.
//
// The file may be UTF-8, UTF-16 or, where it can be nothing else, Windows-1252. It may have a byte
// order mark and a line with sep=;. Numbers may be written as spreadsheets do, ="+919876543210" or
// with an apostrophe, with invisible marks, and in the digits of any script. Empty lines, and empty
// columns at the end, are skipped.
//
// The first line names the columns, and gives the keys. Any character of a key but a letter, a
// digit or an underscore becomes an underscore, as the API takes nothing else (seen in use), and a
// digit in front gets one before it. A name without such characters, as in another script, becomes
// column_2 by its place. The key of the number is PhoneColumn in that form, Mobile_No_ for "Mobile
// No.", or phone when it is empty. [CampaignCreateParams] takes either, and needs it if it isn't
// phone.
//
// A row that can't be used is yielded as a [*RowError] with its line, and the loop goes on. So is a
// number that came before; errors.As finds a [*RepeatedContactError] in it. The loop ends with a
// [*RowError] if the file is of another format, the header can't be used, there is no row, or a
// quote isn't closed. No error shows a name, or more of a number than its last four digits.
func ContactsFromCSV(r io.Reader, params CSVParams) iter.Seq2[Contact, error] {
	return func(yield func(Contact, error) bool) {
		file, err := contactfile.Open(r, contactfile.Options{PhoneColumn: params.PhoneColumn, Comma: params.Comma, Normalize: params.Normalize})
		if err != nil {
			yield(nil, rowError(err))
			return
		}
		key := cmp.Or(contactfile.Key(params.PhoneColumn), defaultPhoneColumn)
		for row, err := range file.Rows() {
			if err != nil {
				yield(nil, rowError(err))
				return
			}
			repeated := row.First > 0
			if repeated && !params.Repeated {
				row.Problem.Err = &RepeatedContactError{Line: row.Problem.Line, FirstLine: row.First, Number: secret.MaskNumber(row.Number)}
			}
			if row.Problem != nil && (!repeated || !params.Repeated) {
				if !yield(nil, rowError(row.Problem)) {
					return
				}
				continue
			}
			contact := make(Contact, len(row.Cells))
			for i, cell := range row.Cells {
				contact[file.Keys[i]] = strings.TrimSpace(cell)
			}
			delete(contact, file.Keys[file.Phone])
			contact[key] = row.Number
			if !yieldContact(yield, contact, repeated) {
				return
			}
		}
	}
}

// wantedRepetitions holds the repeated contacts that CSVParams.Repeated permits, by their address,
// while they are yielded. A sequence can tell CreateBatches nothing else about them.
var wantedRepetitions sync.Map

func yieldContact(yield func(Contact, error) bool, contact Contact, repeated bool) bool {
	if repeated {
		address := reflect.ValueOf(contact).Pointer()
		wantedRepetitions.Store(address, nil)
		defer wantedRepetitions.Delete(address)
	}
	return yield(contact, nil)
}

// isWantedRepetition reports whether a contact is one that ContactsFromCSV yields just now although
// its number came before.
func isWantedRepetition(contact Contact) bool {
	_, wanted := wantedRepetitions.Load(reflect.ValueOf(contact).Pointer())
	return wanted
}

func rowError(err error) error {
	p, ok := errors.AsType[*contactfile.Problem](err)
	if !ok {
		return &RowError{Err: err}
	}
	return &RowError{Line: p.Line, Column: p.Name, Err: p.Err}
}
