package webhook_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/webhook"
)

// deep nests deeper than anybody's data.
var deep = `{"event":"CALL_ENDED","data":{"session_id":"a","new":` + strings.Repeat("[", 10_001)

func TestAnswers(t *testing.T) {
	t.Parallel()
	without := func(header string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(header) } }
	with := func(header, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(header, value) }
	}
	signed := func(body string) func(*http.Request) {
		return with(webhook.SignatureHeader, webhook.Sign([]byte(body), secret))
	}
	for name, c := range map[string]struct {
		body   string
		change func(*http.Request)
		status int
		err    error
	}{
		"good":                      {status: 200},
		"with a prefix":             {change: with(webhook.SignatureHeader, "sha256="+webhook.Sign([]byte(ended("a")), secret)), status: 200},
		"with a charset":            {change: with("Content-Type", "Application/JSON; charset=utf-8"), status: 200},
		"unknown event":             {body: `{"event":"CALL_STARTED"}`, status: 200},
		"GET":                       {change: func(r *http.Request) { r.Method = http.MethodGet }, status: 405, err: webhook.ErrMethod},
		"HEAD":                      {change: func(r *http.Request) { r.Method = http.MethodHead }, status: 405, err: webhook.ErrMethod},
		"form":                      {change: with("Content-Type", "application/x-www-form-urlencoded"), status: 415, err: webhook.ErrContentType},
		"no content type":           {change: without("Content-Type"), status: 415, err: webhook.ErrContentType},
		"content type with another": {change: with("Content-Type", "text/plain, application/json"), status: 415, err: webhook.ErrContentType},
		"like JSON":                 {change: with("Content-Type", "application/json+x"), status: 415, err: webhook.ErrContentType},
		"broken parameters":         {change: with("Content-Type", "application/json; ;"), status: 200},
		"joined content type":       {change: with("Content-Type", "application/json, application/json"), status: 200},
		"too large":                 {body: `{"event":"` + strings.Repeat("x", 20_000) + `"}`, status: 413, err: webhook.ErrTooLarge},
		"too large and unannounced": {body: `{"event":"` + strings.Repeat("x", 20_000) + `"}`, change: func(r *http.Request) { r.ContentLength = -1 }, status: 413, err: webhook.ErrTooLarge},
		"not signed":                {change: without(webhook.SignatureHeader), status: 401, err: webhook.ErrNoSignature},
		"signed by somebody":        {change: with(webhook.SignatureHeader, webhook.Sign([]byte(ended("a")), "whsec_test_2")), status: 401, err: webhook.ErrSignature},
		"signature of another":      {change: signed(ended("b")), status: 401, err: webhook.ErrSignature},
		"not a signature":           {change: with(webhook.SignatureHeader, "yes"), status: 401, err: webhook.ErrSignature},
		"not JSON":                  {body: "event=CALL_ENDED", status: 200},
		"not quite JSON":            {body: "\ufeff" + `{"event":"CALL_ENDED","data":{"session_id":"a","ai_cost":NaN}}`, status: 200},
		"deep":                      {body: deep, status: 400, err: webhook.ErrMalformed},
		"not JSON, not signed":      {body: "event=CALL_ENDED", change: without(webhook.SignatureHeader), status: 401, err: webhook.ErrNoSignature},
		"no body":                   {body: " ", change: func(r *http.Request) { r.Body = http.NoBody; signed("")(r) }, status: 400, err: webhook.ErrMalformed},
		"lost on the way":           {change: func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), broken{})) }, status: 400, err: webhook.ErrBody},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c1 consumer
			h := receiver(t, &c1, func(p *webhook.HandlerParams) { p.MaxBody = int64(len(deep)) })
			if c.body == "" {
				c.body = ended("a")
			}
			r := request(c.body)
			if c.change != nil {
				c.change(r)
			}
			res := answer(h, r)
			text, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			assert.Equal(t, c.status, res.StatusCode)
			events, _ := c1.total()
			if c.err == nil {
				assert.Empty(t, text)
				assert.Equal(t, 1, events)
				return
			}
			assert.Equal(t, c.err.Error()+"\n", string(text))
			assert.Zero(t, events)
			assert.Equal(t, c.status == 405, res.Header.Get("Allow") == "POST")
			assert.Empty(t, res.Header.Get("Retry-After"))
		})
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// What the sender may read names no secret, number or detail.
func TestAnswerToAFailure(t *testing.T) {
	t.Parallel()
	c := consumer{then: func(context.Context, string, int) error { return errors.New("no room for +919876543210") }}
	res := answer(receiver(t, &c, nil), request(ended("a")))
	assert.Equal(t, http.StatusInternalServerError, res.StatusCode)
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Equal(t, webhook.ErrHandle.Error()+"\n", string(text))
}

