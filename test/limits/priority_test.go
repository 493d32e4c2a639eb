package limits_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// prioritised is a limiter that counts who asks how.
type prioritised struct {
	testkit.CountingLimiter
	low testkit.CountingLimiter
}

// AcquireLow implements [voiceagent.PriorityLimiter].
func (p *prioritised) AcquireLow(ctx context.Context) error { return p.low.Acquire(ctx) }

// What All and Watch ask for yields, and nothing else does.
func TestWhoYields(t *testing.T) {
	t.Parallel()
	yields := map[string]bool{"Agents.All": true, "Calls.All": true, "Calls.Watch": true, "Campaigns.All": true, "Campaigns.Watch": true}
	for _, m := range testkit.Methods {
		t.Run(m.Name, func(t *testing.T) {
			t.Parallel()
			limiter := new(prioritised)
			answer := testkit.Answer(http.StatusOK, `{"success":true,"data":{"id":"xyzzy","status":"completed"}}`)
			client := testkit.NewClient(t, testkit.RoundTrip(answer), voiceagent.WithLimiter(limiter), voiceagent.WithMaxRetries(0),
				voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
			_ = m.Call(t.Context(), client)
			if yields[m.Name] {
				assert.Zero(t, limiter.Acquired.Load())
				assert.Positive(t, limiter.low.Acquired.Load())
			} else {
				assert.Positive(t, limiter.Acquired.Load())
				assert.Zero(t, limiter.low.Acquired.Load())
			}
		})
	}
}

// The look for what a lost answer may have made is part of the creation.
func TestLookForALostAnswerIsWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer()
		defer srv.Close()
		limiter := new(prioritised)
		params := testkit.ValidCall()
		params.AgentID = srv.SeedAgents(1)[0]
		client := srv.Client(voiceagent.WithLimiter(limiter))
		_, err := client.Calls.Create(t.Context(), params)
		require.NoError(t, err)
		srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter})
		params.To = "+919876543211"
		_, err = client.Calls.Create(t.Context(), params)
		require.NoError(t, err)
		assert.EqualValues(t, srv.RequestCount(), limiter.Acquired.Load())
		assert.Greater(t, srv.RequestCount(), 2, "it looked")
		assert.Zero(t, limiter.low.Acquired.Load())
	})
}

// A limiter that knows nothing of priorities is asked by all alike.
func TestLimiterWithoutPriorities(t *testing.T) {
	t.Parallel()
	srv := voiceagenttest.NewServer(voiceagenttest.WithoutSocket())
	defer srv.Close()
	srv.SeedAgents(30)
	limiter := new(testkit.CountingLimiter)
	require.NoError(t, testkit.Last(srv.Client(voiceagent.WithLimiter(limiter)).Agents.All(t.Context(), voiceagent.AgentListParams{PageSize: 10})))
	assert.EqualValues(t, 3, limiter.Acquired.Load())
	assert.EqualValues(t, 3, limiter.Released.Load())
}

// The people of a campaign are called no later because somebody reads a list beside it, on a
// limit of few requests. The list is read, in the end.
func TestWorkGoesBeforeLooking(t *testing.T) {
	t.Parallel()
	const people, pages = 28, 12
	campaign := func(t *testing.T, beside bool) (took time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			srv := voiceagenttest.NewServer(voiceagenttest.WithLimits(voiceagenttest.Limits{Requests: 10, FromFirst: true}))
			defer srv.Close()
			agent := srv.SeedAgents(pages)[0]
			client := srv.Client(voiceagent.WithMaxElapsed(0))
			first, err := client.Agents.Get(t.Context(), agent) // which opens the window
			require.NoError(t, err)

			start := time.Now()
			var place, look sync.WaitGroup
			var next atomic.Int64
			for range 8 {
				place.Go(func() {
					for i := next.Add(1); i <= people; i = next.Add(1) {
						_, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{
							AgentID: first.ID, From: "+15550100000", To: fmt.Sprintf("+9198765432%02d", i)})
						assert.NoError(t, err)
					}
				})
			}
			synctest.Wait()
			if beside {
				look.Go(func() {
					seen := 0
					for _, err := range client.Agents.All(t.Context(), voiceagent.AgentListParams{PageSize: 1}) {
						assert.NoError(t, err)
						seen++
					}
					assert.Equal(t, pages, seen)
				})
			}
			place.Wait()
			took = time.Since(start)
			look.Wait()
		})
		return took
	}
	alone := campaign(t, false)
	assert.Positive(t, alone)
	assert.LessOrEqual(t, campaign(t, true), alone)
}

// Who goes first after the reset is work, although looks have waited for longer.
func TestWorkIsFirstAfterTheReset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		l := begin(t, 1).(voiceagent.PriorityLimiter)
		l.Release(t.Context(), saying(0, start.Add(20*time.Second)))
		var looks, work atomic.Int64
		for range 3 {
			go func() {
				if l.AcquireLow(t.Context()) == nil {
					looks.Add(1)
				}
			}()
		}
		time.Sleep(21*time.Second - time.Millisecond)
		go func() {
			if l.Acquire(t.Context()) == nil {
				work.Add(1)
			}
		}()
		synctest.Wait()
		assert.Zero(t, looks.Load()+work.Load(), "it is closed")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		assert.EqualValues(t, 1, work.Load())
		assert.Zero(t, looks.Load())
		l.Release(t.Context(), saying(48, start.Add(80*time.Second)))
		synctest.Wait()
		assert.EqualValues(t, 3, looks.Load())
	})
}

// Where work never pauses, a look waits for as long as a call may take.
func TestWorkThatNeverPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var work sync.WaitGroup
		client := testkit.NewClient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
			time.Sleep(time.Second)
			return respond(req, http.StatusOK, http.Header{"X-Ratelimit-Remaining": {"1"}, "X-Ratelimit-Limit": {"1"}})
		}), voiceagent.WithPlan(voiceagent.EnterprisePlan(1)))
		for range 3 {
			work.Go(func() {
				for ctx.Err() == nil {
					_, _ = client.Calls.Get(ctx, "call_1")
				}
			})
		}
		synctest.Wait()
		start := time.Now()
		err := testkit.Last(client.Calls.All(ctx, voiceagent.CallListParams{}))
		require.EqualError(t, err, "voiceagent: GET /calls: not sent: waited for the rate limit as long as WithMaxElapsed(5m0s) allows: context deadline exceeded")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 5*time.Minute, time.Since(start))
		cancel()
		work.Wait()
	})
}
