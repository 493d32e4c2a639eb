package voiceagenttest

import (
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/view"
)

// Handler returns the API as a handler, for a listener of your own. Its paths begin with /v1.
func (s *Server) Handler() http.Handler { return handler{s} }

// handler answers requests that come by a socket. Its other methods are for cmd/voiceagent-sim,
// which shows more of the server than tests need.
type handler struct{ srv *Server }

// Snapshot shows the state of the server. Each list in it has at most n entries.
func (hd handler) Snapshot(n int) view.Snapshot { return hd.srv.snapshot(n) }

// Call shows a call, with the latest n calls to its number.
func (hd handler) Call(id string, n int) (view.Record, bool) { return hd.srv.viewRecord(id, n) }

// Faults returns the faults in force, in their order, with the Times that are left.
func (hd handler) Faults() []Fault { return hd.srv.faults.inForce() }

// ServeHTTP answers a request.
func (hd handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s := hd.srv
	if s.isClosed() {
		panic(http.ErrAbortHandler)
	}
	body, err := readBody(r)
	if err != nil {
		panic(http.ErrAbortHandler) // the caller is gone: nobody to answer
	}
	x := s.receive(r, phaseSocket)
	rep := x.respond(body)
	if rep.end == endDropped {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	maps.Copy(h, rep.header)
	if rep.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(rep.body)))
	}
	w.WriteHeader(rep.status)
	x.write(w, rep)
}

// write sends the body in the way that the reply ends.
func (x *exchange) write(w http.ResponseWriter, rep reply) {
	switch rep.end {
	case endCut:
		w.Write(rep.body[:len(rep.body)/2])
		flush(w)
		panic(http.ErrAbortHandler)
	case endSlowly:
		flush(w)
		n, pieces := pieceSize(len(rep.body))
		for body := rep.body; len(body) > 0; body = body[min(n, len(body)):] {
			if !x.wait(rep.over / time.Duration(pieces)) {
				panic(http.ErrAbortHandler)
			}
			w.Write(body[:min(n, len(body))])
			flush(w)
		}
	default:
		w.Write(rep.body)
	}
}

func flush(w http.ResponseWriter) { http.NewResponseController(w).Flush() }

// pieceSize says how a body that is sent slowly is cut: into ten pieces, or
// fewer when it is tiny.
func pieceSize(n int) (size, pieces int) {
	size = max((n+9)/10, 1)
	return size, max((n+size-1)/size, 1)
}

// readBody reads one byte more than is allowed, so that too much can be told
// from just enough.
func readBody(r *http.Request) ([]byte, error) {
	switch {
	case r.Body == nil || r.Body == http.NoBody:
		return nil, nil
	case r.ContentLength > 0 && r.ContentLength <= maxBody:
		b := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, b)
		return b, err
	default:
		return io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	}
}
