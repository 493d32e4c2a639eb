// Package envelope reads and writes the JSON bodies of the API: the success envelopes around one
// object and around a list, every shape an error body has been seen in, and request bodies.
//
// It is the only place that knows which JSON library is used.
package envelope

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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

// answer is a boolean that may be missing: the API documents "boolean or null". Any other value says nothing. It is of a kind that convert
// leaves alone.
type answer uint8

const (
	unsaid answer = iota
	yes
	no
)

// UnmarshalJSON implements [json.Unmarshaler]. It returns no error.
func (a *answer) UnmarshalJSON(value []byte) error {
	switch *a = unsaid; jsontext.Value(value).Kind() {
	case 't':
		*a = yes
	case 'f':
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
	if err := Read(buf, s); err != nil {
		return err
	}
	if s.Data == nil && !s.Refused() {
		return ErrNoData
	}
	return nil
}

// Optional is the envelope of an object that may be missing, as in the answer to an action or a deletion.
type Optional[T any] struct{ Single[T] }

// Decode implements [Body]. An empty body and missing data are fine.
func (o *Optional[T]) Decode(buf []byte) error {
	*o = Optional[T]{} // of an attempt before
	if isBlank(buf) {
		return nil
	}
	return Read(buf, &o.Single)
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
	if err := Read(buf, l); err != nil {
		return err
	}
	if l.Data == nil && !l.Refused() {
		return ErrNoData
	}
	return nil
}

// More tells if there are more pages. Where has_more is missing it is derived from the total.
func (l *List[T]) More() bool {
	if l.HasMore != unsaid {
		return l.HasMore == yes
	}
	return l.Page > 0 && l.Page*l.PageSize < l.Total
}

// Into decodes into a value of the caller's: the data of an envelope, or the whole body where there is no envelope.
type Into struct {
	Meta
	Out any
	// Whole takes the envelope itself instead of what is in it.
	Whole bool
}

// Decode implements [Body]. Data that is there and null is [ErrNoData], as is a whole envelope without data.
func (i *Into) Decode(buf []byte) error {
	switch jsontext.Value(buf).Kind() {
	case '{':
	case 'n':
		return ErrNoData
	default:
		return Unmarshal(buf, i.Out)
	}
	var env struct {
		Meta
		Data jsontext.Value `json:"data"`
	}
	if err := Unmarshal(buf, &env); err != nil {
		return err
	}
	i.Meta = env.Meta
	switch {
	case i.Refused():
		return nil
	case env.Data.Kind() == 'n' || (i.Whole && env.Data == nil):
		return ErrNoData
	case i.Whole || env.Data == nil:
		return Unmarshal(buf, i.Out)
	}
	return Unmarshal(env.Data, i.Out)
}

// None discards the answer but notices success: false.
type None struct{ Meta }

// Decode implements [Body]. Any 2xx will do, whatever its body.
func (n *None) Decode(buf []byte) error {
	if jsontext.Value(buf).Kind() == '{' {
		_ = Unmarshal(buf, n) // the status has said that it is done; a body that can't be read changes nothing
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

// Marshal encodes a request body. With strict, equal keys twice are refused: an Extra key that the client already sends is a mistake worth
// hearing of. Looking for them takes time, so it is only asked for where there are Extra keys.
func Marshal(v any, strict bool) ([]byte, error) {
	body, err := json.Marshal(v, jsontext.AllowDuplicateNames(!strict))
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return nil, fmt.Errorf("a key of Extra is also a field of the parameters: %w", err)
	}
	return body, err
}
