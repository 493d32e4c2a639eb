package webhook_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/webhook"
)

// reply is an answer and how long it took.
type reply struct {
	status int
	took   time.Duration
}

// send delivers an event on a goroutine of its own.
func send(h http.Handler, session string) <-chan reply {
	replies := make(chan reply, 1)
	start := time.Now()
	go func() { replies <- reply{status(h, ended(session)), time.Since(start)} }()
	return replies
}

// takes is a Handle that takes its time, whatever ctx says.
func takes(d time.Duration) func(context.Context, string, int) error {
	return func(context.Context, string, int) error { time.Sleep(d); return nil }
}

func TestTheAnswerWaitsForHandle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := consumer{then: takes(7 * time.Second)}
		h := receiver(t, &c, nil)
		assert.Equal(t, reply{200, 7 * time.Second}, <-send(h, "a"))
		assert.Equal(t, reply{200, 0}, <-send(h, "a"), "a repetition is known")
		assert.Equal(t, 1, c.times("a"))
	})
}

// An event that takes longer than the vendor waits goes on, and is answered when it is repeated.
func TestASlowEvent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := consumer{then: takes(20 * time.Second)}
		h := receiver(t, &c, nil)
		first := request(ended("a"))
		start := time.Now()
		res := answer(h, first)
		assert.Equal(t, 503, res.StatusCode)
		assert.Equal(t, "1", res.Header.Get("Retry-After"))
		assert.Equal(t, 8*time.Second, time.Since(start))
		time.Sleep(time.Second)
		assert.Equal(t, reply{503, 8 * time.Second}, <-send(h, "a"))
		time.Sleep(time.Second)
		assert.Equal(t, reply{200, 2 * time.Second}, <-send(h, "a"), "it waits for the one that is under way")
		assert.Equal(t, reply{200, 0}, <-send(h, "a"))
		assert.Equal(t, 1, c.times("a"))
	})
}

// Repetitions that arrive while the first is under way have its outcome, good or bad.
func TestRepetitionsMeanwhile(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			c := consumer{then: func(context.Context, string, int) error {
				time.Sleep(5 * time.Second)
				if fails {
					return errors.New("no")
				}
				return nil
			}}
			h := receiver(t, &c, nil)
			want := map[bool]int{false: 200, true: 500}[fails]
			var replies []<-chan reply
			for range 50 {
				replies = append(replies, send(h, "a"))
				time.Sleep(50 * time.Millisecond)
			}
			for i, r := range replies {
				assert.Equal(t, reply{want, 5*time.Second - time.Duration(i)*50*time.Millisecond}, <-r)
			}
			assert.Equal(t, 1, c.times("a"))
		})
	}
}

func TestAFailureIsTriedAgain(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"error":         func() error { return errors.New("no") },
		"panic":         func() error { panic("no") },
		"nil panic":     func() error { panic(nil) }, //nolint:govet // it is what is tested
		"runtime panic": func() error { _ = make([]int, 1)[len(secret)]; return nil },
		"Goexit":        func() error { runtime.Goexit(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := consumer{then: func(_ context.Context, _ string, times int) error {
				if times < 3 {
					return fail()
				}
				return nil
			}}
			h := receiver(t, &c, func(p *webhook.HandlerParams) { p.Workers, p.Queue = 1, 1 })
			assert.Equal(t, []int{500, 500, 200, 200}, []int{status(h, ended("a")), status(h, ended("a")), status(h, ended("a")), status(h, ended("a"))})
			assert.Equal(t, 3, c.times("a"))
		})
	}
}

// A sender that hangs up doesn't stop the work.
func TestTheSenderHangsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var ended1 error
		c := consumer{then: func(ctx context.Context, _ string, _ int) error {
			time.Sleep(5 * time.Second)
			ended1 = ctx.Err()
			return nil
		}}
		h := receiver(t, &c, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		answer(h, request(ended("a")).WithContext(ctx))
		assert.Equal(t, time.Second, time.Since(start), "nobody waits for somebody who is gone")
		assert.Equal(t, reply{200, 4 * time.Second}, <-send(h, "a"))
		require.NoError(t, ended1)
		assert.Equal(t, 1, c.times("a"))
	})
}

// As many events are handled at once as there are workers. The queue takes as many as it has
// places, and the other requests wait for a place as long as they can.
func TestWorkersAndQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := consumer{then: takes(3 * time.Second)}
		h := receiver(t, &c, func(p *webhook.HandlerParams) { p.Workers, p.Queue = 2, 3 })
		var replies []<-chan reply
		for i := range 10 {
			replies = append(replies, send(h, string(rune('a'+i))))
			synctest.Wait()
		}
		var got []reply
		for _, r := range replies {
			got = append(got, <-r)
		}
		const s = time.Second
		assert.Equal(t, []reply{{200, 3 * s}, {200, 3 * s}, {200, 6 * s}, {200, 6 * s},
			{503, 8 * s}, {503, 8 * s}, {503, 8 * s}, {503, 8 * s}, {503, 8 * s}, {503, 8 * s}}, got)
		time.Sleep(10 * s)
		events, _ := c.total()
		assert.Equal(t, 9, events, "the tenth never had a place, and isn't lost: it got no 200")
		assert.Equal(t, reply{200, 3 * s}, <-send(h, "j"))
		for i := range 10 {
			assert.Equal(t, reply{200, 0}, <-send(h, string(rune('a'+i))))
		}
	})
}

