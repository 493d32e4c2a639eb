package envelope

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// AddMember adds a member to an encoded object. It is for what most of a body consists of, a map or a list of maps: the library takes
// several times as long, and copies it as it grows. What is in a map may be of any kind.
func AddMember(object []byte, name string, value any) ([]byte, error) {
	a := appender{buf: make([]byte, 0, len(object)+len(name)+len(`,"":}`)+sizeOf(value))}
	a.buf = append(a.buf, object[:len(object)-1]...)
	if err := a.member(len(a.buf) > 1, name, value); err != nil {
		return nil, err
	}
	return append(a.buf, '}'), nil
}

// sizeOf returns about how many bytes a value takes.
func sizeOf(value any) (size int) {
	const frame, number = len(`"":"",`), 24 // what stands around a text, and what anything else takes
	switch value := value.(type) {
	case string:
		return len(value)
	case map[string]any: // one in another is rare, and may hold itself
		for key, member := range value {
			size += len(key) + frame + number
			if text, ok := member.(string); ok {
				size += len(text) - number
			}
		}
		return size + frame
	case []map[string]any:
		for _, object := range value {
			size += sizeOf(object)
		}
		return size + frame
	}
	return number
}

// appender writes JSON to buf.
type appender struct {
	buf   []byte
	depth int
}

func (a *appender) value(value any) error {
	switch value := value.(type) {
	case string:
		return a.text(value)
	case bool:
		a.buf = strconv.AppendBool(a.buf, value)
		return nil
	case int:
		a.buf = strconv.AppendInt(a.buf, int64(value), 10)
		return nil
	case map[string]any:
		if a.depth < deepest { // the library notices a map that holds itself
			return a.object(value)
		}
	case []map[string]any:
		if a.depth >= deepest {
			break
		}
		a.buf = append(a.buf, '[')
		for i, object := range value {
			if i > 0 {
				a.buf = append(a.buf, ',')
			}
			if err := a.object(object); err != nil {
				return a.in(strconv.Itoa(i), err)
			}
		}
		a.buf = append(a.buf, ']')
		return nil
	}
	other, err := Marshal(value, false)
	a.buf = append(a.buf, other...)
	return err
}

func (a *appender) object(object map[string]any) error {
	a.depth++
	a.buf = append(a.buf, '{')
	more := false
	for name, value := range object {
		if err := a.member(more, name, value); err != nil {
			a.depth--
			return err
		}
		more = true
	}
	a.buf = append(a.buf, '}')
	a.depth--
	return nil
}

func (a *appender) member(more bool, name string, value any) error {
	if more {
		a.buf = append(a.buf, ',')
	}
	err := a.text(name)
	if err == nil {
		a.buf = append(a.buf, ':')
		err = a.value(value)
	}
	if err != nil {
		return a.in(strconv.Quote(name), err)
	}
	return nil
}

// in says where an error is, but not each step into a map that holds itself.
func (a *appender) in(where string, err error) error {
	if a.depth > 10 {
		return err
	}
	return fmt.Errorf("%s: %w", where, err)
}

func (a *appender) text(text string) (err error) {
	for i := range len(text) {
		if !plain[text[i]] {
			a.buf, err = jsontext.AppendQuote(a.buf, text)
			return err
		}
	}
	a.buf = append(append(append(a.buf, '"'), text...), '"')
	return nil
}

// plain are the bytes that stand for themselves in a text.
var plain = func() (plain [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		plain[c] = c != '"' && c != '\\'
	}
	return plain
}()
