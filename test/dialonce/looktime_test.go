package dialonce_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// The last look is made a second before the end, or half-way where there is less time than two.
func TestLastLookIsJustBeforeTheEnd(t *testing.T) {
	t.Parallel()
	for most, last := range map[time.Duration]time.Duration{
		10 * time.Second:       9 * time.Second,
		600 * time.Millisecond: 300 * time.Millisecond,
	} {
		for name, bound := range map[string]bool{"WithMaxElapsed": false, "the context": true} {
			t.Run(name+" "+most.String(), func(t *testing.T) {
				t.Parallel()
				var looked time.Time
				a := &api{answers: []reply{lostNot}, list: func(all []record) (int, []record) {
					looked = time.Now()
					return http.StatusOK, all
				}}
				on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
					start := time.Now()
					ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
					opt := voiceagent.WithMaxElapsed(most)
					if bound {
						ctx, cancel = context.WithTimeout(t.Context(), most)
						opt = voiceagent.WithMaxElapsed(time.Hour)
					}
					defer cancel()
					_, err := client.Calls.Create(ctx, person(1), opt)
					assert.Equal(t, unknown, endOf(err), "%v", err)
					assert.Equal(t, bound, errors.Is(err, context.DeadlineExceeded), "%v", err)
					assert.Equal(t, last, looked.Sub(start))
					assert.LessOrEqual(t, strings.Count(err.Error(), "deadline exceeded"), 1, "it is said once: %v", err)
				})
			})
		}
	}
}

// Without a bound an outage has the last word after five minutes more than the settle time.
func TestOutageWithoutAnEnd(t *testing.T) {
	t.Parallel()
	for most, ends := range map[time.Duration]time.Duration{0: 5*time.Minute + 30*time.Second, 40 * time.Second: 40 * time.Second} {
		a := &api{answers: []reply{lost}, list: func([]record) (int, []record) { return http.StatusBadGateway, nil }}
		on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
			start := time.Now()
			_, err := client.Calls.Create(t.Context(), person(1))
			assert.Equal(t, unknown, endOf(err), "%v", err)
			assert.InDelta(t, ends.Seconds(), time.Since(start).Seconds(), 5)
		}, voiceagent.WithMaxElapsed(most))
	}
}

// Where the caller's context ends during the last look, the error says so.
func TestCallerLeavesDuringTheLastLook(t *testing.T) {
	t.Parallel()
	went := errors.New("the user went away")
	on(t, &api{answers: []reply{lostNot}}, func(t *testing.T, a *api, client *voiceagent.Client) {
		ctx, cancel := context.WithCancelCause(t.Context())
		a.list = func(all []record) (int, []record) { cancel(went); return http.StatusOK, all }
		_, err := client.Calls.Create(ctx, person(1), voiceagent.WithSettleTime(0))
		assert.Equal(t, unknown, endOf(err), "%v", err)
		assert.ErrorIs(t, err, went)
	})
	on(t, &api{answers: []reply{lostNot}}, func(t *testing.T, a *api, client *voiceagent.Client) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Second, went)
		defer cancel()
		a.list = func(all []record) (int, []record) { time.Sleep(5 * time.Second); return http.StatusOK, all }
		_, err := client.Calls.Create(ctx, person(1))
		assert.Equal(t, unknown, endOf(err), "%v", err)
		assert.ErrorIs(t, err, went)
	})
}

// The next look comes when a list that is late would show what was made, and no later.
func TestALookWaitsForALateList(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{done, badNot, done}}
	a.list = func(all []record) (int, []record) {
		return http.StatusOK, slices.DeleteFunc(slices.Clone(all), func(r record) bool {
			at, _ := time.Parse(time.RFC3339Nano, r["created_at"].(string))
			return time.Since(at) < 10*time.Second
		})
	}
	on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
		witness(t, client)
		time.Sleep(4 * time.Second)
		start := time.Now()
		_, err := client.Calls.Create(t.Context(), person(1))
		require.NoError(t, err)
		assert.Less(t, time.Since(start), 20*time.Second)
	})
}

// A 504 is looked for after a moment, whatever the policy would wait before it is sent again.
func TestFirstLookDoesNotWaitForThePolicy(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{late}}, func(t *testing.T, _ *api, client *voiceagent.Client) {
		start := time.Now()
		_, err := client.Calls.Create(t.Context(), person(1))
		require.NoError(t, err)
		assert.LessOrEqual(t, time.Since(start), 500*time.Millisecond)
	}, voiceagent.WithRetryPolicy(slowly{}))
}

