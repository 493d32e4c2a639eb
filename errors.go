package voiceagent

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrorCode is the API's name for an error. Codes that are not listed here exist; compare with what you receive.
type ErrorCode string

// The documented codes. The API reuses them across statuses: a duplicate agent name is a validation_error with status
// 409. Source: the vendor's error handling guide (documented).
const (
	CodeValidationError     ErrorCode = "validation_error"
	CodeNotFound            ErrorCode = "not_found"
	CodeAuthenticationError ErrorCode = "authentication_error"
	CodeQuotaExceeded       ErrorCode = "quota_exceeded"
)

// ErrNoAPIKey is returned by every method that needs a key when the client has none. Nothing was sent.
var ErrNoAPIKey = errors.New("no API key: set VOICEAGENT_API_KEY or pass WithAPIKey; " +
	"keys are made in the Studio under Settings, Developers, API Keys")

// FieldError is a complaint about one field of a request.
type FieldError struct {
	Field   string // as the API spells it, "metadata.name" or "contacts[3].phone"; "" when it isn't known
	Message string
}

// APIError is an error answer of the API, or a request refused before it was sent (StatusCode 0). Find it, or one of the
// types that embed it, with [errors.As].
type APIError struct {
	StatusCode     int // 0 when refused locally, before sending
	Code           ErrorCode
	Message        string // phone numbers in it are masked
	RequestID      string // quote it to the vendor's support
	Timestamp      time.Time
	Fields         []FieldError
	Method, Route  string // "POST", "/call"; the route template, no ids
	RateLimit      RateLimit
	IdempotencyKey string
	Attempts       []Attempt
	Body           []byte // first 4 KiB as received; may hold personal data

	retryAt   time.Time // when a 429 ends
	throttled bool      // refused by the limiter, before sending
	stopped   string    // why it was not tried again, "" when the status says it all
	causes    []error
}

