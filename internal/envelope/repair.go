package envelope

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

var byteOrderMark = []byte("\ufeff")

// notNumbers are what Python writes where a float is no number.
var notNumbers = [][]byte{[]byte("NaN"), []byte("Infinity"), []byte("-Infinity")}

const hex = "0123456789abcdef"

// smallBody is how long a body may be that is mostly control characters.
const smallBody = 4 << 10

// repair returns a body without what some writers put into JSON although it has no place there: a
// byte order mark goes, NaN, Infinity and -Infinity become null, and control characters inside a
// string are escaped. The data stays the same. What else is wrong stays wrong. It reports whether
// there was anything to repair. A body that isn't JSON stays as it is, and so does a large one that
// would be several times as long.
func repair(buf []byte) (repaired []byte, changed bool) {
	if kind := kindOf(buf); kind != '{' && kind != '[' {
		return buf, false
	}
	buf, changed = bytes.CutPrefix(buf, byteOrderMark)
	longest := 2*len(buf) + smallBody
	var out []byte
	kept := 0 // out has what comes of buf[:kept]
	replace := func(from, to int, with ...byte) {
		if out == nil {
			out = make([]byte, 0, longest+len(`\u0000`))
		}
		out = append(append(out, buf[kept:from]...), with...)
		kept = to
	}
	inString := false
	for i := 0; i < len(buf); i++ {
		switch c := buf[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++ // whatever follows, it doesn't end the string
		case inString && c < ' ':
			if len(out)+i-kept > longest {
				return buf, false
			}
			replace(i, i+1, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		case !inString && (c == 'N' || c == 'I' || c == '-'):
			if word := notNumber(buf[i:]); word != nil {
				replace(i, i+len(word), 'n', 'u', 'l', 'l')
				i += len(word) - 1
			}
		}
	}
	if out == nil {
		return buf, changed
	}
	return append(out, buf[kept:]...), true
}

// kindOf returns the kind of a body's value, whether or not a byte order mark is before it.
func kindOf(buf []byte) jsontext.Kind {
	return jsontext.Value(bytes.TrimPrefix(buf, byteOrderMark)).Kind()
}

func notNumber(buf []byte) []byte {
	for _, word := range notNumbers {
		if bytes.HasPrefix(buf, word) {
			return word
		}
	}
	return nil
}

// deepestBody is how deep the library reads.
const deepestBody = 10_000

// IsTooDeep reports whether a body nests deeper than Unmarshal reads, as nobody's data does.
func IsTooDeep(buf []byte) bool {
	depth, inString := 0, false
	for i := 0; i < len(buf); i++ {
		switch c := buf[i]; {
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			i++
		case inString:
		case c == '[', c == '{':
			if depth++; depth > deepestBody {
				return true
			}
		case c == ']', c == '}':
			depth = max(0, depth-1)
		}
	}
	return false
}
