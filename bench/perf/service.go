package main

import (
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// service answers like the API, in memory (it is a transport) or over loopback (it is a handler).
type service struct {
	record, page string
	header       atomic.Pointer[header]
	failures     int // how many 500s come before each good answer
	requests     atomic.Int64
}

// header holds the header lines of all answers within a minute, so that they cost next to nothing
// to make.
type header struct {
	window int64
	lines  http.Header
}

func newService() *service { return &service{record: recordAnswer(), page: pageAnswer()} }

const failure = `{"success":false,"error":{"code":"internal_error","message":"it did not work"},"request_id":"req_1"}`

// answer counts the request.
func (s *service) answer(path string) (status int, body string) {
	switch {
	case s.failures > 0 && s.requests.Add(1)%int64(s.failures+1) != 0:
		return http.StatusInternalServerError, failure
	case strings.HasSuffix(path, "/calls"):
		return http.StatusOK, s.page
	}
	return http.StatusOK, s.record
}

// lines have the budget of the present minute, as the API sends it.
func (s *service) lines() http.Header {
	now := time.Now()
	window := now.Unix() / 60
	if h := s.header.Load(); h != nil && h.window == window {
		return h.lines
	}
	h := &header{window: window, lines: http.Header{
		"Content-Type":          {"application/json"},
		"Date":                  {now.UTC().Format(http.TimeFormat)},
		"X-Ratelimit-Limit":     {"10000000"},
		"X-Ratelimit-Remaining": {"9999999"},
		"X-Ratelimit-Reset":     {strconv.FormatInt((window+1)*60, 10)},
		"Retry-After-Ms":        {"0"}, // openai-go waits as long after a 500; the others don't know it
	}}
	s.header.Store(h)
	return h.lines
}

// RoundTrip implements [http.RoundTripper], as cheaply as it can.
func (s *service) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		_, _ = io.Copy(io.Discard, req.Body)
		_ = req.Body.Close()
	}
	status, body := s.answer(req.URL.Path)
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: s.lines(),
		Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}

// ServeHTTP implements [http.Handler].
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	maps.Copy(w.Header(), s.lines())
	status, body := s.answer(r.URL.Path)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// serve serves over loopback until stop is called.
func serve(h http.Handler) (url string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it takes no time
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // until stop
	}()
	return "http://" + listener.Addr().String(), func() { _ = server.Close(); <-done }, nil
}
