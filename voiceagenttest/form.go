package voiceagenttest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// form is a request's fields and what is wrong with them.
type form struct {
	in       string // "body" or "query", the first element of a problem's loc
	fields   map[string]json.RawMessage
	problems []problem
}

// problem is one thing that is wrong with a request.
type problem struct {
	loc     []any
	message string
	missing bool
}

// readForm reads a JSON object. It answers false when the body isn't one.
func readForm(body []byte) (*form, bool) {
	f := &form{in: "body"}
	if err := json.Unmarshal(body, &f.fields); err != nil || f.fields == nil {
		return nil, false
	}
	return f, true
}

func queryForm() *form { return &form{in: "query"} }

// reject notes that a value isn't acceptable.
func (f *form) reject(name, message string, deeper ...any) {
	loc := append([]any{f.in, name}, deeper...)
	f.problems = append(f.problems, problem{loc: loc, message: message})
}

func (f *form) require(name string) bool {
	if f.has(name) {
		return true
	}
	f.problems = append(f.problems, problem{
		loc: []any{f.in, name}, message: name + " is required", missing: true,
	})
	return false
}

// has reports whether a field is there and not null.
func (f *form) has(name string) bool {
	v, ok := f.fields[name]
	return ok && !isNull(v)
}

func isNull(v json.RawMessage) bool { return bytes.Equal(v, []byte("null")) }

// decode reads a field into v. It answers false, and notes why, when the
// field has another type.
func (f *form) decode(name, want string, v any) bool {
	if !f.has(name) {
		return false
	}
	if err := json.Unmarshal(f.fields[name], v); err != nil {
		f.reject(name, name+" must be "+want)
		return false
	}
	return true
}

// text reads a string.
func (f *form) text(name string) string {
	var s string
	f.decode(name, "a string", &s)
	return s
}

// words reads a string that must be there and not blank.
func (f *form) words(name string) string {
	if !f.require(name) {
		return ""
	}
	var s string
	if f.decode(name, "a string", &s) && strings.TrimSpace(s) == "" {
		f.reject(name, name+" must not be empty")
	}
	return s
}

// limitText refuses a string of more than n characters.
func (f *form) limitText(name, value string, n int) {
	if utf8.RuneCountInString(value) > n {
		f.reject(name, fmt.Sprintf("%s must be at most %d characters", name, n))
	}
}

// number reads an integer from low to high.
func (f *form) number(name string, low, high, otherwise int) int {
	n := otherwise
	want := fmt.Sprintf("an integer from %d to %d", low, high)
	if f.decode(name, want, &n) && (n < low || n > high) {
		f.reject(name, name+" must be "+want)
	}
	return n
}

// answer is the reply to a form with problems. A field that is missing is
// looked at first: it has a status of its own.
func (f *form) answer(x *exchange) (reply, bool) {
	if len(f.problems) == 0 {
		return reply{}, false
	}
	d := x.srv.cfg.dialect
	for _, p := range f.problems {
		if p.missing && d.MissingStatus != http.StatusUnprocessableEntity {
			return x.fail(d.MissingStatus, codeBadRequest, p.message), true
		}
	}
	if d.DetailArrays {
		return x.bare(http.StatusUnprocessableEntity, detailOf(f.problems)), true
	}
	messages := make([]string, len(f.problems))
	for i, p := range f.problems {
		messages[i] = p.message
	}
	return x.fail(http.StatusUnprocessableEntity, codeValidation, strings.Join(messages, "; ")), true
}

// fieldDetail is one element of FastAPI's answer to an invalid request.
type fieldDetail struct {
	Type string `json:"type"`
	Loc  []any  `json:"loc"`
	Msg  string `json:"msg"`
}

func detailOf(problems []problem) map[string][]fieldDetail {
	list := make([]fieldDetail, len(problems))
	for i, p := range problems {
		list[i] = fieldDetail{Type: "value_error", Loc: p.loc, Msg: p.message}
		if p.missing {
			list[i].Type, list[i].Msg = "missing", "Field required"
		}
	}
	return map[string][]fieldDetail{"detail": list}
}

// malformed answers a body that isn't a JSON object.
func (x *exchange) malformed() reply {
	d := x.srv.cfg.dialect
	if d.MissingStatus == http.StatusUnprocessableEntity && d.DetailArrays {
		return x.bare(http.StatusUnprocessableEntity, map[string][]fieldDetail{
			"detail": {{Type: "json_invalid", Loc: []any{"body", 0}, Msg: "JSON decode error"}},
		})
	}
	return x.fail(http.StatusBadRequest, codeBadRequest, "Malformed JSON")
}

// isE164 reports whether s is a plus and 7 to 15 digits.
func isE164(s string) bool {
	digits, ok := strings.CutPrefix(s, "+")
	if !ok || len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return false
	}
	return onlyDigits(digits)
}

func onlyDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// source reads the number to call from. Clients in the field send it in forms
// that aren't E.164, such as 00 for the plus.
func (f *form) source(name string) string {
	number := f.words(name)
	if number != "" && !onlyDigits(strings.TrimPrefix(number, "+")) {
		f.reject(name, name+" must be a phone number")
	}
	return number
}
