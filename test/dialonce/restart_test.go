package dialonce_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// dying is a ledger whose process dies: what is recorded after that is lost. Its clock may be off.
type dying struct {
	*voiceagent.MemoryLedger
	clock time.Duration
	dead  bool // set while nothing is answered

	mu   sync.Mutex
	left []voiceagent.LedgerEntry // as they stood
}

func (l *dying) Begin(ctx context.Context, e voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	e.Began = e.Began.Add(l.clock)
	e.Ahead -= l.clock
	l.mu.Lock()
	l.left = append(l.left, e)
	l.mu.Unlock()
	return l.MemoryLedger.Begin(ctx, e)
}

func (l *dying) Finish(ctx context.Context, e voiceagent.LedgerEntry) error {
	if l.dead {
		return nil
	}
	l.drop(e.Key)
	return l.MemoryLedger.Finish(ctx, e)
}

func (l *dying) Forget(ctx context.Context, key string) error {
	if l.dead {
		return nil
	}
	l.drop(key)
	return l.MemoryLedger.Forget(ctx, key)
}

func (l *dying) drop(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.left = slices.DeleteFunc(l.left, func(open voiceagent.LedgerEntry) bool { return open.Key == key })
}

// heir is the ledger that the next process finds.
func (l *dying) heir(t *testing.T) *voiceagent.MemoryLedger {
	t.Helper()
	heir := voiceagent.NewMemoryLedger()
	for _, e := range l.left {
		require.NoError(t, heir.Finish(t.Context(), e)) // it stands as it stood
	}
	return heir
}

var row = voiceagent.WithIdempotencyKey("row-1")

// die has a process place n good calls, and die during the next.
func die(t *testing.T, a *api, ledger *dying, n int) {
	t.Helper()
	client := a.client(voiceagent.WithLedger(ledger))
	for i := range n {
		_, err := client.Calls.Create(t.Context(), person(100+i))
		require.NoError(t, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a.answered = func() { ledger.dead = true; cancel() }
	_, _ = client.Calls.Create(ctx, person(1), row)
	a.answered = nil
	require.True(t, ledger.dead)
}

// After a restart nothing is sent before the settle time is over, and then only if silence counts.
func TestRestart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		n     int
		last  reply
		end   end
		posts int
	}{
		{"done", 3, lost, placed, 0},
		{"done, first call", 0, lost, placed, 0},
		{"done 20 s later", 3, reply{later: 20 * time.Second}, placed, 0},
		{"not done", 3, lostNot, placed, 1},
		{"not done, first call", 0, lostNot, unknown, 0},
	} {
		for _, after := range []time.Duration{0, 2 * time.Second, 10 * time.Second, 40 * time.Second, time.Hour} {
			for _, clock := range []time.Duration{0, 10 * time.Second, -10 * time.Second, 10 * time.Minute, -10 * time.Minute} {
				t.Run(fmt.Sprint(c.name, ", after ", after, ", clock ", clock), func(t *testing.T) {
					t.Parallel()
					a := &api{answers: append(slices.Repeat([]reply{done}, c.n), c.last, done)}
					on(t, a, func(t *testing.T, a *api, _ *voiceagent.Client) {
						ledger := &dying{MemoryLedger: voiceagent.NewMemoryLedger(), clock: clock}
						die(t, a, ledger, c.n)
						time.Sleep(after)
						posts := a.posts
						heir := ledger.heir(t)
						start := time.Now()
						call, err := a.client(voiceagent.WithLedger(heir)).Calls.Create(t.Context(), person(1), row)
						assert.Equal(t, c.end, endOf(err), "%v", err)
						assert.Equal(t, c.posts, a.posts-posts)
						if c.posts > 0 {
							assert.GreaterOrEqual(t, time.Since(start), 30*time.Second, "what was sent last may be done still")
						}
						if c.end != placed {
							return
						}
						var response voiceagent.Response
						again, err := a.client(voiceagent.WithLedger(heir)).Calls.Create(t.Context(), person(1), row, voiceagent.WithResponse(&response))
						require.NoError(t, err)
						assert.Equal(t, call.Ref(), again.Ref())
						assert.True(t, response.Replayed)
						assert.True(t, response.Timestamp.Equal(call.CreatedAt.Time), "%v, not %v", response.Timestamp, call.CreatedAt)
						assert.Empty(t, response.Attempts)
					})
				})
			}
		}
	}
}

