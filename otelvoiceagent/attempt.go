package otelvoiceagent

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// RoundTripper implements [voiceagent.Tracer].
func (t *Tracer) RoundTripper(next http.RoundTripper) http.RoundTripper {
	return &roundTripper{t: t, next: next}
}

type roundTripper struct {
	t    *Tracer
	next http.RoundTripper
}

// RoundTrip implements [http.RoundTripper].
func (r *roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	c := callOf(req.Context())
	if c == nil {
		return r.next.RoundTrip(req)
	}
	a, req := r.t.begin(c, req)
	returned := false
	defer func() {
		if !returned { // no recover, which would change what a crash shows
			a.end(errorPanic)
		}
	}()
	resp, err := r.next.RoundTrip(req)
	returned = true
	switch {
	case err != nil:
		a.end(requestErrorType(a.ctx, err))
	case resp == nil:
		a.end(errorOther) // net/http makes an error of it
	default:
		a.answered(resp, c.key)
	}
	return resp, err
}

// attempt is one request: a try of the client, or the hop of a redirect. Its body may be closed by
// another goroutine.
type attempt struct {
	t        *Tracer
	ctx      context.Context
	span     trace.Span
	target   *target
	began    time.Time
	status   int
	protocol string
	once     sync.Once
}

func (t *Tracer) begin(c *call, req *http.Request) (*attempt, *http.Request) {
	a := &attempt{t: t, target: c.op.targetOf(req), began: time.Now()}
	a.ctx, a.span = t.tracer.Start(req.Context(), c.op.sendName, a.target.send...)
	if c.sent > 0 && a.span.IsRecording() {
		a.span.SetAttributes(semconv.HTTPRequestResendCount(c.sent))
	}
	c.sent++
	c.open = a
	c.key = strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
	if t.propagator == nil && !a.span.IsRecording() {
		return a, req
	}
	req = req.WithContext(a.ctx)
	if t.propagator != nil {
		req.Header = req.Header.Clone()
		t.propagator.Inject(a.ctx, propagation.HeaderCarrier(req.Header))
	}
	return a, req
}

// answered notes the head of the answer and waits for its body.
func (a *attempt) answered(resp *http.Response, key string) {
	a.status = resp.StatusCode
	a.protocol = protocolVersion(resp)
	if a.span.IsRecording() {
		attrs := make([]attribute.KeyValue, 0, 3)
		attrs = append(attrs, semconv.HTTPResponseStatusCode(resp.StatusCode))
		if a.protocol != "" {
			attrs = append(attrs, semconv.NetworkProtocolVersion(a.protocol))
		}
		if id := resp.Header.Get("X-Request-Id"); isID(id, key) {
			attrs = append(attrs, requestIDKey.String(id))
		}
		a.span.SetAttributes(attrs...)
	}
	if resp.Body == nil {
		a.end("")
		return
	}
	resp.Body = &body{resp.Body, a}
}

// end ends the span once. errorType is "" unless no whole answer came.
func (a *attempt) end(errorType string) {
	a.once.Do(func() {
		if a.status >= http.StatusBadRequest {
			errorType = strconv.Itoa(a.status)
		}
		if errorType != "" && a.span.IsRecording() {
			a.span.SetAttributes(semconv.ErrorTypeKey.String(errorType))
			a.span.SetStatus(codes.Error, "")
		}
		a.t.instruments.sent(a, errorType)
		a.span.End()
	})
}

// body ends the span of its request when it has been read, or closed.
type body struct {
	io.ReadCloser
	a *attempt
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == io.EOF:
		b.a.end("")
	case err != nil:
		b.a.end(requestErrorType(b.a.ctx, err))
	}
	return n, err
}

func (b *body) Close() error {
	defer b.a.end("")
	return b.ReadCloser.Close()
}

func protocolVersion(resp *http.Response) string {
	switch {
	case resp.ProtoMajor == 1:
		return "1." + strconv.Itoa(resp.ProtoMinor)
	case resp.ProtoMajor > 1:
		return strconv.Itoa(resp.ProtoMajor)
	}
	return ""
}

func portOf(u *url.URL) int {
	if port, err := strconv.Atoi(u.Port()); err == nil {
		return port
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}
