package voiceagenttest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"time"
)

// misbehave answers a request that a fault befalls.
func (x *exchange) misbehave() reply {
	f := x.fault
	if f.Kind.works() {
		rep, ok := x.workLate()
		if !ok {
			return reply{end: endDropped}
		}
		return x.spoil(rep)
	}
	switch f.Kind {
	case Slow:
		if !x.wait(f.Delay) {
			return reply{end: endDropped}
		}
		return x.work()
	case HangBefore:
		return x.hang()
	}
	if !x.wait(f.Delay) {
		return reply{end: endDropped}
	}
	switch f.Kind {
	case Throttle, ThrottleBare:
		x.quota = x.exhausted()
		return x.error(http.StatusTooManyRequests)
	case HTML:
		rep := x.error(http.StatusBadGateway)
		rep.header.Set("Content-Type", "text/html; charset=utf-8")
		rep.body = f.bodyOr("<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>\n")
		return rep
	case Redirect:
		rep := x.error(http.StatusTemporaryRedirect)
		rep.header.Set("Location", "https://elsewhere.invalid"+x.req.URL.EscapedPath())
		return rep
	case NotSuccess:
		return x.error(http.StatusOK)
	case StatusBefore:
		return x.error(f.Status)
	default: // the kinds that never answer
		return reply{end: endDropped}
	}
}

// spoil does something to the answer of work that was done.
func (x *exchange) spoil(rep reply) reply {
	f := x.fault
	switch f.Kind {
	case HangAfter:
		return x.hang()
	case SlowBody:
		rep.end, rep.over = endSlowly, f.Delay
		return rep
	}
	if !x.wait(f.Delay) {
		return reply{end: endDropped}
	}
	switch f.Kind {
	case StatusAfter:
		return x.error(f.Status)
	case TruncatedJSON:
		rep.body = rep.body[:len(rep.body)/2]
	case CutBody:
		rep.end = endCut
	case WrongShape:
		rep.body = f.bodyOr(`{"ok":true}`)
	case NullData:
		rep.body = f.bodyOr(string(x.ok(rep.status, json.RawMessage("null")).body))
	default: // DropAfter
		return reply{end: endDropped}
	}
	return rep
}

// error answers as the fault says, with status unless the fault has its own.
func (x *exchange) error(status int) reply {
	f := x.fault
	if f.Status != 0 {
		status = f.Status
	}
	code, message := f.Code, f.Message
	if code == "" {
		code = codeFor(status)
	}
	if message == "" {
		message = cmp.Or(http.StatusText(status), "Status "+strconv.Itoa(status))
	}
	rep := x.fail(status, code, message)
	rep.body = f.bodyOr(string(rep.body))
	return rep
}

func (f *Fault) bodyOr(otherwise string) []byte {
	if f.Body != "" {
		return []byte(f.Body)
	}
	return []byte(otherwise)
}

// codeFor is a code that goes with a status.
func codeFor(status int) string {
	switch status {
	case http.StatusBadRequest:
		return codeBadRequest
	case http.StatusUnauthorized:
		return codeAuthentication
	case http.StatusPaymentRequired:
		return codeQuota
	case http.StatusForbidden:
		return codePermission
	case http.StatusNotFound:
		return codeNotFound
	case http.StatusConflict:
		return codeConflict
	case http.StatusUnprocessableEntity:
		return codeValidation
	case http.StatusTooManyRequests:
		return codeRateLimited
	default:
		return codeInternal
	}
}

// exhausted is what a throttled request is told: nothing left until the window
// ends, in a plan of 60 if there is no other.
func (x *exchange) exhausted() *quota {
	if x.quota != nil {
		return &quota{limit: x.quota.limit, reset: x.quota.reset}
	}
	length := x.srv.limiter.limits.Window
	limit := x.srv.limiter.limits.Requests
	if limit <= 0 {
		limit = Free.Requests
	}
	return &quota{limit: limit, reset: epochWindow(x.at, length).Add(length)}
}

// hang waits until the caller gives up or the server is closed.
func (x *exchange) hang() reply {
	select {
	case <-x.ctx.Done():
	case <-x.srv.closed:
	}
	return reply{end: endDropped}
}

// wait answers false when the caller gave up or the server was closed.
func (x *exchange) wait(d time.Duration) bool { return pause(x, d, nil) }

// pause waits for d. It answers false when the caller of x gave up, the
// server was closed or stop was.
func pause(x *exchange, d time.Duration, stop <-chan struct{}) bool {
	if d <= 0 {
		return x.ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-x.ctx.Done():
	case <-x.srv.closed:
	case <-stop:
	}
	return false
}
