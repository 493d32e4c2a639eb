package voiceagenttest

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// The documented terms of delivery. Whether the three tries include the first
// isn't documented; here they do.
const (
	eventCallEnded  = "CALL_ENDED"
	signatureHeader = "X-Levrage-Signature"
	webhookTries    = 3
	webhookTimeout  = 10 * time.Second
)

// Delivery is one try to deliver a webhook.
type Delivery struct {
	URL       string
	SessionID string
	Try       int // from 1
	Status    int // 0 when no answer came
	Err       error
	Time      time.Time // the server's clock
}

// courier delivers webhooks. While a call is pending that an endpoint waits
// for, one goroutine sleeps until it ends; each webhook on its way has one too.
type courier struct {
	client  *http.Client
	own     bool // the client is ours to close
	backoff time.Duration
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	wake    chan struct{}

	// Guarded by the world's lock.
	closed     bool
	watching   bool
	deliveries []Delivery
}

func (c *courier) init(cfg config) {
	c.client, c.backoff = cfg.webhookClient, cfg.webhookBackoff
	if c.client == nil {
		c.own = true
		c.client = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.wake = make(chan struct{}, 1)
}

func (c *courier) hangUp() {
	if c.own {
		c.client.CloseIdleConnections()
	}
}

// Deliveries returns the tries to deliver webhooks so far, oldest first.
func (s *Server) Deliveries() []Delivery {
	s.world.Lock()
	defer s.world.Unlock()
	s.step()
	return slices.Clone(s.courier.deliveries)
}

// attend makes sure that somebody is awake when the next call ends for which
// an agent wants a webhook. The world must be locked.
func (c *courier) attend(s *Server) {
	if c.closed || s.agents.hooked == 0 {
		return
	}
	if c.watching {
		select {
		case c.wake <- struct{}{}:
		default:
		}
		return
	}
	if _, ok := s.world.Next(); !ok {
		return
	}
	c.watching = true
	c.running.Go(func() { c.watch(s) })
}

// watch steps the server at each event until nothing more will happen by
// itself.
func (c *courier) watch(s *Server) {
	for {
		s.world.Lock()
		s.world.Step()
		next, ok := s.world.Next()
		if !ok || c.closed || s.agents.hooked == 0 {
			c.watching = false
			s.world.Unlock()
			return
		}
		s.world.Unlock()
		t := time.NewTimer(s.world.Clock.Until(next))
		select {
		case <-t.C:
		case <-c.wake:
		case <-c.ctx.Done():
		}
		t.Stop()
	}
}

// ended sends the webhook of a call that ended. The world must be locked.
func (c *courier) ended(s *Server, one *world.Call) {
	a := s.agents.byID[one.AgentID]
	if c.closed || a == nil || a.webhook == nil {
		return
	}
	if len(a.webhook.Events) > 0 && !slices.Contains(a.webhook.Events, eventCallEnded) {
		return
	}
	hook := *a.webhook
	c.running.Go(func() { c.deliver(s, hook, one) })
}

// deliver tries until the endpoint answers 2xx.
func (c *courier) deliver(s *Server, hook webhookConfig, one *world.Call) {
	t := times{TimeZ, s.world.Clock}
	body := mustMarshal(map[string]any{
		"event":     eventCallEnded,
		"timestamp": t.at(one.Ended()),
		"data":      t.record(one, one.Ended()),
	})
	wait := c.backoff
	for try := 1; ; try++ {
		status, err := c.post(hook, body, s.cfg.dialect.SignaturePrefix)
		s.world.Lock()
		c.deliveries = append(c.deliveries, Delivery{
			URL: hook.URL, SessionID: one.Session, Try: try, Status: status, Err: err, Time: s.world.Clock.Wall(),
		})
		s.world.Unlock()
		if status/100 == 2 || try == webhookTries {
			return
		}
		t := time.NewTimer(wait)
		select {
		case <-t.C:
		case <-c.ctx.Done():
			t.Stop()
			return
		}
		wait *= 2
	}
}

func (c *courier) post(hook webhookConfig, body json.RawMessage, prefix string) (int, error) {
	ctx, cancel := context.WithTimeout(c.ctx, webhookTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("webhook: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	if hook.Secret != "" {
		req.Header.Set(signatureHeader, prefix+sign(hook.Secret, body))
	}
	res, err := c.client.Do(req)
	if err != nil {
		return 0, err
	}
	res.Body.Close()
	return res.StatusCode, nil
}

// sign is the likeliest reading of the signature, whose making isn't
// documented: the hex HMAC-SHA256 of the raw body.
func sign(secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}
