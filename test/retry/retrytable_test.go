package retry_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// retryCase is a line of testdata/retry.txt, which describes the columns. Every attempt fails in
// the same way, and the test times the client's reaction.
type retryCase struct {
	name       string
	method     testkit.Method
	status     int    // 0 with failure
	failure    string // see failingTransport
	code       voiceagent.ErrorCode
	headers    map[string]string
	unknown    string // OutcomeFail, OutcomeRetry or ""
	maxRetries *int
	witness    bool
	want       struct {
		retry, unknown bool
		waits          [][2]float64
		timeouts       []float64
		error, reason  string
	}
}

// retryCases reads the table. An empty line or a comment ends a part; the first line of the next
// names its columns.
func retryCases(t *testing.T) (cases []*retryCase) {
	t.Helper()
	data, err := os.ReadFile("testdata/retry.txt")
	require.NoError(t, err)
	var columns []string
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		cells := strings.Split(line, "|")
		switch {
		case line == "" || line[0] == '#':
			columns = nil
		case columns == nil:
			for _, name := range cells {
				columns = append(columns, strings.TrimSpace(name))
			}
		default:
			require.Len(t, cells, len(columns), line)
			c := new(retryCase)
			for i, cell := range cells {
				if cell = strings.TrimSpace(cell); cell != "" {
					require.NoError(t, c.set(columns[i], cell), line)
				}
			}
			cases = append(cases, c)
		}
	}
	return cases
}

// set reads a cell that isn't empty. The name of a case is what goes in.
func (c *retryCase) set(column, cell string) (err error) {
	switch column {
	case "method", "status", "code", "headers", "client":
		c.name = strings.TrimSpace(c.name + " " + cell)
	}
	switch column {
	case "method":
		i := slices.IndexFunc(testkit.Methods, func(m testkit.Method) bool { return m.Name == cell })
		if i < 0 {
			return errors.New("no method " + cell)
		}
		c.method = testkit.Methods[i]
	case "status":
		if c.status, err = strconv.Atoi(cell); err != nil {
			c.failure, err = cell, nil
		}
	case "code":
		c.code = voiceagent.ErrorCode(cell)
	case "headers":
		c.headers = make(map[string]string)
		for field := range strings.SplitSeq(cell, "; ") {
			key, value, _ := strings.Cut(field, ": ")
			if slices.Contains([]string{"Limit", "Remaining", "Reset"}, key) {
				key = "X-RateLimit-" + key
			}
			c.headers[key] = value
		}
	case "client":
		return c.setClient(cell)
	default:
		return c.setWant(column, cell)
	}
	return err
}

func (c *retryCase) setClient(cell string) (err error) {
	switch n, limited := strings.CutPrefix(cell, "MaxRetries "); {
	case limited:
		c.maxRetries = new(int)
		*c.maxRetries, err = strconv.Atoi(n)
	case cell == "witness":
		c.witness = true
	case cell == "OutcomeFail" || cell == "OutcomeRetry":
		c.unknown = cell
	default:
		err = errors.New("no option " + cell)
	}
	return err
}

func (c *retryCase) setWant(column, cell string) (err error) {
	switch column {
	case "decision":
		decision, unknown, isUnknown := strings.Cut(cell, ", ")
		if decision != "retry" && decision != "final" || isUnknown && unknown != "unknown" {
			return errors.New("no decision " + cell)
		}
		c.want.retry, c.want.unknown = decision == "retry", isUnknown
	case "error":
		c.want.error = cell
	case "reason":
		c.want.reason = cell
	case "waits":
		for text := range strings.FieldsSeq(cell) {
			var wait [2]float64
			if _, err := fmt.Sscanf(text, "%g-%g", &wait[0], &wait[1]); err != nil {
				return err
			}
			c.want.waits = append(c.want.waits, wait)
		}
	case "timeouts":
		for text := range strings.FieldsSeq(cell) {
			seconds, err := strconv.ParseFloat(text, 64)
			if err != nil {
				return err
			}
			c.want.timeouts = append(c.want.timeouts, seconds)
		}
	default:
		return errors.New("no column " + column)
	}
	return nil
}

func TestRetryTable(t *testing.T) {
	t.Parallel()
	cases := retryCases(t)
	require.NotEmpty(t, cases)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { runRetryCase(t, c) })
		})
	}
}

