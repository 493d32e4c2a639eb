package voiceagent

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/envelope"
	"github.com/voiceagent-go/voiceagent/internal/gateway"
	"github.com/voiceagent-go/voiceagent/internal/hint"
	"github.com/voiceagent-go/voiceagent/internal/lifecycle"
	"github.com/voiceagent-go/voiceagent/internal/ratelimit"
	"github.com/voiceagent-go/voiceagent/internal/reconcile"
	"github.com/voiceagent-go/voiceagent/internal/secret"
)

const (
	maxErrorBody = 1 << 20
	maxExcerpt   = 4 << 10
	maxPooled    = 1 << 20 // a larger buffer isn't kept
	maxDrain     = 256 << 10
)

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// Observe implements [exchange.Reader]: it reports the answer's headers to the limiter.
func (x *call) Observe(resp *http.Response) {
	now := time.Now()
	x.status, x.header = 0, nil
	if resp != nil {
		x.status, x.header = resp.StatusCode, resp.Header
	}
	told := ratelimit.Read(x.header, now)
	known := told.Has&(ratelimit.Remaining|ratelimit.Reset) != 0
	x.limit = RateLimit{}
	if known {
		x.limit = rateLimitOf(&told)
	}
	o := Observation{RateLimit: x.limit, Throttled: x.status == http.StatusTooManyRequests}
	if o.Throttled {
		told.Reset = told.End(now)
		if o.Known = known || !told.Reset.Local.IsZero(); o.Known {
			o.RateLimit = rateLimitOf(&told)
		}
	} else { // a reset alone doesn't say that nothing is left
		o.Known = told.Has&ratelimit.Remaining != 0
		o.Unreadable = !o.Known && told.Has&ratelimit.Header != 0
	}
	// Gateways and the public endpoints may leave the headers out without saying anything about the
	// API's habits.
	o.Lost = !known && !o.Throttled && (x.status == 0 || x.status >= 500 || x.r.public)
	if known {
		x.c.setRateLimit(x.limit)
	}
	if date, ok := ratelimit.Date(x.header); ok {
		x.c.noteServerTime(date, now)
	}
	x.c.limiter.Release(x.exchange.Context, o)
}

// Read implements [exchange.Reader].
func (x *call) Read(resp *http.Response, err error) (result lifecycle.Result, ok bool) {
	x.last = x.read(resp, err)
	if x.last != nil && resp != nil {
		x.last.passed = x.exchange.Repeats() || resp.Request != nil && resp.Request.Response != nil
	}
	x.note()
	if x.last != nil {
		return resultOf(x.last), false
	}
	x.remember()
	return 0, true
}

// LastError implements [exchange.Reader].
func (x *call) LastError() error {
	if x.last == nil {
		return nil
	}
	return x.last.typed
}

// remember notes what the answer is about, so that no look takes it, and each has to see it.
func (x *call) remember() {
	if m := x.maker; m != nil {
		x.c.placed.Note(reconcile.Placed{Twin: m.twin(), Key: x.key, IDs: m.made(), Sent: x.exchange.SentAt, At: time.Now()})
	}
}

// note adds the attempt to the story.
func (x *call) note() {
	a := Attempt{StatusCode: x.status, RequestID: requestID(x.header), Wait: x.exchange.Waited, Duration: time.Since(x.exchange.SentAt), Sent: true}
	if x.last == nil {
		if id := x.answer.Head().RequestID; id != "" {
			a.RequestID = id
		}
	} else {
		a.Err, a.Sent = x.last.typed, x.last.sent
		a.RequestID = requestIDOf(x.last.typed, a.RequestID)
	}
	a.RequestID = x.shownID(a.RequestID) // it is logged
	x.attempts = append(x.attempts, a)
	x.c.logAttempt(x)
}

