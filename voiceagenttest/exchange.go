package voiceagenttest

import (
	"context"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// exchange is one request on its way through the server.
type exchange struct {
	srv   *Server
	ctx   context.Context
	req   *http.Request
	phase phase
	body  []byte
	route *route // nil when the API has no such endpoint
	arg   string // what stands for the braces of the route
	known bool   // the path exists, under another method
	query url.Values
	key   string
	id    string    // request id
	at    time.Time // the server's wall clock
	fault *Fault    // nil when nothing goes wrong
	quota *quota    // nil when the request doesn't count
	entry *Request  // in the journal
}

// reply is the answer to an exchange, before it is written to a socket or
// turned into an http.Response.
type reply struct {
	status int
	header http.Header
	body   []byte
	end    ending
	over   time.Duration // how long endSlowly takes
}

// ending is how an answer reaches the caller.
type ending int

const (
	endWhole   ending = iota
	endSlowly         // bit by bit
	endCut            // the connection is lost half way through the body
	endDropped        // no answer at all
)

// receive makes an exchange of a request whose body has yet to be read.
func (s *Server) receive(r *http.Request, p phase) *exchange {
	x := &exchange{srv: s, ctx: r.Context(), req: r, phase: p, at: s.world.Clock.Wall()}
	x.route, x.arg, x.known = match(r.Method, r.URL)
	return x
}

// pick looks for a fault that befalls the request in phase p.
func (x *exchange) pick(p phase) *Fault {
	return x.srv.faults.pick(p, x.req.Method, x.route, strings.TrimPrefix(x.req.URL.Path, basePath))
}

// respond does everything but the writing.
func (x *exchange) respond(body []byte) reply {
	x.body = body
	if x.req.URL.RawQuery != "" {
		x.query = x.req.URL.Query()
	}
	x.key, _ = strings.CutPrefix(x.req.Header.Get("Authorization"), "Bearer ")
	x.id = x.srv.nextRequestID()
	x.entry = x.srv.journal.open(x)

	rep := x.process()
	if rep.end != endDropped {
		x.decorate(&rep)
	}
	x.srv.journal.close(x, rep)
	return rep
}

func (x *exchange) process() reply {
	// The window comes first, so that a request that is over the limit
	// doesn't use up a fault of a script. A fault comes before the key: a
	// gateway that is down doesn't look at keys.
	if rep, over := x.count(); over {
		return rep
	}
	if x.fault = x.pick(x.phase); x.fault != nil {
		x.srv.journal.name(x.entry, x.fault.Kind)
		return x.misbehave()
	}
	return x.work()
}

// work is what the request gets when nothing is made to go wrong.
func (x *exchange) work() reply {
	switch {
	case x.route == nil && x.known:
		return x.bare(http.StatusMethodNotAllowed, map[string]string{"detail": "Method Not Allowed"})
	case x.route == nil:
		return x.bare(http.StatusNotFound, map[string]string{"detail": "Not Found"})
	case len(x.body) > maxBody:
		return x.fail(http.StatusRequestEntityTooLarge, "payload_too_large", "Request body is too large")
	}
	if !x.route.public {
		if rep, refused := x.authorize(); refused {
			return rep
		}
	}
	if x.route.lists {
		if rep, balks := x.balk(); balks {
			return rep
		}
	}
	return x.route.serve(x.srv, x)
}

// count takes the request from the window of its key. A request without a
// valid key isn't counted: there is no account to count it for.
func (x *exchange) count() (rep reply, over bool) {
	l := x.srv.limiter
	if l.limits.Requests <= 0 || x.route == nil {
		return reply{}, false
	}
	if x.route.public && !l.limits.CountPublic {
		return reply{}, false
	}
	if !x.route.public && !x.srv.accepts(x.key) {
		return reply{}, false
	}
	q, ok := l.take(x.key, x.at)
	x.quota = &q
	if ok {
		return reply{}, false
	}
	return x.fail(http.StatusTooManyRequests, codeRateLimited, "Too many requests"), true
}

// decorate puts on the headers that every answer has.
func (x *exchange) decorate(rep *reply) {
	h := rep.header
	h.Set("Date", x.srv.world.Clock.Wall().Add(x.srv.cfg.dialect.DateSkew).Format(http.TimeFormat))
	h.Set("X-Request-Id", x.id)
	if x.quota != nil && x.shows(rep.status) {
		x.srv.limiter.describe(h, *x.quota, x.at)
	}
	if f := x.fault; f != nil && rep.status != 0 {
		switch f.Kind {
		case ThrottleBare, HTML: // HTML is a gateway's, which knows of no limits
			for _, name := range []string{"X-Ratelimit-Limit", "X-Ratelimit-Remaining", "X-Ratelimit-Reset"} {
				h.Del(name)
			}
		}
		for name, values := range f.Header {
			h[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
}

// shows reports whether an answer of that status carries the rate-limit headers.
func (x *exchange) shows(status int) bool {
	if x.fault != nil && x.fault.Kind == Throttle {
		return true
	}
	switch x.srv.limiter.limits.Headers {
	case HeadersOn429:
		return status == http.StatusTooManyRequests
	case HeadersNever:
		return false
	default:
		return true
	}
}

// nextRequestID numbers requests in the form of the documentation's
// "req_abc123". The seed keeps the ids of two servers apart.
func (s *Server) nextRequestID() string {
	n := s.requests.Add(1)
	var b [8]byte
	mixed := n ^ s.cfg.seed<<32
	for i := range b {
		b[i] = byte(mixed >> (56 - 8*i))
	}
	return "req_" + hex.EncodeToString(b[2:])
}

// queryInt reads a number of the query.
func (x *exchange) queryInt(name string, otherwise int) (int, bool) {
	text := x.query.Get(name)
	if text == "" {
		return otherwise, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil
}