// If a request runs out of time before there is a worker, a repetition that waits for it takes its
// place.
func TestARepetitionTakesOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := consumer{then: takes(5 * time.Second)}
		h := receiver(t, &c, func(p *webhook.HandlerParams) { p.Workers, p.Queue = 1, 1 })
		send(h, "a")
		send(h, "b")
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		go answer(h, request(ended("c")).WithContext(ctx))
		synctest.Wait()
		time.Sleep(2 * time.Second) // 2 s: the first c has a second left
		again := send(h, "c")
		assert.Equal(t, reply{503, 8 * time.Second}, <-again, "it has its place at 5 s, and its turn at 10 s")
		assert.Equal(t, reply{200, 5 * time.Second}, <-send(h, "c"))
		assert.Equal(t, 1, c.times("c"))
	})
}

func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := consumer{then: takes(time.Second)}
		h := receiver(t, &c, func(p *webhook.HandlerParams) { p.Requests = 3 })
		replies := []<-chan reply{send(h, "a"), send(h, "a"), send(h, "b")}
		synctest.Wait()
		res := answer(h, request(ended("c")))
		assert.Equal(t, 503, res.StatusCode)
		assert.Equal(t, "1", res.Header.Get("Retry-After"))
		for _, r := range replies {
			assert.Equal(t, reply{200, time.Second}, <-r)
		}
		assert.Equal(t, reply{200, time.Second}, <-send(h, "c"), "there is room again")
	})
}

func TestAStoreThatFails(t *testing.T) {
	t.Parallel()
	c := consumer{}
	s := &moodyStore{Store: webhook.NewMemoryStore(0, 0), claim: errors.New("no")}
	h := receiver(t, &c, func(p *webhook.HandlerParams) { p.Store = s })
	assert.Equal(t, 503, status(h, ended("a")))
	assert.Zero(t, c.times("a"), "it isn't handled as long as nobody knows if it was")
	s.claim = nil
	assert.Equal(t, 200, status(h, ended("a")))

	s.done = errors.New("no")
	assert.Equal(t, 200, status(h, ended("b")), "it was handled, and need not come again")
	s.done, s.panics = nil, true
	assert.Panics(t, func() { status(h, ended("c")) })
	s.panics = false
	assert.Equal(t, 200, status(h, ended("c")))
}

// moodyStore fails as the test sets it.
type moodyStore struct {
	webhook.Store
	claim, done error
	panics      bool
}

func (s *moodyStore) Claim(ctx context.Context, id string) (webhook.Claim, error) {
	if s.panics {
		panic("store")
	}
	if s.claim != nil {
		return nil, s.claim
	}
	claim, err := s.Store.Claim(ctx, id)
	return &moodyClaim{claim, s}, err
}

type moodyClaim struct {
	webhook.Claim
	s *moodyStore
}

func (c *moodyClaim) Done(ctx context.Context) error {
	if c.s.done != nil {
		return c.s.done
	}
	return c.Claim.Done(ctx)
}

// Two handlers of one store are like two processes: one handles the event, and the other waits for
// the outcome.
func TestTwoHandlersOfOneStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := webhook.NewMemoryStore(0, 0)
		c := consumer{then: func(_ context.Context, _ string, times int) error {
			time.Sleep(5 * time.Second)
			if times == 1 {
				return errors.New("no")
			}
			return nil
		}}
		share := func(p *webhook.HandlerParams) { p.Store = store }
		one, two := receiver(t, &c, share), receiver(t, &c, share)
		first := send(one, "a")
		synctest.Wait()
		assert.Equal(t, reply{503, 8 * time.Second}, <-send(two, "a"), "it took over when the first had failed")
		assert.Equal(t, reply{500, 5 * time.Second}, <-first)
		again := <-send(one, "a")
		assert.Equal(t, 200, again.status)
		assert.Less(t, again.took, 4*time.Second)
		assert.Equal(t, 2, c.times("a"))
	})
}

// A user's store is called on a goroutine of the handler. A panic there would end the process, and
// with it the handling of every other event.
func TestAPanickingClaimIsSurvived(t *testing.T) {
	t.Parallel()
	c := &consumer{then: func(_ context.Context, id string, _ int) error {
		if id == "CALL_ENDED:s2" {
			return errors.New("no database")
		}
		return nil
	}}
	h := webhook.NewHandler(webhook.HandlerParams{Secrets: []string{secret}, Store: panickingStore{}, Handle: c.handle})
	assert.Equal(t, http.StatusOK, status(h, ended("s1")), "it was handled, though that isn't recorded")
	assert.Equal(t, http.StatusInternalServerError, status(h, ended("s2")))
	require.NoError(t, h.Shutdown(t.Context()), "nothing is left behind")
}

type panickingStore struct{}

func (panickingStore) Claim(context.Context, string) (webhook.Claim, error) {
	return panickingStore{}, nil
}
func (panickingStore) Done(context.Context) error    { panic("done") }
func (panickingStore) Release(context.Context) error { panic("release") }

// Nothing says that a call has one event of a name that isn't documented.
func TestUnknownEventsOfOneCallAreAllHandled(t *testing.T) {
	t.Parallel()
	c := &consumer{}
	h := webhook.NewHandler(webhook.HandlerParams{Secrets: []string{secret}, Handle: c.handle})
	for _, now := range []string{"ringing", "ringing", "answered"} {
		assert.Equal(t, http.StatusOK, status(h, `{"event":"CALL_STATUS","data":{"session_id":"s1","status":"`+now+`"}}`))
	}
	assert.Len(t, c.events, 2)
}
