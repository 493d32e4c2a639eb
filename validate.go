package voiceagent

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// The documented limits.
const (
	maxName        = 100
	maxContacts    = 2000
	maxConcurrency = 50
	maxPageSize    = 100
)

var hourMin = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// isE164 tells if a number is a plus and 7 to 15 digits, of which the first isn't 0. A regular expression takes 20 times as long.
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

// problems collects what is wrong with a request before it is sent. Fields are named as the API spells them.
type problems []FieldError

func (p *problems) add(field, format string, args ...any) {
	*p = append(*p, FieldError{field, fmt.Sprintf(format, args...)})
}

// err is nil when there are no problems.
func (p problems) err(method, route string) error {
	if len(p) == 0 {
		return nil
	}
	message := p[0].Field + ": " + p[0].Message
	if more := len(p) - 1; more > 0 {
		message += fmt.Sprintf(" (and %d more, see Fields)", more)
	}
	return &ValidationError{&APIError{Code: CodeValidationError, Message: message, Fields: p, Method: method, Route: route}}
}

// refuse is problems.err for a single complaint.
func refuse(method, route, field, message string) error {
	return problems{{field, message}}.err(method, route)
}

func (p *problems) required(field, value string) {
	if strings.TrimSpace(value) == "" {
		p.add(field, "is required")
	}
}

// id refuses what would address a collection or another endpoint.
func (p *problems) id(field, value string) {
	switch value = strings.TrimSpace(value); value {
	case "":
		p.add(field, "is empty")
	case ".", "..":
		p.add(field, "%q is no id", value)
	}
}

func (p *problems) name(value string) {
	p.required("name", value)
	if n := utf8.RuneCountInString(value); n > maxName {
		p.add("name", "has %d characters, %d are allowed", n, maxName)
	}
}

func (p *problems) clock(field, value string) {
	if !hourMin.MatchString(value) {
		p.add(field, "%q is no time of day, write it as HH:MM", value)
	}
}

func (p *problems) webhook(w *WebhookConfig) {
	if w == nil {
		return
	}
	u, err := url.Parse(w.URL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Hostname() == "" {
		p.add("webhook_config.url", "must be a whole http or https URL")
	}
}

func (p *problems) page(page, size int) {
	if page < 0 {
		p.add("page", "%d is below 1", page)
	}
	if size < 0 || size > maxPageSize {
		p.add("page_size", "%d is outside 1 to %d", size, maxPageSize)
	}
}
