// Package transport sends attempts: go-retryablehttp's loop around one http.Client, with a timeout,
// a trace and a body of its own for each attempt. The Driver, its caller, decides what an answer
// means and whether to try again.
package transport

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Driver decides what follows an attempt.
type Driver interface {
	// Target returns the method, the URL and the header of an attempt. They are its own, as a
	// transport may change them.
	Target() (method string, u url.URL, header http.Header)
	// Answered is called once after each attempt, with an answer or an error. It reads and closes the
	// answer's body, and reports whether another attempt follows.
	Answered(resp *http.Response, err error) (again bool)
	// Pause is called before each attempt but the first, and returns after the wait. An error ends the
	// call.
	Pause() error
}

// Exchange is one logical call in the loop: the context of its requests, and the state of the
// current attempt. It is for one call and one goroutine.
type Exchange struct {
	context.Context
	Driver Driver

	// SentAt is when the current attempt begins. The driver sets it before.
	SentAt time.Time
	// Timeout is for one attempt, the reading of its body included; 0 is none.
	Timeout time.Duration
	// Until is the end of all attempts together; zero is none.
	Until time.Time
	// Repeatable means that the request may be delivered twice, so net/http may repeat it on a stale
	// connection.
	Repeatable bool

	attempt *attempt
	url     url.URL     // of the first attempt
	header  http.Header // of the current attempt; nil once it is used
	first   attempt     // where most calls end
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

// clientHeader holds only the keys that http.Client adds to. http.Client would copy the others;
// attemptTransport sets those on each attempt.
func (x *Exchange) clientHeader(jar http.CookieJar) http.Header {
	cookies, referer := x.header["Cookie"], x.header["Referer"]
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

// Sent reports whether a server may have got the request of the current attempt whole and processed
// it. It is false only when it is certain that none did: no connection was got, writing the request
// failed, or the server said that it did not process it.
func (x *Exchange) Sent(err error) bool {
	if x.attempt == nil {
		return !isDialError(err)
	}
	return x.attempt.sending.maybeSent(err)
}

// Unheard reports whether the current attempt failed in a transport that reports nothing, with an
// error that is no network's: so does a test's double that doesn't know the request.
func (x *Exchange) Unheard(err error) bool {
	return x.attempt != nil && progress(x.attempt.sending.progress.Load()) == unreported && !isNetworkError(err)
}

// Repeats reports whether a middleware or a transport has sent the request of the current attempt
// once more, after it may have been processed. The answer is that to the last of them alone.
func (x *Exchange) Repeats() bool {
	return x.attempt != nil && progress(x.attempt.sending.progress.Load()) == repeated
}

// TimedOut reports whether it was the attempt's own timeout that ended it.
func (x *Exchange) TimedOut() bool {
	return x.attempt != nil && x.Context.Err() == nil && errors.Is(x.request.Context().Err(), context.DeadlineExceeded)
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
