// Package envelope reads and writes the JSON bodies of the API: the success envelopes around one
// object and around a list, every shape an error body has been seen in, and request bodies.
//
// It is the only place that knows which JSON library is used.
package envelope

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
)

// Errors of a body that is valid JSON and still not an answer.
var (
	ErrNoData = errors.New("the answer has no data")
	ErrShape  = errors.New("the answer is not the JSON object that the API documents")
	ErrEmpty  = errors.New("the answer is empty")
)

// Body is something an answer can be decoded into, in one pass.
type Body interface {
	// Decode reads buf, which it must not keep.
	Decode(buf []byte) error
	// Head returns what stands beside the data.
	Head() *Meta
}

// Meta holds the keys that stand beside data in every envelope.
type Meta struct {
	Success   answer `json:"success"`
	RequestID string `json:"request_id"`
	Timestamp string `json:"timestamp"`
	Message   string `json:"message"`
}

// Head implements [Body] for the types that embed Meta.
func (m *Meta) Head() *Meta { return m }

// Refused reports that the answer says success: false, whatever its status.
func (m *Meta) Refused() bool { return m.Success == no }

// answer is a boolean that may be missing: the API documents "boolean or null". A text or a number
// that stands for a boolean is read as one. Any other value says nothing. It is a uint8, so that
// convert does not coerce it.
type answer uint8

const (
	unsaid answer = iota
	yes
	no
)

// UnmarshalJSON implements [json.Unmarshaler]. It returns no error.
func (a *answer) UnmarshalJSON(value []byte) error {
	switch *a = unsaid; strings.ToLower(strings.TrimSpace(strings.Trim(string(value), `"`))) {
	case "true", "yes", "1":
		*a = yes
	case "false", "no", "0":
		*a = no
	}
	return nil
}

// Single is the envelope of one object.
type Single[T any] struct {
	Meta
	Data *T `json:"data"`
}

// Decode implements [Body]. Data that is missing or null is [ErrNoData].
func (s *Single[T]) Decode(buf []byte) error {
	*s = Single[T]{} // of an attempt before
	if err := Unmarshal(buf, s); err != nil {
		return err
	}
	if s.Data == nil && !s.Refused() {
		return ErrNoData
	}
	return nil
}

// Optional is the envelope of an object that may be missing, as in the answer to an action or a
// deletion.
type Optional[T any] struct{ Single[T] }

// Decode implements [Body]. An empty body and missing data are fine.
func (o *Optional[T]) Decode(buf []byte) error {
	*o = Optional[T]{} // of an attempt before
	if isBlank(buf) {
		return nil
	}
	return Unmarshal(buf, &o.Single)
}

// List is the envelope of a page.
type List[T any] struct {
	Meta
	Data     []T    `json:"data"`
	Total    int    `json:"total"`
	Page     int    `json:"page"`
	PageSize int    `json:"page_size"`
	HasMore  answer `json:"has_more"`
}

// Decode implements [Body]. Data that is missing or null is [ErrNoData]; an empty list is not.
func (l *List[T]) Decode(buf []byte) error {
	*l = List[T]{} // of an attempt before
	if err := Unmarshal(buf, l); err != nil {
		return err
	}
	if l.Data == nil && !l.Refused() {
		return ErrNoData
	}
	return nil
}

// More reports whether there are more pages. Where has_more is missing it is derived from the
// total.
func (l *List[T]) More() bool {
	if l.HasMore != unsaid {
		return l.HasMore == yes
	}
	return l.Page > 0 && l.Page*l.PageSize < l.Total
}

// Ends reports whether has_more says that there are no more pages.
func (l *List[T]) Ends() bool { return l.HasMore == no }

// Into decodes into a value of the caller's: the data of an envelope, or the whole body where there
// is no envelope. A number in a field of type any is a float64, as encoding/json has it.
type Into struct {
	Meta
	Out any
	// Whole takes the envelope itself instead of what is in it.
	Whole bool
}

