// Package check finds what is wrong with a request before it is sent.
package check

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The documented limits.
const (
	MaxName        = 100 // characters
	MaxContacts    = 2000
	MaxConcurrency = 50
	MaxPageSize    = 100
)

var hourMin = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// isE164 reports whether a number is a plus and 7 to 15 digits, of which the first isn't 0. A
// regular expression takes 20 times as long.
func isE164(number string) bool {
	digits, ok := strings.CutPrefix(number, "+")
	if !ok || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return false
	}
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// Problem is a complaint about one field, which is named as the API spells it.
type Problem struct{ Field, Message string }

// Problems is what is wrong with a request.
type Problems []Problem

// Add adds a complaint.
func (p *Problems) Add(field, format string, args ...any) {
	*p = append(*p, Problem{field, fmt.Sprintf(format, args...)})
}

// Required complains of a value that is empty or blank, and reports whether there is one.
func (p *Problems) Required(field, value string) bool {
	if strings.TrimSpace(value) == "" {
		p.Add(field, "is required")
		return false
	}
	return true
}

// Number refuses what is no phone number that can be called. Its complaint shows the number as mask
// makes it.
func (p *Problems) Number(field, value string, mask func(string) string) {
	if p.Required(field, value) && !isE164(value) {
		p.Add(field, "%s is not E.164: write it with a plus, the country code and no spaces, like +919876543210", mask(value))
	}
}

// ID refuses what would address a collection or another endpoint.
func (p *Problems) ID(field, value string) {
	if value = strings.TrimSpace(value); p.Required(field, value) && (value == "." || value == "..") {
		p.Add(field, "%q is no id", value)
	}
}

// Name refuses a name that is missing or too long.
func (p *Problems) Name(value string) {
	p.Required("name", value)
	if n := utf8.RuneCountInString(value); n > MaxName {
		p.Add("name", "has %d characters, %d are allowed", n, MaxName)
	}
}

// Clock refuses what is no time of day.
func (p *Problems) Clock(field, value string) {
	if p.Required(field, value) && !hourMin.MatchString(value) {
		p.Add(field, "%q is no time of day, write it as HH:MM", value)
	}
}

// URL refuses what is no whole http or https URL.
func (p *Problems) URL(field, value string) {
	if !p.Required(field, value) {
		return
	}
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" {
		p.Add(field, "must be a whole http or https URL")
	}
}

// Page refuses page numbers and page sizes that the API doesn't have. Zero leaves the API's
// default.
func (p *Problems) Page(page, size int) {
	if page < 0 {
		p.Add("page", "%d is below 1", page)
	}
	if size < 0 || size > MaxPageSize {
		p.Add("page_size", "%d is outside 1 to %d", size, MaxPageSize)
	}
}
