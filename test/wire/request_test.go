package wire_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

func TestRequestPaths(t *testing.T) {
	t.Parallel()
	var server wireServer
	client, _ := testkit.NewLoopback(t, server.ServeHTTP)
	for path, want := range map[string]string{
		"/":                                "/v1/",
		"/numbers":                         "/v1/numbers",
		"/agents/ag_1/clone?deep=true":     "/v1/agents/ag_1/clone?deep=true",
		"/agents/" + awkwardIDSent + "?a=": "/v1/agents/" + awkwardIDSent + "?a=",
		"/a b":                             "/v1/a%20b",
		"/numbers?b=2&a=1&a=%26&c=%2B1":    "/v1/numbers?a=1&a=%26&b=2&c=%2B1",
		"/numbers?":                        "/v1/numbers",
		"/...":                             "/v1/...",
		"/@example.com":                    "/v1/@example.com",
		"/x/http://example.com":            "/v1/x/http://example.com",
	} {
		require.NoError(t, client.Request(t.Context(), "GET", path, nil, nil), path)
		seen := server.take()
		require.Len(t, seen, 1, path)
		assert.Equal(t, "GET "+want, seen[0].line)
	}
}

// The key must follow no path to another host, or out of the API.
func TestRequestsAreRefused(t *testing.T) {
	t.Parallel()
	client := testkit.NewUnsendable(t)
	for _, path := range []string{
		"", "agents", "?page=1", "//example.com/agents", "///agents", "https://example.com/agents", "http:agents", "example.com/agents",
		"mailto:someone@example.com", "..", "/..", "/../admin", "/agents/../../admin", "/agents/.", "/./agents", "/agents/..?page=1",
		"/%2e%2e/admin", "/agents/%2E%2e", "/agents%2F..%2F..%2Fadmin", "/agents#top", "/agents/%zz", "/agents\n", "/agents?a=%zz", "/agents?a=1;b=2",
		"/\x00", ":",
	} {
		err := client.Request(t.Context(), "GET", path, nil, nil)
		refused, ok := errors.AsType[*voiceagent.ValidationError](err)
		require.True(t, ok, "%q: %v", path, err)
		assert.Equal(t, "path", refused.Fields[0].Field, path)
		assert.Zero(t, refused.StatusCode)
		assert.NotContains(t, err.Error(), "\n")
	}
	err := client.Request(t.Context(), "GET", "//+919876543210", nil, nil)
	assert.NotContains(t, err.Error(), "9198765")
	for _, verb := range []string{"", "get", "Post", "GE T", "GET\n", "GET /x HTTP/1.1", "GÉT"} {
		err := client.Request(t.Context(), verb, "/agents", nil, nil)
		refused, ok := errors.AsType[*voiceagent.ValidationError](err)
		require.True(t, ok, "%q: %v", verb, err)
		assert.Equal(t, "method", refused.Fields[0].Field, verb)
	}
	var missing *json.RawMessage
	for _, out := range []any{missing, json.RawMessage{}, map[string]any{}, "text", 17, (*voiceagent.Page[voiceagent.Call])(nil)} {
		err := client.Request(t.Context(), "GET", "/agents", nil, out)
		refused, ok := errors.AsType[*voiceagent.ValidationError](err)
		require.True(t, ok, "%T: %v", out, err)
		assert.Equal(t, "out", refused.Fields[0].Field)
	}
	for _, body := range []any{
		make(chan int), func() {}, map[string]any{"f": func() {}}, json.RawMessage(`{"a":`), json.RawMessage(`{"a":1,"a":2}`), failingBody{},
	} {
		err := client.Request(t.Context(), "POST", "/agents", body, nil)
		refused, ok := errors.AsType[*voiceagent.ValidationError](err)
		require.True(t, ok, "%T: %v", body, err)
		assert.Equal(t, "body", refused.Fields[0].Field)
		assert.Equal(t, "/agents", refused.Route)
	}
}

type failingBody struct{}

func (failingBody) MarshalJSON() ([]byte, error) { return nil, errors.New("no JSON today") }

func TestRequestBody(t *testing.T) {
	t.Parallel()
	var server wireServer
	client, _ := testkit.NewLoopback(t, server.ServeHTTP)
	type form struct {
		Name string `json:"name"`
		Left int    `json:"left,omitzero"`
	}
	for want, body := range map[string]any{
		``:                      nil,
		`{"name":"n"}`:          form{Name: "n"},
		`{"name":"p","left":1}`: &form{Name: "p", Left: 1},
		`{"key":[1,null]}`:      map[string]any{"key": []any{1, nil}},
		`["a"]`:                 []string{"a"},
		`{ "spaced" : [1.50] }`: json.RawMessage(`{ "spaced" : [1.50] }`),
		`"text"`:                "text",
	} {
		for _, verb := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			require.NoError(t, client.Request(t.Context(), verb, "/things", body, nil), want)
			seen := server.take()
			require.Len(t, seen, 1)
			assert.Equal(t, verb+" /v1/things", seen[0].line)
			if want != "" {
				assert.JSONEq(t, want, seen[0].body)
			}
			assert.Equal(t, want == "", seen[0].body == "")
			assert.Equal(t, want != "", seen[0].header.Get("Content-Type") == "application/json")
			assert.Equal(t, verb == "POST", seen[0].header.Get("Idempotency-Key") != "")
		}
	}
}

