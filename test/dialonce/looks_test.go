package dialonce_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// Where an attempt takes all the time that there is nobody looks, and that is said once.
func TestNoTimeForALook(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{lost}}, func(t *testing.T, a *api, client *voiceagent.Client) {
		a.answered = func() { time.Sleep(5 * time.Second) }
		_, err := client.Calls.Create(t.Context(), person(1))
		assert.Equal(t, unknown, endOf(err), "%v", err)
		assert.Equal(t, 1, strings.Count(err.Error(), "outcome unknown"), "%v", err)
		assert.ErrorContains(t, err, "it wasn't looked for: there was no time left")
		assert.Empty(t, a.looks)
	}, voiceagent.WithMaxElapsed(5*time.Second))
}

// always is a policy that would have anything sent again.
type always struct{}

func (always) Decide(voiceagent.Failure) voiceagent.Decision {
	return voiceagent.Decision{Retry: true, Wait: time.Second}
}

// A retry gets a 2xx with success: false. It may be refused because the attempt before it did the
// work. So a look comes first, at once, whatever a policy says.
func TestDeniedSuccessAfterDoubt(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]voiceagent.ClientOption{
		"as a rule":                        nil,
		"a policy that repeats everything": {voiceagent.WithRetryPolicy(always{})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: []reply{badGate, {status: http.StatusOK, not: true, no: true}, done}}
			var refused, looked time.Time
			a.list = func(all []record) (int, []record) {
				if refused.IsZero() { // it comes late
					return http.StatusOK, nil
				}
				looked = time.Now()
				return http.StatusOK, all
			}
			on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
				a.answered = func() {
					if a.posts == 2 {
						refused = time.Now()
					}
				}
				call, err := client.Calls.Create(t.Context(), person(1))
				require.NoError(t, err)
				assert.Equal(t, "id-1", call.ID)
				assert.Equal(t, 2, a.posts)
				assert.Equal(t, refused, looked)
			}, opts...)
		})
	}
}

// A refusal is final once a look has shown that nothing was made, whatever a policy says.
func TestRefusalAfterDoubtIsFinal(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done, badNot, refused, done}}, func(t *testing.T, a *api, client *voiceagent.Client) {
		witness(t, client)
		_, err := client.Calls.Create(t.Context(), person(1))
		assert.Equal(t, failed, endOf(err), "%v", err)
		assert.Equal(t, 3, a.posts)
	}, voiceagent.WithRetryPolicy(always{}))
}

// Machines of one server may have clocks that differ. What the list shows of each of them counts.
func TestMachinesWhoseClocksDiffer(t *testing.T) {
	t.Parallel()
	for _, off := range []time.Duration{time.Minute, -time.Minute} {
		a := &api{answers: []reply{done, done, lost}}
		a.shows = func(r record) record {
			if r["id"] != "id-2" {
				r["created_at"] = time.Now().Add(off).UTC().Format(time.RFC3339Nano)
			}
			return r
		}
		on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
			for i := range 3 {
				_, err := client.Calls.Create(t.Context(), person(i))
				assert.NoError(t, err, "%v ahead", off)
			}
		})
	}
}

// Metadata that holds more than numbers and texts is compared too.
func TestNestedMetadata(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		shown any
		end   end
	}{
		"the same": {map[string]any{"ids": []any{1, 2}}, placed},
		"another":  {map[string]any{"ids": []any{1, 3}}, unknown},
		"a text":   {`{"ids":[1,2]}`, unknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &api{answers: []reply{lost}}
			a.shows = func(r record) record { r["metadata"] = map[string]any{"order": c.shown}; return r }
			on(t, a, func(t *testing.T, _ *api, client *voiceagent.Client) {
				call := person(1)
				call.Metadata = map[string]any{"order": struct {
					IDs []int `json:"ids"`
				}{[]int{1, 2}}}
				_, err := client.Calls.Create(t.Context(), call)
				assert.Equal(t, c.end, endOf(err), "%v", err)
			})
		})
	}
}

