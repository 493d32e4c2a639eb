package voiceagenttest

import (
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Request is one request as the server received it.
type Request struct {
	ID       string    // the request id of its answer
	Time     time.Time // the server's clock
	Method   string
	Path     string // escaped, as it came
	Route    string // the template, without the base path; "" when there is none
	Query    url.Values
	Header   http.Header   // Authorization cut down to the key's last 4 characters
	Body     []byte        // the first 64 KiB
	Status   int           // of the answer; 0 when none was sent, or not yet
	Fault    Kind          // what was made to go wrong; "" when nothing was
	Duration time.Duration // until the answer was ready
}

// keepBody is how much of a body the journal keeps.
const keepBody = 64 << 10

// journal remembers requests, in order of arrival.
type journal struct {
	keep   int
	notify func(Request)

	mu       sync.Mutex
	entries  []*Request
	received int
}

// open notes a request on arrival, so that one that hangs can be seen.
func (j *journal) open(x *exchange) *Request {
	if j.keep < 0 && j.notify == nil {
		return nil
	}
	e := &Request{
		ID: x.id, Time: x.at, Method: x.req.Method, Path: x.req.URL.EscapedPath(),
		Query: x.query, Header: scrub(x.req.Header),
	}
	if x.route != nil {
		e.Route = x.route.template
	}
	if len(x.body) > 0 {
		e.Body = slices.Clone(x.body[:min(len(x.body), keepBody)])
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	switch {
	case j.keep < 0:
	case j.keep > 0 && len(j.entries) == j.keep:
		j.entries[j.received%j.keep] = e
	default:
		j.entries = append(j.entries, e)
	}
	j.received++
	return e
}

// name notes what is made to go wrong with a request.
func (j *journal) name(e *Request, k Kind) {
	if e == nil {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	e.Fault = k
}

// close notes the answer.
func (j *journal) close(x *exchange, rep reply) {
	e := x.entry
	if e == nil {
		return
	}
	j.mu.Lock()
	if rep.end != endDropped {
		e.Status = rep.status
	}
	e.Duration = x.srv.world.Clock.Wall().Sub(x.at)
	done := *e
	j.mu.Unlock()
	if j.notify != nil {
		j.notify(done)
	}
}

// requests copies what is remembered, oldest first.
func (j *journal) requests() []Request {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := make([]Request, 0, len(j.entries))
	oldest := 0
	if j.keep > 0 && len(j.entries) == j.keep {
		oldest = j.received % j.keep
	}
	for i := range j.entries {
		list = append(list, *j.entries[(oldest+i)%len(j.entries)])
	}
	return list
}

// scrub copies a header without the secret in it.
func scrub(h http.Header) http.Header {
	h = h.Clone()
	if v := h.Get("Authorization"); v != "" {
		h.Set("Authorization", ending4(v))
	}
	return h
}

// Requests returns the requests received, oldest first, as far as [WithKeptRequests] allows. The
// API key is reduced to its last four characters. Their maps and bodies must not be changed.
func (s *Server) Requests() []Request { return s.journal.requests() }

// RequestCount is how many requests were received, remembered or not.
func (s *Server) RequestCount() int { return int(s.requests.Load()) }
