package main

import (
	"context"
	"flag"
	"io"
	"net/http"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/redistest"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var (
	fleetCalls   = flag.Int("fleet.calls", 300, "rows of each test's list")
	fleetWorkers = flag.Int("fleet.workers", 4, "worker processes of each test")
	fleetKill    = flag.Duration("fleet.kill", time.Second, "how often a worker is killed")
	fleetCalm    = flag.Duration("fleet.calm", 15*time.Second, "when the killing ends; 0 for not before the work does")
	fleetLimit   = flag.Int("fleet.limit", 60, "requests a second that the simulator allows")
	fleetTime    = flag.Duration("fleet.time", 4*time.Minute, "how long a test may take")
)

// badNetwork loses answers, before and after the phone has rung.
var badNetwork = []voiceagenttest.Fault{
	{Method: "POST", Kind: voiceagenttest.DropAfter, Rate: 0.05},
	{Method: "POST", Kind: voiceagenttest.DropBefore, Rate: 0.01},
	{Method: "POST", Kind: voiceagenttest.StatusAfter, Status: 504, Rate: 0.02},
	{Method: "POST", Kind: voiceagenttest.StatusBefore, Status: 500, Rate: 0.02},
	{Method: "GET", Kind: voiceagenttest.StatusBefore, Status: 500, Rate: 0.02},
}

// expedition is a fleet at work on a list, with a Redis of its own and a simulator in the test's process.
type expedition struct {
	*list
	redis   *redistest.Server
	api     *voiceagenttest.Server
	fleet   *workers
	numbers map[string]string

	throttled atomic.Int64 // requests that the API refused with a 429
}

// newExpedition enqueues a list of n rows, and starts no worker yet.
func newExpedition(t *testing.T, n int, faults ...voiceagenttest.Fault) *expedition {
	t.Helper()
	e := &expedition{redis: startRedis(t)}
	e.list = openList(t, e.redis.Addr())
	e.api = voiceagenttest.NewServer(voiceagenttest.WithKeptRequests(-1), voiceagenttest.WithOnRequest(func(r voiceagenttest.Request) {
		if r.Status == http.StatusTooManyRequests {
			e.throttled.Add(1)
		}
	}),
		voiceagenttest.WithLimits(voiceagenttest.Limits{Requests: *fleetLimit, Window: time.Second}))
	t.Cleanup(e.api.Close)
	e.api.Fail(faults...)
	src := source{phone: "mobile", id: "id", from: "+15550100000", agentID: e.api.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})}
	file, numbers := madeUpFile(n)
	e.numbers = numbers
	sum, err := enqueue(t.Context(), e.list, file, src, io.Discard)
	require.NoError(t, err)
	require.Equal(t, summary{added: n, bad: 1}, sum)
	e.fleet = &workers{args: []string{"worker", "-redis", e.redis.Addr(), "-list", e.name}, logs: os.Stderr,
		env: []string{"VOICEAGENT_BASE_URL=" + e.api.URL, "VOICEAGENT_API_KEY=" + voiceagenttest.DefaultKey}}
	t.Cleanup(func() { _ = e.fleet.stop() })
	return e
}

// dial runs the fleet until each row has an outcome, while disturb does its worst.
func (e *expedition) dial(t *testing.T, disturb func(ctx context.Context) error) verdict {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), *fleetTime)
	defer cancel()
	start := time.Now()
	require.NoError(t, e.fleet.start(*fleetWorkers))
	disturbing, calm := context.WithCancel(ctx)
	disturbed := make(chan error, 1)
	go func() { disturbed <- disturb(disturbing) }()
	err := watch(ctx, e.list, logWriter{t})
	took := time.Since(start)
	calm()
	assert.NoError(t, <-disturbed)
	assert.NoError(t, err, "the work doesn't end")
	assert.NoError(t, e.fleet.stop())

	v := compare(e.numbers, allOutcomes(t, e.list), e.api.Dials())
	t.Logf("%v; %d phones rang; %d kills, %d requests, %.0f s", &v, len(e.api.Dials()), e.fleet.kills, e.api.RequestCount(), took.Seconds())
	assert.NoError(t, v.err())
	assert.Equal(t, len(e.numbers), v.placed+v.refused+v.unknown)
	assert.Equal(t, len(e.numbers)/200, v.refused, "each 200th number can't be dialled")
	rang := len(e.api.Dialed())
	assert.Equal(t, v.placed+v.unknownRang, rang, "as many calls as phones that rang")
	assert.Equal(t, tally{rows: len(e.numbers), leftOut: 1, placed: v.placed, refused: v.refused, unknown: v.unknown}, mustTally(t, e.list),
		"the counts are those of the rows")
	return v
}

func undisturbed(context.Context) error { return nil }

