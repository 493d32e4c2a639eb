package otelvoiceagent

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strconv"
	"syscall"

	"github.com/voiceagent-go/voiceagent"
)

// The values of error.type besides the status of an answer. The conventions ask for a short,
// documented list.
const (
	errorCanceled   = "canceled"
	errorTimeout    = "timeout"
	errorDNS        = "dns_error"
	errorTLS        = "tls_error"
	errorRefused    = "connection_refused"
	errorConnection = "connection_error"
	errorUnreadable = "unreadable_answer" // a 2xx without the data that is due
	errorThrottled  = "throttled"         // refused by the limiter, nothing was sent
	errorQuota      = "quota_exceeded"
	errorLedgerBusy = "ledger_busy"
	errorPanic      = "panic"
	errorOther      = "_OTHER"
)

// callErrorType returns the type of a call's error: that the caller gave up, else the answer, else
// why there was none. It is "" for nil.
func callErrorType(err error) string {
	if err == nil {
		return ""
	}
	if errors.Is(err, context.Canceled) {
		return errorCanceled
	}
	if api, ok := errors.AsType[*voiceagent.APIError](err); ok {
		return apiErrorType(api)
	}
	kind := connectionErrorType(err)
	if _, ok := errors.AsType[*voiceagent.DecodeError](err); ok && kind != errorTimeout {
		return errorUnreadable
	}
	if _, ok := errors.AsType[*voiceagent.ConnectionError](err); !ok && kind == errorConnection {
		if errors.Is(err, voiceagent.ErrLedgerBusy) {
			return errorLedgerBusy
		}
		return errorOther
	}
	return kind
}

// apiErrorType returns the status if it says something. Otherwise, under a 2xx and before sending,
// it returns the API's code, but only a documented one, as a server may write anything.
func apiErrorType(e *voiceagent.APIError) string {
	if e.Code == voiceagent.CodeQuotaExceeded {
		return errorQuota
	}
	if e.StatusCode >= http.StatusMultipleChoices {
		return strconv.Itoa(e.StatusCode)
	}
	if refused, ok := errors.AsType[*voiceagent.RateLimitError](e); ok && refused.StatusCode == 0 {
		return errorThrottled
	}
	switch e.Code {
	case voiceagent.CodeValidationError, voiceagent.CodeNotFound, voiceagent.CodeAuthenticationError:
		return string(e.Code)
	}
	return errorOther
}

// requestErrorType names why a request got no whole answer. A transport may return the cause of a
// context's end, which can be any error.
func requestErrorType(ctx context.Context, err error) string {
	if ended := ctx.Err(); ended != nil {
		err = ended
	}
	return connectionErrorType(err)
}

func connectionErrorType(err error) string {
	if errors.Is(err, context.Canceled) {
		return errorCanceled
	}
	if n, ok := errors.AsType[net.Error](err); ok && n.Timeout() || errors.Is(err, context.DeadlineExceeded) {
		return errorTimeout
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return errorDNS
	}
	if isTLS(err) {
		return errorTLS
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return errorRefused
	}
	return errorConnection
}

func isTLS(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	_, ok := errors.AsType[tls.AlertError](err)
	return ok
}
