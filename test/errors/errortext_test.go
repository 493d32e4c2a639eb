package errors_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

func TestErrorIsOneTellingLine(t *testing.T) {
	t.Parallel()
	const body = `{"success":false,"error":{"code":"not_found","message":"Agent not found"},"request_id":"req_abc123"}`
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"envelope": {
			404, body,
			"voiceagent: GET /agents/{agent_id}: 404 Not Found (not_found): Agent not found (request_id req_abc123); " +
				"check the id, and that the key belongs to the same account",
		},
		"nothing": {502, "", "voiceagent: GET /agents/{agent_id}: 502 Bad Gateway: the answer has no message that can be read; " +
			"the service has a problem: try again later, and send the request id to its support if it stays"},
		"unnamed status": {499, `{"message":"gone"}`, "voiceagent: GET /agents/{agent_id}: 499: gone"},
		"line breaks":    {418, `{"message":"one\ntwo\r\nthree\u2028four\u001b[31mred\u0000\u0085"}`, "voiceagent: GET /agents/{agent_id}: 418 I'm a teapot: one two  three four [31mred  "},
		"line breaks everywhere": {
			418, `{"error":{"code":"a\nb","message":"c\nd"},"request_id":"e\nf"}`,
			"voiceagent: GET /agents/{agent_id}: 418 I'm a teapot (a b): c d (request_id e f)",
		},
		"decode error": {200, `{"data":null,"request_id":"req_abc123"}`, "voiceagent: GET /agents/{agent_id}: the answer (200) can't be read: " +
			"the answer has no data (request_id req_abc123)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := testkit.NewAnswering(t, c.status, c.body).Agents.Get(t.Context(), "ag_private_17")
			require.EqualError(t, err, c.want)
		})
	}
}

// A cause of the transport's can have line breaks too.
func TestConnectionErrorIsOneLine(t *testing.T) {
	t.Parallel()
	client := testkit.NewClient(t, testkit.RoundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("broken\npipe to +919876543210")
	}), voiceagent.WithMaxRetries(0))
	_, err := client.Agents.Get(t.Context(), "ag_private_17")
	require.EqualError(t, err, "voiceagent: GET /agents/{agent_id}: no answer: broken pipe to ***3210")
	connection, ok := errors.AsType[*voiceagent.ConnectionError](err)
	require.True(t, ok)
	assert.True(t, connection.Sent)
	assert.Len(t, connection.Attempts, 1)
}

// Every method's errors show its route and never an id.
func TestErrorsShowTheRoute(t *testing.T) {
	t.Parallel()
	client := testkit.NewAnswering(t, 400, `{"detail":"no"}`)
	for _, m := range testkit.Methods {
		err := m.Call(t.Context(), client)
		require.Error(t, err, m.Name)
		assert.NotContains(t, err.Error(), "xyzzy", m.Name)
		assert.Contains(t, err.Error(), m.Method+" "+m.Route+": ", m.Name)
		api, ok := errors.AsType[*voiceagent.APIError](err)
		require.True(t, ok, m.Name)
		assert.Equal(t, m.Route, api.Route, m.Name)
		assert.Equal(t, m.Method, api.Method, m.Name)
		assert.Equal(t, m.Method == http.MethodPost, api.IdempotencyKey != "", m.Name)
	}
}

// The rows of "Common Errors & Fixes" in the vendor's guide, and the statuses.
func TestHints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status        int
		code, message string
		want          string // part of the hint
	}{
		{409, "validation_error", "Agent name is already in use", "choose another"},
		{422, "validation_error", "Agent name is already in use", "choose another"},
		{422, "validation_error", "phone_number must be E.164 format", "+919876543210"},
		{400, "validation_error", "phone_number must be E.164 format", "+919876543210"},
		{404, "not_found", "Agent not found", "check the id"},
		{200, "not_found", "Agent not found", "check the id"},
		{401, "authentication_error", "Invalid or expired API key", "make a new key in the Studio"},
		{403, "authentication_error", "Invalid or expired API key", "key"},
		{402, "quota_exceeded", "Insufficient credits", "add credits"},
		{403, "quota_exceeded", "Insufficient credits", "add credits"},
		{429, "quota_exceeded", "Insufficient credits", "add credits"},
		{200, "quota_exceeded", "Insufficient credits", "add credits"},
		{200, "authentication_error", "no", "make a new key"},
		{200, "validation_error", "no", "Fields"},
		{400, "", "no", "required field"},
		{403, "", "no", "isn't allowed"},
		{409, "", "no", "exists already"},
		{422, "", "no", "Fields"},
		{429, "", "slow down", "share one Client"},
		{500, "", "no", "support"},
		{502, "", "no", "support"},
		{503, "", "no", "maintenance"},
		{504, "", "no", "more time here doesn't help: try again later"},
	} {
		t.Run(fmt.Sprint(c.status, c.code, c.message), func(t *testing.T) {
			t.Parallel()
			_, err := testkit.NewAnswering(t, c.status, fmt.Sprintf(`{"success":false,"error":{"code":%q,"message":%q}}`, c.code, c.message)).
				Agents.Get(t.Context(), "ag_1")
			api, ok := errors.AsType[*voiceagent.APIError](err)
			require.True(t, ok)
			assert.Contains(t, api.Hint(), c.want)
			assert.Contains(t, err.Error(), api.Hint())
			assert.NotRegexp(t, `\.$|\n`, api.Hint())
		})
	}
	_, err := testkit.NewAnswering(t, 418, `{"error":{"code":"something_new","message":"no"}}`).Agents.Get(t.Context(), "ag_1")
	api, _ := errors.AsType[*voiceagent.APIError](err)
	assert.Empty(t, api.Hint())
}

