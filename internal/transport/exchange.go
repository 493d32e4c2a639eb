// Package transport sends attempts: go-retryablehttp's loop around one http.Client, with a timeout, a trace and a body
// of its own for each attempt. What an answer means, and whether to try again, is decided by its caller, the Driver.
package transport

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Driver decides what follows an attempt.
type Driver interface {
	// Answered is called once after each attempt, with an answer or an error. It reads and closes the answer's
	// body, and tells if there is to be another attempt.
	Answered(resp *http.Response, err error) (again bool)
	// Pause is called before each attempt but the first, and takes as long as the wait does. An error ends the call.
	Pause() error
}

// Exchange is one logical call on its way through the loop: the context of its requests, and what the current attempt
// has come to. It is for one call and one goroutine.
type Exchange struct {
	context.Context
	Driver Driver

	// What is sent. Each attempt has the same header, so a transport that changes it must be given its own.
	Method string
	URL    url.URL
	Header http.Header

	// Timeout is for one attempt, the reading of its body included; 0 is none.
	Timeout time.Duration
	// Until is the end of all attempts together; zero is none.
	Until time.Time
	// Repeatable says that a request may be delivered twice, so net/http may repeat it on a stale connection.
	Repeatable bool

	begun   bool
	attempt *attempt
	first   attempt // where most calls end
	request retryablehttp.Request
}

type exchangeKey struct{}

// Value gives the transport the Exchange from a request's context.
func (x *Exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.Context.Value(key)
}

func exchangeOf(ctx context.Context) *Exchange {
	x, _ := ctx.Value(exchangeKey{}).(*Exchange)
	return x
}

// clientHeader holds just what http.Client adds to. It would copy the others, which each attempt is given further down.
func (x *Exchange) clientHeader(jar http.CookieJar) http.Header {
	cookies, referer := x.Header["Cookie"], x.Header["Referer"]
	if jar == nil && cookies == nil && referer == nil {
		return noHeader
	}
	header := make(http.Header, 2)
	if cookies != nil {
		header["Cookie"] = cookies
	}
	if referer != nil {
		header["Referer"] = referer
	}
	return header
}

// noHeader is for all who have nothing to add, so nothing may be added to it.
var noHeader = http.Header{}

// begin begins an attempt, and returns its context. The exchange is what it derives from, which is how the transport finds it.
func (x *Exchange) begin() context.Context {
	x.attempt = x.newAttempt()
	return x.attempt.ctx
}

// Sent tells if the request of the current attempt may have left this machine whole. It is false only when that is
// certain: the connection was never made, or it broke before the last byte was written.
func (x *Exchange) Sent(err error) bool {
	if isDialError(err) {
		return false
	}
	return x.attempt == nil || x.attempt.maybeSent()
}

// TimedOut tells if it was the attempt's own timeout that ended it.
func (x *Exchange) TimedOut() bool {
	return x.attempt != nil && x.attempt.timedOut() && x.Context.Err() == nil
}

// NotFollowed says why a redirect of the current attempt was not followed; "" when there was none.
func (x *Exchange) NotFollowed() string {
	if x.attempt == nil {
		return ""
	}
	return x.attempt.notFollowed
}

// End frees what the current attempt holds. The answer's body can't be read after it.
func (x *Exchange) End() {
	if x.attempt != nil {
		x.attempt.cancel()
		x.attempt = nil
	}
}