// slowly is a policy that waits.
type slowly struct{}

func (slowly) Decide(voiceagent.Failure) voiceagent.Decision {
	return voiceagent.Decision{Retry: true, Wait: 20 * time.Second}
}

// The error of a caller that gives up says so, once, next to what is known of the call.
func TestCallerLeaves(t *testing.T) {
	t.Parallel()
	went := errors.New("the user went away")
	for name, c := range map[string]struct {
		answer reply
		after  time.Duration // the answer
		end    end
	}{
		"when a 429 comes":        {throttle, 0, failed},
		"while a 429 is waited":   {throttle, 100 * time.Millisecond, failed},
		"when a refusal comes":    {refused, 0, failed},
		"when a 502 comes":        {badGate, 0, unknown},
		"before the first look":   {late, 100 * time.Millisecond, unknown},
		"before the second look":  {lostNot, 700 * time.Millisecond, unknown},
		"before the fourth look":  {lateNot, 5 * time.Second, unknown},
		"when an answer was lost": {lost, 0, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: []reply{c.answer}, list: func([]record) (int, []record) {
				return http.StatusOK, []record{{"id": "perhaps", "agent_id": "ag_1", "phone_number": person(1).To}}
			}}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				ctx, cancel := context.WithCancelCause(t.Context())
				a.answered = func() {
					if c.after == 0 {
						cancel(went)
					}
					time.AfterFunc(c.after, func() { cancel(went) })
				}
				_, err := client.Calls.Create(ctx, person(1))
				assert.Equal(t, c.end, endOf(err), "%v", err)
				assert.ErrorIs(t, err, context.Canceled)
				assert.ErrorIs(t, err, went)
				assert.Equal(t, 1, strings.Count(err.Error(), "context canceled: the user"), "%v", err)
				assert.Equal(t, 1, a.posts)
			})
		})
	}
}

// takes has answers to requests with that method take longer.
func takes(method string, more time.Duration) voiceagent.ClientOption {
	return voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return wire(func(req *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if err == nil && req.Method == method {
				time.Sleep(more)
			}
			return resp, err
		})
	})
}

// Of two equal calls that were lost at once each takes its own.
func TestEqualLooksAtOnce(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{lost}}, func(t *testing.T, a *api, client *voiceagent.Client) {
		var both sync.WaitGroup
		var ids [2]string
		for i := range ids {
			both.Go(func() {
				call, err := client.Calls.Create(t.Context(), person(1))
				if assert.NoError(t, err) {
					ids[i] = call.ID
				}
			})
			synctest.Wait()
		}
		both.Wait()
		assert.NotEqual(t, ids[0], ids[1])
		assert.Equal(t, 2, a.posts)
	}, takes(http.MethodGet, 3*time.Second))
}

// A look waits until an equal call is answered, as long as its context allows. Whoever left holds
// nobody up.
func TestALookWaitsForAnEqualCall(t *testing.T) {
	t.Parallel()
	for most, wait := range map[time.Duration]bool{time.Minute: true, 10 * time.Second: false} {
		on(t, &api{answers: []reply{lost, done}}, func(t *testing.T, a *api, client *voiceagent.Client) {
			ctx, cancel := context.WithTimeout(t.Context(), most)
			defer cancel()
			var both sync.WaitGroup
			start := time.Now()
			both.Go(func() {
				call, err := client.Calls.Create(ctx, person(1))
				if !wait {
					assert.Equal(t, unknown, endOf(err), "%v", err)
					assert.ErrorIs(t, err, context.DeadlineExceeded)
					assert.ErrorContains(t, err, "it wasn't looked for: context deadline exceeded")
					assert.LessOrEqual(t, time.Since(start), most)
				} else if assert.NoError(t, err) {
					assert.Equal(t, "id-1", call.ID)
				}
			})
			synctest.Wait()
			both.Go(func() {
				call, err := client.Calls.Create(t.Context(), person(1))
				if assert.NoError(t, err) {
					assert.Equal(t, "id-2", call.ID)
				}
			})
			both.Wait()
			_, err := client.Calls.Create(t.Context(), person(1))
			assert.NoError(t, err)
			assert.Equal(t, 3, a.posts)
		}, takes(http.MethodPost, 20*time.Second))
	}
}
