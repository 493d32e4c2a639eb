package voiceagent

import (
	"net/http"
	"strings"
)

// Hint says what to do about the error, in one sentence without a full stop; "" when nothing useful is known.
func (e *APIError) Hint() string {
	if e.StatusCode == 0 {
		return "" // the message of a local refusal says it all
	}
	message := strings.ToLower(e.Message)
	switch {
	case e.Code == CodeQuotaExceeded:
		return "add credits to the account in the dashboard; waiting doesn't bring them back"
	case strings.Contains(message, "already in use"):
		return "names are unique in an account: choose another, or update the one that has it"
	case strings.Contains(message, "e.164"):
		return "write numbers with a plus, the country code and no spaces, like +919876543210"
	}
	switch e.StatusCode {
	case http.StatusBadRequest:
		return "a required field is missing or the JSON is malformed: see Fields and Body"
	case http.StatusUnauthorized:
		return "check VOICEAGENT_API_KEY, or make a new key in the dashboard"
	case http.StatusForbidden:
		return "this key isn't allowed to do that: use one that is, or ask the account's owner"
	case http.StatusNotFound:
		return "check the id, and that the key belongs to the same account"
	case http.StatusConflict:
		return "something with this name or in this state exists already: get it first"
	case http.StatusTooManyRequests:
		return "share one Client between goroutines so that it can keep to the limit, or ask for a larger plan"
	case http.StatusServiceUnavailable:
		return "the service is under maintenance: try again in some minutes"
	case http.StatusGatewayTimeout:
		return "allow more time with WithAttemptTimeout"
	case http.StatusInternalServerError, http.StatusBadGateway:
		return "the service has a problem: try again later, and send the request id to its support if it stays"
	}
	switch e.Code {
	case CodeAuthenticationError:
		return "check VOICEAGENT_API_KEY, or make a new key in the dashboard"
	case CodeNotFound:
		return "check the id, and that the key belongs to the same account"
	case CodeValidationError:
		return "a field has a value that the API refuses: see Fields"
	}
	if e.StatusCode == http.StatusUnprocessableEntity {
		return "a field has a value that the API refuses: see Fields"
	}
	return ""
}
