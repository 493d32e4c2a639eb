package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/webhook"
)

const secret = "whsec_test_1"

// ended is the body of a CALL_ENDED.
func ended(session string) string {
	return fmt.Sprintf(`{"event":"CALL_ENDED","timestamp":"2025-01-15T10:30:00Z","data":{"session_id":%q,"status":"completed","phone_number":"+919876543210"}}`, session)
}

// request is a delivery, signed with the secret.
func request(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(webhook.SignatureHeader, webhook.Sign([]byte(body), secret))
	return r
}

// answer is what a handler says to a request.
func answer(h http.Handler, r *http.Request) *http.Response {
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, r)
	return rec.Result()
}

// status is that of the answer to a signed delivery.
func status(h http.Handler, body string) int { return answer(h, request(body)).StatusCode }

// consumer is a Handle that counts.
type consumer struct {
	mu     sync.Mutex
	counts map[string]int
	events []webhook.Event
	then   func(ctx context.Context, id string, times int) error // may be nil
}

func (c *consumer) handle(ctx context.Context, event webhook.Event) error {
	c.mu.Lock()
	if c.counts == nil {
		c.counts = make(map[string]int)
	}
	c.counts[event.ID()]++
	times := c.counts[event.ID()]
	c.events = append(c.events, event)
	c.mu.Unlock()
	if c.then != nil {
		return c.then(ctx, event.ID(), times)
	}
	return nil
}

// times is how often the event of a session came.
func (c *consumer) times(session string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts["CALL_ENDED:"+session]
}

// total is how many events came, and how often at most the same one.
func (c *consumer) total() (events, most int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, n := range c.counts {
		most = max(most, n)
	}
	return len(c.counts), most
}

// receiver is a handler that gives its events to c, and is shut down with the test.
func receiver(t *testing.T, c *consumer, change func(*webhook.HandlerParams)) *webhook.Handler {
	t.Helper()
	p := webhook.HandlerParams{Secrets: []string{secret}, Handle: c.handle}
	if change != nil {
		change(&p)
	}
	h := webhook.NewHandler(p)
	t.Cleanup(func() { require.NoError(t, h.Shutdown(context.Background())) })
	return h
}

// inMemory calls a handler without a socket, so that a bubble's clock can move. The handler sees it
// when the sender gives up.
type inMemory struct{ h http.Handler }

func (m inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	rec, done := httptest.NewRecorder(), make(chan struct{})
	go func() {
		defer close(done)
		m.h.ServeHTTP(rec, req.Clone(req.Context()))
	}()
	select {
	case <-done:
		return rec.Result(), nil
	case <-req.Context().Done():
		<-done // as a handler that heeds its request's context soon is
		return nil, req.Context().Err()
	}
}
