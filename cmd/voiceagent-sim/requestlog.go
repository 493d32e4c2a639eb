package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// requestLog writes a line per request. Only what is listed here is written:
// no key, no body, no path with ids in it.
type requestLog struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *requestLog) write(r voiceagenttest.Request) {
	var b strings.Builder
	route := r.Route
	if route == "" {
		route = "(no such endpoint)"
	}
	status := "no answer"
	if r.Status != 0 {
		status = fmt.Sprint(r.Status)
	}
	fmt.Fprintf(&b, "%s %s %s %s %s %s", r.Time.Format(time.TimeOnly), r.Method, route, status, r.ID, r.Duration.Round(time.Microsecond))
	if r.Fault != "" {
		fmt.Fprintf(&b, " fault=%s", r.Fault)
	}
	if to := masked(r); to != "" {
		fmt.Fprintf(&b, " to=%s", to)
	}
	b.WriteByte('\n')
	l.mu.Lock()
	defer l.mu.Unlock()
	fmt.Fprint(l.w, b.String())
}

// masked is the end of the number that a POST /call asks for.
func masked(r voiceagenttest.Request) string {
	if r.Method != http.MethodPost || r.Route != "/call" {
		return ""
	}
	var body struct {
		Number string `json:"phone_number"`
	}
	if json.Unmarshal(r.Body, &body) != nil || len(body.Number) <= 4 {
		return ""
	}
	return "..." + body.Number[len(body.Number)-4:]
}
