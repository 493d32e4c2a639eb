package dialonce_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// What the entry's witnesses are isn't taken, though it is equal to what was lost.
func TestRestartTakesNoWitness(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done, lostNot, done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		ledger := &dying{MemoryLedger: voiceagent.NewMemoryLedger()}
		first := a.client(voiceagent.WithLedger(ledger))
		_, err := first.Calls.Create(t.Context(), person(1))
		require.NoError(t, err)
		a.answered = func() { ledger.dead = true }
		_, err = first.Calls.Create(t.Context(), person(1), row, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		call, err := a.client(voiceagent.WithLedger(ledger.heir(t))).Calls.Create(t.Context(), person(1), row)
		require.NoError(t, err)
		assert.Equal(t, "id-3", call.ID, "it was sent again")
	})
}

// Without witnesses in the entry, the calls that this process has placed show how far the list's
// times are from the server's clock.
func TestRestartByTheServersClock(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone *time.Location
		skew time.Duration
	}{
		{time.UTC, 0},
		{time.UTC, 10 * time.Minute},
		{time.UTC, -10 * time.Minute},
		{time.FixedZone("IST", 19800), 0},
		{time.FixedZone("EST", -18000), 0},
	} {
		a := &api{answers: []reply{done, lost, done}, skew: c.skew}
		a.shows = func(r record) record { r["created_at"] = time.Now().In(c.zone).Format("2006-01-02T15:04:05"); return r }
		on(t, a, func(t *testing.T, a *api, _ *voiceagent.Client) {
			a.records = append(a.records, record{"id": "older", "agent_id": "ag_1", "phone_number": person(1).To,
				"created_at": time.Now().Add(-time.Hour).In(c.zone).Format("2006-01-02T15:04:05")})
			ledger := &dying{MemoryLedger: voiceagent.NewMemoryLedger()}
			die(t, a, ledger, 1)
			ledger.left[0].Witnesses = nil
			time.Sleep(time.Minute)
			second := a.client(voiceagent.WithLedger(ledger.heir(t)))
			witness(t, second)
			call, err := second.Calls.Create(t.Context(), person(1), row)
			if assert.NoError(t, err, "%+v", c) {
				assert.Equal(t, "id-2", call.ID, "%+v", c)
			}
		})
	}
}

// An equal call that this process has placed may be listed under another id. So no call is taken
// for the one that an earlier process lost, whatever the clock of that process.
func TestRestartAfterAnEqualCall(t *testing.T) {
	t.Parallel()
	for _, clock := range []time.Duration{0, 10 * time.Minute, -10 * time.Minute} {
		on(t, &api{answers: []reply{done, lostNot, done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
			ledger := &dying{MemoryLedger: voiceagent.NewMemoryLedger(), clock: clock}
			die(t, a, ledger, 1)
			second := a.client(voiceagent.WithLedger(ledger.heir(t)))
			_, err := second.Calls.Create(t.Context(), person(1))
			require.NoError(t, err)
			a.records[0] = record{"id": "of the list", "agent_id": "ag_1", "phone_number": person(1).To, "direction": "outbound",
				"created_at": a.records[0]["created_at"]}
			_, err = second.Calls.Create(t.Context(), person(1), row)
			assert.Equal(t, unknown, endOf(err), "clock %v: %v", clock, err)
			assert.Equal(t, 3, a.posts)
		})
	}
}

// By the server's clock, part of the settle time is over when a process starts again. It waits only
// for the rest.
func TestRestartSettles(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done, lostNot}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		ledger := &dying{MemoryLedger: voiceagent.NewMemoryLedger()}
		die(t, a, ledger, 1)
		ledger.left[0].Witnesses = nil
		time.Sleep(time.Minute + 20*time.Second)
		second := a.client(voiceagent.WithLedger(ledger.heir(t)), voiceagent.WithMaxElapsed(time.Minute))
		a.answers = []reply{done}
		witness(t, second) // whose answer has the server's time
		a.records = nil
		start := time.Now()
		_, err := second.Calls.Create(t.Context(), person(1), row)
		assert.Equal(t, unknown, endOf(err), "%v", err)
		assert.InDelta(t, 11, time.Since(start).Seconds(), 1, "a Date is cut to the second")
	})
}

// The clock of a process that knew no other one may have been ahead by hours. So a list counts as
// read to the lost call only if it was read to its end.
func TestRestartAfterAClockAhead(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{lost, done}, paging: pagings["all keys"]}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		ledger := &dying{MemoryLedger: voiceagent.NewMemoryLedger(), clock: time.Hour}
		die(t, a, ledger, 0)
		time.Sleep(2 * time.Hour)
		a.records = append(of(150, func(i int) time.Duration { return 80*time.Minute + time.Duration(i)*15*time.Second }), a.records...)
		second := a.client(voiceagent.WithLedger(ledger.heir(t)))
		witness(t, second)
		_, err := second.Calls.Create(t.Context(), person(1), row)
		assert.Equal(t, unknown, endOf(err), "%v", err)
		assert.Equal(t, 2, a.posts)
	})
}

// Of two equal calls that were on their way when the process died, one was made. After a restart
// each call is known: the one that takes it, and the other, which waits until what the first may
// still make has settled.
func TestRestartOfTwoEqualCalls(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]reply{
		"the first":  {done, lost, lostNot, done},
		"the second": {done, lostNot, lost, done},
		"both":       {done, lost, lost, done},
		"neither":    {done, lostNot, lostNot, done},
	} {
		for _, apart := range []time.Duration{0, 100 * time.Millisecond, 5 * time.Second} {
			on(t, &api{answers: answers}, func(t *testing.T, a *api, _ *voiceagent.Client) {
				ledger := &dying{MemoryLedger: voiceagent.NewMemoryLedger()}
				first := a.client(voiceagent.WithLedger(ledger))
				witness(t, first)
				ctx, kill := context.WithCancel(t.Context())
				defer kill()
				sent := 0
				a.answered = func() {
					if sent++; sent == 2 {
						ledger.dead = true
						kill()
					}
				}
				refs := placeTwice(ctx, first, 0, func(error) {})
				assert.Equal(t, [2]string{}, refs)
				a.answered = nil
				refs = placeTwice(t.Context(), a.client(voiceagent.WithLedger(ledger.heir(t))), apart, func(err error) {
					assert.NoError(t, err, "%s was made, looked for %v apart", name, apart)
				})
				assert.NotEqual(t, refs[0], refs[1])
				assert.Len(t, a.records, 3)
			})
		}
	}
}

// placeTwice places the same call twice at once, under two keys.
func placeTwice(ctx context.Context, c *voiceagent.Client, apart time.Duration, ended func(error)) (refs [2]string) {
	var both sync.WaitGroup
	for i := range refs {
		both.Go(func() {
			call, err := c.Calls.Create(ctx, person(1), voiceagent.WithIdempotencyKey(fmt.Sprint("row-", i)))
			if ended(err); err == nil {
				refs[i] = call.Ref()
			}
		})
		time.Sleep(apart)
	}
	both.Wait()
	return refs
}
