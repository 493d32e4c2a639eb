package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// readers are the ways to read a success: one object, a list, an object that may be missing, any
// shape, nothing. due means that a result without an error is never nil.
var readers = []struct {
	due  bool
	read func(context.Context, *voiceagent.Client, ...voiceagent.RequestOption) (any, error)
}{
	{true, func(ctx context.Context, c *voiceagent.Client, opts ...voiceagent.RequestOption) (any, error) {
		call, err := c.Calls.Get(ctx, "call_1", opts...)
		return orNil(call), err
	}},
	{true, func(ctx context.Context, c *voiceagent.Client, opts ...voiceagent.RequestOption) (any, error) {
		page, err := c.Calls.List(ctx, voiceagent.CallListParams{}, opts...)
		return orNil(page), err
	}},
	{true, func(ctx context.Context, c *voiceagent.Client, opts ...voiceagent.RequestOption) (any, error) {
		agent, err := c.Agents.Get(ctx, "ag_1", opts...)
		return orNil(agent), err
	}},
	{true, func(ctx context.Context, c *voiceagent.Client, opts ...voiceagent.RequestOption) (any, error) {
		page, err := c.Campaigns.List(ctx, voiceagent.CampaignListParams{}, opts...)
		return orNil(page), err
	}},
	{true, func(ctx context.Context, c *voiceagent.Client, opts ...voiceagent.RequestOption) (any, error) {
		action, err := c.Campaigns.Stop(ctx, "cmp_1", opts...)
		return orNil(action), err
	}},
	{false, func(ctx context.Context, c *voiceagent.Client, opts ...voiceagent.RequestOption) (any, error) {
		return c.Catalog.Voices(ctx, opts...)
	}},
	{true, func(ctx context.Context, c *voiceagent.Client, opts ...voiceagent.RequestOption) (any, error) {
		health, err := c.Health(ctx, opts...)
		return orNil(health), err
	}},
	{false, func(ctx context.Context, c *voiceagent.Client, opts ...voiceagent.RequestOption) (any, error) {
		return nil, c.Agents.Delete(ctx, "ag_1", opts...)
	}},
	{false, func(ctx context.Context, c *voiceagent.Client, opts ...voiceagent.RequestOption) (out any, err error) {
		err = c.Request(ctx, http.MethodGet, "/new", nil, &out, opts...)
		return out, err
	}},
	{false, func(ctx context.Context, c *voiceagent.Client, opts ...voiceagent.RequestOption) (any, error) {
		var page voiceagent.Page[map[string]any]
		err := c.Request(ctx, http.MethodGet, "/new", nil, &page, opts...)
		return page, err
	}},
}

// orNil makes a nil pointer a nil any.
func orNil[T any](p *T) any {
	if p == nil {
		return nil
	}
	return p
}

// bodies that answers have had, or might.
var answerSeeds = []string{
	testkit.OKCall, `{"success":true,"data":[{"id":"a"}],"total":1,"page":1,"page_size":20,"has_more":false,"request_id":"req_1"}`,
	`{"success":false,"error":{"code":"odd","message":"No."},"request_id":"req_1","timestamp":"2025-01-01T12:00:00Z"}`,
	`{"detail":"No."}`, `{"detail":[{"loc":["body","contacts",3,"phone"],"msg":"Bad number","type":"value_error"}]}`,
	`{"message":"+91 98765 43210 is busy"}`, `{"detail":{"code":"quota_exceeded","message":"No credits."}}`,
	`{"success":null,"data":{"id":17,"metadata":"None","started_at":1736936825,"duration_seconds":"180"}}`,
	`["female",{"id":"v_1","name":"Asha"}]`, `{"status":"ok"}`, `{"voices":["a"]}`, `{"data":null}`, `{}`, ``, ` `, `null`, `<html>`,
	`{"data":{"id":"a"},"data":{"id":"b"}}`, "{\"data\":{\"id\":\"\xff\"}}", `{"data":{"id":"\ud800"}}`, `{"data":{"total_cost":1e999,"metadata":{"n":-0}}}`,
	`{"data":{"id":"a"}`, "\ufeff" + testkit.OKCall, `{"error":"` + testkit.Key + `"}`, `{"data":{"` + testkit.Key + `":[]},"request_id":"` + testkit.Key + `"}`,
	`{"error":{"code":"` + testkit.EscapedKey + `","message":"` + testkit.EscapedKey + `"},"request_id":"` + testkit.EscapedKey + `"}`,
	`{"detail":[{"loc":["header","` + testkit.EscapedKey + `"],"msg":"` + testkit.EscapedKey + `"}]}`, `{"data":{"transcript":{"` + testkit.EscapedKey + `":1}}}`,
	`{"error":{"message":"two\nlines\u2028 and \u0000 more"}}`,
}

