//go:build unix

package redisvoiceagent_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/habits"
	"github.com/voiceagent-go/voiceagent/internal/ledgertest"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var (
	killRounds  = flag.Int("kill.rounds", 1, "rounds of the kill test, of each kind")
	killSeed    = flag.Uint64("kill.seed", 1, "when it kills, in the first round")
	killCalls   = flag.Int("kill.calls", 400, "calls of a round")
	killWorkers = flag.Int("kill.workers", 3, "processes that share them")
	killHabits  = flag.Bool("kill.habits", false, "kill under all habits of servers, not under six")
	killSettle  = flag.Duration("kill.settle", 10*time.Second, "settle time of the workers; all habits need 30s")
)

const (
	mostKills = 6 // of a round
	killLease = 2 * time.Second
)

func init() { programs["place calls"] = placeCalls }

// worker is a process that places calls.
type worker struct {
	Ledger childLedger
	Agent  string
	Calls  int
	Seed   uint64 // of the order
	Settle time.Duration
}

func phone(i int) string { return fmt.Sprintf("+1555%07d", i) }

// placeCalls places all rows in an order of its own, comes back later to those that another worker
// holds, and prints the outcome of each.
func placeCalls(settings []byte) error {
	var w worker
	if err := json.Unmarshal(settings, &w); err != nil {
		return err
	}
	client, err := voiceagent.NewClient(voiceagent.WithLedger(w.Ledger.open()), voiceagent.WithSettleTime(w.Settle))
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	for todo := rand.New(rand.NewPCG(w.Seed, 1)).Perm(w.Calls); len(todo) > 0; {
		calls := make([]voiceagent.CallCreateParams, len(todo))
		for j, i := range todo {
			calls[j] = voiceagent.CallCreateParams{AgentID: w.Agent, From: "+15550100000", To: phone(i), Metadata: map[string]any{"person": i}}
		}
		var later []int
		params := voiceagent.CreateEachParams{Concurrency: 8,
			Key: func(j int, _ voiceagent.CallCreateParams) string { return ledgertest.RowKey(todo[j]) }}
		for j, result := range client.Calls.CreateEach(context.Background(), slices.Values(calls), params) {
			if errors.Is(result.Err, voiceagent.ErrLedgerBusy) || errors.Is(result.Err, redisvoiceagent.ErrNotHeld) {
				later = append(later, todo[j])
			} else if err := out.Encode(ledgertest.RowOf(todo[j], result)); err != nil {
				return err
			}
		}
		if todo = later; len(todo) > 0 {
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

// Processes share the rows, are killed at random and start again, on servers with several habits.
// Together they place each call once.
func TestLedgerKilledWorkersDialNobodyTwice(t *testing.T) { // not beside others: it keeps the machine busy
	for seed := *killSeed; seed < *killSeed+uint64(*killRounds); seed++ {
		for name, faults := range map[string][]voiceagenttest.Fault{"reliable": nil, "lossy": ledgertest.Losing} {
			t.Run(fmt.Sprintf("%s, seed %d", name, seed), func(t *testing.T) {
				t.Parallel() // they mostly wait
				killRound(t, seed, faults)
			})
		}
	}
	for _, habit := range habits.ForKills(*killHabits) {
		t.Run(habit.Name, func(t *testing.T) {
			t.Parallel()
			killRound(t, *killSeed, ledgertest.Losing, habit.Server...)
		})
	}
}

// workers are the processes of a round.
type workers struct {
	t        *testing.T
	settings worker
	env      []string
	random   *rand.Rand

	mu      sync.Mutex
	running []*exec.Cmd
	kills   int
	rows    []ledgertest.Row
}

func killRound(t *testing.T, seed uint64, faults []voiceagenttest.Fault, habit ...voiceagenttest.Option) {
	t.Helper()
	server, trigger := startRedis(t), ledgertest.NewTrigger()
	random := rand.New(rand.NewPCG(seed, 0))
	trigger.Set(1 + random.Int64N(30))
	srv := voiceagenttest.NewServer(append(habit, voiceagenttest.WithSeed(seed), voiceagenttest.WithOnRequest(trigger.OnRequest))...)
	defer srv.Close()
	srv.Fail(faults...)
	w := &workers{t: t, random: random, env: []string{"VOICEAGENT_BASE_URL=" + srv.URL, "VOICEAGENT_API_KEY=" + voiceagenttest.DefaultKey},
		settings: worker{Ledger: childLedger{server.Addr(), killLease}, Agent: srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"}),
			Calls: *killCalls, Settle: *killSettle}}
	ended := make(chan struct{})
	var killer, all sync.WaitGroup
	killer.Go(func() {
		for {
			select {
			case <-ended:
				return
			case <-trigger.Now:
			}
			if w.kill() {
				trigger.Set(1 + w.random.Int64N(int64(*killCalls)/mostKills))
			}
		}
	})
	for i := range *killWorkers {
		all.Go(func() { w.work(seed*100 + uint64(i)) })
	}
	all.Wait()
	close(ended)
	killer.Wait()
	assert.Positive(t, w.kills)
	unknown := w.check(srv, redisvoiceagent.NewLedger(connect(t, server), redisvoiceagent.LedgerParams{}), faults == nil)
	t.Logf("%d calls, %d workers, %d kills, %d unknown, %d requests", *killCalls, *killWorkers, w.kills, unknown, trigger.Requests())
}

// kill ends one of the workers, a moment later. It returns if more are to be killed.
func (w *workers) kill() bool {
	time.Sleep(time.Duration(w.random.Int64N(int64(5 * time.Millisecond))))
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.running) > 0 {
		_ = w.running[w.random.IntN(len(w.running))].Process.Kill() // SIGKILL
		w.kills++
	}
	return w.kills < mostKills
}

// work runs a worker until it ends by itself, and starts it again each time that it is killed.
func (w *workers) work(seed uint64) {
	settings := w.settings
	settings.Seed = seed
	for {
		worker := child(w.t, "place calls", settings, w.env...)
		out, err := worker.StdoutPipe()
		if !assert.NoError(w.t, err) {
			return
		}
		w.mu.Lock()
		err = worker.Start()
		w.running = append(w.running, worker)
		w.mu.Unlock()
		if !assert.NoError(w.t, err) {
			return
		}
		rows := ledgertest.ReadRows(out)
		w.mu.Lock() // it isn't waited for, and its id not given away, while it may be killed
		w.rows = append(w.rows, rows...)
		err = worker.Wait()
		w.running = slices.DeleteFunc(w.running, func(c *exec.Cmd) bool { return c == worker })
		w.mu.Unlock()
		if err == nil {
			return
		}
		exit, ok := errors.AsType[*exec.ExitError](err)
		if !assert.True(w.t, ok && !exit.Exited(), "a worker failed by itself: %v", err) {
			return
		}
	}
}

// check compares the workers' output with the phones that rang and with the ledger. It returns how
// many rows are unknown.
func (w *workers) check(srv *voiceagenttest.Server, l *redisvoiceagent.Ledger, reliable bool) (unknown int) {
	t := w.t
	t.Helper()
	rang := map[string]int{}
	for _, dial := range srv.Dials() {
		rang[dial.Number]++
	}
	refs := map[int]string{}
	for _, said := range w.rows {
		switch {
		case said.Placed:
			if before, ok := refs[said.I]; ok {
				assert.Equal(t, before, said.Ref, "%s is one call, whoever says so", ledgertest.RowKey(said.I))
			}
			refs[said.I] = said.Ref
		case !said.Unknown:
			assert.Fail(t, "neither placed nor unknown", "%s: %s", ledgertest.RowKey(said.I), said.Err)
		}
	}
	for i := range *killCalls {
		entry, found := stands(t, l, ledgertest.RowKey(i))
		require.True(t, found, "%s isn't in the ledger", ledgertest.RowKey(i))
		assert.LessOrEqual(t, rang[phone(i)], 1, "%s rang too often", ledgertest.RowKey(i))
		switch entry.State {
		case voiceagent.LedgerDone:
			assert.Equal(t, 1, rang[phone(i)], "%s never rang", ledgertest.RowKey(i))
			if refs[i] != "" { // the answer had an id
				assert.Contains(t, entry.IDs, refs[i], ledgertest.RowKey(i))
			}
		case voiceagent.LedgerUnknown:
			if reliable {
				assert.Zero(t, rang[phone(i)], "%s rang, and is unknown", ledgertest.RowKey(i))
				assert.False(t, ledgertest.Provable(entry), "%s is unknown", ledgertest.RowKey(i))
			}
			assert.NotContains(t, refs, i, ledgertest.RowKey(i))
			unknown++
		default:
			assert.Fail(t, "left open", ledgertest.RowKey(i))
		}
	}
	return unknown
}
