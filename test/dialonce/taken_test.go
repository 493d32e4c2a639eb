package dialonce_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/voiceagent-go/voiceagent"
)

// delaying has the n-th request of a method take so long: before it is done, or before its answer
// comes.
func delaying(method string, n int, before, after time.Duration) voiceagent.ClientOption {
	return voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(req *http.Request) (*http.Response, error) {
			if req.Method != method {
				return next.RoundTrip(req)
			}
			if n--; n == 0 {
				time.Sleep(before)
				defer time.Sleep(after)
			}
			return next.RoundTrip(req)
		})
	})
}

// arriveAt lists an equal call after a while, dated as made at a time.
func (a *api) arriveAt(after time.Duration, made time.Time) {
	a.arrive(after, func() []record {
		return []record{{"id": "late", "agent_id": "ag_1", "phone_number": person(1).To, "direction": "outbound",
			"metadata": person(1).Metadata, "created_at": made.UTC().Format("2006-01-02T15:04:05.000Z")}}
	})
}

// The answer to a look may take a while. Another worker may lose its answer, and take our record,
// after our look began: its own may be made until the settle time has passed since then.
func TestRecordThatIsTakenDuringASlowLook(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{done, done, late, done, {status: http.StatusGatewayTimeout, later: 29500 * time.Millisecond}, done}}
	on(t, a, func(t *testing.T, a *api, _ *voiceagent.Client) {
		ledger := voiceagent.WithLedger(voiceagent.NewMemoryLedger())
		other := a.client(ledger, delaying(http.MethodPost, 2, 5*time.Second, 0))
		ours := a.client(ledger, delaying(http.MethodGet, 1, 0, 6*time.Second))
		witness(t, other)
		witness(t, ours)
		var both sync.WaitGroup
		for _, worker := range []*voiceagent.Client{other, ours} {
			both.Go(func() {
				_, err := worker.Calls.Create(t.Context(), person(1))
				assert.NoError(t, err)
			})
			time.Sleep(100 * time.Millisecond)
		}
		witness(t, ours)
		both.Wait()
		assert.Equal(t, 2, rings(a), "two calls are wanted")
	})
}

// A witness shows how late the list is, also in the looks that prove nothing yet, as an equal
// request has taken what may be ours.
func TestTakenRecordAndAWitnessOfAMomentAgo(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done, lateNot, late, done}}, func(t *testing.T, a *api, client *voiceagent.Client) {
		witness(t, client)
		time.Sleep(100 * time.Millisecond)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				_, err := client.Calls.Create(t.Context(), person(1))
				assert.NoError(t, err)
			})
			time.Sleep(100 * time.Millisecond)
		}
		both.Wait()
		assert.Equal(t, 2, rings(a))
	})
}

// A server may date a call from when its transaction began, and list it when that is over. If an
// equal request has taken our record, its own is left for us, and may be older than our first
// attempt by minutes.
func TestWhatIsLeftIsMuchOlder(t *testing.T) {
	t.Parallel()
	const takes = 124 * time.Second
	on(t, &api{answers: []reply{done, lateNot, done, late, done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		client := a.client(delaying(http.MethodPost, 2, 0, takes), voiceagent.WithAttemptTimeout(3*time.Minute))
		witness(t, client)
		a.arriveAt(takes+20*time.Second, time.Now())
		var both sync.WaitGroup
		both.Go(func() {
			_, err := client.Calls.Create(t.Context(), person(1))
			assert.NoError(t, err)
		})
		both.Go(func() {
			time.Sleep(takes + 100*time.Millisecond)
			witness(t, client)
			_, err := client.Calls.Create(t.Context(), person(1))
			assert.Equal(t, unknown, endOf(err), "nobody can tell whose it is: %v", err)
		})
		both.Wait()
		assert.Equal(t, 2, rings(a))
	})
}

// A look reads to where that one stands, also past what others have placed meanwhile.
func TestWhatIsLeftStandsOnAPageBehind(t *testing.T) {
	t.Parallel()
	const takes = 24800 * time.Millisecond
	a := &api{answers: slices.Concat([]reply{done, lateNot}, slices.Repeat([]reply{done}, 5), []reply{late, done}), paging: pagings["all keys"]}
	a.list = func(all []record) (int, []record) {
		newestFirst := slices.Clone(all)
		slices.SortStableFunc(newestFirst, func(a, b record) int {
			return strings.Compare(b["created_at"].(string), a["created_at"].(string))
		})
		return http.StatusOK, newestFirst
	}
	on(t, a, func(t *testing.T, a *api, _ *voiceagent.Client) {
		client := a.client(delaying(http.MethodPost, 2, 0, takes))
		witness(t, client)
		a.arriveAt(30*time.Second, time.Now())
		a.arrive(20*time.Second, func() []record { return of(150, now) })
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				_, err := client.Calls.Create(t.Context(), person(1))
				assert.NotEqual(t, failed, endOf(err))
			})
			time.Sleep(takes)
			for range 5 {
				witness(t, client)
			}
			time.Sleep(100 * time.Millisecond)
		}
		both.Wait()
		assert.Equal(t, 2, rings(a))
	})
}

// However many equal calls another worker places meanwhile, the looks come to an end.
func TestStreamOfEqualCalls(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done, done, lateNot, done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		ledger := voiceagent.WithLedger(voiceagent.NewMemoryLedger())
		ours, other := a.client(ledger, voiceagent.WithMaxElapsed(0)), a.client(ledger)
		witness(t, ours)
		witness(t, other)
		var took time.Duration
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			start := time.Now()
			_, _ = ours.Calls.Create(t.Context(), person(1))
			took = time.Since(start)
		}()
		for i := range 30 {
			time.Sleep(20 * time.Second)
			witness(t, other)
			_, err := other.Calls.Create(t.Context(), person(1), voiceagent.WithIdempotencyKey(fmt.Sprint("row-", i)))
			assert.NoError(t, err)
		}
		<-ended
		assert.Less(t, took, 6*time.Minute)
	})
}
