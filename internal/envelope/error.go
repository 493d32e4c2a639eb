package envelope

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Field is one complaint about one field.
type Field struct{ Name, Message string }

// Failure is what an error body says, in whichever of the known shapes it came.
type Failure struct {
	Code, Message string
	RequestID     string
	Timestamp     string
	Fields        []Field
	Refused       bool // it says success: false
	Object        bool // it is a JSON object
	Own           bool // and has a key that the API's answers have, other than a message and a request id
	Problem       bool // or a title and a detail, as RFC 9457 has it
}

// errorBody holds the keys of every shape. Each is decoded separately afterwards, so that a key of
// an odd kind, or a body that breaks off, doesn't cost the other keys.
type errorBody struct {
	Success   answer         `json:"success"`
	RequestID jsontext.Value `json:"request_id"`
	Timestamp jsontext.Value `json:"timestamp"`
	Message   jsontext.Value `json:"message"`
	Error     jsontext.Value `json:"error"`
	Detail    jsontext.Value `json:"detail"`
	Data      jsontext.Value `json:"data"`
	Title     jsontext.Value `json:"title"`
}

// ReadFailure reads an error body: the API's envelope, a FastAPI detail as text or as a list, or a
// bare message. It takes nothing from any other body, and never fails.
func ReadFailure(buf []byte) Failure {
	if kindOf(buf) != '{' {
		return Failure{}
	}
	var body errorBody
	_ = Unmarshal(buf, &body) // what came before a break is there
	f := Failure{
		Message: text(body.Message), RequestID: text(body.RequestID), Timestamp: text(body.Timestamp),
		Refused: body.Success == no, Object: true, Problem: body.Title != nil && body.Detail.Kind() == '"',
	}
	f.Own = body.Success != unsaid || body.Error != nil || body.Data != nil || body.Detail != nil && !f.Problem
	f.readDetail(body.Detail)
	f.readError(body.Error)
	return f
}

// text reads a scalar; "" for null, an object and a list.
func text(value jsontext.Value) (s string) {
	if len(value) > 0 && isScalar(value.Kind()) {
		_ = Unmarshal(value, &s)
	}
	return s
}

func (f *Failure) readError(value jsontext.Value) {
	switch value.Kind() {
	case '"':
		f.Message = text(value)
	case '{':
		var e struct {
			Code    jsontext.Value `json:"code"`
			Message jsontext.Value `json:"message"`
			Detail  jsontext.Value `json:"detail"`
			Details jsontext.Value `json:"details"`
		}
		_ = Unmarshal(value, &e)
		f.readText(e.Detail)
		f.readText(e.Details)
		if code := text(e.Code); code != "" {
			f.Code = code
		}
		if message := text(e.Message); message != "" {
			f.Message = message
		}
	}
}

func (f *Failure) readDetail(value jsontext.Value) {
	if value.Kind() == '{' {
		f.readError(value)
		return
	}
	f.readText(value)
}

// readText reads what may stand within an error: not another one, which could go on for ever.
func (f *Failure) readText(value jsontext.Value) {
	switch value.Kind() {
	case '"':
		f.Message = text(value)
	case '[':
		f.readComplaints(value)
	}
}

// readComplaints reads FastAPI's list of {loc, msg, type}.
func (f *Failure) readComplaints(value jsontext.Value) {
	var complaints []jsontext.Value
	_ = Unmarshal(value, &complaints)
	for _, complaint := range complaints {
		var one struct {
			Loc jsontext.Value `json:"loc"`
			Msg jsontext.Value `json:"msg"`
		}
		switch complaint.Kind() {
		case '"':
			one.Msg = complaint
		case '{':
			_ = Unmarshal(complaint, &one)
		}
		field := Field{Name: fieldName(one.Loc), Message: text(one.Msg)}
		if field != (Field{}) {
			f.Fields = append(f.Fields, field)
		}
	}
	if f.Message == "" && len(f.Fields) > 0 {
		f.Message = f.Fields[0].Message
		if name := f.Fields[0].Name; name != "" {
			f.Message = name + ": " + f.Message
		}
	}
}

// fieldName turns ["body", "contacts", 3, "phone"] into contacts[3].phone. The first element names
// the part of the request, which means nothing to a caller of a Go method.
func fieldName(value jsontext.Value) string {
	if value.Kind() != '[' {
		return text(value)
	}
	var loc []any
	_ = Unmarshal(value, &loc)
	if len(loc) > 1 {
		loc = loc[1:]
	}
	var name strings.Builder
	for _, step := range loc {
		switch step := step.(type) {
		case float64:
			name.WriteString("[" + jsontext.Float(step).String() + "]")
		case string:
			if name.Len() > 0 {
				name.WriteByte('.')
			}
			name.WriteString(step)
		}
	}
	return name.String()
}