// Error is one line: where it happened, what, the request id when there is one, and what to do when that is known.
func (e *APIError) Error() string {
	var b strings.Builder
	b.WriteString("voiceagent: ")
	writeWhere(&b, e.Method, e.Route)
	switch {
	case e.throttled:
		b.WriteString("not sent")
	case e.StatusCode == 0:
		b.WriteString("refused before sending")
	default:
		b.WriteString(strconv.Itoa(e.StatusCode))
		if text := http.StatusText(e.StatusCode); text != "" {
			b.WriteString(" " + text)
		}
	}
	if e.Code != "" {
		b.WriteString(" (" + string(e.Code) + ")")
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	writeTail(&b, e.RequestID, e.Attempts, e.stopped, e.causes, e.IdempotencyKey)
	if hint := e.Hint(); hint != "" {
		b.WriteString("; " + hint)
	}
	return oneLine(b.String())
}

// Unwrap returns what else is true of this error: [ErrOutcomeUnknown], a context's error.
func (e *APIError) Unwrap() []error { return e.causes }

// As lets [errors.As] find every type that fits, whichever of them was returned.
func (e *APIError) As(target any) bool {
	switch t := target.(type) {
	case **APIError:
		*t = e
	case **BadRequestError:
		return set(t, &BadRequestError{e}, e.StatusCode == http.StatusBadRequest)
	case **AuthenticationError:
		return set(t, &AuthenticationError{e}, e.StatusCode == http.StatusUnauthorized || e.Code == CodeAuthenticationError)
	case **PermissionError:
		return set(t, &PermissionError{e}, e.StatusCode == http.StatusForbidden)
	case **NotFoundError:
		return set(t, &NotFoundError{e}, e.StatusCode == http.StatusNotFound || e.Code == CodeNotFound)
	case **ConflictError:
		return set(t, &ConflictError{e}, e.StatusCode == http.StatusConflict)
	case **ValidationError:
		return set(t, &ValidationError{e}, e.StatusCode == http.StatusUnprocessableEntity || e.Code == CodeValidationError)
	case **RateLimitError:
		return set(t, &RateLimitError{e, e.retryAt}, e.StatusCode == http.StatusTooManyRequests || e.throttled)
	case **QuotaExceededError:
		return set(t, &QuotaExceededError{e}, e.Code == CodeQuotaExceeded)
	case **ServerError:
		return set(t, &ServerError{e}, e.StatusCode >= 500)
	default:
		return false
	}
	return true
}

func set[T any](target *T, value T, fits bool) bool {
	if fits {
		*target = value
	}
	return fits
}

// typed returns e as the type that its status names, or else its code, so that %T and a type switch tell something too.
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

// The types below embed [APIError], so that err.RequestID and err.Hint() work on each. An error can be several of them
// at once: a 409 with code validation_error is a *ConflictError and a *ValidationError.
type (
	// BadRequestError is a 400: malformed JSON or missing fields.
	BadRequestError struct{ *APIError }
	// AuthenticationError is a 401, or code authentication_error: the key is missing, wrong or expired.
	AuthenticationError struct{ *APIError }
	// PermissionError is a 403: the key may not do this.
	PermissionError struct{ *APIError }
	// NotFoundError is a 404, or code not_found: there is no such agent, campaign or call.
	NotFoundError struct{ *APIError }
	// ConflictError is a 409: the name is taken, or the state doesn't allow it.
	ConflictError struct{ *APIError }
	// ValidationError is a 422, code validation_error, or a request refused before it was sent (StatusCode 0).
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
	if e.IdempotencyKey != "" {
		attrs = append(attrs, slog.String("idempotency_key", e.IdempotencyKey))
	}
	return slog.GroupValue(attrs...)
}

// ConnectionError means that no answer came: the connection failed, or the attempt's time ran out, or the context
// ended. It unwraps to the cause.
type ConnectionError struct {
	Method, Route  string
	Sent           bool // the last request left this machine whole, so the server may have done it
	IdempotencyKey string
	Attempts       []Attempt

	cause   error
	stopped string
	causes  []error
}

// Error is one line: where, the cause, and what is known of the outcome.
func (e *ConnectionError) Error() string {
	var b strings.Builder
	b.WriteString("voiceagent: ")
	writeWhere(&b, e.Method, e.Route)
	if e.Sent {
		b.WriteString("no answer")
	} else {
		b.WriteString("not sent")
	}
	if e.cause != nil {
		b.WriteString(": " + maskNumbers(e.cause.Error()))
	}
	writeTail(&b, "", e.Attempts, e.stopped, e.causes, e.IdempotencyKey)
	return oneLine(b.String())
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

// DecodeError is a 2xx whose body can't be read: cut off, not JSON, or without the data that is due. It unwraps to the
// cause.
type DecodeError struct {
	StatusCode     int
	RequestID      string
	Method, Route  string
	IdempotencyKey string
	Body           []byte // first 4 KiB as received; may hold personal data
	Attempts       []Attempt

	cause   error
	stopped string
	causes  []error
}

// Error is one line: where, what could not be read, the request id.
func (e *DecodeError) Error() string {
	var b strings.Builder
	b.WriteString("voiceagent: ")
	writeWhere(&b, e.Method, e.Route)
	fmt.Fprintf(&b, "the answer (%d) can't be read", e.StatusCode)
	if e.cause != nil {
		b.WriteString(": " + maskNumbers(e.cause.Error()))
	}
	writeTail(&b, e.RequestID, e.Attempts, e.stopped, e.causes, e.IdempotencyKey)
	return oneLine(b.String())
}

// Unwrap returns the cause, together with what else is true of this error.
func (e *DecodeError) Unwrap() []error { return append([]error{e.cause}, e.causes...) }

// LogValue shows what a log may hold.
func (e *DecodeError) LogValue() slog.Value {
	return slog.GroupValue(slog.String("method", e.Method), slog.String("route", e.Route), slog.Int("status", e.StatusCode),
		slog.String("request_id", e.RequestID), slog.Int("attempts", len(e.Attempts)), slog.String("error", e.Error()))
}

func writeWhere(b *strings.Builder, method, route string) {
	if method != "" {
		b.WriteString(method + " " + route + ": ")
	}
}

// writeTail ends an error's line with what all kinds of errors have in common.
func writeTail(b *strings.Builder, requestID string, attempts []Attempt, stopped string, causes []error, key string) {
	if requestID != "" {
		b.WriteString(" (request_id " + requestID + ")")
	}
	if len(attempts) > 1 {
		fmt.Fprintf(b, ", after %d attempts", len(attempts))
	}
	if stopped != "" {
		b.WriteString(", " + stopped)
	}
	for _, cause := range causes {
		b.WriteString("; " + maskNumbers(cause.Error()))
	}
	if key != "" && errors.Is(errors.Join(causes...), ErrOutcomeUnknown) {
		b.WriteString(", idempotency key " + key)
	}
}
