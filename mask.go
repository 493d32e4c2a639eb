package voiceagent

import (
	"regexp"
	"strings"
)

// longNumber finds what may be a phone number in a sentence: a plus and digits, or ten digits and more that
// are no part of an identifier.
var longNumber = regexp.MustCompile(`\+\d[\d \-().]{5,}\d|(^|[^\w\-.])(\d{10,15})($|[^\w\-])`)

// maskNumbers hides all but the last 4 digits of every phone number in text.
func maskNumbers(text string) string {
	if !strings.ContainsAny(text, "0123456789") {
		return text
	}
	return longNumber.ReplaceAllStringFunc(text, func(match string) string {
		end := strings.LastIndexAny(match, "0123456789") + 1
		start := strings.IndexAny(match, "+0123456789")
		return match[:start] + maskNumber(match[start:end]) + match[end:]
	})
}

// maskNumber shows the last 4 digits of a phone number, enough to recognise it by.
func maskNumber(number string) string {
	const shown = 4
	if len(number) <= shown {
		return "***"
	}
	return "***" + number[len(number)-shown:]
}
