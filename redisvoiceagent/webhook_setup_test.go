package redisvoiceagent_test

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/webhook"
)

const secret = "whsec_test_1"

// receiver is a handler with a store, shut down with the test.
func receiver(t *testing.T, store webhook.Store, handle func(context.Context, webhook.Event) error, change func(*webhook.HandlerParams)) *webhook.Handler {
	t.Helper()
	p := webhook.HandlerParams{Secrets: []string{secret}, Store: store, Handle: handle}
	if change != nil {
		change(&p)
	}
	h := webhook.NewHandler(p)
	t.Cleanup(func() { assert.NoError(t, h.Shutdown(context.Background())) })
	return h
}

// status is the answer to a signed CALL_ENDED of a session.
func status(h http.Handler, session string) int {
	body := fmt.Sprintf(`{"event":"CALL_ENDED","data":{"session_id":%q}}`, session)
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), secret))
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Code
}

// eventKey is what the key of an event in Redis is.
func eventKey(prefix, id string) string {
	return "{" + cmp.Or(prefix, "voiceagent:webhook") + "}:" + id
}

// claims claims an event that must be free.
func claims(t *testing.T, s webhook.Store, id string) webhook.Claim {
	t.Helper()
	claim, err := s.Claim(t.Context(), id)
	require.NoError(t, err)
	return claim
}