// read reads and closes the answer of an attempt. It returns nil when the attempt succeeded.
func (x *call) read(resp *http.Response, err error) *failure {
	if resp == nil {
		return x.noAnswer(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode < http.StatusOK { // net/http passes on 101, and any number below 100
		return x.noAnswer(fmt.Errorf("what came has the status %03d, which is no answer to a request", resp.StatusCode))
	}
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

var errAddress = errors.New("an address can't be read, perhaps a proxy's")

var errTooLong = errors.New("it is longer than the limit, which WithMaxResponseBytes raises")

func (x *call) readAll(buf *bytes.Buffer, resp *http.Response, most int64) error {
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
func (x *call) noAnswer(err error) *failure {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // without the URL, which has ids in it
	}
	err = x.toldOf().CutFromError(err)
	f := &failure{err: err, sent: x.exchange.Sent(err)}
	unheard := x.exchange.Unheard(err)
	if parsed, ok := errors.AsType[*url.Error](err); ok && parsed.Op == "parse" {
		f.err, err = errAddress, errAddress
	}
	if x.exchange.TimedOut() {
		f.err = fmt.Errorf("the attempt took longer than %v: %w", x.attemptLimit(), err)
	}
	c := hint.Connection{Err: err, Host: x.c.key.CutFromText(x.c.base.Host)}
	if proxy, ok := errors.AsType[*gateway.ProxyError](err); ok {
		c.Proxied, c.ProxyStatus = true, proxy.Status
	}
	f.typed = &ConnectionError{Method: x.r.method, Route: x.r.route, Sent: f.sent, IdempotencyKey: x.key, cause: f.err, hint: hint.ForConnection(c), unheard: unheard}
	return f
}

// unreadable classes a 2xx whose body broke off, or doesn't hold what is due.
func (x *call) unreadable(body []byte, err error, broke bool) *failure {
	if errors.Is(err, errTooLong) {
		body = body[:min(len(body), maxErrorBody)] // the rest isn't there either
	}
	body = x.toldOf().CutFrom(body)
	f := &failure{status: x.status, broken: true, sent: true}
	if x.exchange.TimedOut() {
		err = fmt.Errorf("the attempt took longer than %v: %w", x.attemptLimit(), err)
	}
	if broke && !errors.Is(err, errTooLong) {
		f.err = err
	}
	said := envelope.ReadFailure(body)
	e := &DecodeError{StatusCode: f.status, RequestID: x.anyRequestID(said.RequestID), Method: x.r.method, Route: x.r.route,
		IdempotencyKey: x.key, Body: excerpt(body), cause: x.toldOf().CutFromError(err)}
	if page, from := x.foreign(body, said); from != "" && !broke {
		e.page = "it is " + page + named(from)
		e.hint = hint.For(hint.Answer{Status: x.status, Base: x.shownBase(), Gateway: true})
	}
	f.typed = e
	return f
}

// refusal makes a typed error of an error answer, or of a 2xx with success: false.
func (x *call) refusal(body []byte) *failure {
	body = x.toldOf().CutFrom(body)
	said := envelope.ReadFailure(body)
	e := &APIError{
		StatusCode: x.status, Code: ErrorCode(x.shown(said.Code)), Message: x.shown(said.Message),
		RequestID: x.anyRequestID(said.RequestID), Method: x.r.method, Route: x.r.route,
		RateLimit: x.limit, IdempotencyKey: x.key, Body: excerpt(body), base: x.shownBase(),
	}
	if t, ok := envelope.ParseTime(said.Timestamp); ok {
		e.Timestamp = t
	}
	for _, field := range said.Fields {
		e.Fields = append(e.Fields, FieldError{x.shown(field.Name), x.shown(field.Message)})
	}
	if message, from := x.foreign(body, said); from != "" && e.StatusCode >= 400 {
		e.Code, e.Message, e.Gateway, e.RequestID = "", message, from, x.anyRequestID("")
	} else if e.Code == "" {
		e.Code = codeOf(e.StatusCode)
	}
	if e.Message == "" {
		e.Message = x.plainMessage()
	}
	if e.StatusCode == http.StatusTooManyRequests {
		e.retryAt = throttleEnd(x.header, time.Now())
	}
	return &failure{status: e.StatusCode, code: e.Code, foreign: e.Gateway != "", sent: true, typed: e.typed()}
}

// codeOf names the code that the vendor documents for a status, for answers that have none (a 401
// comes as a bare detail).
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
func (x *call) plainMessage() string {
	switch {
	case x.exchange.NotFollowed() != "":
		return "the redirect was not followed: " + x.shown(x.exchange.NotFollowed())
	case x.status >= 300 && x.status < 400:
		return "the answer is a redirect that leads nowhere"
	case x.status < 300:
		return "the answer says success: false and no more"
	}
	return "the answer has no message that can be read" + named(x.shown(gateway.ID(x.header)))
}

func excerpt(body []byte) []byte { return bytes.Clone(body[:min(len(body), maxExcerpt)]) }

// requestID returns the id in the header. Some transports, mostly of tests, keep the documented
// spelling.
func requestID(h http.Header) string {
	for _, name := range [...]string{"X-Request-Id", "X-Request-ID"} {
		if values := h[name]; len(values) > 0 {
			return strings.TrimSpace(values[0])
		}
	}
	return ""
}

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
func (x *call) anyRequestID(fromBody string) string {
	return x.shown(cmp.Or(fromBody, requestID(x.header)))
}

// toldOf returns what the request told the server, which no error, log or span repeats.
func (x *call) toldOf() *secret.Sent {
	if x.r.sent == nil {
		u := x.r.url(x.c.base)
		body, _ := x.r.body.([]byte)
		x.r.sent = secret.NewSent(x.c.key, body, u.RequestURI())
	}
	return x.r.sent
}

// shown is the one place through which texts of a server, a transport, a policy or a ledger go on
// their way into errors, logs and spans.
func (x *call) shown(text string) string { return x.toldOf().CutFromText(text) }

// shownID is shown for the request id of any answer. The usual id is not compared with what was
// sent, which would have to be read again.
func (x *call) shownID(id string) string {
	if x.r.sent == nil && !secret.HasLongNumber(id) {
		return secret.MaskNumbers(x.c.key.CutFromText(id))
	}
	return x.shown(id)
}
