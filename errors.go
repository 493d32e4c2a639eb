package voiceagent

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/check"
	"github.com/voiceagent-go/voiceagent/internal/hint"
	"github.com/voiceagent-go/voiceagent/internal/secret"
)

// ErrorCode is the API's name for an error. There are codes that are not listed here; compare with
// what you receive.
type ErrorCode string

// The documented codes. The API reuses them across statuses: a duplicate agent name is a
// validation_error with status 409. Source: the vendor's error handling guide (documented).
const (
	CodeValidationError     ErrorCode = "validation_error"
	CodeNotFound            ErrorCode = "not_found"
	CodeAuthenticationError ErrorCode = "authentication_error"
	CodeQuotaExceeded       ErrorCode = "quota_exceeded"
)

// ErrNoAPIKey is returned by every method that needs a key if the client has none. Nothing is sent.
var ErrNoAPIKey = errors.New("no API key: set VOICEAGENT_API_KEY or pass WithAPIKey; " +
	"keys are made in the Studio under Settings, Developers, API Keys")

// StopReason is why a request that failed was not tried again. It is empty where the answer is
// final by itself, as a 404 is.
type StopReason string

// The reasons.
const (
	StopPolicy      StopReason = "policy"       // the retry policy says no
	StopRetries     StopReason = "retries"      // WithMaxRetries allows no more
	StopDeadline    StopReason = "deadline"     // the wait would pass the context's deadline
	StopMaxElapsed  StopReason = "max elapsed"  // the wait would pass WithMaxElapsed
	StopLongestWait StopReason = "longest wait" // no wait of more than two minutes is begun
)

// FieldError is a complaint about one field of a request.
type FieldError struct {
	Field   string // as the API spells it, "metadata.name" or "contacts[3].phone"; "" when it isn't known
	Message string
}

// APIError is an error answer, or a request refused before it was sent (StatusCode 0). Find it, or
// one of the types that embed it, with [errors.As].
//
// An answer in none of the forms that the API's errors have comes from something else: a firewall,
// a gateway, a proxy, another server. Then Gateway says which, as far as its headers do, Message
// quotes its title or the beginning of its text, and there is no Code.
type APIError struct {
	StatusCode     int // 0 when refused locally, before sending
	Code           ErrorCode
	Message        string // phone numbers in it are masked
	RequestID      string // quote it to the vendor's support
	Gateway        string // who answered in the API's place: "cloudflare, cf-ray 8a1b-BOM", "unnamed"; "" for the API
	Timestamp      time.Time
	Fields         []FieldError
	Method, Route  string // "POST", "/call"; the route template, no ids
	RateLimit      RateLimit
	IdempotencyKey string
	Attempts       []Attempt
	StopReason     StopReason // why it was not tried again; "" when the status says it all
	Body           []byte     // first 4 KiB as received; may hold personal data

	retryAt   time.Time // when a 429 ends
	throttled bool      // refused by the limiter, before sending
	base      string    // the base URL, for the hint
	stopped   string    // StopReason in words
	causes    []error
}

// Error returns one line: the request, the error, and the request id and the hint if there are any.
func (e *APIError) Error() string {
	if hint := e.Hint(); hint != "" {
		return e.line() + "; " + hint
	}
	return e.line()
}

// line is Error without the hint.
func (e *APIError) line() string {
	text := where(e.Method, e.Route)
	switch {
	case e.throttled:
		text += "not sent"
	case e.StatusCode == 0:
		text += "refused before sending"
	default:
		text += strconv.Itoa(e.StatusCode)
		if name := http.StatusText(e.StatusCode); name != "" {
			text += " " + name
		}
	}
	if e.Code != "" {
		text += " (" + string(e.Code) + ")"
	}
	if e.Message != "" {
		text += ": " + e.Message
	}
	text += named(e.Gateway)
	text += tail(e.RequestID, e.Attempts, e.stopped, e.causes, e.IdempotencyKey)
	return secret.OneLine(text)
}

// Hint returns what to do about the error, in one sentence without a full stop, or "".
func (e *APIError) Hint() string {
	if e.StatusCode == 0 {
		return "" // the message of a local refusal says it all
	}
	return hint.For(hint.Answer{
		Status: e.StatusCode, Code: string(e.Code), Message: e.Message,
		Method: e.Method, Route: e.Route, Base: e.base, Gateway: e.Gateway != "",
		Unknown: errors.Is(e, ErrOutcomeUnknown),
	})
}

// Unwrap returns what else is true of this error: [ErrOutcomeUnknown], a context's error.
func (e *APIError) Unwrap() []error { return e.causes }

