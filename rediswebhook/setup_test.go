package rediswebhook_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/redistest"
	"github.com/voiceagent-go/voiceagent/webhook"
)

const secret = "whsec_test_1"

// startRedis runs a server for a test. Without one installed the test is left out, but not on CI.
func startRedis(t *testing.T, args ...string) *redistest.Server {
	t.Helper()
	srv, err := redistest.Start(args...)
	if errors.Is(err, redistest.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, srv.Close()) })
	return srv
}

// dial returns a client of a server.
func dial(t *testing.T, addr string) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { assert.NoError(t, rdb.Close()) })
	return rdb
}

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

// claims claims an event that must be free.
func claims(t *testing.T, s webhook.Store, id string) webhook.Claim {
	t.Helper()
	claim, err := s.Claim(t.Context(), id)
	require.NoError(t, err)
	return claim
}
