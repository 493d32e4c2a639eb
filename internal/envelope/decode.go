package envelope

import (
	"errors"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// lenient takes a key twice and a broken character, which are the server's business.
var lenient = json.JoinOptions(
	jsontext.AllowDuplicateNames(true),
	jsontext.AllowInvalidUTF8(true),
)

// The options of the passes over a body. Each takes more than the pass before, and is slower, so it
// is only made when that has failed.
var (
	strictPass   json.Options
	exactPass    json.Options // in place of strictPass, if an integer is longer than a float64 holds
	lenientPass  json.Options
	tolerantPass json.Options // converts scalars: a number where a string is due, "None" where a number is due, and the like
)

// fromWire are the unmarshalers that [Reads] adds. The tolerant pass does without, as they convert
// nothing.
var fromWire []*json.Unmarshalers

func setPasses() {
	own := json.JoinUnmarshalers(fromWire...)
	strictPass = json.WithUnmarshalers(own)
	exactPass = json.WithUnmarshalers(json.JoinUnmarshalers(exactNumbers, own))
	lenientPass = json.JoinOptions(lenient, exactPass)
	tolerantPass = json.JoinOptions(lenient, json.WithUnmarshalers(json.JoinUnmarshalers(exactNumbers, json.UnmarshalFromFunc(convert))))
}

func init() { setPasses() }

// Reads makes Unmarshal read each list of T in a long body as one of W, which has its keys in every
// spelling, without a second pass over them. In a short body that would cost more than it saves. It
// returns T's UnmarshalJSON. It is for the initialization of a package. W must not hold an any.
func Reads[T, W any](from func(*W) T) func(data []byte, out *T) error {
	lists := sync.Pool{New: func() any { return new([]W) }} // a page has hundreds
	plain := json.WithUnmarshalers(nil)                     // the library looks for one of each value, as long as there are any
	fromWire = append(fromWire, json.UnmarshalFromFunc(func(dec *jsontext.Decoder, out *[]T) error {
		wires := lists.Get().(*[]W)
		err := json.UnmarshalDecode(dec, wires, plain)
		*out = nil
		if *wires != nil {
			*out = make([]T, len(*wires))
		}
		for i := range *wires {
			(*out)[i] = from(&(*wires)[i])
		}
		clear(*wires)
		*wires = (*wires)[:0]
		lists.Put(wires)
		return err
	}))
	setPasses()
	return func(data []byte, out *T) error {
		var wire W
		err := Unmarshal(data, &wire)
		*out = from(&wire)
		return err
	}
}

// shortBody is how long a body may be in which few records are read from the wire.
const shortBody = 4 << 10

// Unmarshal reads one JSON value into one of the client's own types. Scalars of the wrong kind are
// converted; an object where a list is due, or the other way round, is an error. A number in a
// field of type any keeps its value: see anyNumber.
func Unmarshal(buf []byte, v any) error {
	err := try(buf, v)
	if isSyntactic(err) {
		if repaired, changed := repair(buf); changed {
			buf, err = repaired, try(repaired, v)
		}
	}
	_, isSemantic := errors.AsType[*json.SemanticError](err)
	switch kind := jsontext.Value(buf).Kind(); {
	case err == nil:
		return nil
	case isSemantic && kind != '{' && kind != '[':
		return ErrShape
	case isSemantic:
		return err
	case isBlank(buf):
		return ErrEmpty
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF // without the library's words around it
	}
	return err
}

// try makes the passes, as far as another one can help.
func try(buf []byte, v any) error {
	var err error
	switch {
	case hasLongInteger(buf):
		err = json.Unmarshal(buf, v, exactPass)
	case len(buf) <= shortBody:
		err = json.Unmarshal(buf, v)
	default:
		err = json.Unmarshal(buf, v, strictPass)
	}
	if isSyntactic(err) {
		err = json.Unmarshal(buf, v, lenientPass)
	}
	if _, ok := errors.AsType[*json.SemanticError](err); ok {
		if last := json.Unmarshal(buf, v, tolerantPass); last == nil || isSyntactic(last) {
			return last
		}
	}
	return err
}

// tolerantStandard is standard, and converts scalars where that loses nothing.
var tolerantStandard = json.JoinOptions(standard, json.WithUnmarshalers(json.JoinUnmarshalers(readNumbers, json.UnmarshalFromFunc(convertExactly))))

// unmarshalOther reads JSON into a type of the caller's, as encoding/json does. If that fails, a
// scalar of the wrong kind is converted where that loses nothing.
func unmarshalOther(value jsontext.Value, v any) error {
	err := json.Unmarshal(value, v, standard)
	switch {
	case err == nil, json.Unmarshal(value, v, tolerantStandard) == nil:
		return nil
	case value.Kind() != '{' && value.Kind() != '[':
		return ErrShape
	}
	return err
}

// convertExactly reads "3" into a number, 3 into a text, and "true" into a bool. It leaves types
// with a name to their own rules.
func convertExactly(dec *jsontext.Decoder, out any) error {
	field := reflect.ValueOf(out).Elem()
	if field.Type().PkgPath() != "" || !isScalar(dec.PeekKind()) || dec.PeekKind() == 'n' {
		return errors.ErrUnsupported
	}
	kind := field.Kind()
	if kind != reflect.String && kind != reflect.Bool && !field.CanInt() && !field.CanUint() && !field.CanFloat() {
		return errors.ErrUnsupported
	}
	token, err := dec.ReadToken()
	if err != nil {
		return err
	}
	text := strings.TrimSpace(token.String())
	switch {
	case kind == reflect.String:
		field.SetString(token.String())
	case kind == reflect.Bool:
		var is bool
		is, err = strconv.ParseBool(text)
		field.SetBool(is)
	case field.CanInt():
		var n int64
		n, err = strconv.ParseInt(text, 10, field.Type().Bits())
		field.SetInt(n)
	case field.CanUint():
		var n uint64
		n, err = strconv.ParseUint(text, 10, field.Type().Bits())
		field.SetUint(n)
	default:
		var f float64
		f, err = strconv.ParseFloat(text, field.Type().Bits())
		field.SetFloat(f)
	}
	return err
}

func isSyntactic(err error) bool {
	_, ok := errors.AsType[*jsontext.SyntacticError](err)
	return ok
}

// convert reads a scalar into a field of another scalar kind. It leaves everything else to the
// default rules.
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
	if IsNone(text) {
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

// convertNone reads a scalar where an object, a list or an optional number is due: "None" is nil,
// and so is a string that isn't a number, as 0 would be a value. A string that holds an object or a
// list is decoded again.
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
		if number, err := strconv.ParseFloat(strings.TrimSpace(said), 64); err == nil && !math.IsNaN(number) && !math.IsInf(number, 0) {
			field.Set(reflect.ValueOf(&number))
			return nil
		}
		said = ""
	}
	if IsNone(said) {
		field.SetZero()
		return nil
	}
	if inner := strings.TrimSpace(said); value.Kind() == '"' && (strings.HasPrefix(inner, "{") || strings.HasPrefix(inner, "[")) {
		value = jsontext.Value(inner) // written twice
	}
	return json.Unmarshal(value, field.Addr().Interface(), lenient)
}

// mayBeNone reports whether "None" becomes the nil of type t. A type that reads its own JSON is
// left alone.
func mayBeNone(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		return !reflect.PointerTo(t).Implements(reflect.TypeFor[interface{ UnmarshalJSON([]byte) error }]())
	}
	return false
}

// takesScalar reports whether convert handles a field of this kind.
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

// IsNone reports whether a text stands for no value, as has been seen, or as a Python server writes
// it.
func IsNone(text string) bool {
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
