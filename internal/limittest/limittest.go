// Package limittest has the cases that every limiter must agree on, as data: the rate-limit headers
// of answers, what the client reads in them, what the limiter then permits, and whom it lets go
// first.
package limittest

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

//go:embed ratelimit.json
var table []byte

// Case is a row of ratelimit.json: answers to one attempt after the other, and what follows.
type Case struct {
	Name    string `json:"name"`
	Answers []struct {
		Status  int                 `json:"status"`  // 200 when 0
		Headers map[string][]string `json:"headers"` // {unix+20} and the like stand for times, see at
	} `json:"answers"`
	Want struct {
		Known     bool     `json:"known"`
		Limit     int      `json:"limit"`
		Remaining int      `json:"remaining"`
		Reset     *float64 `json:"reset"`   // seconds from the last answer; null for none
		Permits   int      `json:"permits"` // how many more may be in flight
		Closed    float64  `json:"closed"`  // for so many seconds nobody goes
	} `json:"want"`
}

// Cases returns the rows.
func Cases(t *testing.T) []Case { return rows[Case](t, table) }

func rows[T any](t *testing.T, table []byte) (all []T) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(table))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&all))
	require.NotEmpty(t, all)
	return all
}

// askers is more than any row lets go.
const askers = 320

// Run sends one attempt after the other through a client with a fresh limiter, and checks what the
// client reads and what the limiter does. settle waits until want attempts are in flight, and long
// enough to see that no more follow. On a machine that is too slow to observe a limiter that is
// closed for half a second, Run starts again.
func (c *Case) Run(t *testing.T, fresh func() voiceagent.Limiter, settle func(inFlight func() int, want int)) {
	t.Helper()
	const tries = 20
	for range tries {
		if c.try(t, fresh(), settle) {
			return
		}
	}
	assert.Fail(t, "the machine is too slow")
}

// try reports whether it was fast enough to see what it looks for.
func (c *Case) try(t *testing.T, l voiceagent.Limiter, settle func(inFlight func() int, want int)) bool {
	t.Helper()
	server := &server{c: c}
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test"), voiceagent.WithBaseURL("https://api.test/v1"),
		voiceagent.WithHTTPClient(&http.Client{Transport: server}), voiceagent.WithLimiter(l), voiceagent.WithMaxRetries(0))
	require.NoError(t, err)
	var response voiceagent.Response
	for i := range c.Answers {
		_, err := client.Calls.Get(t.Context(), "call_1", voiceagent.WithResponse(&response))
		assert.Equal(t, c.Answers[i].Status >= 400, err != nil, "%v", err)
	}
	last := time.Now()
	if _, known := client.RateLimit(); len(c.Answers) == 1 {
		assert.Equal(t, c.Want.Known, known, "known")
	}
	assert.Equal(t, c.Want.Limit, response.RateLimit.Limit, "Limit")
	assert.Equal(t, c.Want.Remaining, response.RateLimit.Remaining, "Remaining")
	if c.Want.Reset == nil {
		assert.Zero(t, response.RateLimit.Reset)
	} else {
		assert.InDelta(t, *c.Want.Reset, response.RateLimit.Reset.Sub(last).Seconds(), 1.2, "Reset")
	}
	if shared, ok := l.(io.Closer); ok {
		require.NoError(t, shared.Close()) // which the other processes notice
	}

	if c.Want.Closed > 0 {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := client.Calls.Get(ctx, "call_1")
		limited, ok := errors.AsType[*voiceagent.RateLimitError](err)
		if !ok && time.Since(last).Seconds() >= c.Want.Closed {
			return false
		}
		require.True(t, ok, "it isn't closed: %v", err)
		assert.InDelta(t, c.Want.Closed, limited.RetryAt.Sub(last).Seconds(), 0.1*c.Want.Closed+0.2, "closed")
		return true
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range askers {
		all.Go(func() { _, _ = client.Calls.Get(ctx, "call_1") })
	}
	settle(func() int { return int(server.held.Load()) }, c.Want.Permits)
	cancel()
	all.Wait()
	return true
}

// server answers the first attempts as the row says, and holds all others until their context ends.
type server struct {
	c        *Case
	answered int
	held     atomic.Int64
}

func (s *server) RoundTrip(req *http.Request) (*http.Response, error) {
	if s.answered == len(s.c.Answers) {
		s.held.Add(1)
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
	row := s.c.Answers[s.answered]
	s.answered++
	now := time.Now()
	header := http.Header{"Date": {at(now, "{http+0}")}}
	for name, values := range row.Headers {
		header[name] = nil
		for _, value := range values {
			header[name] = append(header[name], at(now, value))
		}
	}
	return &http.Response{StatusCode: max(row.Status, http.StatusOK), Header: header, Request: req,
		Body: io.NopCloser(strings.NewReader(`{"success":true,"data":{"id":"call_1"}}`))}, nil
}

var placeholder = regexp.MustCompile(`\{(\w+)([+-]\d+)\}`)

// at replaces placeholders by times that many seconds from now, in the forms that a server may use.
// {nines+600} is a number of that many digits.
func at(now time.Time, text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(found string) string {
		parts := placeholder.FindStringSubmatch(found)
		n, _ := strconv.Atoi(parts[2])
		when := now.Add(time.Duration(n) * time.Second)
		switch parts[1] {
		case "unix":
			return strconv.FormatInt(when.Unix(), 10)
		case "ms":
			return strconv.FormatInt(when.UnixMilli(), 10)
		case "http":
			return when.UTC().Format(http.TimeFormat)
		case "rfc3339":
			return when.UTC().Format(time.RFC3339)
		case "india":
			return when.In(time.FixedZone("", 5*3600+1800)).Format(time.RFC3339)
		case "local":
			return when.UTC().Format("2006-01-02T15:04:05.000000")
		case "nines":
			return strings.Repeat("9", n)
		}
		panic(fmt.Sprintf("what is %s?", found))
	})
}
