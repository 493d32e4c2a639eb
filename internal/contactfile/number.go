package contactfile

import (
	"hash/fnv"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// Clean returns a number's cell without what spreadsheets, web pages and exports put around it: a
// formula's ="...", quotes, an apostrophe, tel: and invisible marks. Digits of all scripts become
// those of ASCII, and so do the signs between them.
func Clean(cell string) string {
	text := strings.Map(func(r rune) rune {
		if r < 0x80 && r >= ' ' {
			return r
		}
		if digit, ok := secret.Digit(r); ok {
			return '0' + rune(digit)
		}
		switch {
		case unicode.In(r, unicode.Cf, unicode.Mn): // a mark of direction, of no width, of byte order
			return -1
		case r != '\n' && unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Pd, r), r == '−':
			return '-'
		case strings.ContainsRune("‘’“”„‚‹›«»´", r):
			return '\''
		case r > '\uff00' && r < '\uff5f': // ASCII in full width
			return r - '\uff00' + ' '
		}
		return r
	}, cell)
	const around = " \t\"'`"
	text = strings.Trim(strings.TrimPrefix(strings.Trim(text, around), "="), around)
	for _, scheme := range []string{"tel:", "p:"} { // p: is in the exports of an advertising network
		if len(text) > len(scheme) && strings.EqualFold(text[:len(scheme)], scheme) {
			text = strings.TrimSpace(text[len(scheme):])
		}
	}
	return text
}

// spoiled matches what a spreadsheet makes of a number that it takes for an amount: 9.19877E+11,
// 919876543210.0. With seven digits before it, a point isn't one between groups of digits.
var spoiled = regexp.MustCompile(`^[+-]?(\d+([.,]\d*)?[eE][+-]?\d+|\d{7,}[.,]\d{1,6})$`)

const wasSpoiled = "was made a decimal by a spreadsheet, which loses digits: format the column as text and export it again"

const (
	signs   = "+0123456789 -()." // what a clean number may have
	between = "/,;|&"            // what may stand between two
)

// whyNot says why a clean text is no phone number; "" if it may be one.
func whyNot(text string) string {
	switch {
	case text == "":
		return "is empty"
	case spoiled.MatchString(strings.ReplaceAll(text, " ", "")):
		return wasSpoiled
	case strings.HasPrefix(text, "#") || strings.ContainsFunc(text, unicode.IsLetter):
		return "has letters in it"
	case strings.ContainsAny(text, ",;/|&#\n"):
		return "looks like more than one number, or has an extension: one number in a row"
	case strings.Trim(text, signs) != "" || strings.LastIndexByte(text, '+') > strings.IndexAny(text, "0123456789"):
		return "is no phone number"
	}
	return ""
}

const fewestDigits, mostDigits = 6, 15 // of a number; E.164 has 15 at most

// compact returns a clean number without the signs between its digits, and with + for 00, or why it
// is none.
func compact(text string) (number, problem string) {
	plus, digits := dialled(text)
	switch {
	case len(digits) < fewestDigits:
		return "", "is too short"
	case len(digits) > mostDigits:
		return "", "is too long"
	}
	return plus + digits, ""
}

// dialled returns the digits of a clean text, and + if they begin with a country's code.
func dialled(text string) (plus, digits string) {
	digits = digitsOf(text)
	if strings.Contains(text, "+") {
		plus = "+"
	} else if strings.HasPrefix(digits, "00") {
		plus, digits = "+", digits[2:]
	}
	if before, after, ok := strings.Cut(text, "(0)"); ok && plus != "" { // +44 (0)20: it is dialled within the country
		digits = strings.TrimPrefix(digitsOf(before), "00") + digitsOf(after)
	}
	return plus, digits
}

func digitsOf(text string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, text)
}

// isNumber reports whether a cell of the first line is a phone number, or several, or was one, so
// that the line is no header. A year or a date is none.
func isNumber(cell string) bool {
	const fewest = 7 // digits
	text := Clean(cell)
	if spoiled.MatchString(text) {
		return true
	}
	digits := digitsOf(text)
	if len(digits) < fewest || strings.Trim(text, signs+between) != "" {
		return false
	}
	return text[0] == '+' || !isDate(text)
}

// dates are those that have as many digits as a number, and two years.
var dates = regexp.MustCompile(`\b(\d{4}[-/.]?\d\d?[-/.]?\d\d?|\d\d?[-/.]?\d\d?[-/.]?\d{4}|\d{4}[-/]\d{4})\b`)

func isDate(text string) bool {
	text = strings.NewReplacer("-", "/", ".", "/", " ", "/").Replace(strings.TrimSpace(text))
	if first, second, ok := strings.Cut(text, "/"); ok && len(first) == len("2006") && len(second) == len("2006") {
		return isDate(first+"0101") && isDate(second+"0101")
	}
	for _, layout := range []string{"20060102", "02012006", "01022006", "2006/1/2", "2/1/2006", "1/2/2006"} {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1900 && at.Year() < 2100 {
			return true
		}
	}
	return false
}

// holdsNumber reports whether there is a phone number in a cell of the first line, whatever words
// stand beside it, so that the line is no header.
func holdsNumber(cell string) bool {
	text := Clean(cell)
	if isNumber(text) || slices.ContainsFunc(strings.Fields(text), spoiled.MatchString) {
		return true
	}
	text = dates.ReplaceAllStringFunc(text, func(date string) string {
		if isDate(date) {
			return "date"
		}
		return date
	})
	isBeside := func(r rune) bool { return !strings.ContainsRune(signs+between, r) }
	return slices.ContainsFunc(strings.FieldsFunc(text, isBeside), isNumber) || secret.MaskNumbers(text) != text
}

// Lines has the line, or another position, at which each number came first. It takes about 40 bytes
// a number.
type Lines map[uint64]uint32

// First returns where a number came first, which is at if it is new. It returns the same for the
// same place each time, so that several passes over a file leave out the same rows.
func (l Lines) First(number string, at int) int {
	key := Digits(number)
	if before, ok := l[key]; ok {
		return int(before)
	}
	l[key] = uint32(at)
	return at
}

// Digits is the same for two numbers with the same digits, whatever is between them and whether
// they begin with +, 00 or neither. It differs for other numbers of up to 18 digits, and is a hash
// of anything else.
func Digits(number string) uint64 {
	const most, other = 18, 1 << 63
	text := Clean(number)
	_, digits := dialled(text)
	digits = strings.TrimPrefix(digits, "00")
	if digits == "" || len(digits) > most || strings.ContainsFunc(text, unicode.IsLetter) {
		hash := fnv.New64a()
		hash.Write([]byte(text))
		return hash.Sum64() | other
	}
	value := uint64(1) // so that leading zeros count
	for _, r := range digits {
		value = value*10 + uint64(r-'0')
	}
	return value
}
