package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent/internal/redistest"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var (
	fleetRows    = flag.Int("fleet.rows", 300, "rows of each test's list")
	fleetWorkers = flag.Int("fleet.workers", 4, "worker processes of each test")
	fleetKill    = flag.Duration("fleet.kill", time.Second, "how often a worker is killed")
	fleetLimit   = flag.Int("fleet.limit", 30, "requests a second that the simulator allows")
	fleetTime    = flag.Duration("fleet.time", 4*time.Minute, "how long a test may take")
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "worker" { // this test program, started by startWorker
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// badNetwork loses answers, before and after the phone has rung.
var badNetwork = []voiceagenttest.Fault{
	{Method: "POST", Kind: voiceagenttest.DropAfter, Rate: 0.05},
	{Method: "POST", Kind: voiceagenttest.DropBefore, Rate: 0.01},
	{Method: "POST", Kind: voiceagenttest.StatusAfter, Status: 504, Rate: 0.02},
	{Method: "POST", Kind: voiceagenttest.StatusBefore, Status: 500, Rate: 0.02},
	{Method: "GET", Kind: voiceagenttest.StatusBefore, Status: 500, Rate: 0.02},
}

// fleet is a list, the workers that are at it, and a simulator in this process.
type fleet struct {
	*queue
	redis     *redistest.Server
	api       *voiceagenttest.Server
	throttled atomic.Int64 // requests that the API refused with a 429
	workers   []*exec.Cmd
}

func startRedis(t *testing.T) (*redistest.Server, *queue) {
	t.Helper()
	server, err := redistest.Start("--appendonly", "yes", "--appendfsync", "always")
	if err != nil && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	q := &queue{rdb: redis.NewClient(&redis.Options{Addr: server.Addr()}), list: "test"}
	t.Cleanup(func() { _ = q.rdb.Close() })
	return server, q
}

// newFleet enqueues a list and starts its workers. Two of its numbers have no plus. Two rows have
// no id of their own, and one row has no number: they are left out.
func newFleet(t *testing.T, ctx context.Context, faults ...voiceagenttest.Fault) *fleet {
	t.Helper()
	f := &fleet{}
	f.redis, f.queue = startRedis(t)
	f.api = voiceagenttest.NewServer(voiceagenttest.WithKeptRequests(-1),
		voiceagenttest.WithLimits(voiceagenttest.Limits{Requests: *fleetLimit, Window: time.Second}),
		voiceagenttest.WithOnRequest(func(r voiceagenttest.Request) {
			if r.Status == 429 {
				f.throttled.Add(1)
			}
		}))
	t.Cleanup(f.api.Close)
	f.api.Fail(faults...)
	var file bytes.Buffer
	_, err := file.ReadFrom(madeUp(*fleetRows - 2))
	require.NoError(t, err)
	file.WriteString("a,15559999991,No plus\nb,15559999992,No plus\n1,+15559999993,Another's id\n,+15559999994,No id\nc,,No number\n")
	agent := f.api.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	require.NoError(t, produce(t.Context(), f.queue, &file, agent, "+15550100000"))
	for range *fleetWorkers {
		f.start(t, ctx)
	}
	return f
}

func (f *fleet) start(t *testing.T, ctx context.Context) {
	t.Helper()
	worker, err := startWorker(ctx, f.queue, f.redis.Addr(), f.api.URL)
	require.NoError(t, err)
	f.workers = append(f.workers, worker)
}

// kill kills n workers at the same moment, whatever they are doing, and starts others.
func (f *fleet) kill(t *testing.T, ctx context.Context, n int) {
	t.Helper()
	for range n {
		i := rand.IntN(len(f.workers))
		require.NoError(t, f.workers[i].Process.Kill()) // SIGKILL
		require.Error(t, f.workers[i].Wait())
		f.workers = append(f.workers[:i], f.workers[i+1:]...)
	}
	for range n {
		f.start(t, ctx)
	}
}

// settled is how many rows are.
func (f *fleet) settled(t *testing.T) int {
	t.Helper()
	n, err := f.rdb.HLen(t.Context(), f.outcomes()).Result()
	require.NoError(t, err)
	return int(n)
}

// dial has the fleet dial its list while it is disturbed, and holds what the workers said against
// the phones that rang. It returns how many rows there are of each outcome.
func dial(t *testing.T, disturb func(ctx context.Context, f *fleet), faults ...voiceagenttest.Fault) (f *fleet, count map[string]int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), *fleetTime)
	defer cancel()
	start := time.Now()
	f = newFleet(t, ctx, faults...)
	disturb(ctx, f)
	require.NoError(t, f.await(ctx, int64(*fleetRows)))
	took := time.Since(start)
	cancel()
	for _, worker := range f.workers {
		_ = worker.Wait()
	}

	rang, callees := map[string]int{}, map[string]string{}
	for _, d := range f.api.Dials() {
		rang[d.Number]++
		callees[d.CallID], callees[d.SessionID] = d.Number, d.Number // either may be a call's Ref
	}
	outcomes, err := f.rdb.HGetAll(t.Context(), f.outcomes()).Result()
	require.NoError(t, err)
	assert.Len(t, outcomes, *fleetRows)
	count = map[string]int{}
	expected := 0
	for id, outcome := range outcomes {
		kind, ref, _ := strings.Cut(outcome, " ")
		count[kind]++
		var number string
		if id != "a" && id != "b" {
			number = fmt.Sprintf("+1555%07s", id)
		}
		assert.LessOrEqual(t, rang[number], 1, "row %s", id)
		switch kind {
		case "placed":
			assert.Equal(t, number, callees[ref], "row %s: it is another's call", id)
			expected++
		case "refused":
			assert.Zero(t, rang[number], "row %s", id)
		default:
			expected += rang[number]
		}
		assert.NotContains(t, outcome, "+1555", "it holds no number")
	}
	calls := len(f.api.Dials())
	assert.Equal(t, expected, calls, "as many as phones that rang")
	assert.Equal(t, 2, count["refused"])
	t.Logf("%v; %d calls; %d requests, %.0f s", count, calls, f.api.RequestCount(), took.Seconds())
	return f, count
}

