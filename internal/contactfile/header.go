package contactfile

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// Key makes a key of a column's name: the API takes letters, digits and underscores. The one client
// that was seen in use doesn't begin a key with a digit either. It returns "" if nothing of the
// name would be left, as of one in another script.
func Key(name string) string {
	key := strings.Map(func(r rune) rune {
		if r < 0x80 && (r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return '_'
	}, strings.TrimSpace(name))
	letters := strings.ContainsFunc(key, unicode.IsLetter)
	switch {
	case strings.Trim(key, "_") == "", !letters && strings.ContainsFunc(name, unicode.IsLetter):
		return ""
	case key[0] >= '0' && key[0] <= '9':
		return "_" + key
	}
	return key
}

// phoneNames are columns that look like a phone number's, without signs and in lower case.
var phoneNames = []string{
	"phone", "phonenumber", "phoneno", "phonenum", "mobile", "mobilenumber", "mobileno", "mobilephone", "cell", "cellphone", "cellnumber",
	"tel", "telephone", "telephonenumber", "msisdn", "contactnumber", "contactno", "whatsapp", "whatsappnumber", "number",
	"फ़ोन", "फ़ोन", "फोन", "मोबाइल", "फ़ोननंबर", "फोननंबर", "मोबाइलनंबर", "téléphone", "teléfono", "telefon",
}

// LooksLikePhone reports whether a column of this name is taken for the one with the numbers.
func LooksLikePhone(name string) bool { return slices.Contains(phoneNames, lettersOf(name)) }

// isColumnName reports whether a cell of the first line shows that the line is a header. No contact
// has such a cell.
func isColumnName(cell string) bool {
	return LooksLikePhone(cell) || slices.Contains([]string{"id", "name", "firstname", "lastname", "fullname", "email", "city"}, lettersOf(cell))
}

func lettersOf(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.Is(unicode.M, r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// isNamed reports whether a column is the one that is asked for.
func isNamed(name, wanted string) bool {
	key := Key(wanted)
	return strings.EqualFold(name, strings.TrimSpace(wanted)) || key != "" && strings.EqualFold(Key(name), key)
}

// separators are those that are looked for, the likeliest first.
const separators = ",;\t|"

// guessComma returns the separator that shows the column with the numbers, or else the one that the
// first line has most of.
func guessComma(line []byte, wanted string) rune {
	best, most := ',', 0
	for _, comma := range separators {
		first := records{r: bufio.NewReader(bytes.NewReader(line)), end: '\n', comma: string(comma)}
		cells, _ := first.next()
		score := len(cells)
		if slices.ContainsFunc(cells, func(cell string) bool {
			return wanted != "" && isNamed(visible(cell), wanted) || LooksLikePhone(cell) || isNumber(cell)
		}) {
			score += headSize
		}
		if score > most {
			best, most = comma, score
		}
	}
	return best
}

// readHeader takes the names of the columns from the first line, and finds the one with the
// numbers.
func (f *File) readHeader(record []string, wanted string) error {
	for len(record) > 0 && visible(record[len(record)-1]) == "" {
		record = record[:len(record)-1]
	}
	if slices.ContainsFunc(record, holdsNumber) {
		place, err := strconv.Atoi(strings.TrimSpace(wanted))
		if err != nil || place < 1 || place > len(record) {
			return f.problem(0, errors.New("it holds a phone number, so it is a contact, not a header: put a line above it that names the columns, "+
				"or give the phone column by its place, 1 for the first"))
		}
		for i := range record {
			f.Names = append(f.Names, strconv.Itoa(i+1))
		}
		f.contact, f.Phone = true, place-1
	} else {
		for _, name := range record {
			f.Names = append(f.Names, strings.Clone(visible(name)))
		}
	}
	places := make(map[string]int, len(f.Names))
	for i, name := range f.Names {
		key := cmp.Or(Key(name), fmt.Sprintf("column_%d", i+1))
		if before, ok := places[key]; ok {
			return f.problem(0, fmt.Errorf("columns %d and %d have the same name for the API, which takes letters, digits and underscores: rename one%s",
				before+1, i+1, f.show()))
		}
		f.Keys, places[key] = append(f.Keys, key), i
	}
	if f.contact {
		return nil
	}
	var named, plausible []int
	for i, name := range f.Names {
		if wanted != "" && isNamed(name, wanted) {
			named = append(named, i)
		}
		if LooksLikePhone(name) {
			plausible = append(plausible, i)
		}
	}
	if exact := slices.Index(f.Names, wanted); wanted != "" && exact >= 0 {
		named = []int{exact}
	}
	if wanted == "" {
		named = plausible
	}
	wanted = secret.MaskNumbers(wanted)
	switch {
	case len(named) == 1:
		f.Phone = named[0]
		return nil
	case len(named) > 1:
		return f.problem(0, fmt.Errorf("columns %s could hold the phone numbers: name the phone column%s", f.quoted(named), f.show()))
	case wanted == "":
		return f.problem(0, fmt.Errorf("no column looks like phone numbers: name the phone column%s", f.show()))
	case len(plausible) > 0:
		return f.problem(0, fmt.Errorf("there is no column %q; name %s if that is meant%s", wanted, f.quoted(plausible), f.show()))
	}
	return f.problem(0, fmt.Errorf("there is no column %q%s", wanted, f.show()))
}

func (f *File) quoted(columns []int) string {
	var names []string
	for _, i := range columns {
		names = append(names, strconv.Quote(f.name(i+1)))
	}
	return strings.Join(names, " and ")
}

// show lists the columns as they were read, if they are certainly no person's.
func (f *File) show() string {
	if !slices.ContainsFunc(f.Names, isColumnName) {
		return fmt.Sprintf(". The line must name the columns, and isn't shown, as it may be a person's (cells: %d, separated by %s)", len(f.Names), f.Separator())
	}
	return fmt.Sprintf(". The columns, separated by %s, are: %s", f.Separator(), secret.MaskNumbers(strings.Join(f.Names, " | ")))
}

// Separator names what separates the columns.
func (f *File) Separator() string {
	switch f.Comma {
	case ',':
		return "commas"
	case ';':
		return "semicolons"
	case '\t':
		return "tabs"
	}
	return strconv.QuoteRune(f.Comma)
}
