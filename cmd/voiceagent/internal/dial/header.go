package dial

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// header is the first line of the file.
type header struct {
	names []string // as they are in the file
	keys  []string // as the API gets them
	phone int      // which of them has the numbers
}

// readHeader reads the first line, and finds the column with the numbers.
func (s *source) readHeader(o Options) error {
	s.comma = o.Comma
	reader, _, err := s.reader()
	if err != nil {
		return err
	}
	record, err := reader.Read()
	switch {
	case errors.Is(err, io.EOF):
		return badInput("%s has no line with anything in it: its first line must name the columns", s.path)
	case errors.Is(err, errTooLong):
		return badInput("%s: the first line doesn't end within %d bytes: it must name the columns", s.path, longestRecord)
	case err != nil:
		return badInput("%s: the first line can't be read: %w", s.path, err)
	}
	var h header
	seen := map[string]int{}
	for i, name := range record {
		if !valid(name) {
			return s.notUTF8(1, i+1, "", name)
		}
		name = strings.TrimSpace(name)
		key := contactKey(name)
		if name == "" {
			return badInput("%s, line 1: column %d has no name%s", s.path, i+1, s.showHeader(record))
		}
		if before, ok := seen[key]; ok {
			return badInput("%s, line 1: columns %d and %d have the same name for the API, which takes letters, digits and underscores: rename one%s",
				s.path, before+1, i+1, s.showHeader(record))
		}
		seen[key] = i
		h.names, h.keys = append(h.names, strings.Clone(name)), append(h.keys, key)
	}
	if h.phone, err = s.findPhone(h.names, o.Campaign.PhoneColumn); err != nil {
		return err
	}
	s.header = h
	return nil
}

// contactKey makes a key of a column's name. The API takes letters, digits and underscores. The one
// client that was seen in use doesn't begin a key with a digit either.
func contactKey(name string) string {
	key := strings.Map(func(r rune) rune {
		switch {
		case r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
			return r
		}
		return '_'
	}, name)
	if key != "" && key[0] >= '0' && key[0] <= '9' {
		key = "_" + key
	}
	return key
}

// renamed says which columns have another name as keys.
func (h *header) renamed() (changes []string) {
	for i, name := range h.names {
		if name != h.keys[i] {
			changes = append(changes, fmt.Sprintf("%q as %s", name, h.keys[i]))
		}
	}
	return changes
}

// phoneNames are columns that look like a phone number's, without signs and in lower case.
var phoneNames = []string{
	"phone", "phonenumber", "phoneno", "phonenum", "mobile", "mobilenumber", "mobileno", "mobilephone", "cell", "cellphone", "cellnumber",
	"tel", "telephone", "telephonenumber", "msisdn", "contactnumber", "contactno", "whatsapp", "whatsappnumber", "number",
}

func looksLikePhone(name string) bool { return slices.Contains(phoneNames, lettersOf(name)) }

// isColumnName reports whether a cell of the first line shows that the line is a header. No contact
// has such a cell.
func isColumnName(cell string) bool {
	return looksLikePhone(cell) || slices.Contains([]string{"id", "name", "firstname", "lastname", "fullname", "email", "city"}, lettersOf(cell))
}

func lettersOf(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(name))
}

func (s *source) findPhone(names []string, wanted string) (int, error) {
	var plausible []int
	for i, name := range names {
		if wanted != "" && strings.EqualFold(name, strings.TrimSpace(wanted)) {
			return i, nil
		}
		if looksLikePhone(name) {
			plausible = append(plausible, i)
		}
	}
	suggestion := ""
	if len(plausible) > 0 {
		suggestion = fmt.Sprintf("\nDid you mean --phone-column %q?", names[plausible[0]])
	}
	switch {
	case wanted != "":
		return 0, badInput("%s, line 1: there is no column %q%s%s", s.path, wanted, s.showHeader(names), suggestion)
	case len(plausible) == 1:
		return plausible[0], nil
	case len(plausible) == 0:
		return 0, badInput("%s, line 1: no column looks like phone numbers%s\nSay which it is with --phone-column", s.path, s.showHeader(names))
	}
	return 0, badInput("%s, line 1: %d columns look like phone numbers%s%s", s.path, len(plausible), s.showHeader(names), suggestion)
}

// showHeader lists the columns as they were read, if they are certainly no person's.
func (s *source) showHeader(names []string) string {
	if !slices.ContainsFunc(names, isColumnName) {
		return fmt.Sprintf(". It has %s, separated by %s, which aren't shown as they may be a person's: the first line must name the columns",
			count(len(names), "cell"), separatorName(s.comma))
	}
	return fmt.Sprintf(". The columns, separated by %s, are:\n  %s", separatorName(s.comma), strings.Join(names, " | "))
}

func separatorName(comma rune) string {
	switch comma {
	case ',':
		return "commas"
	case ';':
		return "semicolons"
	case '\t':
		return "tabs"
	}
	return fmt.Sprintf("%q", comma)
}
