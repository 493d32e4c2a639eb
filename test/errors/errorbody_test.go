package errors_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// The details of an error are read from every shape that its body may have. The status survives any
// body.
func TestErrorBodies(t *testing.T) {
	t.Parallel()
	const unread = "the answer has no message that can be read"
	type fields = []voiceagent.FieldError
	for name, c := range map[string]struct {
		body      string
		header    []string
		code      voiceagent.ErrorCode
		message   string
		requestID string
		fields    fields
	}{
		"envelope": {
			body: `{"success":false,"error":{"code":"odd","message":"No."},"request_id":"req_1","timestamp":"2025-01-01T12:00:00Z"}`,
			code: "odd", message: "No.", requestID: "req_1",
		},
		"envelope, id in both places": {
			body:   `{"error":{"code":"odd","message":"No."},"request_id":"req_1"}`,
			header: []string{"X-Request-Id", "req_2"}, code: "odd", message: "No.", requestID: "req_1",
		},
		"detail":             {body: `{"detail":"No."}`, message: "No."},
		"detail with an id":  {body: `{"detail":"No."}`, header: []string{"X-Request-ID", "req_2"}, message: "No.", requestID: "req_2"},
		"detail object":      {body: `{"detail":{"code":"odd","message":"No."}}`, code: "odd", message: "No."},
		"detail within":      {body: `{"error":{"code":"odd","detail":"No."}}`, code: "odd", message: "No."},
		"bare message":       {body: `{"message":"No."}`, message: "No."},
		"error as text":      {body: `{"error":"No."}`, message: "No."},
		"message and error":  {body: `{"message":"m","error":{"message":"e"}}`, message: "e"},
		"everything is null": {body: `{"success":null,"error":null,"detail":null,"message":null,"request_id":null}`, message: unread},
		"detail list": {
			body: `{"detail":[{"loc":["body","metadata","name"],"msg":"Field required","type":"missing"},
				{"loc":["body","contacts",3,"phone"],"msg":"Bad number","type":"value_error"}]}`,
			message: "metadata.name: Field required",
			fields:  fields{{Field: "metadata.name", Message: "Field required"}, {Field: "contacts[3].phone", Message: "Bad number"}},
		},
		"detail list of odd locations": {
			body: `{"detail":[{"loc":["body"],"msg":"a"},{"loc":["query","page"],"msg":"b"},{"loc":["body",0,"x",12,13],"msg":"c"},
				{"loc":[],"msg":"d"},{"msg":"e"},{"loc":"body.f","msg":"f"},{"loc":["body","g"],"msg":7}]}`,
			message: "body: a",
			fields: fields{
				{Field: "body", Message: "a"}, {Field: "page", Message: "b"}, {Field: "[0].x[12][13]", Message: "c"},
				{Message: "d"}, {Message: "e"}, {Field: "body.f", Message: "f"}, {Field: "g", Message: "7"},
			},
		},
		"detail list of odd things": {body: `{"detail":[null,5,[],{},"text"]}`, message: "text", fields: fields{{Message: "text"}}},
		"empty detail list":         {body: `{"detail":[]}`, message: unread},
		"details within the error": {
			body: `{"error":{"code":"odd","message":"No.","details":[{"loc":["body","name"],"msg":"taken"}]}}`,
			code: "odd", message: "No.", fields: fields{{Field: "name", Message: "taken"}},
		},
		"one key of an odd kind takes no other with it": {
			body: `{"message":{"a":1},"timestamp":[],"success":"no","error":{"message":["a"],"code":"odd"},"request_id":"req_1"}`,
			code: "odd", message: unread, requestID: "req_1",
		},
		"numbers for texts":      {body: `{"error":{"code":42,"message":43},"request_id":44}`, code: "42", message: "43", requestID: "44"},
		"cut off after the id":   {body: `{"request_id":"req_1","error":{"code":"odd","mess`, message: unread, requestID: "req_1"},
		"cut off in the middle":  {body: `{"error":{"code":"odd","message":"N`, message: unread},
		"html":                   {body: "<html><body>Bad Gateway</body></html>", header: []string{"Content-Type", "text/html"}, message: `a page that isn't the API's: "Bad Gateway"`},
		"json called html":       {body: `{"detail":"No."}`, header: []string{"Content-Type", "text/html"}, message: "No."},
		"html called json":       {body: "<html>", message: "a page that isn't the API's"},
		"empty":                  {message: unread},
		"spaces":                 {body: " \r\n\t", message: unread},
		"text":                   {body: `"No."`, message: unread},
		"list":                   {body: `[{"loc":["body"],"msg":"a"}]`, message: unread},
		"number":                 {body: `7`, message: unread},
		"null":                   {body: `null`, message: unread},
		"broken characters":      {body: "{\"detail\":\"N\xff\xfeo.\"}", message: "N\ufffd\ufffdo."},
		"binary":                 {body: "\x00\x01\x02{", message: unread},
		"keys twice":             {body: `{"detail":"a","detail":"b"}`, message: "b"},
		"a number of a person's": {body: `{"detail":"+91 98765 43210 is busy"}`, message: "***3210 is busy"},
		"gibberish after it":     {body: `{"detail":"No."} and more`, message: "No."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := testkit.NewAnswering(t, 418, c.body, c.header...).Agents.Get(t.Context(), "ag_1")
			api, ok := errors.AsType[*voiceagent.APIError](err)
			require.True(t, ok, "%T", err)
			assert.Equal(t, 418, api.StatusCode)
			assert.Equal(t, c.code, api.Code)
			assert.Equal(t, c.message, api.Message)
			assert.Equal(t, c.requestID, api.RequestID)
			assert.Equal(t, c.fields, api.Fields)
			assert.Equal(t, c.body, string(api.Body))
			if c.requestID != "" {
				assert.Contains(t, err.Error(), "(request_id "+c.requestID+")")
				assert.Equal(t, c.requestID, api.Attempts[0].RequestID)
			} else {
				assert.NotContains(t, err.Error(), "request_id")
			}
		})
	}
}

