package lists_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// readCSV returns the contacts, and the errors in order.
func readCSV(text string, params voiceagent.CSVParams) (contacts []voiceagent.Contact, errs []string) {
	for contact, err := range voiceagent.ContactsFromCSV(strings.NewReader(text), params) {
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		contacts = append(contacts, contact)
	}
	return contacts, errs
}

func TestContactsFromCSV(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text   string
		params voiceagent.CSVParams
		want   []voiceagent.Contact
		errs   []string
	}{
		"usual": {text: "phone,name\n+919876543210,Asha\n+919876543211,\"Rao, B.\"\n",
			want: []voiceagent.Contact{{"phone": "+919876543210", "name": "Asha"}, {"phone": "+919876543211", "name": "Rao, B."}}},
		"a byte order mark, CRLF, spaces and empty lines": {text: "\ufeffphone , Full Name\r\n +919876543210 ,Asha\r\n\r\n+919876543211,Ravi\r\n",
			want: []voiceagent.Contact{{"phone": "+919876543210", "Full_Name": "Asha"}, {"phone": "+919876543211", "Full_Name": "Ravi"}}},
		"another column and separator": {text: "Mobile No./name\n+919876543210/Asha\n", params: voiceagent.CSVParams{PhoneColumn: "Mobile No.", Comma: '/'},
			want: []voiceagent.Contact{{"Mobile_No_": "+919876543210", "name": "Asha"}}},
		"the column that looks like it": {text: "Mobile No.,1st name,नाम\n+919876543210,Asha,x\n",
			want: []voiceagent.Contact{{"phone": "+919876543210", "_1st_name": "Asha", "column_3": "x"}}},
		"bad rows, the rest untouched": {
			text: "phone,name\n+919876543210,Asha\n,Nobody\n+919876543211\nask him,Ravi\n+919876543212,\"Bad \"quote\"\n+919876543213,Zoya\n",
			want: []voiceagent.Contact{{"phone": "+919876543210", "name": "Asha"}, {"phone": "+919876543213", "name": "Zoya"}},
			errs: []string{
				"line 3, column phone: the number is empty",
				"line 4, column name: the row has 1 fields, the header has 2",
				"line 5, column phone: the number has letters in it",
				`line 6, column name: a quote (") is where none can be: put the cell in quotes, and write "" for one inside`,
			}},
		"a trunk prefix in brackets": {text: "phone\n+44 (0)20 7946 0000\n", want: []voiceagent.Contact{{"phone": "+442079460000"}}},
		"no separator":               {text: "phone\n", params: voiceagent.CSVParams{Comma: '"'}, errs: []string{`'"' can't separate columns`}},
		"repetitions that are wanted": {text: "phone,name\n+919876543210,Asha\n+91-98765-43210,Ravi\n", params: voiceagent.CSVParams{Repeated: true},
			want: []voiceagent.Contact{{"phone": "+919876543210", "name": "Asha"}, {"phone": "+919876543210", "name": "Ravi"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contacts, errs := readCSV(test.text, test.params)
			assert.Equal(t, test.want, contacts)
			assert.Equal(t, test.errs, errs)
		})
	}
}

// A function of the user's says what a number is, and what is the same number.
func TestContactsFromCSVNormalizes(t *testing.T) {
	t.Parallel()
	errShort := errors.New("short")
	national := func(number string) (string, error) {
		if number == "98765 43219" {
			return "", fmt.Errorf("%s: %w", number, errShort)
		}
		return "+91" + strings.ReplaceAll(strings.TrimPrefix(number, "0"), " ", ""), nil
	}
	file := "phone\n=\"98765 43210\"\n098765 43210\n98765 43219\n98765 43211\n"
	var numbers []any
	var errs []error
	for contact, err := range voiceagent.ContactsFromCSV(strings.NewReader(file), voiceagent.CSVParams{Normalize: national}) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		numbers = append(numbers, contact["phone"])
	}
	assert.Equal(t, []any{"+919876543210", "+919876543211"}, numbers)
	require.Len(t, errs, 2)
	repeated, ok := errors.AsType[*voiceagent.RepeatedContactError](errs[0])
	require.True(t, ok)
	assert.Equal(t, voiceagent.RepeatedContactError{Line: 3, FirstLine: 2, Number: "***3210"}, *repeated)
	require.ErrorIs(t, errs[1], errShort)
	assert.EqualError(t, errs[1], "line 4, column phone: the number ***3219 can't be used: ***3219: short")
}

// A row is yielded when it has come: a pipe may have no more yet.
func TestContactsFromCSVDoesNotWaitForMore(t *testing.T) {
	t.Parallel()
	for name, encode := range map[string]func(string) string{
		"UTF-8":  func(text string) string { return text },
		"UTF-16": func(text string) string { return testkit.UTF16(binary.LittleEndian, text) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reader, writer := io.Pipe()
			next, stop := iter.Pull2(voiceagent.ContactsFromCSV(reader, voiceagent.CSVParams{}))
			defer stop()
			go func() { _, _ = io.WriteString(writer, encode("phone,name\n+919876543210,Asha\n")) }()
			contact, err, _ := next()
			require.NoError(t, err)
			assert.Equal(t, "Asha", contact["name"])
			go writer.Close()
			_, _, more := next()
			assert.False(t, more)
		})
	}
}

// A file may come in pieces of any size.
func TestContactsFromCSVReadsByteByByte(t *testing.T) {
	t.Parallel()
	for name, file := range testkit.ContactFiles {
		if len(file.Text) > 1000 {
			continue
		}
		whole, errs := readCSV(file.Text, voiceagent.CSVParams{PhoneColumn: file.Column})
		var contacts []voiceagent.Contact
		var texts []string
		for contact, err := range voiceagent.ContactsFromCSV(iotest.OneByteReader(strings.NewReader(file.Text)), voiceagent.CSVParams{PhoneColumn: file.Column}) {
			if err != nil {
				texts = append(texts, err.Error())
				continue
			}
			contacts = append(contacts, contact)
		}
		assert.Equal(t, whole, contacts, name)
		assert.Equal(t, errs, texts, name)
	}
}

func TestContactsFromCSVEndsWhenTheFileBreaks(t *testing.T) {
	t.Parallel()
	broken := io.MultiReader(strings.NewReader("phone\n+919876543210\n"), iotest.ErrReader(io.ErrUnexpectedEOF))
	var good, bad int
	for _, err := range voiceagent.ContactsFromCSV(broken, voiceagent.CSVParams{}) {
		if err == nil {
			good++
			continue
		}
		bad++
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.ErrorAs(t, err, new(*voiceagent.RowError))
	}
	assert.Equal(t, 1, good)
	assert.Equal(t, 1, bad)
}

func TestContactsFromCSVWithoutAReader(t *testing.T) {
	t.Parallel()
	for contact, err := range voiceagent.ContactsFromCSV(nil, voiceagent.CSVParams{}) {
		assert.Nil(t, contact)
		require.ErrorAs(t, err, new(*voiceagent.RowError))
		assert.EqualError(t, err, "there is no file: the reader is nil")
	}
}

func TestRowErrorIsFound(t *testing.T) {
	t.Parallel()
	for _, err := range voiceagent.ContactsFromCSV(strings.NewReader("phone\nx\n"), voiceagent.CSVParams{}) {
		row := new(voiceagent.RowError)
		require.ErrorAs(t, err, &row)
		assert.Equal(t, 2, row.Line)
		assert.Equal(t, "phone", row.Column)
	}
}
