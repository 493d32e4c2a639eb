package envelope

import (
	"errors"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A client must be tolerant in what it reads: a key twice or a broken character is the server's business. It gets a second pass, as the strict
// one is faster: only there has the library a way of its own for values of any kind.
var lenient = json.JoinOptions(
	jsontext.AllowDuplicateNames(true),
	jsontext.AllowInvalidUTF8(true),
)

// tolerant also converts scalars: a number where a string is due, "None" where a number is due, and the like. It is
// several times slower, so it is only asked when the first pass has failed.
var tolerant = json.JoinOptions(lenient, json.WithUnmarshalers(json.UnmarshalFromFunc(convert)))

// Unmarshal reads one JSON value. Scalars of the wrong kind are converted; an object where a list is due, or the other
// way round, is an error.
func Unmarshal(buf []byte, v any) error {
	err := json.Unmarshal(buf, v)
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		if err = json.Unmarshal(buf, v, lenient); err == nil {
			return nil
		}
	}
	if _, ok := errors.AsType[*json.SemanticError](err); ok {
		if json.Unmarshal(buf, v, tolerant) == nil {
			return nil
		}
		if kind := jsontext.Value(buf).Kind(); kind != '{' && kind != '[' {
			return ErrShape
		}
		return err
	}
	switch {
	case isBlank(buf):
		return ErrEmpty
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF // without the library's words around it
	}
	return err
}

// convert reads a scalar into a field of another scalar kind. Whatever it doesn't know it leaves to the default rules.
func convert(dec *jsontext.Decoder, out any) error {
	field := reflect.ValueOf(out).Elem()
	kind := dec.PeekKind()
	switch {
	case !isScalar(kind):
		return errors.ErrUnsupported
	case mayBeNone(field.Type()):
		return convertNone(dec, field)
	case !takesScalar(field.Kind()):
		return errors.ErrUnsupported
	}
	token, err := dec.ReadToken()
	if err != nil {
		return err
	}
	text := token.String()
	if isNone(text) {
		field.SetZero()
		if field.Kind() == reflect.String && kind == '"' {
			field.SetString(text) // the text is what it says
		}
		return nil
	}
	switch field.Kind() {
	case reflect.String:
		field.SetString(text)
	case reflect.Bool:
		lower := strings.ToLower(text)
		field.SetBool(lower == "true" || lower == "yes" || lower == "1")
	case reflect.Int:
		number, _ := strconv.ParseFloat(strings.TrimSpace(text), 64)
		field.SetInt(int64(clamp(number)))
	case reflect.Float64:
		number, _ := strconv.ParseFloat(strings.TrimSpace(text), 64)
		field.SetFloat(number)
	}
	return nil
}

// convertNone reads a scalar where an object, a list or an optional number is due: "None" is nil, and so is a text that is no number, as
// 0 would be a statement.
func convertNone(dec *jsontext.Decoder, field reflect.Value) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	said := string(value)
	if value.Kind() == '"' {
		unquoted, _ := jsontext.AppendUnquote(nil, value)
		said = string(unquoted)
	}
	if _, isNumber := reflect.TypeAssert[*float64](field); isNumber {
		if number, err := strconv.ParseFloat(strings.TrimSpace(said), 64); err == nil && !isNone(said) {
			field.Set(reflect.ValueOf(&number))
			return nil
		}
		said = ""
	}
	if isNone(said) {
		field.SetZero()
		return nil
	}
	return json.Unmarshal(value, field.Addr().Interface(), lenient)
}

// mayBeNone tells the types with a value of their own for nothing. One that reads its own JSON knows best.
func mayBeNone(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		return !reflect.PointerTo(t).Implements(reflect.TypeFor[interface{ UnmarshalJSON([]byte) error }]())
	}
	return false
}

// takesScalar tells if convert handles a field of this kind.
func takesScalar(kind reflect.Kind) bool {
	switch kind {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Float64:
		return true
	}
	return false
}

func isScalar(kind jsontext.Kind) bool {
	switch kind {
	case '"', '0', 't', 'f', 'n':
		return true
	}
	return false
}

// isNone tells the spellings of "no value" that have been seen, or that a Python server produces.
func isNone(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "none", "null", "nan":
		return true
	}
	return false
}

// clamp keeps a number that is out of range at the range's end instead of letting it wrap round.
func clamp(f float64) int {
	switch {
	case f >= math.MaxInt:
		return math.MaxInt
	case f <= math.MinInt:
		return math.MinInt
	}
	return int(f)
}
