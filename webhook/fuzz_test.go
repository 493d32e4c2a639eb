package webhook_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/webhook"
)

// Any body is an event with an ID of its own, or malformed.
func FuzzParse(f *testing.F) {
	for _, body := range []string{documented, ended("a"), "", "{}", "null", `{"event":"X"}`, `{"event":"CALL_ENDED","data":{"session_id":17,"metadata":["a"]}}`,
		`{"event":"CALL_ENDED","data":{"session_id":"None","transcript":{"a":1}}}`, `{"event":"CALL_ENDED","data":null}`, `{"event":"A:B","data":{"session_id":{}}}`,
		"{\"event\":\"\xff\",\"data\":{\"session_id\":\"\xff\"}}", `{"event":"CALL_ENDED","event":"X","data":[1],"data":{}}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		event, err := webhook.Parse(body)
		if err != nil {
			require.ErrorIs(t, err, webhook.ErrMalformed)
			assert.Nil(t, event)
			return
		}
		assert.NotEmpty(t, event.EventName())
		assert.NotEmpty(t, event.ID())
		assert.LessOrEqual(t, len(event.ID()), 200)
		if ended, ok := event.(*webhook.CallEnded); ok {
			assert.NotNil(t, ended.Call)
		}
		if utf8.Valid(body) {
			assert.True(t, utf8.ValidString(event.ID()))
		}
		assert.Equal(t, string(body), string(event.Raw()))
		again, err := webhook.Parse(event.Raw())
		require.NoError(t, err)
		assert.Equal(t, event.ID(), again.ID())
	})
}

// has reports whether a signature header has this signature in it, as hex or base64.
func has(t *testing.T, header, signature string) bool {
	t.Helper()
	mac, err := hex.DecodeString(signature)
	require.NoError(t, err)
	return strings.Contains(strings.ToLower(header), signature) || strings.Contains(header, base64.StdEncoding.EncodeToString(mac)[:42])
}

// Only the signature of this body under this secret fits.
func FuzzVerify(f *testing.F) {
	body := []byte(ended("a"))
	f.Add(body, webhook.Sign(body, secret), secret)
	f.Add(body, "sha256="+webhook.Sign(body, secret), secret)
	f.Add(body, webhook.Sign(body, ""), "")
	f.Add(body, webhook.Sign([]byte(ended("b")), secret), secret)
	f.Add(body, "yes, SHA256= "+webhook.Sign(body, secret), secret)
	f.Add([]byte{}, "", "")
	f.Add([]byte{0}, "sha256=sha256=", "\xff")
	f.Fuzz(func(t *testing.T, body []byte, signature, secret string) {
		right := webhook.Sign(body, secret)
		err := webhook.Verify(body, signature, "whsec_test_other", secret)
		if err == nil {
			assert.True(t, has(t, signature, right) || has(t, signature, webhook.Sign(body, "whsec_test_other")))
		}
		if secret == "" {
			assert.Error(t, webhook.Verify(body, right, secret))
			return
		}
		assert.NoError(t, webhook.Verify(body, right, secret))
		assert.Error(t, webhook.Verify(append(body, 'x'), right, secret))
	})
}

// A handler calls Handle exactly if a POST of JSON was signed with the secret. Its answer quotes
// neither the secret nor the body.
func FuzzHandler(f *testing.F) {
	const jsonType = "application/json"
	for _, body := range []string{documented, ended("a"), ended("None"), "", "{}", "null", `{"event":"X"}`, `{"event":"CALL_ENDED","data":null}`, `{"event":"\n"}`,
		"{\"event\":\"\xff\"}", `{"event":"` + secret + `","data":{"session_id":"` + secret + `"}}`} {
		f.Add("POST", jsonType, "", []byte(body), true)
		f.Add("POST", "Application/JSON; charset=utf-8", webhook.Sign([]byte(body), "whsec_test_other"), []byte(body), false)
	}
	f.Add("GET", jsonType, "", []byte(ended("a")), true)
	f.Add("", "text/html", "sha256=", []byte(ended("a")), true)
	f.Add("PO ST", "application/json;", "\x00", []byte(ended("a")), false)
	f.Fuzz(func(t *testing.T, method, contentType, signature string, body []byte, sign bool) {
		if sign {
			signature = webhook.Sign(body, secret)
		}
		c := &consumer{}
		h := webhook.NewHandler(webhook.HandlerParams{Secrets: []string{secret}, Handle: c.handle})
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, &http.Request{
			Method: method, URL: &url.URL{Path: "/webhook"}, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: -1,
			Header: http.Header{"Content-Type": {contentType}, webhook.SignatureHeader: {signature}},
		})
		require.NoError(t, h.Shutdown(context.Background()))

		kind, _, _ := strings.Cut(contentType, ";")
		kind, _, _ = strings.Cut(kind, ",")
		event, malformed := webhook.Parse(body)
		want := http.StatusOK
		switch {
		case method != http.MethodPost:
			want = http.StatusMethodNotAllowed
		case !strings.EqualFold(strings.TrimSpace(kind), jsonType):
			want = http.StatusUnsupportedMediaType
		case len(body) > 1<<20:
			want = http.StatusRequestEntityTooLarge
		case webhook.Verify(body, signature, secret) != nil:
			want = http.StatusUnauthorized
		case malformed != nil && (len(bytes.TrimSpace(body)) == 0 || bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > 10_000):
			want = http.StatusBadRequest
		}
		assert.Equal(t, want, rec.Code)
		assert.NotContains(t, rec.Body.String(), secret)
		if want != http.StatusOK {
			assert.Empty(t, c.events, "an event that wasn't answered 200 reached its user")
			return
		}
		require.Len(t, c.events, 1)
		assert.Equal(t, string(body), string(c.events[0].Raw()))
		if malformed != nil {
			require.IsType(t, &webhook.UnknownEvent{}, c.events[0])
			assert.ErrorIs(t, c.events[0].(*webhook.UnknownEvent).Err, webhook.ErrMalformed)
			return
		}
		assert.Equal(t, event.ID(), c.events[0].ID())
	})
}
