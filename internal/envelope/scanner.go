package envelope

import (
	"bytes"
	"encoding/json"
	"strconv"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanner goes through JSON. It holds no part of it but the whole, as the garbage collector would have to hear of each step.
type scanner struct {
	buf      []byte
	at       int
	depth    int
	unquoted []byte    // the last text that had an escape
	floats   []float64 // to point to; one by one they take more memory, and time
	texts    [256]string
}

const (
	deepest = 100
	// What is kept for the next record.
	longestText   = 64
	longestBuffer = 64 << 10
)

var scanners = sync.Pool{New: func() any { return new(scanner) }}

// peek returns the first byte that isn't blank; 0 at the end.
func (s *scanner) peek() byte {
	for ; s.at < len(s.buf); s.at++ {
		switch c := s.buf[s.at]; c {
		case ' ', '\n', '\r', '\t':
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) next(delimiter byte) bool {
	if s.peek() != delimiter {
		return false
	}
	s.at++
	return true
}

func (s *scanner) word(word string) bool {
	if s.peek(); !bytes.HasPrefix(s.buf[s.at:], []byte(word)) {
		return false
	}
	s.at += len(word)
	return true
}

// text reads a text. It holds until the next one is read.
func (s *scanner) text() ([]byte, bool) {
	if s.peek() != '"' {
		return nil, false
	}
	rest := s.buf[s.at+1:]
	ascii := true
	for i, c := range rest {
		switch {
		case plain[c]:
		case c == '"':
			s.at += i + 2
			return rest[:i], ascii || utf8.Valid(rest[:i])
		case c == '\\':
			return s.escaped(i + 1)
		case c < ' ':
			return nil, false
		default:
			ascii = false
		}
	}
	return nil, false
}

// escaped reads a text of which the first escape is at i.
func (s *scanner) escaped(i int) (text []byte, ok bool) {
	quoted := s.buf[s.at:]
	for ; i < len(quoted) && quoted[i] != '"'; i++ {
		if quoted[i] == '\\' {
			i++
		}
	}
	if i >= len(quoted) {
		return nil, false
	}
	text, err := jsontext.AppendUnquote(s.unquoted[:0], quoted[:i+1])
	s.unquoted = text
	s.at += i + 1
	return text, err == nil
}

// keep makes a string of a text, or finds the one that was made of an equal one.
func (s *scanner) keep(text []byte) string {
	if len(text) == 0 || len(text) > longestText {
		return string(text)
	}
	hash := uint32(len(text)) // FNV-1a, of the end, where texts of a kind differ most
	for _, c := range text[max(0, len(text)-8):] {
		hash = (hash ^ uint32(c)) * 16777619
	}
	kept := &s.texts[hash%uint32(len(s.texts))]
	if *kept != string(text) {
		*kept = string(text)
	}
	return *kept
}

func (s *scanner) number() (text []byte, ok bool) {
	s.peek()
	from := s.at
	s.byte('-')
	if !s.byte('0') && !s.digits() || s.byte('.') && !s.digits() {
		return nil, false
	}
	if s.byte('e') || s.byte('E') {
		if !s.byte('+') {
			s.byte('-')
		}
		if !s.digits() {
			return nil, false
		}
	}
	return s.buf[from:s.at], true
}

func (s *scanner) byte(c byte) bool {
	if s.at == len(s.buf) || s.buf[s.at] != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.buf) && s.buf[s.at]-'0' <= 9 {
		s.at++
	}
	return s.at > from
}

// members has each read the value of one key. The key holds until then.
func (s *scanner) members(each func(key []byte) bool) bool {
	if !s.next('{') {
		return false
	}
	if s.next('}') {
		return true
	}
	if s.depth++; s.depth > deepest {
		return false
	}
	for {
		if key, ok := s.text(); !ok || !s.next(':') || !each(key) {
			return false
		}
		if !s.next(',') {
			s.depth--
			return s.next('}')
		}
	}
}

func (s *scanner) elements(each func() bool) bool {
	if !s.next('[') {
		return false
	}
	if s.next(']') {
		return true
	}
	if s.depth++; s.depth > deepest {
		return false
	}
	for {
		if !each() {
			return false
		}
		if !s.next(',') {
			s.depth--
			return s.next(']')
		}
	}
}

// skip passes over a value of any kind.
func (s *scanner) skip() (ok bool) {
	switch s.peek() {
	case '{':
		return s.members(func([]byte) bool { return s.skip() })
	case '[':
		return s.elements(s.skip)
	case '"':
		_, ok = s.text()
	case 't':
		ok = s.word("true")
	case 'f':
		ok = s.word("false")
	case 'n':
		ok = s.word("null")
	default:
		_, ok = s.number()
	}
	return ok
}

// raw returns a value of any kind as it stands.
func (s *scanner) raw() ([]byte, bool) {
	s.peek()
	from := s.at
	ok := s.skip()
	return s.buf[from:s.at], ok
}

// any reads a value of any kind.
func (s *scanner) any() (value any, ok bool) {
	switch s.peek() {
	case '{':
		return s.object()
	case '[':
		list := []any{}
		ok = s.elements(func() bool {
			element, ok := s.any()
			list = append(list, element)
			return ok
		})
		return list, ok
	case '"':
		text, ok := s.text()
		return s.keep(text), ok
	case 't':
		return true, s.word("true")
	case 'f':
		return false, s.word("false")
	case 'n':
		return nil, s.word("null")
	}
	text, ok := s.number()
	if !ok {
		return nil, false
	}
	return anyNumber(text), true
}

func (s *scanner) object() (map[string]any, bool) {
	object := make(map[string]any)
	ok := s.members(func(key []byte) bool {
		name, before := s.keep(key), len(object)
		value, ok := s.any()
		object[name] = value
		return ok && len(object) > before
	})
	return object, ok
}

func (s *scanner) float() (float64, bool) {
	text, ok := s.number()
	if !ok {
		return 0, false
	}
	number, err := strconv.ParseFloat(string(text), 64)
	return number, err == nil
}

// other reads a member that has no field.
func (s *scanner) other(key []byte, others *map[string]json.RawMessage) bool {
	name, before := s.keep(key), len(*others)
	raw, ok := s.raw()
	if *others == nil {
		*others = make(map[string]json.RawMessage)
	}
	(*others)[name] = bytes.Clone(raw)
	return ok && len(*others) > before
}