// As lets [errors.As] find every type that fits, whichever of them was returned.
func (e *APIError) As(target any) bool {
	switch t := target.(type) {
	case **APIError:
		*t = e
	case **BadRequestError:
		return assignIf(t, &BadRequestError{e}, e.StatusCode == http.StatusBadRequest)
	case **AuthenticationError:
		return assignIf(t, &AuthenticationError{e}, e.StatusCode == http.StatusUnauthorized || e.Code == CodeAuthenticationError)
	case **PermissionError:
		return assignIf(t, &PermissionError{e}, e.StatusCode == http.StatusForbidden)
	case **NotFoundError:
		return assignIf(t, &NotFoundError{e}, e.StatusCode == http.StatusNotFound || e.Code == CodeNotFound)
	case **ConflictError:
		return assignIf(t, &ConflictError{e}, e.StatusCode == http.StatusConflict)
	case **ValidationError:
		return assignIf(t, &ValidationError{e}, e.StatusCode == http.StatusUnprocessableEntity || e.Code == CodeValidationError)
	case **RateLimitError:
		return assignIf(t, &RateLimitError{e, e.retryAt}, e.StatusCode == http.StatusTooManyRequests || e.throttled)
	case **QuotaExceededError:
		return assignIf(t, &QuotaExceededError{e}, e.Code == CodeQuotaExceeded)
	case **ServerError:
		return assignIf(t, &ServerError{e}, e.StatusCode >= 500)
	default:
		return false
	}
	return true
}

// assignIf sets *target to value if it fits, and reports whether it does.
func assignIf[T any](target *T, value T, fits bool) bool {
	if fits {
		*target = value
	}
	return fits
}

// typed returns e as the type that its status names, or else its code, so that %T and a type switch
// show more than *APIError.
func (e *APIError) typed() error {
	switch {
	case e.throttled || e.StatusCode == http.StatusTooManyRequests:
		return &RateLimitError{e, e.retryAt}
	case e.StatusCode == http.StatusBadRequest:
		return &BadRequestError{e}
	case e.StatusCode == http.StatusUnauthorized:
		return &AuthenticationError{e}
	case e.StatusCode == http.StatusForbidden:
		return &PermissionError{e}
	case e.StatusCode == http.StatusNotFound:
		return &NotFoundError{e}
	case e.StatusCode == http.StatusConflict:
		return &ConflictError{e}
	case e.StatusCode >= 500:
		return &ServerError{e}
	case e.Code == CodeQuotaExceeded:
		return &QuotaExceededError{e}
	case e.Code == CodeAuthenticationError:
		return &AuthenticationError{e}
	case e.Code == CodeNotFound:
		return &NotFoundError{e}
	case e.StatusCode == http.StatusUnprocessableEntity || e.Code == CodeValidationError:
		return &ValidationError{e}
	}
	return e
}

// The types below embed [APIError], so that err.RequestID and err.Hint() work on each. An error can
// be several of them at once: a 409 with code validation_error is a *ConflictError and a
// *ValidationError.
type (
	// BadRequestError is a 400: malformed JSON or missing fields.
	BadRequestError struct{ *APIError }
	// AuthenticationError is a 401, or code authentication_error: the key is missing, wrong or
	// expired.
	AuthenticationError struct{ *APIError }
	// PermissionError is a 403: the key may not do this.
	PermissionError struct{ *APIError }
	// NotFoundError is a 404, or code not_found: there is no such agent, campaign or call.
	NotFoundError struct{ *APIError }
	// ConflictError is a 409: the name is taken, or the state doesn't allow it.
	ConflictError struct{ *APIError }
	// ValidationError is a 422, code validation_error, or a request refused before it was sent
	// (StatusCode 0).
	ValidationError struct{ *APIError }
	// QuotaExceededError is code quota_exceeded under any status: the account is out of credits.
	QuotaExceededError struct{ *APIError }
	// ServerError is any 5xx.
	ServerError struct{ *APIError }
	// RateLimitError is a 429 that could not be waited out, or a call refused because the wait for the
	// next window would pass its deadline (StatusCode 0, nothing was sent).
	RateLimitError struct {
		*APIError
		RetryAt time.Time // on this machine's clock; zero when the API didn't say
	}
)

// LogValue shows what a log may hold: no body, no phone number, no key.
func (e *APIError) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("method", e.Method),
		slog.String("route", e.Route),
		slog.Int("status", e.StatusCode),
		slog.String("code", string(e.Code)),
		slog.String("message", e.Message),
		slog.String("request_id", e.RequestID),
		slog.Int("attempts", len(e.Attempts)),
	}
	if e.Gateway != "" {
		attrs = append(attrs, slog.String("gateway", e.Gateway))
	}
	if e.IdempotencyKey != "" {
		attrs = append(attrs, slog.String("idempotency_key", e.IdempotencyKey))
	}
	return slog.GroupValue(attrs...)
}