// Any 2xx is read, or is a typed error that names the request and doesn't show the key.
func FuzzSuccess(f *testing.F) {
	for i, body := range answerSeeds {
		for reader := range readers {
			f.Add(byte(reader), "req_header", []byte(body))
		}
		f.Add(byte(i), testkit.Key, []byte(body))
		f.Add(byte(i), "", []byte(body))
	}
	f.Fuzz(func(t *testing.T, reader byte, requestID string, body []byte) {
		r := readers[int(reader)%len(readers)]
		var response voiceagent.Response
		client := testkit.NewAnswering(t, http.StatusOK, string(body), "X-Request-Id", requestID)
		got, err := r.read(t.Context(), client, voiceagent.WithResponse(&response))
		assert.Equal(t, http.StatusOK, response.StatusCode)
		require.Len(t, response.Attempts, 1)
		assertTracked(t, requestID, response.RequestID)
		if err != nil {
			checkFuzzedError(t, err, http.StatusOK, requestID)
			return
		}
		if r.due {
			assert.NotNil(t, got)
		}
		// A decoded value can be encoded, so that a user who stores records doesn't fail on an odd one.
		// The exception is a number beyond every float in a field of any kind, such as a call's metadata.
		if _, err = json.Marshal(got); err != nil {
			assert.ErrorContains(t, err, "Inf")
		}
	})
}

// Any error answer is the error that its status names, whatever is in its body.
func FuzzRefusal(f *testing.F) {
	for i, body := range answerSeeds {
		for _, status := range []uint16{302, 400, 401, 403, 404, 409, 418, 422, 429, 500, 502, 503, 504} {
			f.Add(status, "req_header", []byte(body))
		}
		f.Add(uint16(i), testkit.Key, []byte(body))
		f.Add(uint16(i), "", []byte(body))
	}
	f.Fuzz(func(t *testing.T, status uint16, requestID string, body []byte) {
		code := 300 + int(status)%700
		if status >= 300 && status < 1000 {
			code = int(status)
		}
		_, err := testkit.NewAnswering(t, code, string(body), "X-Request-Id", requestID).Calls.Create(t.Context(), testkit.ValidCall())
		checkFuzzedError(t, err, code, requestID)
		api, ok := errors.AsType[*voiceagent.APIError](err)
		require.True(t, ok, "%T", err)
		wanted := map[int]any{
			400: new(*voiceagent.BadRequestError), 401: new(*voiceagent.AuthenticationError), 403: new(*voiceagent.PermissionError),
			404: new(*voiceagent.NotFoundError), 409: new(*voiceagent.ConflictError), 422: new(*voiceagent.ValidationError),
			429: new(*voiceagent.RateLimitError),
		}[code]
		if code >= 500 {
			wanted = new(*voiceagent.ServerError)
		}
		if wanted != nil {
			assert.ErrorAs(t, err, wanted)
		}
		assert.NotEmpty(t, api.Message)
		again, ok := errors.AsType[*voiceagent.APIError](testkit.NewAnswering(t, code, string(body), "X-Request-Id", requestID).Agents.Delete(t.Context(), "ag_1"))
		require.True(t, ok)
		assert.Equal(t, api.Message, again.Message)
		assert.Equal(t, api.Fields, again.Fields)
	})
}

// checkFuzzedError checks what holds for every error that an answer makes.
func checkFuzzedError(t *testing.T, err error, status int, requestID string) {
	t.Helper()
	require.Error(t, err)
	var id string
	var body []byte
	var attempts []voiceagent.Attempt
	texts := []string{err.Error(), fmt.Sprintf("%#v", err)}
	if api, ok := errors.AsType[*voiceagent.APIError](err); ok {
		assert.Equal(t, status, api.StatusCode)
		id, body, attempts = api.RequestID, api.Body, api.Attempts
		texts = append(texts, api.Message, string(api.Code), api.Hint(), fmt.Sprint(api.Fields), fmt.Sprint(api.LogValue()))
	} else {
		decode, ok := errors.AsType[*voiceagent.DecodeError](err)
		require.True(t, ok, "%T: %v", err, err)
		assert.Equal(t, status, decode.StatusCode)
		id, body, attempts = decode.RequestID, decode.Body, decode.Attempts
		texts = append(texts, fmt.Sprint(decode.LogValue()))
		for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
			texts = append(texts, cause.Error())
		}
	}
	assertTracked(t, requestID, id)
	if id != "" {
		assert.Contains(t, err.Error(), "request_id ")
	}
	assert.LessOrEqual(t, len(body), 4<<10)
	require.Len(t, attempts, 1)
	assert.Equal(t, id, attempts[0].RequestID)
	for _, text := range append(texts, id, string(body)) {
		assert.NotContains(t, text, testkit.Key)
	}
	assert.False(t, strings.ContainsFunc(err.Error(), unicode.IsControl), "more than a line: %q", err.Error())
}

// assertTracked checks that the request id of an answer's header is lost only to the body's own.
func assertTracked(t *testing.T, header, got string) {
	t.Helper()
	if strings.TrimSpace(header) != "" {
		assert.NotEmpty(t, got, "the request id is lost")
	}
	assert.NotContains(t, got, testkit.Key)
}
