package dialonce_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// disk is a ledger whose file outlives its process, which may die again and again.
type disk struct {
	*voiceagent.MemoryLedger
	file map[string]voiceagent.LedgerEntry
	dead bool
}

func newDisk() *disk {
	return &disk{MemoryLedger: voiceagent.NewMemoryLedger(), file: make(map[string]voiceagent.LedgerEntry)}
}

func (d *disk) Begin(ctx context.Context, e voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	standing, found, err := d.MemoryLedger.Begin(ctx, e)
	if err == nil && !found && !d.dead {
		d.file[e.Key] = e
	}
	return standing, found, err
}

func (d *disk) Finish(ctx context.Context, e voiceagent.LedgerEntry) error {
	if !d.dead {
		d.file[e.Key] = e
	}
	return d.MemoryLedger.Finish(ctx, e)
}

func (d *disk) Forget(ctx context.Context, key string) error {
	if !d.dead {
		delete(d.file, key)
	}
	return d.MemoryLedger.Forget(ctx, key)
}

// next is the ledger of the process that comes after.
func (d *disk) next(t *testing.T) *disk {
	t.Helper()
	next := newDisk()
	next.file = maps.Clone(d.file)
	for _, e := range next.file {
		require.NoError(t, next.MemoryLedger.Finish(t.Context(), e)) // it stands as it stood
	}
	return next
}

// process places a good call, so that the server's clock is known, and then the one that matters.
// It dies when that has been sent as many times as dies says; 0 lets it live.
func (d *disk) process(t *testing.T, a *api, dies int, opts ...voiceagent.ClientOption) error {
	t.Helper()
	client := a.client(append(opts, voiceagent.WithLedger(d))...)
	witness(t, client)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	before := a.posts
	a.answered = func() {
		if a.posts == before+dies {
			d.dead = true
			cancel()
		}
	}
	_, err := client.Calls.Create(ctx, person(1), row)
	a.answered = nil
	assert.Equal(t, dies > 0, d.dead)
	return err
}

// rings is how often the person that matters was rung.
func rings(a *api) (n int) {
	time.Sleep(time.Minute)
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range a.records {
		if r["phone_number"] == person(1).To {
			n++
		}
	}
	return n
}

// A process that sends what an earlier one has not done may die as well. How long ago the first one
// began says nothing of what the second one has sent.
func TestSecondRestartSettles(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{done, lostNot, done, {later: 10 * time.Second}, done}}
	on(t, a, func(t *testing.T, a *api, _ *voiceagent.Client) {
		first := newDisk()
		require.Error(t, first.process(t, a, 1))
		time.Sleep(20 * time.Minute)
		second := first.next(t)
		require.Error(t, second.process(t, a, 1))
		time.Sleep(time.Second)
		third := second.next(t)
		require.NoError(t, third.process(t, a, 0))
		assert.Equal(t, 1, rings(a))
		assert.Equal(t, voiceagent.LedgerDone, third.file["row-1"].State)
	})
}

// patient waits for long before each repetition.
type patient struct{}

func (patient) Decide(voiceagent.Failure) voiceagent.Decision {
	return voiceagent.Decision{Retry: true, Wait: 100 * time.Second}
}

// A process without a bound may have sent at any time until it died, however long ago it began.
func TestRestartWithoutABound(t *testing.T) {
	t.Parallel()
	a := &api{answers: []reply{done, throttle, throttle, {later: 10 * time.Second}, done}}
	on(t, a, func(t *testing.T, a *api, _ *voiceagent.Client) {
		first := newDisk()
		require.Error(t, first.process(t, a, 3, voiceagent.WithMaxElapsed(0), voiceagent.WithRetryPolicy(patient{})))
		time.Sleep(time.Second)
		require.NoError(t, first.next(t).process(t, a, 0, voiceagent.WithMaxElapsed(0)))
		assert.Equal(t, 1, rings(a))
	})
}

// What is sent anew after a restart is looked for as before: an older equal call of somebody else
// isn't taken, as the clock of the process that began is still known.
func TestSentAnewTakesNoOlderCall(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done, lostNot, done, badNot}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		a.records = append(a.records, record{"id": "older", "agent_id": "ag_1", "phone_number": person(1).To,
			"created_at": time.Now().UTC().Format(time.RFC3339Nano)})
		time.Sleep(7 * time.Minute)
		first := newDisk()
		require.Error(t, first.process(t, a, 1))
		entry := first.file["row-1"]
		entry.Witnesses = nil // they would tell as well
		first.file["row-1"] = entry
		err := first.next(t).process(t, a, 0)
		assert.Equal(t, unknown, endOf(err), "there is no young witness: %v", err)
		assert.Equal(t, 4, a.posts)
	})
}

// meddled is a ledger in which another worker does something after a key was forgotten.
type meddled struct {
	*disk
	meddle func()
}

func (l *meddled) Forget(ctx context.Context, key string) error {
	err := l.disk.Forget(ctx, key)
	if meddle := l.meddle; meddle != nil {
		l.meddle = nil
		meddle()
	}
	return err
}

// While the entry of an earlier process is recorded anew, another worker may place the call under
// its key. It isn't placed again.
func TestKeyIsTakenWhileItIsRecordedAnew(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done, lostNot, done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		first := newDisk()
		require.Error(t, first.process(t, a, 1))
		ledger := &meddled{disk: first.next(t)}
		client := a.client(voiceagent.WithLedger(ledger))
		witness(t, client)
		var other *voiceagent.Call
		ledger.meddle = func() {
			var err error
			other, err = a.client(voiceagent.WithLedger(ledger)).Calls.Create(t.Context(), person(1), row)
			assert.NoError(t, err)
		}
		call, err := client.Calls.Create(t.Context(), person(1), row)
		require.NoError(t, err)
		assert.Equal(t, other.Ref(), call.Ref())
		assert.Equal(t, 1, rings(a))
	})
}
