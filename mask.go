package voiceagent

import (
	"regexp"
	"strings"
	"unicode"
)

// longNumber finds what may be a phone number in a sentence: a plus, escaped or not, and digits, or ten digits and more.
var longNumber = regexp.MustCompile(`(?:\+|%2[Bb])\d[\d \-().]{5,}\d|\d{10,}`)

const longestNumber = 15 // digits, says E.164

// maskNumbers hides all but the last 4 digits of every phone number in text.
func maskNumbers(text string) string {
	if !strings.ContainsAny(text, "0123456789") {
		return text
	}
	var b strings.Builder
	end := 0
	for _, at := range longNumber.FindAllStringIndex(text, -1) {
		if number := text[at[0]:at[1]]; !isPartOfID(text, at[0], at[1]) {
			b.WriteString(text[end:at[0]])
			b.WriteString(maskNumber(number))
			end = at[1]
		}
	}
	if end == 0 {
		return text
	}
	b.WriteString(text[end:])
	return b.String()
}

// isPartOfID tells if digits without a plus belong to an identifier, by what stands beside them.
func isPartOfID(text string, start, end int) bool {
	if text[start] == '+' || text[start] == '%' {
		return false
	}
	const inIDs = "_-ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	return end-start > longestNumber ||
		(start > 0 && strings.IndexByte(inIDs+".", text[start-1]) >= 0) ||
		(end < len(text) && strings.IndexByte(inIDs, text[end]) >= 0)
}

// maskNumber shows the last 4 digits of a phone number, enough to recognise it by.
func maskNumber(number string) string {
	const shown = 4
	characters := []rune(number)
	if len(characters) <= shown {
		return "***"
	}
	return "***" + string(characters[len(characters)-shown:])
}

// oneLine takes line breaks and other control characters out of what a server or a cause said, so that an error stays one
// line of a log.
func oneLine(text string) string {
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
