package otelvoiceagent

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// mostOperations bounds the names of spans and the series of metrics. The API has about thirty
// routes, but a program may use any number of paths with Client.Request.
const mostOperations = 200

// operation is all that is the same in all calls with one method and route.
type operation struct {
	callName string
	sendName string
	attrs    []attribute.KeyValue
	call     []trace.SpanStartOption
	lookup   []trace.SpanStartOption
	target   atomic.Pointer[target] // of the last request
}

type operations struct {
	common []attribute.KeyValue
	mu     *sync.RWMutex
	known  map[operationKey]*operation
}

type operationKey struct{ method, route string }

func newOperations(common []attribute.KeyValue) operations {
	return operations{common: common, mu: new(sync.RWMutex), known: make(map[operationKey]*operation)}
}

// of returns the operation of a method and route. When there are too many, the route is left out.
func (o *operations) of(method, route string) *operation {
	key := operationKey{method, route}
	o.mu.RLock()
	op := o.known[key]
	o.mu.RUnlock()
	if op != nil {
		return op
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.known) >= mostOperations {
		key = operationKey{method: knownMethod(method)}
	}
	if op = o.known[key]; op == nil {
		op = newOperation(key.method, key.route, o.common)
		o.known[key] = op
	}
	return op
}

func newOperation(method, route string, common []attribute.KeyValue) *operation {
	known := knownMethod(method)
	op := &operation{attrs: append([]attribute.KeyValue{semconv.HTTPRequestMethodKey.String(known)}, common...)}
	op.sendName = known
	if known == otherMethod {
		op.sendName = "HTTP"
	}
	if route != "" {
		route = strings.ToValidUTF8(route, "\uFFFD") // an exporter drops all that it was given along with what isn't
		op.sendName += " " + route
		op.attrs = append(op.attrs, semconv.URLTemplate(route))
	}
	op.callName = "voiceagent " + op.sendName
	op.call = []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindInternal), trace.WithAttributes(op.attrs...)}
	op.lookup = []trace.SpanStartOption{op.call[0], trace.WithAttributes(append(more(op.attrs, 1), lookupKey.Bool(true))...)}
	return op
}

const otherMethod = "_OTHER"

// knownMethod is what the conventions call a method.
func knownMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodConnect, http.MethodOptions, http.MethodTrace, "QUERY":
		return method
	}
	return otherMethod
}

// target is all that is the same in all requests of one operation to one host.
type target struct {
	host  string
	attrs []attribute.KeyValue
	send  []trace.SpanStartOption
}

// targetOf returns what stands on a request. A client has one host.
func (op *operation) targetOf(req *http.Request) *target {
	last := op.target.Load()
	if last != nil && last.host == req.URL.Host {
		return last
	}
	attrs := append(more(op.attrs, 2), semconv.ServerAddress(req.URL.Hostname()), semconv.ServerPort(portOf(req.URL)))
	now := &target{
		host:  req.URL.Host,
		attrs: attrs,
		send:  []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attrs...)},
	}
	op.target.Store(now)
	return now
}

// more returns a copy of attrs with room for n others.
func more(attrs []attribute.KeyValue, n int) []attribute.KeyValue {
	return append(make([]attribute.KeyValue, 0, len(attrs)+n), attrs...)
}
