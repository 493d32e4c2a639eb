package contactfile

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// signed matches a number with its sign, such as that of a phone.
var signed = regexp.MustCompile(`^[+-]\d[\d ]*([.,]\d+)?$`)

// Inert keeps a spreadsheet from taking a text for a formula, such as words of a person on the
// phone: one that begins like a formula gets an apostrophe in front, unless it is a number. The
// sign may be one of full width, which some spreadsheets take, too.
func Inert(text string) string {
	text = strings.ReplaceAll(text, "\x00", "") // no CSV has it
	first, _ := utf8.DecodeRuneInString(text)
	if text != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) && !signed.MatchString(text) {
		return "'" + text
	}
	return text
}