func runRetryCase(t *testing.T, c *retryCase) {
	t.Helper()
	failing := &failingTransport{c: c}
	opts := []voiceagent.ClientOption{
		voiceagent.WithAPIKey("lev_test"), voiceagent.WithHTTPClient(&http.Client{Transport: failing}),
		voiceagent.WithMaxElapsed(time.Hour),
	}
	switch c.unknown {
	case "OutcomeFail":
		opts = append(opts, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
	case "OutcomeRetry":
		opts = append(opts, voiceagent.WithUnknownOutcome(voiceagent.OutcomeRetry))
	}
	if c.maxRetries != nil {
		opts = append(opts, voiceagent.WithMaxRetries(*c.maxRetries))
	}
	client, err := voiceagent.NewClient(opts...)
	require.NoError(t, err)

	if c.witness {
		failing.placing = true
		require.NoError(t, c.method.Call(t.Context(), client))
		failing.placing = false
	}
	var response voiceagent.Response
	err = c.method.Call(t.Context(), client, voiceagent.WithResponse(&response))
	require.Error(t, err)
	assertErrorType(t, err, c.want.error)
	assert.Equal(t, c.want.unknown, errors.Is(err, voiceagent.ErrOutcomeUnknown), "unknown outcome: %v", err)

	attempts := len(failing.times)
	if !c.want.retry {
		assert.Equal(t, 1, attempts, "attempts")
	} else {
		assert.Greater(t, attempts, 1, "attempts")
	}
	assert.Len(t, response.Attempts, attempts, "attempts noted")
	for i, want := range c.want.waits {
		require.Greater(t, attempts, i+1, "attempts")
		wait := failing.times[i+1].Sub(failing.ended[i]).Seconds()
		assert.GreaterOrEqual(t, wait, want[0], "wait %d", i+1)
		assert.LessOrEqual(t, wait, want[1], "wait %d", i+1)
		assert.InDelta(t, wait, response.Attempts[i+1].Wait.Seconds(), 0.001, "wait %d as noted", i+1)
	}
	for i, want := range c.want.timeouts {
		require.Greater(t, len(failing.timeouts), i, "attempts")
		assert.InDelta(t, want, failing.timeouts[i].Seconds(), 0.001, "timeout of attempt %d", i+1)
	}
	if c.want.reason != "" {
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // headers are cut to the second
		decision := voiceagent.DefaultRetryPolicy().Decide(failing.failure(c, response))
		assert.Equal(t, c.want.retry || c.maxRetries != nil, decision.Retry)
		assert.Contains(t, decision.Reason, c.want.reason)
	}
}

func assertErrorType(t *testing.T, err error, name string) {
	t.Helper()
	targets := map[string]any{
		"APIError": new(*voiceagent.APIError), "BadRequestError": new(*voiceagent.BadRequestError),
		"AuthenticationError": new(*voiceagent.AuthenticationError), "PermissionError": new(*voiceagent.PermissionError),
		"NotFoundError": new(*voiceagent.NotFoundError), "ConflictError": new(*voiceagent.ConflictError),
		"ValidationError": new(*voiceagent.ValidationError), "RateLimitError": new(*voiceagent.RateLimitError),
		"QuotaExceededError": new(*voiceagent.QuotaExceededError), "ServerError": new(*voiceagent.ServerError),
		"ConnectionError": new(*voiceagent.ConnectionError), "DecodeError": new(*voiceagent.DecodeError),
	}
	target, ok := targets[name]
	require.True(t, ok, "no error type %q", name)
	assert.ErrorAs(t, err, target)
}

// failingTransport fails every attempt as its case says, and records when. Looks find nothing.
type failingTransport struct {
	c        *retryCase
	times    []time.Time // when each attempt began
	ended    []time.Time
	timeouts []time.Duration

	placing bool
	placed  string // the record that every list shows
}

func (f *failingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if f.placing {
		f.placed = fmt.Sprintf(`{"id":"placed","created_at":%q}`, time.Now().Format(time.RFC3339))
		return f.answer(http.StatusOK, strings.NewReader(`{"data":`+f.placed+`}`)), nil
	}
	if req.Method != f.c.method.Method {
		answer := f.answer(http.StatusOK, strings.NewReader(`{"data":[`+f.placed+`]}`))
		answer.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		return answer, nil
	}
	f.times = append(f.times, time.Now())
	defer func() { f.ended = append(f.ended, time.Now()) }()
	deadline, _ := req.Context().Deadline()
	f.timeouts = append(f.timeouts, time.Until(deadline))
	if req.Body != nil {
		_ = req.Body.Close()
	}
	trace := httptrace.ContextClientTrace(req.Context())
	traced := !strings.HasSuffix(f.c.failure, "-untraced")
	if traced {
		trace.GetConn("api.levrage.ai:443")
	}
	wrote := func(err error) {
		if traced {
			trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
		}
	}
	switch strings.TrimSuffix(f.c.failure, "-untraced") {
	case "refused":
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	case "dns":
		return nil, &net.DNSError{Err: "no such host", Name: "api.levrage.ai", IsNotFound: true}
	case "tls":
		return nil, &tls.CertificateVerificationError{Err: errors.New("expired")}
	case "half-written":
		wrote(syscall.EPIPE)
		return nil, syscall.EPIPE
	case "reset":
		wrote(nil)
		return nil, syscall.ECONNRESET
	case "hang":
		wrote(nil)
		<-req.Context().Done()
		return nil, req.Context().Err()
	case "cut":
		wrote(nil)
		return f.answer(http.StatusOK, io.MultiReader(strings.NewReader(`{"data":{"id":"x"`), errorReader{io.ErrUnexpectedEOF})), nil
	case "garbage":
		wrote(nil)
		return f.answer(http.StatusOK, strings.NewReader(`{"data":{"id":"x"`)), nil
	case "":
		wrote(nil)
		body := fmt.Sprintf(`{"success":false,"error":{"code":%q,"message":"it failed"},"request_id":"req_1"}`, f.c.code)
		return f.answer(f.c.status, strings.NewReader(body)), nil
	}
	panic("no failure " + f.c.failure)
}

func (f *failingTransport) answer(status int, body io.Reader) *http.Response {
	header := make(http.Header)
	for key, value := range f.c.headers {
		header.Set(key, testkit.FillTimes(value))
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), ContentLength: -1}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

// failure is the first failed attempt as a policy sees it.
func (f *failingTransport) failure(c *retryCase, response voiceagent.Response) voiceagent.Failure {
	header := make(http.Header)
	for key, value := range c.headers {
		header.Set(key, testkit.FillTimes(value))
	}
	first := response.Attempts[0]
	failure := voiceagent.Failure{
		Attempt: 1, Method: c.method.Method, StatusCode: first.StatusCode, Code: c.code, Header: header, Timeout: 30 * time.Second,
		Safe: c.want.retry && (!c.want.unknown || c.unknown == "OutcomeRetry"),
	}
	if c.failure != "" && c.failure != "garbage" {
		failure.Err = first.Err
	}
	return failure
}
