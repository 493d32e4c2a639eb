package voiceagent

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"sync"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
)

const (
	maxErrorBody = 1 << 20
	maxExcerpt   = 4 << 10
	maxPooled    = 1 << 20 // a larger buffer isn't kept
	maxDrain     = 256 << 10
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// read reads and closes the answer of an attempt. It returns nil when the attempt succeeded.
func (x *exchange) read(resp *http.Response, err error) *failure {
	if resp == nil {
		return x.noAnswer(err)
	}
	defer resp.Body.Close()
	buf := buffers.Get().(*bytes.Buffer)
	defer func() {
		if buf.Cap() <= maxPooled {
			buf.Reset()
			buffers.Put(buf)
		}
	}()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		_, _ = buf.ReadFrom(io.LimitReader(resp.Body, maxErrorBody)) // the status is there, so a broken body is a detail
		_, _ = io.CopyN(io.Discard, resp.Body, maxDrain)             // so that the connection can be used again
		return x.refusal(buf.Bytes())
	}
	if err := x.readAll(buf, resp, x.set.maxBody); err != nil {
		return x.unreadable(buf.Bytes(), err, true)
	}
	if err := x.answer.Decode(buf.Bytes()); err != nil {
		if envelope.ReadFailure(buf.Bytes()).Refused {
			return x.refusal(buf.Bytes()) // whatever its data is
		}
		return x.unreadable(buf.Bytes(), err, false)
	}
	if x.answer.Head().Refused() {
		return x.refusal(buf.Bytes())
	}
	return nil
}

var errTooLong = errors.New("it is longer than the limit, which WithMaxResponseBytes raises")

func (x *exchange) readAll(buf *bytes.Buffer, resp *http.Response, most int64) error {
	most = min(most, math.MaxInt64-1)
	switch n := resp.ContentLength; {
	case n > most:
		return errTooLong
	case n > 0:
		buf.Grow(int(min(n, maxPooled)) + bytes.MinRead) // ReadFrom wants that much room to find the end
	}
	x.limited = io.LimitedReader{R: resp.Body, N: most + 1}
	n, err := buf.ReadFrom(&x.limited) // a middleware that unpacks may leave a wrong length behind
	if err == nil && n > most {
		return errTooLong
	}
	return err
}

// noAnswer classes an attempt without an answer.
func (x *exchange) noAnswer(err error) *failure {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the URL, which has ids in it
	}
	err = x.c.key.cutFromError(err)
	f := &failure{err: err, sent: x.Sent(err)}
	if x.TimedOut() {
		f.err = fmt.Errorf("the attempt took longer than %v: %w", x.attemptLimit(), err)
	}
	f.typed = &ConnectionError{Method: x.r.method, Route: x.r.route, Sent: f.sent, IdempotencyKey: x.key, cause: f.err}
	return f
}

// unreadable classes a 2xx whose body broke off, or doesn't hold what is due.
func (x *exchange) unreadable(body []byte, err error, broke bool) *failure {
	body = x.c.key.cutFrom(body)
	f := &failure{status: x.status, broken: true, sent: true}
	if x.TimedOut() {
		err = fmt.Errorf("the attempt took longer than %v: %w", x.attemptLimit(), err)
	}
	if broke && !errors.Is(err, errTooLong) {
		f.err = err
	}
	f.typed = &DecodeError{StatusCode: f.status, RequestID: x.anyRequestID(envelope.ReadFailure(body).RequestID), Method: x.r.method, Route: x.r.route,
		IdempotencyKey: x.key, Body: excerpt(body), cause: x.c.key.cutFromError(err)}
	return f
}

// refusal makes a typed error of an error answer, or of a 2xx with success: false.
func (x *exchange) refusal(body []byte) *failure {
	body = x.c.key.cutFrom(body)
	said := envelope.ReadFailure(body)
	e := &APIError{
		StatusCode: x.status, Code: ErrorCode(said.Code), Message: maskNumbers(said.Message),
		RequestID: x.anyRequestID(said.RequestID), Method: x.r.method, Route: x.r.route,
		RateLimit: x.limit, IdempotencyKey: x.key, Body: excerpt(body),
	}
	if t, ok := envelope.ParseTime(said.Timestamp); ok {
		e.Timestamp = t
	}
	for _, field := range said.Fields {
		e.Fields = append(e.Fields, FieldError{field.Name, maskNumbers(field.Message)})
	}
	if e.Code == "" {
		e.Code = codeOf(e.StatusCode)
	}
	if e.Message == "" {
		e.Message = x.plainMessage()
	}
	if e.StatusCode == http.StatusTooManyRequests {
		e.retryAt = x.retryAt()
	}
	return &failure{status: e.StatusCode, code: e.Code, sent: true, typed: e.typed()}
}

// codeOf names the code that the vendor documents for a status, for answers that have none (a 401 comes as a
// bare detail).
func codeOf(status int) ErrorCode {
	switch status {
	case http.StatusUnauthorized:
		return CodeAuthenticationError
	case http.StatusNotFound:
		return CodeNotFound
	case http.StatusUnprocessableEntity:
		return CodeValidationError
	}
	return ""
}

// plainMessage stands in where the body says nothing that can be read.
func (x *exchange) plainMessage() string {
	switch {
	case x.NotFollowed() != "":
		return "the redirect was not followed: " + x.NotFollowed()
	case x.status >= 300 && x.status < 400:
		return "the answer is a redirect that leads nowhere"
	case x.status < 300:
		return "the answer says success: false and no more"
	}
	return "the answer has no message that can be read"
}

func excerpt(body []byte) []byte { return bytes.Clone(body[:min(len(body), maxExcerpt)]) }

func requestID(h http.Header) string { return headerValue(h, "X-Request-Id", "X-Request-ID") }

// requestIDOf is the request id that an error shows, else the one given.
func requestIDOf(err error, otherwise string) string {
	if e, ok := errors.AsType[*APIError](err); ok {
		return e.RequestID
	}
	if e, ok := errors.AsType[*DecodeError](err); ok {
		return e.RequestID
	}
	return otherwise
}

// anyRequestID takes the id from the body, else from the header.
func (x *exchange) anyRequestID(fromBody string) string {
	if fromBody != "" {
		return fromBody
	}
	return x.c.key.cutFromText(requestID(x.header))
}
