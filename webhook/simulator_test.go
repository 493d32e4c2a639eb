package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// calls places n calls by the agent.
func calls(t *testing.T, srv *voiceagenttest.Server, agentID string, n int) {
	t.Helper()
	client := srv.Client()
	for range n {
		_, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+919876543210"})
		require.NoError(t, err)
	}
}

// delivered is how often each session was delivered with 2xx, and how many tries there were in all.
func delivered(srv *voiceagenttest.Server) (ok map[string]int, tries int) {
	ok = make(map[string]int)
	for _, d := range srv.Deliveries() {
		if d.Status == http.StatusOK {
			ok[d.SessionID]++
		}
		tries++
	}
	return ok, tries
}

// What the simulator sends over the network is taken, by whichever prefix it signs with.
func TestSimulatedDeliveries(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "sha256="} {
		c := consumer{then: func(_ context.Context, _ string, times int) error {
			if times == 1 {
				return errors.New("not at once")
			}
			return nil
		}}
		h := receiver(t, &c, nil)
		endpoint := httptest.NewServer(h)
		srv := voiceagenttest.NewServer(voiceagenttest.WithWebhookBackoff(time.Millisecond),
			voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Completed }),
			voiceagenttest.WithDialect(voiceagenttest.Dialect{SignaturePrefix: prefix}))
		hook := voiceagenttest.Webhook{URL: endpoint.URL, Secret: secret}
		calls(t, srv, srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha", Webhook: &hook}), 20)
		srv.Advance(time.Hour)
		require.Eventually(t, func() bool { _, tries := delivered(srv); return tries == 40 }, 30*time.Second, 10*time.Millisecond)
		srv.Close()
		endpoint.Close()
		ok, _ := delivered(srv)
		assert.Len(t, ok, 20)
		for session, n := range ok {
			assert.Equal(t, []int{1, 2}, []int{n, c.times(session)})
		}
		call := c.events[0].(*webhook.CallEnded).Call
		assert.NotEmpty(t, call.Transcript)
		assert.True(t, call.Ended())
	}
}

// The answer to Create and the event of one call have the same Ref, whether the answer has one id
// or both.
func TestEventHasTheRefOfTheAnswer(t *testing.T) {
	t.Parallel()
	for _, ref := range []voiceagenttest.CallRef{voiceagenttest.CallRefBoth, voiceagenttest.CallRefSessionID} {
		refs := make(chan string, 1)
		endpoint := httptest.NewServer(webhook.NewHandler(webhook.HandlerParams{
			Secrets: []string{secret},
			Handle: func(_ context.Context, event webhook.Event) error {
				refs <- event.(*webhook.CallEnded).Call.Ref()
				return nil
			},
		}))
		srv := voiceagenttest.NewServer(voiceagenttest.WithDialect(voiceagenttest.Dialect{CallRef: ref}))
		hook := voiceagenttest.Webhook{URL: endpoint.URL, Secret: secret}
		call, err := srv.Client().Calls.Create(t.Context(), voiceagent.CallCreateParams{
			AgentID: srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha", Webhook: &hook}), From: "+15550100000", To: "+919876543210",
		})
		require.NoError(t, err)
		srv.Advance(time.Hour)
		assert.Equal(t, call.Ref(), <-refs, "%v", ref)
		srv.Close()
		endpoint.Close()
	}
}

// A consumer of a campaign's results fails, is slow and is restarted. The vendor sends each result
// 3 times at most. No result that was answered 200 is lost, and none is handled twice with success.
func TestSimulatedCampaign(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		saved := make(map[string]int)
		c := consumer{}
		c.then = func(ctx context.Context, id string, times int) error {
			n := len(id) + int(id[len(id)-1]) // of the session, so that it is the same in each run
			switch {
			case n%5 == 0 && times == 1:
				return errors.New("no")
			case n%5 == 1:
				time.Sleep(time.Second)
			case n%5 == 2:
				time.Sleep(12 * time.Second) // longer than the vendor waits
			}
			mu.Lock()
			defer mu.Unlock()
			saved[id]++
			return ctx.Err()
		}
		h := receiver(t, &c, func(p *webhook.HandlerParams) { p.Workers, p.Queue = 64, 10 })
		srv := voiceagenttest.NewServer(voiceagenttest.WithWebhookClient(&http.Client{Transport: inMemory{h}}),
			voiceagenttest.WithWebhookBackoff(2*time.Second))
		defer srv.Close()
		hook := voiceagenttest.Webhook{URL: "https://hooks.test/levrage", Secret: secret}
		calls(t, srv, srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha", Webhook: &hook}), 100)
		time.Sleep(time.Hour)
		ok, tries := delivered(srv)
		assert.Len(t, ok, 100)
		assert.Greater(t, tries, 110)
		mu.Lock()
		defer mu.Unlock()
		for session, n := range ok {
			assert.Equal(t, []int{1, 1}, []int{n, saved["CALL_ENDED:"+session]}, session)
		}
	})
}