func TestAllRowsArePlaced(t *testing.T) {
	t.Parallel()
	e := newExpedition(t, *fleetCalls)
	v := e.dial(t, undisturbed)
	assert.Zero(t, v.unknown)
	assert.Zero(t, e.throttled.Load(), "the workers share the rate limit")
}

func TestBadNetwork(t *testing.T) {
	t.Parallel()
	v := newExpedition(t, *fleetCalls, badNetwork...).dial(t, undisturbed)
	assert.Greater(t, v.placed, *fleetCalls*9/10)
}

// kill kills n workers in that rhythm, each time all at the same moment, and others take their place. The queue hands out what they held after a minute, when it
// is looked for, which each worker does when it starts: so in the calm after the killing they are replaced, as in a rolling update.
func (e *expedition) kill(ctx context.Context, rhythm time.Duration, n int) error {
	killing, stop := ctx, context.CancelFunc(func() {})
	if *fleetCalm > 0 {
		killing, stop = context.WithTimeout(ctx, *fleetCalm)
	}
	defer stop()
	if err := e.fleet.killEvery(killing, rhythm, n); err != nil {
		return err
	}
	return e.replaceEvery(ctx, replacing)
}

const replacing = 5 * time.Second

// A worker is killed in that rhythm.
func TestKilledWorkers(t *testing.T) {
	t.Parallel()
	e := newExpedition(t, *fleetCalls, badNetwork...)
	v := e.dial(t, func(ctx context.Context) error { return e.kill(ctx, *fleetKill, 1) })
	assert.Greater(t, e.fleet.kills, 2)
	assert.Greater(t, v.placed, *fleetCalls*9/10)
}

func TestHalfOfTheWorkersKilledAtOnce(t *testing.T) {
	t.Parallel()
	e := newExpedition(t, *fleetCalls, badNetwork...)
	v := e.dial(t, func(ctx context.Context) error { return e.kill(ctx, 3**fleetKill, *fleetWorkers/2) })
	assert.GreaterOrEqual(t, e.fleet.kills, *fleetWorkers/2)
	assert.Greater(t, v.placed, *fleetCalls*9/10)
}

// Redis is killed when a third and two thirds are done, and comes back with what it had. A task whose handing out it didn't survive waits for a minute; the
// workers are replaced meanwhile, as in a rolling update, because each looks for such tasks when it starts.
func TestRedisKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	e := newExpedition(t, *fleetCalls, badNetwork...)
	restarts := 0
	v := e.dial(t, func(ctx context.Context) error {
		for restarts < 2 {
			if !e.reached(ctx, (restarts+1)**fleetCalls/3) {
				return nil
			}
			if err := e.redis.Kill(); err != nil {
				return err
			}
			select { // long enough for every worker to notice
			case <-ctx.Done():
			case <-time.After(1500 * time.Millisecond):
			}
			if err := e.redis.Restart(); err != nil {
				return err
			}
			restarts++
		}
		return e.replaceEvery(ctx, replacing)
	})
	assert.Equal(t, 2, restarts)
	assert.Greater(t, v.placed, *fleetCalls*9/10)
}

func (e *expedition) replaceEvery(ctx context.Context, rhythm time.Duration) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rhythm):
			if err := e.fleet.replace(); err != nil {
				return err
			}
		}
	}
}

// reached waits until so many rows have an outcome.
func (e *expedition) reached(ctx context.Context, settled int) bool {
	for {
		if got, err := e.tally(ctx); err == nil && got.settled() >= settled {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// A worker that is asked to end lets its calls come to their end, and leaves the rest to others.
func TestWorkersAskedToEnd(t *testing.T) {
	t.Parallel()
	e := newExpedition(t, 60, voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.Slow, Delay: time.Second, Rate: 1})
	require.NoError(t, e.fleet.start(2))
	require.Eventually(t, func() bool { return len(e.api.Dials()) > 0 }, 20*time.Second, 5*time.Millisecond)
	require.NoError(t, e.fleet.stop())
	outcomes := allOutcomes(t, e.list)
	assert.Len(t, outcomes, len(e.api.Dials()), "a call was broken off")
	assert.Less(t, len(outcomes), 60)
	for row, o := range outcomes {
		assert.Equal(t, placed, o.Kind, row)
	}
}

// The demonstration's workers don't dial on when it is gone.
func TestWorkerEndsWithItsParent(t *testing.T) {
	t.Parallel()
	e := newExpedition(t, 1)
	e.fleet.env = append(e.fleet.env, "VOICEAGENT_BASE_URL=http://127.0.0.1:1") // nothing listens there
	require.NoError(t, e.fleet.start(1))
	ctx, cancel := withParent(t.Context(), "1") // which isn't this process's parent
	defer cancel()
	select {
	case <-ctx.Done():
	case <-time.After(10 * time.Second):
		assert.Fail(t, "it lives on")
	}
	assert.NoError(t, e.fleet.running[0].Process.Signal(syscall.Signal(0)), "the one with a parent runs")
}
