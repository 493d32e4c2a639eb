package envelope

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// anyNumber returns the value of a JSON number in a field of type any. It is a float64, as in
// encoding/json, unless the float64 would be another number; then it is a [stdjson.Number], the
// text as received. That is so for an integer, written without a fraction and an exponent, that no
// float64 equals (some beyond 2^53), and for a number beyond every float64, such as 1e400. Anything
// else is rounded to the nearest float64: no float64 equals 0.1 either, so for a fraction "exact"
// would mean text in almost all cases.
func anyNumber(text []byte) any {
	value, err := strconv.ParseFloat(string(text), 64)
	switch {
	case err != nil:
	case len(text) <= alwaysExact, bytes.ContainsAny(text, ".eE"):
		return value
	default:
		if exact := strconv.AppendFloat(nil, value, 'f', 0, 64); bytes.Equal(exact, text) {
			return value
		}
	}
	return stdjson.Number(text)
}

// alwaysExact is the length of the longest integers of which a float64 holds each.
const alwaysExact = 15

// hasLongInteger reports whether so many digits follow each other in a body that anyNumber may keep
// their text. It looks at one byte of each 16.
func hasLongInteger(buf []byte) bool {
	for i := alwaysExact; i < len(buf); i += alwaysExact + 1 {
		from, to := i, i
		for from >= 0 && isDigit(buf[from]) {
			from--
		}
		for to < len(buf) && isDigit(buf[to]) {
			to++
		}
		if to-from-1 > alwaysExact {
			return true
		}
	}
	return false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// exactNumbers makes the library use anyNumber.
var exactNumbers = json.UnmarshalFromFunc(func(dec *jsontext.Decoder, out *any) error {
	if *out = nil; dec.PeekKind() != '0' { // where a key is there twice the library would merge the values
		return errors.ErrUnsupported
	}
	text, err := dec.ReadValue()
	if err == nil {
		*out = anyNumber(text)
	}
	return err
})

// writtenNumbers makes the library write a [stdjson.Number] as encoding/json does: as the number
// that it is, not as a string, and as 0 if it is empty.
var writtenNumbers = json.MarshalToFunc(func(enc *jsontext.Encoder, number stdjson.Number) error {
	if number == "" {
		number = "0"
	}
	if !isNumber(string(number)) {
		return errors.New("invalid number literal " + strconv.Quote(string(number)))
	}
	return enc.WriteValue(jsontext.Value(number))
})

// readNumbers makes the library read a [stdjson.Number] as encoding/json does: from a number, or
// from one in quotes.
var readNumbers = json.UnmarshalFromFunc(func(dec *jsontext.Decoder, number *stdjson.Number) error {
	value, err := dec.ReadValue()
	if err != nil || value.Kind() == 'n' {
		return err
	}
	text := string(value)
	if value.Kind() == '"' {
		unquoted, _ := jsontext.AppendUnquote(nil, value)
		text = string(unquoted)
	}
	if !isNumber(text) {
		return errors.New("invalid number literal " + strconv.Quote(text))
	}
	*number = stdjson.Number(text)
	return nil
})

// isNumber reports whether a text is a JSON number and nothing else.
func isNumber(text string) bool {
	value := jsontext.Value(text)
	return value.Kind() == '0' && value.IsValid() && strings.TrimSpace(text) == text
}