func TestRequestOut(t *testing.T) {
	t.Parallel()
	type thing struct {
		ID string `json:"id"`
	}
	const one, list = `{"success":true,"data":{"id":"t_1"},"request_id":"req_1"}`, `{"data":[{"id":"t_1"},{"id":"t_2"}],"total":5,"page":1,"page_size":2}`
	ask := func(body string, out any) error {
		return testkit.NewAnswering(t, 200, body).Request(t.Context(), "GET", "/things", nil, out)
	}

	var single thing
	require.NoError(t, ask(one, &single))
	assert.Equal(t, thing{"t_1"}, single)
	single = thing{}
	require.NoError(t, ask(`{"id":"bare"}`, &single), "an answer without an envelope")
	assert.Equal(t, thing{"bare"}, single)

	var things []thing
	require.NoError(t, ask(list, &things))
	assert.Equal(t, []thing{{"t_1"}, {"t_2"}}, things)
	things = nil
	require.NoError(t, ask(`[{"id":"t_3"}]`, &things))
	assert.Equal(t, []thing{{"t_3"}}, things)

	var page voiceagent.Page[thing]
	require.NoError(t, ask(list, &page))
	assert.Equal(t, []thing{{"t_1"}, {"t_2"}}, page.Data)
	assert.Equal(t, []int{5, 1, 2}, []int{page.Total, page.Page, page.PageSize})

	// Raw data is the caller's own: the buffer that it was read from serves the next call.
	var raw, next json.RawMessage
	require.NoError(t, ask(one, &raw))
	require.NoError(t, ask(`{"success":true,"data":{"id":"XXX"},"request_id":"req_2"}`, &next))
	assert.JSONEq(t, `{"id":"t_1"}`, string(raw))
	var free any
	require.NoError(t, ask(one, &free))
	assert.Equal(t, map[string]any{"id": "t_1"}, free)

	for _, body := range []string{"", "no JSON", "null", "[]", "17"} {
		assert.NoError(t, ask(body, nil), "%q is of no interest", body)
	}
	assert.ErrorAs(t, ask(`{"success":false,"error":{"code":"not_found"}}`, nil), new(*voiceagent.NotFoundError))
	for _, body := range []string{"", "no JSON", "null", `{"data":null}`, `{"data":[]}`, `{"data":{"id":[]}}`, `{"data":{"id":"t_1"`} {
		err := ask(body, &single)
		assert.ErrorAs(t, err, new(*voiceagent.DecodeError), body)
	}
	assert.ErrorAs(t, ask(`{"total":5}`, &page), new(*voiceagent.DecodeError), "a page without data")
}

// Only methods that mean the same when they are repeated are repeated once they may have been done.
func TestRequestRepeats(t *testing.T) {
	t.Parallel()
	for verb, repeats := range map[string]bool{
		"GET": true, "HEAD": true, "PUT": true, "PATCH": true, "DELETE": true, "OPTIONS": true, "POST": false, "CLONE": false,
	} {
		for name, fail := range map[string]func(*http.Request) (*http.Response, error){
			"lost": func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF },
			"504":  testkit.Answer(504, ""),
		} {
			attempts := 0
			client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
				attempts++
				return fail(req)
			}), voiceagent.WithRetryPolicy(testkit.Quickly{}), voiceagent.WithMaxRetries(2), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
			err := client.Request(t.Context(), verb, "/agents/ag_1/clone", nil, nil)
			require.Error(t, err)
			assert.Contains(t, err.Error(), verb+" /agents/{id}/clone: ")
			if repeats {
				assert.Equal(t, 3, attempts, "%s, %s", verb, name)
				assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				continue
			}
			assert.Equal(t, 1, attempts, "%s, %s", verb, name)
			require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		}
		// Where the server answers that it's worth another try, the method doesn't matter.
		answers := []int{500, 502, 200}
		client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
			status := answers[0]
			answers = answers[1:]
			return testkit.Answer(status, `{}`)(req)
		}), voiceagent.WithRetryPolicy(testkit.Quickly{}))
		require.NoError(t, client.Request(t.Context(), verb, "/things", nil, nil), verb)
		assert.Empty(t, answers, verb)
	}
}