func TestUnsigned(t *testing.T) {
	t.Parallel()
	var c consumer
	h := webhook.NewHandler(webhook.HandlerParams{Unsigned: true, Handle: c.handle})
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(ended("a")))
	r.Header.Set("Content-Type", "application/json")
	assert.Equal(t, 200, answer(h, r).StatusCode)
	assert.Equal(t, 1, c.times("a"))
}

func TestScheme(t *testing.T) {
	t.Parallel()
	var c consumer
	h := receiver(t, &c, func(p *webhook.HandlerParams) {
		p.Scheme = func(header http.Header, body []byte, secrets []string) error {
			switch {
			case header.Get("X-Signed") == "":
				return webhook.ErrNoSignature
			case header.Get("X-Signed") != webhook.Sign(append([]byte("v1."), body...), secrets[0]):
				return errors.New("no")
			}
			return nil
		}
	})
	r := request(ended("a"))
	assert.Equal(t, 401, answer(h, r).StatusCode, "the default scheme isn't asked")
	r = request(ended("a"))
	r.Header.Set("X-Signed", "x")
	assert.Equal(t, 401, answer(h, r).StatusCode)
	r = request(ended("a"))
	r.Header.Set("X-Signed", webhook.Sign([]byte("v1."+ended("a")), secret))
	assert.Equal(t, 200, answer(h, r).StatusCode)
	assert.Equal(t, 1, c.times("a"))
}

func TestCheck(t *testing.T) {
	t.Parallel()
	handle := func(context.Context, webhook.Event) error { return nil }
	for _, c := range []struct {
		p    webhook.HandlerParams
		want []string
	}{
		{webhook.HandlerParams{}, []string{"Handle is nil", "there are no Secrets"}},
		{webhook.HandlerParams{Handle: handle}, []string{"there are no Secrets"}},
		{webhook.HandlerParams{Handle: handle, Secrets: []string{}}, []string{"there are no Secrets"}},
		{webhook.HandlerParams{Handle: handle, Secrets: []string{secret}, Unsigned: true}, []string{"and Unsigned too"}},
		{webhook.HandlerParams{Handle: handle, Secrets: []string{secret, ""}}, []string{"Secrets[1] is empty"}},
		{webhook.HandlerParams{Handle: handle, Secrets: []string{" \n"}}, []string{"Secrets[0] is empty"}},
		{webhook.HandlerParams{Handle: handle, Secrets: []string{secret + "\n"}}, []string{"Secrets[0] has white space"}},
		{webhook.HandlerParams{Handle: handle, Secrets: []string{secret}, Workers: -1, Queue: -1, Requests: -1, MaxBody: -1, AnswerWithin: -1},
			[]string{"Workers is", "Queue is", "Requests is", "MaxBody is", "AnswerWithin is"}},
	} {
		err := c.p.Check()
		for _, want := range c.want {
			assert.ErrorContains(t, err, want)
		}
		assert.NotContains(t, err.Error(), secret)
		assert.PanicsWithError(t, err.Error(), func() { webhook.NewHandler(c.p) })
	}
	require.NoError(t, webhook.HandlerParams{Handle: handle, Secrets: []string{secret}}.Check())
	require.NoError(t, webhook.HandlerParams{Handle: handle, Unsigned: true}.Check())
}