// A call that a look has found is known, but its time by our clock isn't: it doesn't show how the
// list's clock goes.
func TestWhatWasFoundTellsNoTime(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{lost, done, badNot, done}}, func(t *testing.T, a *api, client *voiceagent.Client) {
		for i := range 2 {
			_, err := client.Calls.Create(t.Context(), person(i+2))
			require.NoError(t, err)
		}
		a.records = append(a.records, record{"id": "other", "agent_id": "ag_1", "phone_number": person(1).To,
			"created_at": time.Now().Add(8 * time.Minute).UTC().Format(time.RFC3339)})
		call, err := client.Calls.Create(t.Context(), person(1))
		require.NoError(t, err)
		assert.Equal(t, "id-4", call.ID, "what will be made in 8 minutes isn't it")
	})
}

// Of several calls that fit, a look takes the oldest: requests that began later can only have made
// later calls.
func TestTheOldestIsTaken(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{lost}}, func(t *testing.T, a *api, client *voiceagent.Client) {
		a.arrive(100*time.Millisecond, func() []record {
			return []record{{"id": "other", "agent_id": "ag_1", "phone_number": person(1).To,
				"created_at": time.Now().UTC().Format(time.RFC3339Nano)}}
		})
		call, err := client.Calls.Create(t.Context(), person(1))
		require.NoError(t, err)
		assert.Equal(t, "id-1", call.ID)
	})
}

// The request that would show the lost call asks for times from the first attempt on, by the list's
// clock if a look has shown it.
func TestWhereToLookByTheClockOfTheList(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{lostNot}, skew: 10 * time.Minute}, func(t *testing.T, _ *api, client *voiceagent.Client) {
		sent := time.Now()
		_, err := client.Calls.Create(t.Context(), person(1))
		about, _ := errors.AsType[*voiceagent.OutcomeUnknownError](err)
		require.NotNil(t, about, "%v", err)
		from, err := time.Parse(time.RFC3339, about.Query.Get("from_date"))
		require.NoError(t, err)
		assert.WithinDuration(t, sent.Add(10*time.Minute), from, time.Second)
		assert.Equal(t, "GET /calls?"+about.Query.Encode(), about.Check)
	})
}

// When more was placed meanwhile than is remembered, nothing is taken.
func TestMoreThanIsRemembered(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{{status: http.StatusServiceUnavailable}, done}}
	a.list = func(all []record) (int, []record) { return http.StatusOK, all[len(all)-1:] }
	on(t, a, func(t *testing.T, a *api, client *voiceagent.Client) {
		time.AfterFunc(10*time.Second, func() {
			for i := range 10_001 {
				_, err := client.Calls.Create(t.Context(), person(100+i))
				assert.NoError(t, err)
			}
		})
		_, err := client.Calls.Create(t.Context(), person(1))
		assert.Equal(t, unknown, endOf(err), "%v", err)
		assert.ErrorContains(t, err, "an equal request may have made what the list shows")
	})
}

// A look has the headers of the call, and no cache may answer it.
func TestALookHasTheHeadersOfTheCall(t *testing.T) {
	t.Parallel()
	var look http.Header
	seen := voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return wire(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodGet {
				look = req.Header.Clone()
			}
			return next.RoundTrip(req)
		})
	})
	on(t, &api{answers: []reply{lost}}, func(t *testing.T, _ *api, client *voiceagent.Client) {
		_, err := client.Calls.Create(t.Context(), person(1), voiceagent.WithHeader("X-Tenant", "7"))
		require.NoError(t, err)
		assert.Equal(t, "7", look.Get("X-Tenant"))
		assert.Equal(t, "no-cache", look.Get("Cache-Control"))
		assert.Empty(t, look.Get("Idempotency-Key"))
	}, seen)
}
