package testkit

import (
	"io"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/jarcoal/httpmock"
)

// OKCall is an answer with a call.
const OKCall = `{"success":true,"data":{"id":"call_1"},"request_id":"req_1"}`

// RoundTrip makes a transport of a function.
type RoundTrip func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f RoundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// Answer always gives the same answer, with header as key, value, key, value.
func Answer(status int, body string, header ...string) httpmock.Responder {
	fields := http.Header{"Content-Type": {"application/json"}}
	for i := 0; i < len(header); i += 2 {
		fields.Set(header[i], header[i+1])
	}
	return func(req *http.Request) (*http.Response, error) {
		if req.Body != nil {
			_, _ = io.Copy(io.Discard, req.Body)
			_ = req.Body.Close()
		}
		return &http.Response{
			Status: http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: maps.Clone(fields), Body: io.NopCloser(strings.NewReader(body)), ContentLength: -1, Request: req,
		}, nil
	}
}

// Empty answers with a list without calls, campaigns or agents.
func Empty(req *http.Request) (*http.Response, error) {
	date := time.Now().UTC().Format(http.TimeFormat)
	return Answer(http.StatusOK, `{"data":[],"total":0,"page":1,"page_size":100,"has_more":false}`, "Date", date)(req)
}

// Reset has the connection break once the request may have arrived.
func Reset(*http.Request) (*http.Response, error) { return nil, syscall.ECONNRESET }

// Hang never answers.
func Hang(req *http.Request) (*http.Response, error) {
	<-req.Context().Done()
	return nil, req.Context().Err()
}

// Scripted is a transport that gives its answers in turn and then repeats the last one. It records
// what was sent and when.
type Scripted struct {
	Sent []string // "GET /calls"
	At   []time.Time

	mu      sync.Mutex
	answers []httpmock.Responder
}

// InTurn returns a transport that gives the answers in turn.
func InTurn(answers ...httpmock.Responder) *Scripted { return &Scripted{answers: answers} }

// RoundTrip gives the next answer.
func (s *Scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	next := s.answers[0]
	if len(s.answers) > 1 {
		s.answers = s.answers[1:]
	}
	s.Sent, s.At = append(s.Sent, req.Method+" "+req.URL.Path[len("/v1"):]), append(s.At, time.Now())
	s.mu.Unlock()
	return next(req)
}

// Count returns how often a request was sent.
func (s *Scripted) Count(request string) (n int) {
	for _, sent := range s.Sent {
		if sent == request {
			n++
		}
	}
	return n
}

// Statuses is a transport that gives each attempt the next status with OKCall, and then repeats the
// last one.
type Statuses struct {
	Statuses []int
	Header   http.Header
	Seen     int

	mu sync.Mutex
}

// RoundTrip gives the next status.
func (a *Statuses) RoundTrip(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	status := a.Statuses[min(a.Seen, len(a.Statuses)-1)]
	a.Seen++
	header := a.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(OKCall)), Request: req}, nil
}

// ReadCloser is a body that reports whether it was closed.
type ReadCloser struct {
	*strings.Reader
	Closed atomic.Bool
}

// Body returns a body.
func Body(text string) *ReadCloser { return &ReadCloser{Reader: strings.NewReader(text)} }

// Close is noted.
func (r *ReadCloser) Close() error { r.Closed.Store(true); return nil }

// EndlessBody is a body without an end that counts what is read of it.
type EndlessBody struct {
	Prefix io.Reader
	Bytes  int // that were read
	Closed bool
}

// Read reads the prefix, and then the same for ever.
func (b *EndlessBody) Read(p []byte) (n int, err error) {
	if n, err = b.Prefix.Read(p); n == 0 {
		n, err = len(p), nil
		for i := range p {
			p[i] = 'x'
		}
	}
	b.Bytes += n
	return n, err
}

// Close is noted.
func (b *EndlessBody) Close() error { b.Closed = true; return nil }

var timeMark = regexp.MustCompile(`^\{(now|ms|http)([+-]\d+)\}$`)

// FillTimes replaces {now+7}, {ms+7} or {http+7} by a time: in Unix seconds, in milliseconds, or as
// in a Date. It returns any other value unchanged.
func FillTimes(value string) string {
	mark := timeMark.FindStringSubmatch(value)
	if mark == nil {
		return value
	}
	seconds, err := strconv.Atoi(mark[2])
	if err != nil {
		panic(err)
	}
	at := time.Now().Add(time.Duration(seconds) * time.Second)
	switch mark[1] {
	case "now":
		return strconv.FormatInt(at.Unix(), 10)
	case "ms":
		return strconv.FormatInt(at.UnixMilli(), 10)
	}
	return at.UTC().Format(http.TimeFormat)
}
