package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// api is an account's calls in memory, on the bubble's clock. Its rate limit is the plan's: so many
// requests in each minute.
type api struct {
	perMinute int

	mu       sync.Mutex
	window   time.Time // its end
	used     int
	calls    []*call // in the order in which they were placed
	named    map[string]*call
	requests int
	bytes    int
	refused  int
}

// call is one call. It takes one and a half to two and a half minutes.
type call struct {
	id            string
	placed, ended time.Time
}

const roundTrip = 50 * time.Millisecond

func newAPI(perMinute int) *api { return &api{perMinute: perMinute, named: make(map[string]*call)} }

// RoundTrip implements [http.RoundTripper].
func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	time.Sleep(roundTrip)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests++
	now := time.Now()
	if !now.Before(a.window) {
		a.window, a.used = now.Truncate(time.Minute).Add(time.Minute), 0
	}
	var body string
	status := http.StatusOK
	switch id, isGet := strings.CutPrefix(r.URL.Path, "/v1/calls/"); {
	case a.used == a.perMinute:
		a.refused++
		status, body = http.StatusTooManyRequests, `{"success":false,"error":{"code":"rate_limit_exceeded","message":"Slow down."}}`
	case r.Method == http.MethodPost:
		body = envelope(a.place(now).record(now))
	case isGet && a.named[id] == nil:
		status, body = http.StatusNotFound, `{"success":false,"error":{"code":"not_found","message":"No such call."}}`
	case isGet:
		body = envelope(a.named[id].record(now))
	default:
		body = a.page(r, now)
	}
	a.used = min(a.used+1, a.perMinute)
	a.bytes += len(body)
	header := http.Header{
		"Content-Type": {"application/json"}, "Date": {now.UTC().Format(http.TimeFormat)},
		"X-Ratelimit-Limit": {strconv.Itoa(a.perMinute)}, "X-Ratelimit-Remaining": {strconv.Itoa(a.perMinute - a.used)},
		"X-Ratelimit-Reset": {strconv.FormatInt(a.window.Unix(), 10)},
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
}

func (a *api) place(now time.Time) *call {
	c := &call{id: fmt.Sprint("call_", len(a.calls)), placed: now, ended: now.Add(90*time.Second + time.Duration(len(a.calls)*7919%60)*time.Second)}
	a.calls, a.named[c.id], a.named["s_"+c.id] = append(a.calls, c), c, c // by either id
	return c
}

// page is a page of the list, newest first.
func (a *api) page(r *http.Request, now time.Time) string {
	query := r.URL.Query()
	number, _ := strconv.Atoi(query.Get("page"))
	size, _ := strconv.Atoi(query.Get("page_size"))
	since, _ := time.Parse(time.RFC3339, query.Get("from_date"))
	total := 0
	var records []json.RawMessage
	for i := len(a.calls) - 1; i >= 0 && !a.calls[i].placed.Before(since); i-- {
		if total++; total > (number-1)*size && total <= number*size {
			records = append(records, json.RawMessage(a.calls[i].record(now)))
		}
	}
	list, _ := json.Marshal(records)
	return fmt.Sprintf(`{"success":true,"data":%s,"total":%d,"page":%d,"page_size":%d,"has_more":%t}`, list, total, number, size, number*size < total)
}

func envelope(record string) string { return `{"success":true,"data":` + record + `}` }

// record is a call as it is now. One that has ended has a transcript of 20 turns.
func (c *call) record(now time.Time) string {
	status, more := "in_progress", ""
	switch since := now.Sub(c.placed); {
	case !now.Before(c.ended):
		status = "completed"
		more = fmt.Sprintf(`,"ended_at":%q,"duration_seconds":%.0f,"call_summary":"Asked to be called back on Monday.","transcript":[%s]`,
			c.ended.UTC().Format(time.RFC3339), c.ended.Sub(c.placed).Seconds(), transcript)
	case since < 2*time.Second:
		status = "initiated"
	case since < 10*time.Second:
		status = "ringing"
	}
	return fmt.Sprintf(`{"id":%q,"session_id":"s_%s","agent_id":"agent_1","phone_number":"+919876543210","direction":"outbound","status":%q,"created_at":%q%s}`,
		c.id, c.id, status, c.placed.UTC().Format(time.RFC3339), more)
}

var transcript = func() string {
	turns := make([]string, 20)
	for i := range turns {
		turns[i] = fmt.Sprintf(`{"role":%q,"content":"I would like to know more about it.","timestamp":"10:27:%02d"}`, []string{"agent", "user"}[i%2], i)
	}
	return strings.Join(turns, ",")
}()
