package voiceagenttest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/simulator/world"
)

// endpoint is somebody's webhook receiver, without a socket.
type endpoint struct {
	mu       sync.Mutex
	statuses []int // in turn, then 200; 0 hangs until the sender gives up
	given    int   // how often the sender gave up
	times    []time.Time
	headers  []http.Header
	bodies   [][]byte
}

func (e *endpoint) RoundTrip(req *http.Request) (*http.Response, error) {
	defer req.Body.Close()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.times = append(e.times, time.Now())
	e.headers = append(e.headers, req.Header)
	e.bodies = append(e.bodies, body)
	status := http.StatusOK
	if n := len(e.bodies); n <= len(e.statuses) {
		status = e.statuses[n-1]
	}
	e.mu.Unlock()
	if status == 0 {
		<-req.Context().Done()
		e.mu.Lock()
		defer e.mu.Unlock()
		e.given++
		return nil, req.Context().Err()
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(&bytes.Buffer{}), Request: req}, nil
}

func (e *endpoint) received() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.bodies)
}

// reporting makes a server whose agent reports to e.
func reporting(t *testing.T, e *endpoint, cfg config) (a *api, agentID string) {
	t.Helper()
	cfg.webhookClient = &http.Client{Transport: e}
	a = inMemory(t, cfg)
	return a, a.srv.AddAgent(NewAgent{Name: "A", Webhook: &Webhook{URL: "https://hooks.test/levrage", Secret: "whsec_1"}})
}

func TestWebhook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e endpoint
		a, agentID := reporting(t, &e, config{outcome: always(world.StatusCompleted)})
		began := time.Now()
		c := a.callTo(agentID, phone(1))
		time.Sleep(time.Minute) // nobody asks: it must come by itself
		synctest.Wait()
		require.Equal(t, 1, e.received())

		mac := hmac.New(sha256.New, []byte("whsec_1"))
		mac.Write(e.bodies[0])
		assert.Equal(t, hex.EncodeToString(mac.Sum(nil)), e.headers[0].Get("X-Levrage-Signature"))
		assert.Equal(t, "application/json", e.headers[0].Get("Content-Type"))

		var event struct {
			Event     string
			Timestamp time.Time
			Data      object
		}
		require.NoError(t, json.Unmarshal(e.bodies[0], &event))
		assert.Equal(t, "CALL_ENDED", event.Event)
		assert.Equal(t, c["session_id"], event.Data["session_id"])
		assert.Equal(t, "completed", event.Data["status"])
		assert.Equal(t, "agent", event.Data["transcript"].([]any)[0].(object)["role"])
		for _, key := range []string{"id", "handover", "created_at"} {
			assert.NotContains(t, event.Data, key, "not in the documented event")
		}
		assert.WithinDuration(t, event.Timestamp, e.times[0], time.Second, "when the call ended")
		assert.Greater(t, e.times[0].Sub(began), 10*time.Second)

		tries := a.srv.Deliveries()
		require.Len(t, tries, 1)
		assert.Equal(t, []any{1, 200, "https://hooks.test/levrage"}, []any{tries[0].Try, tries[0].Status, tries[0].URL})
	})
}

func TestWebhookTries(t *testing.T) {
	cases := map[string]struct {
		statuses []int
		gaps     []time.Duration
	}{
		"second works":   {[]int{500}, []time.Duration{time.Second}},
		"third works":    {[]int{500, 404}, []time.Duration{time.Second, 2 * time.Second}},
		"none works":     {[]int{500, 302, 503, 500, 500}, []time.Duration{time.Second, 2 * time.Second}},
		"first too slow": {[]int{0}, []time.Duration{11 * time.Second}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := endpoint{statuses: c.statuses}
				a, agentID := reporting(t, &e, config{})
				a.callTo(agentID, phone(1))
				time.Sleep(time.Hour)
				synctest.Wait()
				var gaps []time.Duration
				for i := 1; i < len(e.times); i++ {
					gaps = append(gaps, e.times[i].Sub(e.times[i-1]))
				}
				assert.Equal(t, c.gaps, gaps)
				assert.Len(t, a.srv.Deliveries(), len(c.gaps)+1)
				assert.False(t, a.srv.courier.watching, "nobody stays awake")
			})
		})
	}
}

