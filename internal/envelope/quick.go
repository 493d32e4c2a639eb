package envelope

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Read reads buf into a record of the client's own, whatever it holds, as [Unmarshal] does, and in most cases in less than half of the
// time, which is most of what a call costs. A type that isn't of the client's own may be of a kind that Read doesn't know.
func Read(buf []byte, v any) error {
	value := reflect.ValueOf(v).Elem()
	value.SetZero()
	if quick(buf, value) {
		return nil
	}
	value.SetZero()
	return Unmarshal(buf, v)
}

// quick reports false, and leaves the value half read, for all it isn't sure of: what isn't JSON, has a key twice, lies deep, or is of
// another kind than the field it is for. The library has the last word on those.
func quick(buf []byte, value reflect.Value) bool {
	read := readerOf(value.Type())
	if read == nil {
		return false
	}
	s := scanners.Get().(*scanner)
	defer scanners.Put(s)
	s.buf, s.at, s.depth = buf, 0, 0
	ok := read(s, value) && s.peek() == 0 && s.at == len(buf)
	s.buf = nil
	if cap(s.unquoted) > longestBuffer {
		s.unquoted = nil
	}
	return ok
}

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
	return s.float()
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

// A reader reads a value into one of its type.
type reader func(s *scanner, v reflect.Value) bool

var readers sync.Map // by reflect.Type; nil for a type that is left to the library

func readerOf(t reflect.Type) reader {
	if known, ok := readers.Load(t); ok {
		return known.(reader)
	}
	read := newReader(t)
	readers.Store(t, read)
	return read
}

func newReader(t reflect.Type) reader {
	switch p := reflect.PointerTo(t); {
	case hasOtherSpellings(t): // which is what its UnmarshalJSON is for
	case p.Implements(reflect.TypeFor[json.Unmarshaler]()):
		return func(s *scanner, v reflect.Value) bool {
			raw, ok := s.raw()
			return ok && v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(raw) == nil
		}
	case p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return nil
	}
	read := readerOfKind(t)
	if read == nil {
		return nil
	}
	return func(s *scanner, v reflect.Value) bool {
		if s.peek() == 'n' {
			return s.word("null") // the value is zero already
		}
		return read(s, v)
	}
}

func readerOfKind(t reflect.Type) reader {
	switch t.Kind() {
	case reflect.String:
		return func(s *scanner, v reflect.Value) bool {
			text, ok := s.text()
			v.SetString(s.keep(text))
			return ok
		}
	case reflect.Bool:
		return func(s *scanner, v reflect.Value) bool {
			v.SetBool(s.peek() == 't')
			return s.word("true") || s.word("false")
		}
	case reflect.Int:
		return func(s *scanner, v reflect.Value) bool {
			text, ok := s.number()
			number, err := strconv.Atoi(string(text))
			v.SetInt(int64(number))
			return ok && err == nil
		}
	case reflect.Float64:
		return func(s *scanner, v reflect.Value) bool {
			number, ok := s.float()
			v.SetFloat(number)
			return ok
		}
	case reflect.Interface:
		if t.NumMethod() > 0 {
			return nil
		}
		return func(s *scanner, v reflect.Value) bool {
			value, ok := s.any()
			v.Set(reflect.ValueOf(value))
			return ok
		}
	case reflect.Map:
		if t != reflect.TypeFor[map[string]any]() {
			return nil
		}
		return func(s *scanner, v reflect.Value) bool {
			object, ok := s.object()
			*v.Addr().Interface().(*map[string]any) = object
			return ok
		}
	case reflect.Pointer:
		return pointerReader(t)
	case reflect.Slice:
		return sliceReader(t)
	case reflect.Struct:
		return structReader(t)
	}
	return nil
}

// later finds the reader of a type when it is needed, as the type may hold itself.
func later(t reflect.Type) func() reader {
	return sync.OnceValue(func() reader { return readerOf(t) })
}

func pointerReader(t reflect.Type) reader {
	if t == reflect.TypeFor[*float64]() {
		return func(s *scanner, v reflect.Value) (ok bool) {
			if len(s.floats) == 0 {
				s.floats = make([]float64, 8)
			}
			number := &s.floats[0]
			s.floats = s.floats[1:]
			*v.Addr().Interface().(**float64) = number
			*number, ok = s.float()
			return ok
		}
	}
	elem := later(t.Elem())
	return func(s *scanner, v reflect.Value) bool {
		read := elem()
		v.Set(reflect.New(t.Elem()))
		return read != nil && read(s, v.Elem())
	}
}

func sliceReader(t reflect.Type) reader {
	if t.Elem().Kind() == reflect.Uint8 {
		return nil
	}
	elem := later(t.Elem())
	first := 64 / max(1, int(t.Elem().Size())) // elements to make room for
	return func(s *scanner, v reflect.Value) bool {
		read := elem()
		ok := read != nil && s.elements(func() bool {
			n := v.Len()
			if n == v.Cap() {
				v.Grow(max(1, n, first))
			}
			v.SetLen(n + 1)
			return read(s, v.Index(n))
		})
		if v.IsNil() {
			v.Set(reflect.MakeSlice(t, 0, 0))
		}
		return ok
	}
}

// otherSpelling is the tag of a field that has two keys, of which a record has one. One that has both is left to the type's UnmarshalJSON.
const otherSpelling = "also"

func hasOtherSpellings(t reflect.Type) bool {
	if t.Kind() == reflect.Struct {
		for f := range t.Fields() {
			if f.Tag.Get(otherSpelling) != "" {
				return true
			}
		}
	}
	return false
}

// field is one of a struct, or of one that is embedded there.
type field struct {
	index []int
	bit   uint64
	read  reader
}

func structReader(t reflect.Type) reader {
	fields := make(map[string]field)
	others := -1 // the field for the keys that have none
	visible := reflect.VisibleFields(t)
	if len(visible) < countFields(t) {
		return nil // one hides another
	}
	for _, f := range visible {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && options == "" && f.Type.Kind() == reflect.Struct:
			continue // its fields are visible too
		case options == "embed" && f.Type == reflect.TypeFor[map[string]json.RawMessage]() && len(f.Index) == 1:
			others = f.Index[0]
			continue
		}
		read := readerOf(f.Type)
		plain := name != "" && name != "-" && f.IsExported() && (options == "" || options == "omitempty" || options == "omitzero")
		if !plain || read == nil || fields[name].read != nil || len(fields) >= 64 {
			return nil
		}
		bit := uint64(1) << len(fields)
		fields[name] = field{f.Index, bit, read}
		if other := f.Tag.Get(otherSpelling); other != "" {
			fields[other] = fields[name]
		}
	}
	return func(s *scanner, v reflect.Value) bool {
		var seen uint64
		return s.members(func(key []byte) bool {
			f, known := fields[string(key)]
			switch {
			case seen&f.bit != 0:
				return false
			case known:
				seen |= f.bit
				return f.read(s, v.FieldByIndex(f.index))
			case others < 0:
				return s.skip()
			}
			return s.other(key, v.Field(others).Addr().Interface().(*map[string]json.RawMessage))
		})
	}
}

// countFields counts the fields of a struct and of those that it embeds.
func countFields(t reflect.Type) (n int) {
	for f := range t.Fields() {
		if n++; f.Anonymous && f.Type.Kind() == reflect.Struct {
			n += countFields(f.Type)
		}
	}
	return n
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
