package secret

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// unitKind is what a character can be in a phone number.
type unitKind uint8

const (
	gapUnit   unitKind = iota // may stand between two digits
	digitUnit                 // of any script
	markUnit                  // separates two numbers
	letterUnit
)

// unit returns what the first character of text is, its value if it is a digit, and its length. An
// escaped character counts as itself, whether it is escaped as in a URL, in JSON or in HTML.
func unit(text string) (kind unitKind, digit byte, size int) {
	switch text[0] {
	case '%':
		if r, size := percentDecoded(text); size > 1 {
			kind, digit = kindOf(r)
			return kind, digit, size
		}
	case '\\':
		if len(text) > 1 && strings.IndexByte("nrt", text[1]) >= 0 {
			return gapUnit, 0, 2
		}
		if len(text) >= 6 && text[1] == 'u' {
			if r, ok := hex(text[2:6]); ok {
				kind, digit = kindOf(r)
				return kind, digit, 6
			}
		}
	case '&':
		const longest = 8
		if end := strings.IndexByte(text[:min(len(text), longest)], ';'); end > 1 {
			return gapUnit, 0, end + 1
		}
	}
	return unescaped(text)
}

// unescaped is unit for a text in which nothing is escaped.
func unescaped(text string) (kind unitKind, digit byte, size int) {
	r, size := rune(text[0]), 1
	if r >= utf8.RuneSelf {
		r, size = utf8.DecodeRuneInString(text)
	}
	kind, digit = kindOf(r)
	return kind, digit, size
}

func kindOf(r rune) (kind unitKind, digit byte) {
	switch {
	case '0' <= r && r <= '9':
		return digitUnit, byte(r - '0')
	case 'a' <= r|0x20 && r|0x20 <= 'z':
		return letterUnit, 0
	case r < utf8.RuneSelf && strings.IndexByte("!\"#$%&'*,:;<=>?@^`{|}", byte(r)) >= 0:
		return markUnit, 0
	case r >= utf8.RuneSelf && unicode.IsDigit(r):
		return digitUnit, digitValue(r)
	case r >= utf8.RuneSelf && unicode.IsLetter(r):
		return letterUnit, 0
	}
	return gapUnit, 0
}

// Digit returns the value of a digit of any script.
func Digit(r rune) (value byte, ok bool) {
	kind, value := kindOf(r)
	return value, kind == digitUnit
}

// digitValue is the value of a digit. Each script has its ten in a row, and a range of the table
// holds whole scripts.
func digitValue(r rune) byte {
	for _, in := range unicode.Digit.R16 {
		if rune(in.Lo) <= r && r <= rune(in.Hi) {
			return byte((r - rune(in.Lo)) % 10)
		}
	}
	for _, in := range unicode.Digit.R32 {
		if rune(in.Lo) <= r && r <= rune(in.Hi) {
			return byte((r - rune(in.Lo)) % 10)
		}
	}
	return 0
}

// percentDecoded decodes the character that a URL writes as %C2%A0. What isn't one is a plain %.
func percentDecoded(text string) (r rune, size int) {
	var b [utf8.UTFMax]byte
	n := 0
	for n < len(b) && len(text) >= 3*n+3 && text[3*n] == '%' {
		code, ok := hex(text[3*n+1 : 3*n+3])
		if !ok {
			break
		}
		b[n] = byte(code)
		n++
	}
	if n == 0 {
		return '%', 1
	}
	r, size = utf8.DecodeRune(b[:n])
	return r, 3 * size
}

// hex returns the value of hexadecimal digits.
func hex(digits string) (value rune, ok bool) {
	for _, c := range []byte(digits) {
		switch {
		case isDigit(c):
			value = value<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			value = value<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return value, true
}

// OneLine replaces line breaks and other control characters in a text of a server or a cause, so
// that an error stays on one line of a log.
func OneLine(text string) string {
	breaks := func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }
	if !strings.ContainsFunc(text, breaks) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if breaks(r) {
			return ' '
		}
		return r
	}, text)
}
