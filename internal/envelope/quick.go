package envelope

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
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
			if ok {
				v.Set(reflect.ValueOf(value))
			}
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
