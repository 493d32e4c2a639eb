package dialonce_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// killed returns the ledger of a process that was killed before it recorded the outcome of key.
func killed(t *testing.T, srv *voiceagenttest.Server, p voiceagent.CallCreateParams, key string, knowsTime bool) voiceagent.Ledger {
	t.Helper()
	left := &openLedger{MemoryLedger: voiceagent.NewMemoryLedger()}
	client := srv.Client(voiceagent.WithLedger(left))
	if knowsTime { // the server's, from an answer before
		_, err := client.Agents.List(t.Context(), voiceagent.AgentListParams{})
		require.NoError(t, err)
	}
	_, _ = client.Calls.Create(t.Context(), p, voiceagent.WithIdempotencyKey(key), voiceagent.WithMaxRetries(0))
	require.NotEmpty(t, left.entry.Key)
	after := voiceagent.NewMemoryLedger()
	require.NoError(t, after.Finish(t.Context(), left.entry)) // as it stood, open and nobody's
	return after
}

// openLedger keeps the entry as it was begun.
type openLedger struct {
	*voiceagent.MemoryLedger
	entry voiceagent.LedgerEntry
}

func (l *openLedger) Begin(ctx context.Context, entry voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	l.entry = entry
	return l.MemoryLedger.Begin(ctx, entry)
}

func TestLedgerReturnsWhatWasMade(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		ledger := voiceagent.NewMemoryLedger()
		key := voiceagent.WithIdempotencyKey("row-1")
		first, err := srv.Client(voiceagent.WithLedger(ledger)).Calls.Create(t.Context(), callTo(agent, asked), key)
		require.NoError(t, err)
		sent := srv.RequestCount()
		second, err := srv.Client(voiceagent.WithLedger(ledger)).Calls.Create(t.Context(), callTo(agent, asked), key)
		require.NoError(t, err)
		assert.Equal(t, first.Ref(), second.Ref())
		assert.Equal(t, first.PhoneNumber, second.PhoneNumber)
		assert.Equal(t, sent, srv.RequestCount(), "no request")

		other := callTo(agent, asked)
		other.Metadata["row"] = 8
		_, err = srv.Client(voiceagent.WithLedger(ledger)).Calls.Create(t.Context(), other, key)
		refused, ok := errors.AsType[*voiceagent.ValidationError](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, "idempotency_key", refused.Fields[0].Field)
		assert.Equal(t, "the ledger has a request under it that differs in its parameters, its API key or its base URL: "+
			"repeat that one unchanged, or use a new key", refused.Fields[0].Message)
		require.ErrorIs(t, err, voiceagent.ErrLedgerMismatch)
		assert.Equal(t, sent, srv.RequestCount())
		assert.Len(t, srv.Dialed(), 1)
	})
}

// After a restart what was made is found.
func TestLedgerAfterAKill(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault voiceagenttest.Fault
		ahead time.Duration
		known bool // before the kill
	}{
		"after the server did it":         {voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter}, 0, false},
		"the same, server's clock behind": {voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter}, -20 * time.Minute, false},
		"the same, and known to be":       {voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter}, -20 * time.Minute, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
				srv.Fail(c.fault)
				ledger := killed(t, srv, callTo(agent, asked), "row-1", c.known)
				time.Sleep(time.Hour) // until somebody starts it again
				client := srv.Client(voiceagent.WithLedger(ledger))
				call, err := client.Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-1"))
				require.NoError(t, err)
				require.Len(t, srv.Dials(), 1)
				assert.Equal(t, srv.Dials()[0].SessionID, call.Ref())
				again, err := client.Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-1"))
				require.NoError(t, err)
				assert.Equal(t, call.Ref(), again.Ref())
				assert.Len(t, srv.Dials(), 1)
			}, voiceagenttest.WithClockSkew(c.ahead))
		})
	}
}

// Two equal calls under two keys, both killed in flight, find one record each.
func TestLedgerTellsEqualCallsApart(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		left := voiceagent.NewMemoryLedger()
		for _, key := range []string{"row-1", "row-2"} {
			srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter})
			one := &openLedger{MemoryLedger: voiceagent.NewMemoryLedger()}
			_, _ = srv.Client(voiceagent.WithLedger(one)).Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey(key),
				voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
			require.NoError(t, left.Finish(t.Context(), one.entry))
		}
		time.Sleep(time.Hour)
		refs := map[string]bool{}
		for _, key := range []string{"row-1", "row-2"} { // each in a process of its own
			call, err := srv.Client(voiceagent.WithLedger(left)).Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey(key))
			require.NoError(t, err)
			refs[call.Ref()] = true
		}
		assert.Len(t, refs, 2)
		assert.Len(t, srv.Dialed(), 2)
	})
}

