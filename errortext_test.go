package voiceagent_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
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
			_, err := newAnswering(t, c.status, c.body).Agents.Get(t.Context(), "ag_private_17")
			require.EqualError(t, err, c.want)
		})
	}
}

// A cause of the transport's can have line breaks too.
func TestConnectionErrorIsOneLine(t *testing.T) {
	t.Parallel()
	client := newClient(t, roundTrip(func(*http.Request) (*http.Response, error) {
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
	client := newAnswering(t, 400, `{"detail":"no"}`)
	for _, m := range methods {
		err := m.call(t.Context(), client)
		require.Error(t, err, m.name)
		assert.NotContains(t, err.Error(), "xyzzy", m.name)
		assert.Contains(t, err.Error(), m.method+" "+m.route+": ", m.name)
		api, ok := errors.AsType[*voiceagent.APIError](err)
		require.True(t, ok, m.name)
		assert.Equal(t, m.route, api.Route, m.name)
		assert.Equal(t, m.method, api.Method, m.name)
		assert.Equal(t, m.method == http.MethodPost, api.IdempotencyKey != "", m.name)
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
		{401, "authentication_error", "Invalid or expired API key", "make a new key in the dashboard"},
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
		{504, "", "no", "WithAttemptTimeout"},
	} {
		t.Run(fmt.Sprint(c.status, c.code, c.message), func(t *testing.T) {
			t.Parallel()
			_, err := newAnswering(t, c.status, fmt.Sprintf(`{"success":false,"error":{"code":%q,"message":%q}}`, c.code, c.message)).
				Agents.Get(t.Context(), "ag_1")
			api, ok := errors.AsType[*voiceagent.APIError](err)
			require.True(t, ok)
			assert.Contains(t, api.Hint(), c.want)
			assert.Contains(t, err.Error(), api.Hint())
			assert.NotRegexp(t, `\.$|\n`, api.Hint())
		})
	}
	_, err := newAnswering(t, 418, `{"error":{"code":"something_new","message":"no"}}`).Agents.Get(t.Context(), "ag_1")
	api, _ := errors.AsType[*voiceagent.APIError](err)
	assert.Empty(t, api.Hint())
}

func TestErrorLogValues(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		logged := func(err error) string {
			var buf bytes.Buffer
			slog.New(slog.NewJSONHandler(&buf, nil)).Error("failed", "error", err)
			return buf.String()
		}
		client := newClient(t, roundTrip(answer(422, `{"detail":"bad number +919876543210: hello world","request_id":"req_1"}`)))
		_, err := client.Calls.Create(t.Context(), validCall(), voiceagent.WithIdempotencyKey("order-17"))
		line := logged(err)
		for _, want := range []string{
			`"method":"POST"`, `"route":"/call"`, `"status":422`, `"code":"validation_error"`, `"request_id":"req_1"`,
			`"attempts":1`, `"idempotency_key":"order-17"`, `"message":"bad number ***3210: hello world"`,
		} {
			assert.Contains(t, line, want)
		}
		assert.NotContains(t, line, "919876543210")
		assert.Equal(t, 1, strings.Count(line, "\n"))

		client = newClient(t, roundTrip(answer(200, `{"data":"+919876543210 said hello","request_id":"req_2"}`)))
		_, err = client.Agents.Get(t.Context(), "ag_1")
		line = logged(err)
		assert.Contains(t, line, `"status":200`)
		assert.Contains(t, line, `"request_id":"req_2"`)
		assert.NotContains(t, line, "said hello")

		client = newClient(t, roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("broken") }))
		_, err = client.Agents.Get(t.Context(), "ag_1")
		line = logged(err)
		assert.Contains(t, line, `"sent":true`)
		assert.Contains(t, line, `"attempts":4`)
	})
}
