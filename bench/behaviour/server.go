package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/voiceagent-go/voiceagent/bench/internal/clients"
)

// key is the credential of every client.
const key = "lev_test_behaviour"

// server is a loopback service that remembers what reached it. It isn't an httptest.Server, whose
// Close also closes the idle connections of http.DefaultTransport, which most clients share.
type server struct {
	URL   string
	http  http.Server
	done  chan struct{}
	mu    sync.Mutex
	seen  []request
	conns int
}

type request struct {
	at     time.Time
	method string
	path   string // as it was written
	once   string // the idempotency key
	hasKey bool   // the credential came along
	body   int    // its length
}

// answer is called with the number of the request among the requests of its method, from 1. The
// request's body has been read.
type answer func(w http.ResponseWriter, r *http.Request, n int)

func newServer(a answer) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it takes no time
	if err != nil {
		return nil, err
	}
	s := &server{URL: "http://" + listener.Addr().String(), done: make(chan struct{})}
	s.http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // it didn't arrive
		}
		a(w, r, s.note(r, len(body)))
	})
	s.http.ErrorLog = log.New(io.Discard, "", 0) // broken connections are part of it
	s.http.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.mu.Lock()
			s.conns++
			s.mu.Unlock()
		}
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(listener) // until stop
	}()
	return s, nil
}

func (s *server) note(r *http.Request, body int) (n int) {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	seen := request{at: time.Now(), method: r.Method, path: path, once: r.Header.Get("Idempotency-Key"), body: body}
	for _, values := range r.Header {
		for _, value := range values {
			seen.hasKey = seen.hasKey || holdsKey(value)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, seen)
	for _, other := range s.seen {
		if other.method == r.Method {
			n++
		}
	}
	return n
}

func holdsKey(header string) bool {
	if basic, ok := strings.CutPrefix(header, "Basic "); ok {
		plain, _ := base64.StdEncoding.DecodeString(basic)
		header = string(plain)
	}
	return strings.Contains(header, key)
}

func (s *server) requests(method string) []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []request
	for _, r := range s.seen {
		if method == "" || r.method == method {
			out = append(out, r)
		}
	}
	return out
}

// stop breaks off what is under way, too. It may be called more than once.
func (s *server) stop() {
	s.http.Close()
	<-s.done
}

// start begins a service, and makes a client for it.
func start(lib clients.Library, config clients.Config, a answer) (clients.Client, *server, error) {
	s, err := newServer(a)
	if err != nil {
		return nil, nil, err
	}
	config.URL, config.Key = s.URL, key
	client, err := lib.New(config)
	if err != nil {
		s.stop()
		return nil, nil, err
	}
	return client, s, nil
}

func writeJSON(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
}

func succeed(w http.ResponseWriter, lib clients.Library) {
	writeJSON(w, http.StatusOK, lib.Service.Object)
}

func fail(w http.ResponseWriter, lib clients.Library, status int) {
	writeJSON(w, status, lib.Service.Failure(status))
}

// looked answers a library that looks for what it may have made.
func looked(w http.ResponseWriter, r *http.Request, lib clients.Library, made bool) bool {
	if r.Method != http.MethodGet || lib.Service.Listing == nil {
		return false
	}
	writeJSON(w, http.StatusOK, lib.Service.Listing(made))
	return true
}

func page(title string) string { return "<html><body><h1>" + title + "</h1></body></html>" }

func writeHTML(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	fmt.Fprint(w, page(http.StatusText(status)))
}

// drop closes the connection without an answer.
func drop(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		conn.Close()
	}
}