// Nobody can dial a host that isn't there: what is wrong is the base URL, the network or the proxy.
func TestConnectionErrorSaysWhatToCheck(t *testing.T) {
	t.Parallel()
	const base = "check the network, and the base URL (VOICEAGENT_BASE_URL or WithBaseURL), whose host is api.example.com:8443"
	for name, c := range map[string]struct {
		cause error
		want  string
	}{
		"refused": {&net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, base},
		"no such host": {
			&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.example.com", IsNotFound: true}},
			"no such host; " + base,
		},
		"proxy":     {&net.OpError{Op: "proxyconnect", Net: "tcp", Err: syscall.ECONNREFUSED}, "check the proxy, HTTPS_PROXY"},
		"lost":      {&net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, ""},
		"caller":    {&net.OpError{Op: "dial", Net: "tcp", Err: context.Canceled}, ""},
		"something": {errors.New("broken"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := testkit.NewClient(t, testkit.RoundTrip(func(*http.Request) (*http.Response, error) { return nil, c.cause }),
				voiceagent.WithMaxRetries(0), voiceagent.WithBaseURL("https://api.example.com:8443/v1"))
			_, err := client.Agents.Get(t.Context(), "ag_1")
			require.ErrorIs(t, err, c.cause)
			if c.want == "" {
				assert.NotContains(t, err.Error(), "check")
				return
			}
			assert.Regexp(t, regexp.QuoteMeta(c.want)+"$", err.Error())
		})
	}
}

// After an answer that may hide a call, no advice says to try again.
func TestUnknownOutcomeSaysWhatHelps(t *testing.T) {
	t.Parallel()
	const newKey = ", and once you know that it wasn't made use a new idempotency key: under this one nothing is sent again"
	key, ledger := voiceagent.WithIdempotencyKey("row-7"), func() voiceagent.ClientOption { return voiceagent.WithLedger(voiceagent.NewMemoryLedger()) }
	for name, c := range map[string]struct {
		opts     []voiceagent.ClientOption
		request  []voiceagent.RequestOption
		repeated bool
		want     bool
	}{
		"ledger and key":        {[]voiceagent.ClientOption{ledger()}, []voiceagent.RequestOption{key}, false, true},
		"a second time":         {[]voiceagent.ClientOption{ledger()}, []voiceagent.RequestOption{key}, true, true},
		"without a look":        {[]voiceagent.ClientOption{ledger(), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail)}, []voiceagent.RequestOption{key}, false, true},
		"without a look, again": {[]voiceagent.ClientOption{ledger(), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail)}, []voiceagent.RequestOption{key}, true, true},
		"random key":            {[]voiceagent.ClientOption{ledger()}, nil, false, false},
		"no ledger":             {nil, []voiceagent.RequestOption{key}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := testkit.NewClient(t, testkit.InTurn(testkit.Answer(http.StatusGatewayTimeout, ""), testkit.Empty), c.opts...)
				_, err := client.Calls.Create(t.Context(), testkit.ValidCall(), c.request...)
				if c.repeated {
					_, err = client.Calls.Create(t.Context(), testkit.ValidCall(), c.request...)
				}
				require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				assert.Equal(t, c.want, strings.Contains(err.Error(), newKey), "%v", err)
				assert.NotContains(t, err.Error(), "try again")
			})
		})
	}
}

// Advice in a look's error would be about the look.
func TestUnknownOutcomeHasNoAdviceOfItsLook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, err := testkit.NewClient(t, testkit.InTurn(testkit.Reset, testkit.Answer(http.StatusServiceUnavailable, ""))).Calls.Create(t.Context(), testkit.ValidCall())
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.Contains(t, err.Error(), "looking for it failed: voiceagent: GET /calls: 503 Service Unavailable")
		assert.NotContains(t, err.Error(), "try again")
	})
}

func TestErrorLogValues(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logged := func(err error) string {
			var buf bytes.Buffer
			slog.New(slog.NewJSONHandler(&buf, nil)).Error("failed", "error", err)
			return buf.String()
		}
		client := testkit.NewClient(t, testkit.RoundTrip(testkit.Answer(422, `{"detail":"bad number +919876543210: hello world","request_id":"req_1"}`)))
		_, err := client.Calls.Create(t.Context(), testkit.ValidCall(), voiceagent.WithIdempotencyKey("order-17"))
		line := logged(err)
		for _, want := range []string{
			`"method":"POST"`, `"route":"/call"`, `"status":422`, `"code":"validation_error"`, `"request_id":"req_1"`,
			`"attempts":1`, `"idempotency_key":"order-17"`, `"message":"bad number ***3210: hello world"`,
		} {
			assert.Contains(t, line, want)
		}
		assert.NotContains(t, line, "919876543210")
		assert.Equal(t, 1, strings.Count(line, "\n"))

		client = testkit.NewClient(t, testkit.RoundTrip(testkit.Answer(200, `{"data":"+919876543210 said hello","request_id":"req_2"}`)))
		_, err = client.Agents.Get(t.Context(), "ag_1")
		line = logged(err)
		assert.Contains(t, line, `"status":200`)
		assert.Contains(t, line, `"request_id":"req_2"`)
		assert.NotContains(t, line, "said hello")

		client = testkit.NewClient(t, testkit.RoundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("broken") }))
		_, err = client.Agents.Get(t.Context(), "ag_1")
		line = logged(err)
		assert.Contains(t, line, `"sent":true`)
		assert.Contains(t, line, `"attempts":4`)
	})
}
