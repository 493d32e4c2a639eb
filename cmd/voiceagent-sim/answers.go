package main

import (
	"net/http"
	"sync"
)

// What is remembered of answers. Of what was received the simulator keeps 64 KiB for each of
// requestsKept requests.
const (
	answerKept  = 64 << 10 // of one
	answersKept = 4 << 20  // of all together
)

// answers remembers the bodies of the latest answers, for the rows that the page opens.
type answers struct {
	mu    sync.Mutex
	byID  map[string]sent
	order []string // request ids, oldest first
	bytes int
}

// sent is the body of an answer as it was sent.
type sent struct {
	body []byte
	cut  bool // there was more than is kept
}

// serve lets api answer, and remembers the body.
func (a *answers) serve(api http.Handler, w http.ResponseWriter, r *http.Request) {
	rec := &recorder{ResponseWriter: w}
	defer func() { a.keep(rec.Header().Get("X-Request-Id"), rec.sent) }() // also when api panics to cut the connection
	api.ServeHTTP(rec, r)
}

func (a *answers) keep(id string, s sent) {
	if id == "" {
		return // there was no answer
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byID == nil {
		a.byID = make(map[string]sent)
	}
	a.byID[id] = s
	a.order = append(a.order, id)
	a.bytes += len(s.body)
	for a.bytes > answersKept || len(a.order) > requestsKept {
		oldest := a.order[0]
		a.bytes -= len(a.byID[oldest].body)
		delete(a.byID, oldest)
		a.order = a.order[1:]
	}
}

func (a *answers) of(id string) (sent, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, ok := a.byID[id]
	return s, ok
}

// recorder keeps the beginning of what is written.
type recorder struct {
	http.ResponseWriter
	sent
}

func (r *recorder) Write(p []byte) (int, error) {
	n, err := r.ResponseWriter.Write(p)
	room := answerKept - len(r.body)
	r.body = append(r.body, p[:min(n, room)]...)
	r.cut = r.cut || n > room
	return n, err
}

// Unwrap lets an [http.ResponseController] find what can flush.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
