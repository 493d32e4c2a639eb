package voiceagenttest

import (
	"encoding/json"
	"net/http"
)

// The codes of error.code. The documentation names the first four.
const (
	codeValidation     = "validation_error"
	codeNotFound       = "not_found"
	codeAuthentication = "authentication_error"
	codeQuota          = "quota_exceeded"
	codeBadRequest     = "bad_request"
	codePermission     = "permission_denied"
	codeConflict       = "conflict"
	codeRateLimited    = "rate_limited"
	codeInternal       = "internal_error"
)

// envelope is around every answer, as documented.
type envelope struct {
	Success   json.RawMessage `json:"success,omitempty"`
	Data      any             `json:"data,omitempty"`
	Message   string          `json:"message,omitempty"`
	RequestID string          `json:"request_id"`
	Timestamp stamp           `json:"timestamp"`
}

// page is around every list. The paging keys stand beside data; nil leaves one out.
type page struct {
	Success   json.RawMessage `json:"success,omitempty"`
	Data      any             `json:"data"`
	Total     *int            `json:"total,omitempty"`
	Page      *int            `json:"page,omitempty"`
	PageSize  *int            `json:"page_size,omitempty"`
	HasMore   *bool           `json:"has_more,omitempty"`
	RequestID string          `json:"request_id"`
	Timestamp stamp           `json:"timestamp"`
}

// failure is around every error.
type failure struct {
	Success   bool         `json:"success"`
	Error     failureError `json:"error"`
	RequestID string       `json:"request_id"`
	Timestamp stamp        `json:"timestamp"`
}

type failureError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (x *exchange) success() json.RawMessage {
	switch x.srv.cfg.dialect.Success {
	case SuccessNull:
		return json.RawMessage("null")
	case SuccessMissing:
		return nil
	default:
		return json.RawMessage("true")
	}
}

// stamp is the time of an answer, on the clock of the records.
func (x *exchange) stamp() stamp {
	return stamp{x.at, x.srv.cfg.dialect.Times}
}

// ok answers with one object.
func (x *exchange) ok(status int, data any) reply {
	return x.bare(status, envelope{
		Success: x.success(), Data: data, RequestID: x.id, Timestamp: x.stamp(),
	})
}

// list answers with one page of records.
func (x *exchange) list(data any, p paging, total int) reply {
	answer := page{Success: x.success(), Data: data, RequestID: x.id, Timestamp: x.stamp()}
	form := x.srv.cfg.dialect.Paging
	if form != PagingNone {
		answer.Total = &total
	}
	if form == PagingKeys || form == PagingNoHasMore {
		answer.Page, answer.PageSize = &p.page, &p.size
	}
	if form == PagingKeys {
		answer.HasMore = new(p.end() < total)
	}
	return x.bare(http.StatusOK, answer)
}

// fail answers with an error.
func (x *exchange) fail(status int, code, message string) reply {
	return x.bare(status, failure{
		Error: failureError{Code: code, Message: message}, RequestID: x.id, Timestamp: x.stamp(),
	})
}

// bare answers with v and nothing around it.
func (x *exchange) bare(status int, v any) reply {
	b, err := json.Marshal(v)
	if err != nil {
		panic("voiceagenttest: an answer can't be encoded: " + err.Error())
	}
	return reply{
		status: status,
		header: http.Header{"Content-Type": {"application/json"}},
		body:   b,
	}
}

// paging is the page that a list request asks for.
type paging struct{ page, size int }

const (
	defaultPageSize = 20
	maxPageSize     = 100
)

func (p paging) start() int { return (p.page - 1) * p.size }
func (p paging) end() int   { return p.page * p.size }

// bounds cuts the page to n records.
func (p paging) bounds(n int) (from, to int) {
	return min(p.start(), n), min(p.end(), n)
}

// paging reads page and page_size.
func (x *exchange) paging(f *form) paging {
	number, ok := x.queryInt("page", 1)
	if !ok || number < 1 {
		f.reject("page", "page must be an integer of at least 1")
		number = 1
	}
	size, ok := x.queryInt("page_size", defaultPageSize)
	if x.srv.cfg.dialect.ClampPageSize {
		size = min(size, maxPageSize)
	}
	if !ok || size < 1 || size > maxPageSize {
		f.reject("page_size", "page_size must be an integer from 1 to 100")
		size = defaultPageSize
	}
	if most := x.srv.cfg.dialect.PageCap; most > 0 {
		size = min(size, most)
	}
	// Far beyond any record, and far from overflowing when multiplied.
	return paging{page: min(number, 1<<30), size: size}
}