// An outcome that stayed unknown is looked for again, and never dialled again.
func TestLedgerUnknownStaysUnknown(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropBefore})
		client := srv.Client(voiceagent.WithLedger(voiceagent.NewMemoryLedger()))
		for range 3 {
			_, err := client.Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-1"))
			require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
			connection, ok := errors.AsType[*voiceagent.ConnectionError](err)
			require.True(t, ok)
			assert.True(t, connection.Sent)
		}
		assert.Equal(t, 1, sentTo(srv, "POST", "/call"))
		assert.InDelta(t, 3*7, sentTo(srv, "GET", "/calls"), 3)
	})
}

// A repetition that was never sent proves nothing of the first request.
func TestLedgerKeepsAnUnknownOutcomeUnderRetry(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		client := srv.Client(voiceagent.WithLedger(voiceagent.NewMemoryLedger()), voiceagent.WithMaxRetries(0))
		create := func(outcome voiceagent.UnknownOutcome) error {
			_, err := client.Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-1"), voiceagent.WithUnknownOutcome(outcome))
			return err
		}
		srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter})
		require.ErrorIs(t, create(voiceagent.OutcomeFail), voiceagent.ErrOutcomeUnknown)
		srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.Refuse})
		require.Error(t, create(voiceagent.OutcomeRetry), "it is refused")
		require.NoError(t, create(voiceagent.OutcomeReconcile))
		assert.Len(t, srv.Dialed(), 1)
	})
}

// What was refused can be asked for again, with other parameters too.
func TestLedgerForgetsRefusals(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		client := srv.Client(voiceagent.WithLedger(voiceagent.NewMemoryLedger()))
		_, err := client.Calls.Create(t.Context(), callTo("nobody", asked), voiceagent.WithIdempotencyKey("row-1"))
		require.Error(t, err)
		assert.NotErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		_, err = client.Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-1"))
		require.NoError(t, err)
	})
}

func TestLedgerKeepsAKeyToOneAtATime(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.Slow, Delay: 5 * time.Second})
		client := srv.Client(voiceagent.WithLedger(voiceagent.NewMemoryLedger()))
		var first error
		var done sync.WaitGroup
		done.Go(func() {
			_, first = client.Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-1"))
		})
		synctest.Wait()
		_, err := client.Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-1"))
		require.ErrorIs(t, err, voiceagent.ErrLedgerBusy)
		done.Wait()
		require.NoError(t, first)
		assert.Len(t, srv.Dialed(), 1)
	})
}

// brokenLedger can't be written, from the beginning or once the call is made.
type brokenLedger struct {
	voiceagent.Ledger
	begin, finish error
}

func (l brokenLedger) Begin(ctx context.Context, entry voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	if l.begin != nil {
		return entry, false, l.begin
	}
	return l.Ledger.Begin(ctx, entry)
}

func (l brokenLedger) Finish(ctx context.Context, entry voiceagent.LedgerEntry) error {
	if l.finish != nil {
		return l.finish
	}
	return l.Ledger.Finish(ctx, entry)
}

func TestLedgerThatCantBeWritten(t *testing.T) {
	t.Parallel()
	full := errors.New("disk full")
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		_, err := srv.Client(voiceagent.WithLedger(brokenLedger{begin: full})).Calls.Create(t.Context(), callTo(agent, asked))
		require.ErrorIs(t, err, full)
		assert.Contains(t, err.Error(), "not sent")
		assert.Zero(t, srv.RequestCount())

		call, err := srv.Client(voiceagent.WithLedger(brokenLedger{Ledger: voiceagent.NewMemoryLedger(), finish: full})).
			Calls.Create(t.Context(), callTo(agent, asked))
		require.NoError(t, err, "it was placed, and the open entry makes a restart look")
		assert.NotEmpty(t, call.Ref())
	})
}