// What the entry's witnesses show of the list's zone is not mixed with the zone of the Date header.
func TestRestartInAnotherZone(t *testing.T) {
	t.Parallel()
	for _, zone := range []*time.Location{time.FixedZone("IST", 19800), time.FixedZone("EST", -18000)} {
		for _, after := range []time.Duration{0, time.Hour} {
			a := &api{answers: []reply{done, done, lost, done}}
			a.shows = func(r record) record { r["created_at"] = time.Now().In(zone).Format("2006-01-02T15:04:05"); return r }
			on(t, a, func(t *testing.T, a *api, _ *voiceagent.Client) {
				ledger := &dying{MemoryLedger: voiceagent.NewMemoryLedger()}
				die(t, a, ledger, 2)
				time.Sleep(after)
				_, err := a.client(voiceagent.WithLedger(ledger.heir(t))).Calls.Create(t.Context(), person(1), row)
				assert.Equal(t, placed, endOf(err), "%v", err)
				assert.Equal(t, 3, a.posts, "rung once")
			})
		}
	}
}

// An older equal call of another client isn't taken. Older means by the server's clock if it is
// known, and else by more than two clocks may be apart.
func TestRestartTakesNoOlderCall(t *testing.T) {
	t.Parallel()
	for older, known := range map[time.Duration]bool{7 * time.Minute: true, 17 * time.Minute: false} {
		on(t, &api{answers: []reply{done, lostNot, done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
			ledger := &dying{MemoryLedger: voiceagent.NewMemoryLedger()}
			a.records = append(a.records, record{"id": "older", "agent_id": "ag_1", "phone_number": person(1).To,
				"created_at": time.Now().UTC().Format(time.RFC3339)})
			time.Sleep(older)
			die(t, a, ledger, 1)
			ledger.left[0].Witnesses = nil // they would show it as well
			ledger.left[0].AheadKnown = known
			_, err := a.client(voiceagent.WithLedger(ledger.heir(t))).Calls.Create(t.Context(), person(1), row)
			assert.Equal(t, unknown, endOf(err), "without a witness, and the call of %v ago isn't it", older)
		})
	}
}

// A panic leaves the entry as unknown: the request may have been done.
func TestPanicIsRemembered(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{lost}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		ledger := voiceagent.NewMemoryLedger()
		panics := voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(req *http.Request) (*http.Response, error) {
				_, _ = next.RoundTrip(req)
				panic("a bug")
			})
		})
		assert.Panics(t, func() {
			_, _ = a.client(voiceagent.WithLedger(ledger), panics).Calls.Create(t.Context(), person(1), row)
		})
		call, err := a.client(voiceagent.WithLedger(ledger)).Calls.Create(t.Context(), person(1), row)
		require.NoError(t, err)
		assert.Equal(t, "id-1", call.ID)
		assert.Equal(t, 1, a.posts)
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// strict is a ledger that does nothing under a context that has ended, as a database would.
type strict struct{ *voiceagent.MemoryLedger }

func (l strict) Finish(ctx context.Context, e voiceagent.LedgerEntry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.MemoryLedger.Finish(ctx, e)
}

func (l strict) Forget(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return l.MemoryLedger.Forget(ctx, key)
}

// What became of a call is recorded although the caller has gone.
func TestLedgerIsWrittenAfterTheCallerHasGone(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{lost, done} {
		on(t, &api{answers: []reply{answer}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
			ledger := strict{voiceagent.NewMemoryLedger()}
			client := a.client(voiceagent.WithLedger(ledger))
			ctx, cancel := context.WithCancel(t.Context())
			a.answered = cancel
			_, _ = client.Calls.Create(ctx, person(1), row)
			a.answered = nil
			_, err := client.Calls.Create(t.Context(), person(1), row)
			require.NoError(t, err, "the key isn't busy")
			assert.Equal(t, 1, a.posts)
		})
	}
}

// A key is another's under another account or base URL.
func TestFingerprintHasTheAccount(t *testing.T) {
	t.Parallel()
	for _, other := range []voiceagent.ClientOption{voiceagent.WithAPIKey("lev_test_9999999999"), voiceagent.WithBaseURL("https://api.example/v2")} {
		on(t, &api{answers: []reply{done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
			ledger := voiceagent.WithLedger(voiceagent.NewMemoryLedger())
			_, err := a.client(ledger).Calls.Create(t.Context(), person(1), row)
			require.NoError(t, err)
			_, err = a.client(ledger, other).Calls.Create(t.Context(), person(1), row)
			require.ErrorIs(t, err, voiceagent.ErrLedgerMismatch)
		})
	}
}

// An equal call that was answered a moment ago isn't the lost one.
func TestAnEqualCallOfAMomentAgo(t *testing.T) {
	t.Parallel()
	for _, gap := range []time.Duration{0, 1500 * time.Millisecond} {
		on(t, &api{answers: []reply{done, lostNot}}, func(t *testing.T, _ *api, client *voiceagent.Client) {
			_, err := client.Calls.Create(t.Context(), person(1))
			require.NoError(t, err)
			time.Sleep(gap)
			_, err = client.Calls.Create(t.Context(), person(1))
			assert.Equal(t, unknown, endOf(err), "%v", err)
		})
	}
}