func TestWebhooksOfACampaign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e endpoint
		a, agentID := reporting(t, &e, config{dialect: Dialect{SignaturePrefix: "sha256=", SpeakerText: true}})
		quiet := a.agent("No webhook")
		a.campaign(agentID, 25, object{"max_concurrent_calls": 5})
		a.callTo(quiet, phone(77))
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 25, e.received(), "one for each call, by itself")
		assert.Regexp(t, `^sha256=[0-9a-f]{64}$`, e.headers[0].Get("X-Levrage-Signature"))
		assert.NotContains(t, string(bytes.Join(e.bodies, nil)), `"speaker"`, "the documented form always")
		assert.True(t, e.times[0].Before(e.times[24].Add(-time.Minute)), "as the calls end")
	})
}

func TestWebhookConfigIsThatOfTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e endpoint
		a := inMemory(t, config{webhookClient: &http.Client{Transport: &e}})
		id := a.agent("A")
		a.callTo(id, phone(1))
		patch := func(hook any) { a.do("PATCH", "/agents/"+id, object{"webhook_config": hook}).is(200) }
		patch(object{"url": "https://hooks.test/late", "events": []string{"CALL_ENDED"}})
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 1, e.received(), "set while the call was going on")
		assert.Empty(t, e.headers[0].Get("X-Levrage-Signature"), "no secret, no signature")

		patch(object{"url": "https://hooks.test/other", "events": []string{"SOMETHING_ELSE"}})
		a.callTo(id, phone(2))
		time.Sleep(time.Hour)
		patch(nil)
		assert.Zero(t, a.srv.agents.hooked)
		a.callTo(id, phone(3))
		time.Sleep(time.Hour)
		synctest.Wait()
		assert.Equal(t, 1, e.received())
	})
}

func TestWebhooksAfterAdvance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e endpoint
		a, agentID := reporting(t, &e, config{})
		a.callTo(agentID, phone(1))
		a.srv.Advance(time.Hour)
		synctest.Wait()
		assert.Equal(t, 1, e.received())
	})
}

// Close gives up what is on its way; goleak and the bubble would notice if something stayed behind.
func TestCloseStopsWebhooks(t *testing.T) {
	for name, wait := range map[string]time.Duration{"before the end": time.Second, "while trying": time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := endpoint{statuses: []int{0, 0, 0}}
				a, agentID := reporting(t, &e, config{outcome: always(world.StatusFailed)})
				a.callTo(agentID, phone(1))
				a.campaign(agentID, 5, nil)
				time.Sleep(wait)
				a.srv.Close()
				a.srv.Close()
				received := e.received()
				time.Sleep(time.Hour)
				assert.Equal(t, received, e.received())
			})
		})
	}
}

// Close doesn't return before whatever was on its way has ended.
func TestCloseWaitsForWebhooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := endpoint{statuses: []int{0}}
		a, agentID := reporting(t, &e, config{})
		a.callTo(agentID, phone(1))
		a.srv.Advance(time.Hour)
		synctest.Wait()
		require.Equal(t, 1, e.received())
		a.srv.Close()
		assert.Equal(t, 1, e.given)
	})
}

// Somebody who sleeps until a far event is woken for a nearer one.
func TestWebhookBeforeAFarEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var e endpoint
		a, agentID := reporting(t, &e, config{})
		a.campaign(agentID, 1, object{"schedule_time": "2100-01-01T00:00:00Z"})
		synctest.Wait()
		a.callTo(agentID, phone(1))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, 1, e.received())
		a.do("DELETE", "/agents/"+agentID, nil).is(200)
		assert.Zero(t, a.srv.agents.hooked)
	})
}

func TestWebhookOverSocket(t *testing.T) {
	got := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- string(body)
	}))
	defer receiver.Close()
	a := inMemory(t, config{})
	a.callTo(a.srv.AddAgent(NewAgent{Name: "A", Webhook: &Webhook{URL: receiver.URL}}), phone(1))
	a.srv.Advance(time.Hour)
	assert.Contains(t, <-got, "CALL_ENDED")
}
