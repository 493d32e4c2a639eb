package api_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
)

// witness stands between a client and what answers it, and holds each exchange against the file.
type witness struct {
	contract *contract
	next     http.RoundTripper

	mu       sync.Mutex
	findings []string
	statuses map[string]map[int]bool // of the answers, by route
	excused  map[string]bool         // the entries of beyond that were met
}

func (c *contract) witness(next http.RoundTripper) *witness {
	return &witness{contract: c, next: next, statuses: make(map[string]map[int]bool), excused: make(map[string]bool)}
}

// RoundTrip implements [http.RoundTripper].
func (w *witness) RoundTrip(req *http.Request) (*http.Response, error) {
	var sent []byte
	if req.Body != nil {
		var err error
		if sent, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
	}
	w.note(w.contract.route(req), w.contract.request(req, sent))
	res, err := w.next.RoundTrip(withBody(req, sent))
	if err != nil {
		return nil, err
	}
	received, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(received))
	route := w.contract.route(req)
	w.note(route, w.contract.answer(req, res, received))
	w.answered(route, res.StatusCode)
	return res, nil
}

func (w *witness) answered(route string, status int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.statuses[route] == nil {
		w.statuses[route] = make(map[int]bool)
	}
	w.statuses[route][status] = true
}

func (w *witness) note(route string, found []finding) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range found {
		if f.part == "answer" && f.key != "" && beyond[route+" "+f.key] {
			w.excused[route+" "+f.key] = true
			continue
		}
		w.findings = append(w.findings, route+": "+f.String())
	}
}

// take returns the findings, each once, and forgets them.
func (w *witness) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	found := w.findings
	w.findings = nil
	slices.Sort(found)
	return slices.Compact(found)
}

// join adds what another witness has seen.
func (w *witness) join(other *witness) {
	for route, statuses := range other.statuses {
		for status := range statuses {
			w.answered(route, status)
		}
	}
	maps.Copy(w.excused, other.excused)
}

// agrees fails the test for what contradicts the file.
func (w *witness) agrees(t *testing.T) {
	t.Helper()
	assert.Empty(t, w.take(), "this exchange and %s disagree", specFile)
}