// ConnectionError means that no answer came: the connection failed, the attempt timed out, or the
// context ended. It unwraps to the cause. Its text names the proxy that made no connection, without
// its user and password.
type ConnectionError struct {
	Method, Route  string
	Sent           bool // the server may have got the last request whole, and have done it
	IdempotencyKey string
	Attempts       []Attempt
	StopReason     StopReason // why it was not tried again

	cause   error
	stopped string
	causes  []error
	hint    string
	unheard bool // a transport that reports nothing refused it
}

// Error returns one line: the request, the cause, the outcome as far as it is known, and the hint
// if there is one.
func (e *ConnectionError) Error() string {
	text := where(e.Method, e.Route)
	if e.Sent {
		text += "no answer"
	} else {
		text += "not sent"
	}
	if e.cause != nil {
		text += ": " + secret.MaskNumbers(e.cause.Error())
	}
	text += tail("", e.Attempts, e.stopped, e.causes, e.IdempotencyKey)
	if e.hint != "" {
		text += "; " + e.hint
	}
	return secret.OneLine(text)
}

// Unwrap returns the cause, together with what else is true of this error.
func (e *ConnectionError) Unwrap() error {
	if len(e.causes) == 0 {
		return e.cause
	}
	return errors.Join(append([]error{e.cause}, e.causes...)...)
}

// LogValue shows what a log may hold.
func (e *ConnectionError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("method", e.Method), slog.String("route", e.Route), slog.Bool("sent", e.Sent),
		slog.Int("attempts", len(e.Attempts)), slog.String("idempotency_key", e.IdempotencyKey), slog.String("error", e.Error()))
}

// DecodeError is a 2xx whose body can't be read: it is cut off, not JSON, or lacks the data. A page
// that isn't the API's, such as that of a network which asks for a sign-in, is one too. It unwraps
// to the cause.
type DecodeError struct {
	StatusCode     int
	RequestID      string
	Method, Route  string
	IdempotencyKey string
	Body           []byte // first 4 KiB as received; may hold personal data
	Attempts       []Attempt
	StopReason     StopReason // why it was not tried again

	cause   error
	stopped string
	causes  []error
	page    string // what it is instead of an answer of the API
	hint    string
}

// Error is one line: where, what could not be read, the request id.
func (e *DecodeError) Error() string {
	text := where(e.Method, e.Route)
	text += "the answer (" + strconv.Itoa(e.StatusCode) + ") can't be read"
	switch {
	case e.page != "":
		text += ": " + e.page
	case e.cause != nil:
		text += ": " + secret.MaskNumbers(e.cause.Error())
	}
	text += tail(e.RequestID, e.Attempts, e.stopped, e.causes, e.IdempotencyKey)
	if e.hint != "" {
		text += "; " + e.hint
	}
	return secret.OneLine(text)
}

// Unwrap returns the cause, together with what else is true of this error.
func (e *DecodeError) Unwrap() []error { return append([]error{e.cause}, e.causes...) }

// LogValue shows what a log may hold.
func (e *DecodeError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("method", e.Method), slog.String("route", e.Route), slog.Int("status", e.StatusCode),
		slog.String("request_id", e.RequestID), slog.Int("attempts", len(e.Attempts)), slog.String("error", e.Error()))
}

// where begins an error's line.
func where(method, route string) string {
	if method == "" {
		return "voiceagent: "
	}
	return "voiceagent: " + method + " " + route + ": "
}

// tail ends an error's line with what all kinds of errors have in common.
func tail(requestID string, attempts []Attempt, stopped string, causes []error, key string) (text string) {
	if requestID != "" {
		text += " (request_id " + requestID + ")"
	}
	if len(attempts) > 1 {
		text += ", after " + strconv.Itoa(len(attempts)) + " attempts"
	}
	if stopped != "" {
		text += ", " + stopped
	}
	unknown := false
	for _, cause := range causes {
		text += "; " + secret.MaskNumbers(cause.Error())
		unknown = unknown || errors.Is(cause, ErrOutcomeUnknown)
	}
	if key != "" && unknown {
		text += ", idempotency key " + key
	}
	return text
}

// refused returns the error of a request that is refused before it is sent, or nil if it has no
// problems.
func refused(method, route string, bad check.Problems) error {
	if len(bad) == 0 {
		return nil
	}
	fields := make([]FieldError, len(bad))
	for i, problem := range bad { // a key may be a number
		fields[i] = FieldError{Field: secret.MaskNumbers(problem.Field), Message: problem.Message}
	}
	message := fields[0].Field + ": " + fields[0].Message
	if more := len(bad) - 1; more > 0 {
		message += fmt.Sprintf(" (and %d more, see Fields)", more)
	}
	return &ValidationError{&APIError{Code: CodeValidationError, Message: message, Fields: fields, Method: method, Route: route}}
}

// refuse is refused for a single complaint.
func refuse(method, route, field, message string) error {
	return refused(method, route, check.Problems{{Field: field, Message: message}})
}
