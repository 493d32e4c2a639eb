package transport

import (
	"context"
	"math"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// Engine runs exchanges. It is safe for concurrent use and has nothing to close.
type Engine struct {
	loop retryablehttp.Client
}

// NewEngine builds an engine on a copy of client, which must have a transport. The middleware runs
// once per attempt; the first is the outermost.
func NewEngine(client http.Client, middleware []func(http.RoundTripper) http.RoundTripper) *Engine {
	var next http.RoundTripper = newBaseTransport(client.Transport, len(middleware) > 0)
	for _, wrap := range slices.Backward(middleware) {
		next = wrap(next)
	}
	client.Transport = &attemptTransport{next: next, middleware: len(middleware) > 0}
	client.CheckRedirect = checkRedirect
	return &Engine{loop: retryablehttp.Client{
		HTTPClient:   &client,
		Logger:       nil,
		RetryMax:     math.MaxInt, // the driver counts
		CheckRetry:   checkRetry,
		Backoff:      func(time.Duration, time.Duration, int, *http.Response) time.Duration { return 0 },
		PrepareRetry: func(req *http.Request) error { return prepareRetry(req, client.Jar) },
		ErrorHandler: retryablehttp.PassthroughErrorHandler,
	}}
}

// Do sends the request until the driver wants no more attempts. The driver has the result. The
// error matters only if the driver was never called.
func (e *Engine) Do(x *Exchange, body []byte) error {
	defer x.End() // also when a middleware panics
	req := http.Request{URL: &x.url, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}
	req.Method, x.url, x.header = x.Driver.Target()
	req.Header = x.clientHeader(e.loop.HTTPClient.Jar)
	x.request.Request = req.WithContext(x.begin())
	if body != nil {
		if err := x.request.SetBody(body); err != nil {
			return err
		}
	}
	_, err := e.loop.Do(&x.request) //nolint:bodyclose // the driver has read and closed it
	return err
}

// checkRetry never returns an error: with one, the loop would lose the answer.
func checkRetry(ctx context.Context, resp *http.Response, err error) (bool, error) {
	x := exchangeOf(ctx)
	again := x.Driver.Answered(resp, err)
	if resp != nil {
		resp.Body = http.NoBody // it is read; the loop would read and close it once more
	}
	x.End()
	if again { // the attempt's context has ended, and the loop would end with it
		x.request.Request = x.request.Request.WithContext(x)
	}
	return again, nil
}

// prepareRetry waits instead of Backoff, which has neither the call nor its context and can't end
// the call.
func prepareRetry(req *http.Request, jar http.CookieJar) error {
	x := exchangeOf(req.Context())
	if err := x.Driver.Pause(); err != nil {
		return err
	}
	*req = *req.WithContext(x.begin())
	req.URL = new(url.URL) // the transport may still hold the one before, or have changed it
	req.Method, *req.URL, x.header = x.Driver.Target()
	req.Header = x.clientHeader(jar) // a jar's cookies of the attempt before would be in it
	return nil
}