// shuffling is a network that delays deliveries, reverses their order, and repeats those that were
// accepted.
type shuffling struct {
	to   http.RoundTripper
	mu   sync.Mutex
	held []chan struct{}
}

func (s *shuffling) RoundTrip(r *http.Request) (*http.Response, error) {
	turn := make(chan struct{})
	s.mu.Lock()
	if s.held = append(s.held, turn); len(s.held) == 1 {
		time.AfterFunc(3*time.Second, s.release)
	}
	s.mu.Unlock()
	<-turn
	res, err := s.to.RoundTrip(r)
	if again := r.Clone(r.Context()); err == nil && res.StatusCode == http.StatusOK {
		again.Body, _ = r.GetBody()
		return s.to.RoundTrip(again)
	}
	return res, err
}

func (s *shuffling) release() {
	s.mu.Lock()
	held := s.held
	s.held = nil
	s.mu.Unlock()
	for _, turn := range slices.Backward(held) {
		close(turn)
		time.Sleep(time.Millisecond) // until it has been answered
	}
}

// Deliveries that overtake each other are handled once each, those that are repeated as well.
func TestSimulatedDeliveriesInAnotherOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const n = 60
		c := consumer{then: func(_ context.Context, id string, times int) error {
			if id[len(id)-1]%3 == 0 && times == 1 {
				return errors.New("not at once")
			}
			return nil
		}}
		h := receiver(t, &c, nil)
		srv := voiceagenttest.NewServer(voiceagenttest.WithWebhookBackoff(time.Second),
			voiceagenttest.WithWebhookClient(&http.Client{Transport: &shuffling{to: inMemory{h}}}))
		defer srv.Close()
		hook := voiceagenttest.Webhook{URL: "https://hooks.test", Secret: secret}
		calls(t, srv, srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha", Webhook: &hook}), n)
		time.Sleep(time.Hour)
		ok, tries := delivered(srv)
		assert.Len(t, ok, n)
		assert.Greater(t, tries, n, "some were repeated")
		var came []time.Time
		for _, event := range c.events {
			call := event.(*webhook.CallEnded).Call
			came = append(came, call.EndedAt.Time)
			want := 1
			if id := event.ID(); id[len(id)-1]%3 == 0 {
				want = 2 // the first one failed
			}
			assert.Equal(t, []int{1, want}, []int{ok[call.SessionID], c.times(call.SessionID)}, call.SessionID)
		}
		assert.False(t, slices.IsSortedFunc(came, time.Time.Compare), "they came in another order than the calls ended in")
	})
}

// A secret is changed without losing an event, and what is signed with another one is never taken.
func TestRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c consumer
		accept := func(secrets ...string) *webhook.Handler {
			return receiver(t, &c, func(p *webhook.HandlerParams) { p.Secrets = secrets })
		}
		swap := &swapping{}
		srv := voiceagenttest.NewServer(voiceagenttest.WithWebhookClient(&http.Client{Transport: swap}))
		defer srv.Close()
		agent := func(name, secret string) string {
			return srv.AddAgent(voiceagenttest.NewAgent{Name: name, Webhook: &voiceagenttest.Webhook{URL: "https://hooks.test", Secret: secret}})
		}
		before, after, wrong, none := agent("old", "whsec_test_old"), agent("new", "whsec_test_new"), agent("wrong", "whsec_test_x"), agent("none", "")
		round := func(secrets ...string) (ok int, statuses map[int]int) {
			swap.to(accept(secrets...))
			seen := len(srv.Deliveries())
			for _, id := range []string{before, after, wrong, none} {
				calls(t, srv, id, 5)
			}
			time.Sleep(time.Hour)
			statuses = make(map[int]int)
			for _, d := range srv.Deliveries()[seen:] {
				statuses[d.Status]++
			}
			events, _ := c.total()
			return events, statuses
		}
		events, statuses := round("whsec_test_old")
		assert.Equal(t, 5, events)
		assert.Equal(t, map[int]int{200: 5, 401: 45}, statuses)
		events, statuses = round("whsec_test_old", "whsec_test_new")
		assert.Equal(t, 15, events)
		assert.Equal(t, map[int]int{200: 10, 401: 30}, statuses)
		events, statuses = round("whsec_test_new")
		assert.Equal(t, 20, events)
		assert.Equal(t, map[int]int{200: 5, 401: 45}, statuses)
	})
}

// swapping sends to a handler that can be replaced.
type swapping struct {
	mu sync.Mutex
	h  http.Handler
}

func (s *swapping) to(h http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.h = h
}

func (s *swapping) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	h := s.h
	s.mu.Unlock()
	return inMemory{h}.RoundTrip(r)
}
