package webhook

import (
	"errors"
	"net/http"
)

// Why a request isn't answered with 200. The log has them with details; the answer has only their
// text.
var (
	ErrMethod      = errors.New("the method is not POST")                        // 405
	ErrContentType = errors.New("the content type is not application/json")      // 415
	ErrTooLarge    = errors.New("the body is too large")                         // 413
	ErrBody        = errors.New("the body could not be read")                    // 400
	ErrNoSignature = errors.New("the signature is missing")                      // 401
	ErrSignature   = errors.New("the signature is wrong")                        // 401
	ErrMalformed   = errors.New("the body is not an event")                      // 400
	ErrBusy        = errors.New("there are too many events: send it again")      // 503
	ErrSlow        = errors.New("the event takes longer: send it again")         // 503
	ErrStore       = errors.New("the events can't be recorded: send it again")   // 503
	ErrClosed      = errors.New("the receiver is shutting down: send it again")  // 503
	ErrHandle      = errors.New("the event could not be handled: send it again") // 500
)

// failures gives each error its one status.
var failures = []struct {
	err    error
	status int
}{
	{ErrMethod, http.StatusMethodNotAllowed},
	{ErrContentType, http.StatusUnsupportedMediaType},
	{ErrTooLarge, http.StatusRequestEntityTooLarge},
	{ErrBody, http.StatusBadRequest},
	{ErrNoSignature, http.StatusUnauthorized},
	{ErrSignature, http.StatusUnauthorized},
	{ErrMalformed, http.StatusBadRequest},
	{ErrBusy, http.StatusServiceUnavailable},
	{ErrSlow, http.StatusServiceUnavailable},
	{ErrStore, http.StatusServiceUnavailable},
	{ErrClosed, http.StatusServiceUnavailable},
	{ErrHandle, http.StatusInternalServerError},
}

// failure is the status of an error, and the part of it that anybody may read.
func failure(err error) (status int, public error) {
	for _, f := range failures {
		if errors.Is(err, f.err) {
			return f.status, f.err
		}
	}
	return http.StatusInternalServerError, ErrHandle
}
