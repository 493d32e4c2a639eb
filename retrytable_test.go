package voiceagent_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// retryCase is a row of testdata/retry.json: every attempt fails in the same way, and the client's reaction is timed.
type retryCase struct {
	Name    string               `json:"name"`
	Request string               `json:"request"` // method and route
	Status  int                  `json:"status"`  // of every answer; 0 with Failure
	Failure string               `json:"failure"` // see failingTransport
	Code    voiceagent.ErrorCode `json:"code"`
	Headers map[string]string    `json:"headers"` // {now+7}, {ms+7} and {http+7} stand for times
	Options struct {
		Unknown    string `json:"unknown"`
		MaxRetries *int   `json:"maxRetries"`
	} `json:"options"`
	Want struct {
		Retry    bool         `json:"retry"`
		Waits    [][2]float64 `json:"waits"`    // seconds before the second attempt, the third, ...
		Timeouts []float64    `json:"timeouts"` // seconds that the first attempt had, the second, ...
		Error    string       `json:"error"`
		Reason   string       `json:"reason"` // part of what DefaultRetryPolicy says of the first failure
		Unknown  bool         `json:"unknown"`
	} `json:"want"`
}

func TestRetryTable(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/retry.json")
	require.NoError(t, err)
	var cases []retryCase
	require.NoError(t, json.Unmarshal(data, &cases))
	require.NotEmpty(t, cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { runRetryCase(t, &c) })
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
	switch c.Options.Unknown {
	case "fail":
		opts = append(opts, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
	case "retry":
		opts = append(opts, voiceagent.WithUnknownOutcome(voiceagent.OutcomeRetry))
	}
	if c.Options.MaxRetries != nil {
		opts = append(opts, voiceagent.WithMaxRetries(*c.Options.MaxRetries))
	}
	client, err := voiceagent.NewClient(opts...)
	require.NoError(t, err)

	var response voiceagent.Response
	err = sendRoute(t.Context(), client, c.Request, voiceagent.WithResponse(&response))
	require.Error(t, err)
	assertErrorType(t, err, c.Want.Error)
	assert.Equal(t, c.Want.Unknown, errors.Is(err, voiceagent.ErrOutcomeUnknown), "unknown outcome: %v", err)

	attempts := len(failing.times)
	if !c.Want.Retry {
		assert.Equal(t, 1, attempts, "attempts")
	} else {
		assert.Greater(t, attempts, 1, "attempts")
	}
	assert.Len(t, response.Attempts, attempts, "attempts noted")
	for i, want := range c.Want.Waits {
		require.Greater(t, attempts, i+1, "attempts")
		wait := failing.times[i+1].Sub(failing.ended[i]).Seconds()
		assert.GreaterOrEqual(t, wait, want[0], "wait %d", i+1)
		assert.LessOrEqual(t, wait, want[1], "wait %d", i+1)
		assert.InDelta(t, wait, response.Attempts[i+1].Wait.Seconds(), 0.001, "wait %d as noted", i+1)
	}
	for i, want := range c.Want.Timeouts {
		require.Greater(t, len(failing.timeouts), i, "attempts")
		assert.InDelta(t, want, failing.timeouts[i].Seconds(), 0.001, "timeout of attempt %d", i+1)
	}
	if c.Want.Reason != "" {
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(time.Second))) // headers are cut to the second
		decision := voiceagent.DefaultRetryPolicy().Decide(failing.failure(c, response))
		assert.Equal(t, c.Want.Retry || c.Options.MaxRetries != nil, decision.Retry)
		assert.Contains(t, decision.Reason, c.Want.Reason)
	}
}

// sendRoute calls the method that uses a route.
func sendRoute(ctx context.Context, client *voiceagent.Client, route string, opts ...voiceagent.RequestOption) (err error) {
	switch route {
	case "GET /calls/{call_id}":
		_, err = client.Calls.Get(ctx, "call_1", opts...)
	case "PATCH /agents/{agent_id}":
		_, err = client.Agents.Update(ctx, "agent_1", voiceagent.AgentUpdateParams{Voice: voiceagent.Ptr("female")}, opts...)
	case "DELETE /agents/{agent_id}":
		err = client.Agents.Delete(ctx, "agent_1", opts...)
	case "POST /campaigns/{campaign_id}/pause":
		_, err = client.Campaigns.Pause(ctx, "campaign_1", opts...)
	case "POST /call":
		_, err = client.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: "agent_1", From: "+15550100000", To: "+919876543210"}, opts...)
	case "POST /campaigns":
		_, err = client.Campaigns.Create(ctx, voiceagent.CampaignCreateParams{Name: "January", AgentID: "agent_1", From: "+15550100000",
			Contacts: []voiceagent.Contact{{"phone": "+919876543210"}}}, opts...)
	case "POST /agents":
		_, err = client.Agents.Create(ctx, voiceagent.AgentCreateParams{Name: "Asha", StartFlow: "Hello", EndFlow: "Bye"}, opts...)
	default:
		panic("no method for " + route)
	}
	return err
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

// failingTransport fails every attempt in the way of its case, and notes when. A look for what a lost answer was about
// finds nothing.
type failingTransport struct {
	c        *retryCase
	times    []time.Time // when each attempt began
	ended    []time.Time
	timeouts []time.Duration
}

func (f *failingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if method, _, _ := strings.Cut(f.c.Request, " "); req.Method != method {
		answer := f.answer(http.StatusOK, strings.NewReader(`{"data":[],"total":0,"page":1,"page_size":100,"has_more":false}`))
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
	traced := !strings.HasSuffix(f.c.Failure, "-untraced")
	if traced {
		trace.GetConn("api.levrage.ai:443")
	}
	wrote := func(err error) {
		if traced {
			trace.WroteRequest(httptrace.WroteRequestInfo{Err: err})
		}
	}
	switch strings.TrimSuffix(f.c.Failure, "-untraced") {
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
		body := fmt.Sprintf(`{"success":false,"error":{"code":%q,"message":"it failed"},"request_id":"req_1"}`, f.c.Code)
		return f.answer(f.c.Status, strings.NewReader(body)), nil
	}
	panic("no failure " + f.c.Failure)
}

func (f *failingTransport) answer(status int, body io.Reader) *http.Response {
	header := make(http.Header)
	for key, value := range f.c.Headers {
		header.Set(key, fillTimes(value))
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(body), ContentLength: -1}
}

type errorReader struct{ err error }

func (r errorReader) Read([]byte) (int, error) { return 0, r.err }

var timeMark = regexp.MustCompile(`^\{(now|ms|http)([+-]\d+)\}$`)

func fillTimes(value string) string {
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

// failure is the first failed attempt as a policy is told of it.
func (f *failingTransport) failure(c *retryCase, response voiceagent.Response) voiceagent.Failure {
	method, _, _ := strings.Cut(c.Request, " ")
	header := make(http.Header)
	for key, value := range c.Headers {
		header.Set(key, fillTimes(value))
	}
	first := response.Attempts[0]
	failure := voiceagent.Failure{
		Attempt: 1, Method: method, StatusCode: first.StatusCode, Code: c.Code, Header: header, Timeout: 30 * time.Second,
		Safe: c.Want.Retry && (!c.Want.Unknown || c.Options.Unknown == "retry"),
	}
	if c.Failure != "" && c.Failure != "garbage" {
		failure.Err = first.Err
	}
	return failure
}