func TestErrorTimestamp(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		`"2025-01-01T12:00:00Z"`:           time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC),
		`"2025-01-01T12:00:00.123456"`:     time.Date(2025, 1, 1, 12, 0, 0, 123456000, time.UTC),
		`1735732800`:                       time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC),
		`"yesterday"`:                      {},
		`null`:                             {},
		`{"a":1}`:                          {},
		`"2025-01-01T12:00:00+05:30"`:      time.Date(2025, 1, 1, 6, 30, 0, 0, time.UTC),
		`"2025-01-01 12:00:00.5"`:          time.Date(2025, 1, 1, 12, 0, 0, 5e8, time.UTC),
		`"2025-01-01T12:00:00.000000000Z"`: time.Date(2025, 1, 1, 12, 0, 0, 0, time.UTC),
	} {
		var response voiceagent.Response
		_, err := testkit.NewAnswering(t, 418, `{"detail":"No.","timestamp":`+text+`}`).
			Agents.Get(t.Context(), "ag_1", voiceagent.WithResponse(&response))
		api, ok := errors.AsType[*voiceagent.APIError](err)
		require.True(t, ok)
		assert.Equal(t, "No.", api.Message)
		assert.True(t, want.Equal(api.Timestamp), "%s: %s", text, api.Timestamp)
		assert.Equal(t, api.Timestamp, response.Timestamp)
	}
}

// An error body is read up to a mebibyte. A quarter more is discarded to keep the connection, and
// 4 KiB are kept.
func TestEndlessErrorBody(t *testing.T) {
	t.Parallel()
	body := &testkit.EndlessBody{Prefix: strings.NewReader(`{"request_id":"req_1","detail":"`)}
	client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		resp, err := testkit.Answer(400, "")(req)
		resp.Body = body
		return resp, err
	}))
	_, err := client.Agents.Get(t.Context(), "ag_1")
	api, ok := errors.AsType[*voiceagent.APIError](err)
	require.True(t, ok)
	assert.Equal(t, 400, api.StatusCode)
	assert.Equal(t, "req_1", api.RequestID)
	assert.Len(t, api.Body, 4<<10)
	assert.True(t, strings.HasPrefix(string(api.Body), `{"request_id":"req_1","detail":"xxx`))
	assert.GreaterOrEqual(t, body.Bytes, 1<<20)
	assert.LessOrEqual(t, body.Bytes, 1<<20+256<<10)
	assert.True(t, body.Closed)
	assert.Less(t, len(err.Error()), 4<<10)
}

// Over a real connection an error may come packed, lied about, or cut off.
func TestErrorBodiesOverLoopback(t *testing.T) {
	t.Parallel()
	packed := func(text string) string {
		var buf bytes.Buffer
		w := gzip.NewWriter(&buf)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		return buf.String()
	}
	for name, c := range map[string]struct {
		body    string
		header  []string
		message string
	}{
		"gzip":           {packed(`{"detail":"No."}`), []string{"Content-Encoding", "gzip"}, "No."},
		"gzip bomb":      {packed(`{"detail":"No."}` + strings.Repeat(" ", 3<<20)), []string{"Content-Encoding", "gzip"}, "No."},
		"no gzip":        {`{"detail":"No."}`, []string{"Content-Encoding", "gzip"}, "the answer has no message that can be read"},
		"too short":      {`{"detail":"No."}`, []string{"Content-Length", "100"}, "No."},
		"nothing at all": {"", []string{"Content-Length", "0"}, "the answer has no message that can be read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, _ := testkit.NewLoopback(t, func(w http.ResponseWriter, _ *http.Request) {
				for i := 0; i < len(c.header); i += 2 {
					w.Header().Set(c.header[i], c.header[i+1])
				}
				w.WriteHeader(http.StatusConflict)
				_, _ = io.WriteString(w, c.body)
			})
			_, err := client.Agents.Get(t.Context(), "ag_1")
			conflict, ok := errors.AsType[*voiceagent.ConflictError](err)
			require.True(t, ok, "%T", err)
			assert.Equal(t, c.message, conflict.Message)
			assert.Len(t, conflict.Attempts, 1)
		})
	}
}
