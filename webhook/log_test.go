package webhook_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent/webhook"
)

// lines is a log.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

func TestLog(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		change func(p *webhook.HandlerParams)
		times  int
		want   []string
	}{
		"handled":   {times: 1, want: []string{"level=DEBUG", "status=200", "event=CALL_ENDED:a", "again=false"}},
		"repeated":  {times: 2, want: []string{"again=true"}},
		"unread":    {body: `{"event":"CALL_ENDED","data":"+919876543210"}`, times: 1, want: []string{"level=WARN", "status=200", "there is no object under data"}},
		"malformed": {body: strings.Repeat("[", 20_000), times: 1, want: []string{"level=WARN", "status=400", "it is not a JSON object"}},
		"refused":   {times: 1, change: func(p *webhook.HandlerParams) { p.Secrets = []string{"whsec_test_2"} }, want: []string{"level=WARN", "status=401", "it doesn't fit the secret"}},
		"failed": {times: 1, change: func(p *webhook.HandlerParams) {
			p.Handle = func(context.Context, webhook.Event) error {
				return errors.New("no row for +91 98765 43210, 9876543210 or call_9876; signed with " + secret)
			}
		}, want: []string{"level=ERROR", "no row for ***3210, ***3210 or call_9876; signed with REDACTED", "level=DEBUG", "status=500"}},
		"panicked": {times: 1, change: func(p *webhook.HandlerParams) {
			p.Handle = func(_ context.Context, e webhook.Event) error { panic(e.(*webhook.CallEnded).Call) }
		}, want: []string{"level=ERROR", "Handle panicked with a *voiceagent.Call", "log_test.go"}},
		"runtime": {times: 1, change: func(p *webhook.HandlerParams) {
			p.Handle = func(context.Context, webhook.Event) error { return fmt.Errorf("%d", make([]int, 1)[len(p.Secrets)]) }
		}, want: []string{"index out of range [1] with length 1"}},
		"store": {times: 1, change: func(p *webhook.HandlerParams) {
			p.Store = &moodyStore{claim: errors.New("dial tcp: connection refused")}
		}, want: []string{"level=ERROR", "status=503", "connection refused"}},
		"unrecorded": {times: 1, change: func(p *webhook.HandlerParams) {
			p.Store = &moodyStore{Store: webhook.NewMemoryStore(0, 0), done: errors.New("gone")}
		}, want: []string{"level=ERROR", "could not be recorded", "error=gone", "status=200"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lines
			h := receiver(t, &consumer{}, func(p *webhook.HandlerParams) {
				p.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
				if c.change != nil {
					c.change(p)
				}
			})
			if c.body == "" {
				c.body = strings.Replace(documented, "call_uuid", "a", 1)
			}
			for range c.times {
				status(h, c.body)
			}
			text := log.String()
			for _, want := range c.want {
				assert.Contains(t, text, want)
			}
			for _, private := range []string{secret, "876543210", "98765 4", "Rahul", "rahul@", "Hello.", webhook.Sign([]byte(c.body), secret)} {
				assert.NotContains(t, text, private)
			}
		})
	}
}
