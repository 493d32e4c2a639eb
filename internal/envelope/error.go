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
}

// errorBody holds the keys of every shape. error and detail are looked at afterwards: each comes as text,
// as an object or as a list.
type errorBody struct {
	Meta
	Error  jsontext.Value `json:"error"`
	Detail jsontext.Value `json:"detail"`
}

// ReadFailure reads an error body: the API's envelope, a FastAPI detail as text or as a list, a bare message, or
// anything else, of which nothing is taken. It never fails.
func ReadFailure(buf []byte) Failure {
	var body errorBody
	if jsontext.Value(buf).Kind() != '{' || Unmarshal(buf, &body) != nil {
		return Failure{}
	}
	f := Failure{Message: body.Message, RequestID: body.RequestID, Timestamp: body.Timestamp}
	f.readDetail(body.Detail)
	f.readError(body.Error)
	return f
}

func (f *Failure) readError(value jsontext.Value) {
	switch value.Kind() {
	case '"':
		_ = Unmarshal(value, &f.Message)
	case '{':
		var e struct {
			Code    string         `json:"code"`
			Message string         `json:"message"`
			Detail  jsontext.Value `json:"detail"`
			Details jsontext.Value `json:"details"`
		}
		_ = Unmarshal(value, &e)
		f.readDetail(e.Detail)
		f.readDetail(e.Details)
		f.Code = e.Code
		if e.Message != "" {
			f.Message = e.Message
		}
	}
}

func (f *Failure) readDetail(value jsontext.Value) {
	switch value.Kind() {
	case '"':
		_ = Unmarshal(value, &f.Message)
	case '{':
		f.readError(value)
	case '[':
		f.readComplaints(value)
	}
}

// readComplaints reads FastAPI's list of {loc, msg, type}.
func (f *Failure) readComplaints(value jsontext.Value) {
	var complaints []jsontext.Value
	if Unmarshal(value, &complaints) != nil {
		return
	}
	for _, complaint := range complaints {
		var one struct {
			Loc []any  `json:"loc"`
			Msg string `json:"msg"`
		}
		if complaint.Kind() == '"' {
			_ = Unmarshal(complaint, &one.Msg)
		} else if Unmarshal(complaint, &one) != nil {
			continue
		}
		f.Fields = append(f.Fields, Field{Name: fieldName(one.Loc), Message: one.Msg})
	}
	if f.Message == "" && len(f.Fields) > 0 {
		f.Message = f.Fields[0].Message
		if name := f.Fields[0].Name; name != "" {
			f.Message = name + ": " + f.Message
		}
	}
}

// fieldName turns ["body", "contacts", 3, "phone"] into contacts[3].phone. The first element names the part of the
// request, which a caller of a Go method has no use for.
func fieldName(loc []any) string {
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