// Decode implements [Body]. Null data is [ErrNoData], and so is a complete envelope without data.
func (i *Into) Decode(buf []byte) error {
	var env struct {
		Meta
		Data jsontext.Value `json:"data"`
	}
	isObject := kindOf(buf) == '{'
	if isObject {
		if err := Unmarshal(buf, &env); err != nil {
			return err
		}
	}
	i.Meta = env.Meta
	value := env.Data
	switch {
	case i.Refused():
		return nil
	case isObject && i.Whole && (value == nil || value.Kind() == 'n'):
		return ErrNoData
	case i.Whole || value == nil:
		if err := Unmarshal(buf, &value); err != nil {
			return err
		}
	}
	if value.Kind() == 'n' {
		return ErrNoData
	}
	return unmarshalOther(value, i.Out)
}

// None discards the answer but notices success: false.
type None struct{ Meta }

// Decode implements [Body]. Any 2xx will do, whatever its body, but a page: whoever sent it has not
// passed the request on.
func (n *None) Decode(buf []byte) error {
	switch {
	case kindOf(buf) == '{':
		_ = Unmarshal(buf, n) // the status has said that it is done; a body that can't be read changes nothing
	case bytes.HasPrefix(bytes.TrimSpace(bytes.TrimPrefix(buf, byteOrderMark)), []byte("<")):
		return ErrShape
	}
	return nil
}

func isBlank(buf []byte) bool {
	for _, c := range buf {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return false
		}
	}
	return true
}

// standard makes the library read and write as encoding/json does, but for &, < and >, which it
// writes as they are.
var standard = json.JoinOptions(
	jsonv1.DefaultOptionsV1(),
	jsontext.EscapeForHTML(false),
	jsontext.EscapeForJS(false),
	json.WithMarshalers(writtenNumbers),
	json.WithUnmarshalers(readNumbers),
)

// Checks say what Marshal refuses although encoding/json writes it.
type Checks uint8

const (
	// UniqueKeys refuses a key that is there twice: an Extra key that the client already sends is a
	// mistake of the caller. The check takes time.
	UniqueKeys Checks = 1 << iota
	// ValidText refuses a text that isn't UTF-8. Without it, U+FFFD stands for what is broken.
	ValidText
)

// encodings are the options for each set of checks.
var encodings = func() (all [(UniqueKeys | ValidText) + 1]json.Options) {
	for checks := range all {
		all[checks] = json.JoinOptions(standard,
			jsontext.AllowDuplicateNames(Checks(checks)&UniqueKeys == 0),
			jsontext.AllowInvalidUTF8(Checks(checks)&ValidText == 0))
	}
	return all
}()

// Marshal encodes as encoding/json does, with the keys of each map in order, so that the same value
// has the same bytes. It writes &, < and > as they are.
func Marshal(v any, checks Checks) ([]byte, error) {
	body, err := json.Marshal(v, encodings[checks])
	if err != nil {
		return nil, whereMarshalFailed(err, v, checks)
	}
	return body, nil
}

// MarshalLong is Marshal for a body of about size bytes, which it makes room for at once.
func MarshalLong(v any, checks Checks, size int) ([]byte, error) {
	body := make(sink, 0, size)
	if err := json.MarshalWrite(&body, v, encodings[checks]); err != nil {
		return nil, whereMarshalFailed(err, v, checks)
	}
	return body, nil
}

// sink takes what is written. A bytes.Buffer would be doubled at its end.
type sink []byte

func (s *sink) Write(p []byte) (int, error) { *s = append(*s, p...); return len(p), nil }

// whereMarshalFailed says where in v. The errors of encoding/json don't.
func whereMarshalFailed(err error, v any, checks Checks) error {
	if _, located := json.Marshal(v, encodings[checks], jsonv1.ReportErrorsWithLegacySemantics(false)); located != nil {
		err = located
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return fmt.Errorf("a key is there twice, as one of Extra that is also a field of the parameters: %w", err)
	}
	return err
}