// It doesn't run beside the others: a request that is on its way for longer than the window counts
// in the next.
func TestAllRowsArePlaced(t *testing.T) {
	f, count := dial(t, func(context.Context, *fleet) {})
	assert.Zero(t, count["unknown"])
	assert.Zero(t, f.throttled.Load(), "the workers share the rate limit")
}

// killUntil is how much of the list is settled when the killing ends: a row that is killed again
// waits again.
const killUntil = 0.8

func TestKilledWorkers(t *testing.T) {
	t.Parallel()
	kills := 0
	_, count := dial(t, func(ctx context.Context, f *fleet) {
		for f.settled(t) < int(killUntil*float64(*fleetRows)) && ctx.Err() == nil {
			pause(ctx, *fleetKill)
			f.kill(t, ctx, 1)
			kills++
		}
	}, badNetwork...)
	t.Logf("%d kills", kills)
	assert.Greater(t, kills, 2)
	assert.Greater(t, count["placed"], *fleetRows*9/10)
}

func TestHalfOfTheWorkersKilledAtOnce(t *testing.T) {
	t.Parallel()
	_, count := dial(t, func(ctx context.Context, f *fleet) {
		require.NoError(t, f.await(ctx, int64(*fleetRows)/3))
		f.kill(t, ctx, *fleetWorkers/2)
	}, badNetwork...)
	assert.Greater(t, count["placed"], *fleetRows*9/10)
}

// Redis is killed, and comes back with its data.
func TestRedisKilledAndStartedAgain(t *testing.T) {
	t.Parallel()
	_, count := dial(t, func(ctx context.Context, f *fleet) {
		require.NoError(t, f.await(ctx, int64(*fleetRows)/3))
		require.NoError(t, f.redis.Kill())
		pause(ctx, 1500*time.Millisecond) // long enough for every worker to notice
		require.NoError(t, f.redis.Restart())
	}, badNetwork...)
	assert.Greater(t, count["placed"], *fleetRows*9/10)
}

// A worker that is asked to end finishes its calls, and leaves the other rows to other workers.
func TestWorkersAskedToEnd(t *testing.T) {
	t.Parallel()
	f := newFleet(t, t.Context(), voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.Slow, Delay: time.Second, Rate: 1})
	require.Eventually(t, func() bool { return len(f.api.Dials()) > 0 }, 20*time.Second, 5*time.Millisecond)
	for _, worker := range f.workers {
		require.NoError(t, worker.Process.Signal(syscall.SIGTERM))
	}
	for _, worker := range f.workers {
		require.NoError(t, worker.Wait())
	}
	outcomes, err := f.rdb.HGetAll(t.Context(), f.outcomes()).Result()
	require.NoError(t, err)
	assert.Len(t, outcomes, len(f.api.Dials()), "a call was broken off")
	assert.Less(t, len(outcomes), *fleetRows)
	for id, outcome := range outcomes {
		assert.True(t, strings.HasPrefix(outcome, "placed "), id)
	}
}