// A run that is broken off and begun again places each call once.
func TestCreateEachResumes(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter, Every: 7})
		ledger := voiceagent.NewMemoryLedger()
		calls := slices.Collect(wantedCalls(agent, 120))
		params := voiceagent.CreateEachParams{Concurrency: 10, Key: func(i int, _ voiceagent.CallCreateParams) string { return fmt.Sprintf("row-%d", i) }}
		refs := map[int]string{}
		for run := range 4 {
			seen := 0
			for i, result := range srv.Client(voiceagent.WithLedger(ledger)).Calls.CreateEach(t.Context(), slices.Values(calls), params) {
				require.NoError(t, result.Err)
				require.Equal(t, calls[i].To, result.Params.To)
				if ref, ok := refs[i]; ok {
					require.Equal(t, ref, result.Call.Ref(), "row %d", i)
				}
				refs[i] = result.Call.Ref()
				if seen++; run < 3 && seen == 30 {
					break
				}
			}
		}
		assert.Len(t, refs, len(calls))
		wanted := []string{}
		for _, call := range calls {
			wanted = append(wanted, call.To)
		}
		assert.ElementsMatch(t, wanted, srv.Dialed())
	})
}

// leasedLedger loses its keys after so many attempts.
type leasedLedger struct {
	*voiceagent.MemoryLedger
	attempts int
}

var errLeaseLost = errors.New("the lease is lost")

func (l *leasedLedger) Held(_ context.Context, key string) error {
	if l.attempts--; l.attempts < 0 {
		return fmt.Errorf("%s: %w", key, errLeaseLost)
	}
	return nil
}

// A key that was lost to another process while the call waited stops it before it is sent.
func TestLostLeaseStopsACall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults   []voiceagenttest.Fault
		attempts int
		unknown  bool
	}{
		"before the first attempt":  {nil, 0, false},
		"after one that was no use": {[]voiceagenttest.Fault{{Method: "POST", Kind: voiceagenttest.ThrottleBare}}, 1, false},
		"after one in doubt":        {[]voiceagenttest.Fault{{Method: "POST", Status: 503}}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
				srv.Fail(c.faults...)
				ledger := &leasedLedger{voiceagent.NewMemoryLedger(), c.attempts}
				client := srv.Client(voiceagent.WithLedger(ledger), voiceagent.WithPlan(voiceagent.EnterprisePlan(1)))
				_, err := client.Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-1"))
				require.ErrorIs(t, err, errLeaseLost)
				assert.Equal(t, c.unknown, errors.Is(err, voiceagent.ErrOutcomeUnknown), "%v", err)
				if c.attempts == 0 {
					assert.ErrorContains(t, err, "POST /call: not sent: row-1: the lease is lost")
				}
				assert.Empty(t, srv.Dialed())

				ledger.attempts = 1
				_, err = client.Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-1"))
				if c.unknown {
					require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
					return
				}
				require.NoError(t, err, "neither the key nor the limiter's leave is held on to")
				assert.Len(t, srv.Dialed(), 1)
			})
		})
	}
}

// takenLedger says that what was made belongs to another key.
type takenLedger struct{ *voiceagent.MemoryLedger }

func (l takenLedger) Finish(ctx context.Context, entry voiceagent.LedgerEntry) error {
	if entry.State == voiceagent.LedgerDone {
		return voiceagent.ErrLedgerTaken
	}
	return l.MemoryLedger.Finish(ctx, entry)
}

// An answer that is about another key's record doesn't leave the key busy.
func TestTakenRecordFreesTheKey(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		ledger := takenLedger{voiceagent.NewMemoryLedger()}
		client := srv.Client(voiceagent.WithLedger(ledger))
		_, err := client.Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-1"))
		require.NoError(t, err)
		_, err = client.Calls.Create(t.Context(), callTo(agent, asked), voiceagent.WithIdempotencyKey("row-1"))
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.Len(t, srv.Dialed(), 1, "it isn't dialled again")
	})
}

// A server may write one session id for all calls that have no session yet. Whoever was first in
// the ledger with it has none of the others' calls.
func TestLedgerOfIDsThatStandForNone(t *testing.T) {
	t.Parallel()
	for _, witnesses := range []int{0, 1, 2} {
		for _, answer := range []reply{badGate, late, lost} {
			t.Run(fmt.Sprint(witnesses, answer.status), func(t *testing.T) {
				t.Parallel()
				a := &api{answers: slices.Concat(slices.Repeat([]reply{done}, 1+witnesses), []reply{answer, done})}
				a.shows = func(r record) record { r["session_id"] = "pending"; return r }
				ledger := voiceagent.NewMemoryLedger()
				on(t, a, func(t *testing.T, a *api, _ *voiceagent.Client) {
					witness(t, a.client(voiceagent.WithLedger(ledger))) // of another worker
					end := rungOnce(t, a, a.client(voiceagent.WithLedger(ledger)), witnesses, time.Second)
					if witnesses > 0 {
						assert.Equal(t, placed, end)
					}
				})
			})
		}
	}
}
