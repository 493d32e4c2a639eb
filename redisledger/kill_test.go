//go:build unix

package redisledger_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisledger"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var (
	killRounds  = flag.Int("kill.rounds", 1, "rounds of the kill test, of each kind")
	killSeed    = flag.Uint64("kill.seed", 1, "when it kills, in the first round")
	killCalls   = flag.Int("kill.calls", 400, "calls of a round")
	killWorkers = flag.Int("kill.workers", 3, "processes that share them")
)

const (
	envCalls = "REDISLEDGER_CALLS"
	envAgent = "REDISLEDGER_AGENT"
	envSeed  = "REDISLEDGER_SEED"

	mostKills = 6 // of a round
	killLease = 2 * time.Second
)

func init() { children["worker"] = placeCalls }

// row is what a worker says of a call.
type row struct {
	I       int    `json:"i"`
	Ref     string `json:"ref,omitempty"`
	Unknown bool   `json:"unknown,omitempty"`
	Err     string `json:"err,omitempty"`
}

func rowKey(i int) string { return fmt.Sprintf("row-%04d", i+1) }
func phone(i int) string  { return fmt.Sprintf("+1555%07d", i) }

// placeCalls is a worker: it places all rows, in an order of its own, those that another is at work on later, and says what became of each.
func placeCalls() error {
	n, err := strconv.Atoi(os.Getenv(envCalls))
	if err != nil {
		return err
	}
	seed, err := strconv.ParseUint(os.Getenv(envSeed), 10, 64)
	if err != nil {
		return err
	}
	l, err := childLedger()
	if err != nil {
		return err
	}
	client, err := voiceagent.NewClient(voiceagent.WithLedger(l))
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	todo := rand.New(rand.NewPCG(seed, 1)).Perm(n)
	for len(todo) > 0 {
		calls := make([]voiceagent.CallCreateParams, len(todo))
		for j, i := range todo {
			calls[j] = voiceagent.CallCreateParams{AgentID: os.Getenv(envAgent), From: "+15550100000", To: phone(i),
				Metadata: map[string]any{"person": i}}
		}
		var later []int
		params := voiceagent.CreateEachParams{Concurrency: 8, Key: func(j int, _ voiceagent.CallCreateParams) string { return rowKey(todo[j]) }}
		for j, result := range client.Calls.CreateEach(context.Background(), slices.Values(calls), params) {
			said := row{I: todo[j], Unknown: errors.Is(result.Err, voiceagent.ErrOutcomeUnknown)}
			switch {
			case errors.Is(result.Err, voiceagent.ErrLedgerBusy), errors.Is(result.Err, redisledger.ErrNotHeld):
				later = append(later, todo[j])
				continue
			case result.Err != nil:
				said.Err = result.Err.Error()
			default:
				said.Ref = result.Call.Ref()
			}
			if err := out.Encode(said); err != nil {
				return err
			}
		}
		if todo = later; len(todo) > 0 {
			time.Sleep(50 * time.Millisecond)
		}
	}
	return nil
}

// Processes that share the rows, and are killed at random and started again, place each call once between them.
func TestKilledWorkersDialNobodyTwice(t *testing.T) {
	for seed := *killSeed; seed < *killSeed+uint64(*killRounds); seed++ {
		for name, faults := range map[string][]voiceagenttest.Fault{
			"reliable": nil,
			"lossy": {
				{Method: "POST", Kind: voiceagenttest.DropAfter, Rate: 0.03},
				{Method: "POST", Kind: voiceagenttest.DropBefore, Rate: 0.01},
				{Method: "POST", Kind: voiceagenttest.StatusAfter, Status: 504, Rate: 0.02},
				{Method: "POST", Kind: voiceagenttest.StatusBefore, Status: 500, Rate: 0.02},
			},
		} {
			t.Run(fmt.Sprintf("%s, seed %d", name, seed), func(t *testing.T) {
				t.Parallel() // they mostly wait
				killRound(t, seed, faults)
			})
		}
	}
}

// workers are the processes of a round.
type workers struct {
	t      *testing.T
	env    []string
	random *rand.Rand

	mu      sync.Mutex
	running []*exec.Cmd
	kills   int
	rows    []row
}

func killRound(t *testing.T, seed uint64, faults []voiceagenttest.Fault) {
	t.Helper()
	server := startRedis(t)
	random := rand.New(rand.NewPCG(seed, 0))
	var requests, killAt atomic.Int64
	kill := make(chan struct{}, 1)
	killAt.Store(1 + random.Int64N(30))
	srv := voiceagenttest.NewServer(voiceagenttest.WithSeed(seed), voiceagenttest.WithOnRequest(func(voiceagenttest.Request) {
		if requests.Add(1) == killAt.Load() {
			kill <- struct{}{} // this one was done, and its answer isn't sent yet
		}
	}))
	defer srv.Close()
	srv.Fail(faults...)
	w := &workers{t: t, random: random, env: append(os.Environ(), envChild+"=worker", envRedis+"="+server.Addr(),
		envLease+"="+killLease.String(), envAgent+"="+srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"}),
		envCalls+"="+strconv.Itoa(*killCalls), "VOICEAGENT_BASE_URL="+srv.URL, "VOICEAGENT_API_KEY="+voiceagenttest.DefaultKey)}
	ended := make(chan struct{})
	var killer, all sync.WaitGroup
	killer.Go(func() {
		for {
			select {
			case <-ended:
				return
			case <-kill:
			}
			if w.kill() {
				killAt.Store(requests.Load() + 1 + w.random.Int64N(int64(*killCalls)/mostKills))
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
	unknown := w.check(srv, redisledger.New(dial(t, server.Addr()), redisledger.Params{}), faults != nil)
	t.Logf("%d calls, %d workers, %d kills, %d unknown, %d requests", *killCalls, *killWorkers, w.kills, unknown, requests.Load())
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
	for {
		child := exec.CommandContext(w.t.Context(), os.Args[0])
		child.Env = append(slices.Clone(w.env), fmt.Sprintf("%s=%d", envSeed, seed))
		child.Stderr = os.Stderr
		out, err := child.StdoutPipe()
		if !assert.NoError(w.t, err) {
			return
		}
		w.mu.Lock()
		err = child.Start()
		w.running = append(w.running, child)
		w.mu.Unlock()
		if !assert.NoError(w.t, err) {
			return
		}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var said row
			if json.Unmarshal(lines.Bytes(), &said) == nil { // the last line of a killed one may be cut
				w.mu.Lock()
				w.rows = append(w.rows, said)
				w.mu.Unlock()
			}
		}
		w.mu.Lock() // it isn't waited for, and its id not given away, while it may be killed
		err = child.Wait()
		w.running = slices.DeleteFunc(w.running, func(c *exec.Cmd) bool { return c == child })
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

// check compares what the workers said with the phones that rang and with the ledger. It returns how many rows are unknown.
func (w *workers) check(srv *voiceagenttest.Server, l *redisledger.Ledger, mayBeUnknown bool) (unknown int) {
	t := w.t
	t.Helper()
	rang := map[string]int{}
	for _, dial := range srv.Dials() {
		rang[dial.Number]++
	}
	refs := map[int]string{}
	for _, said := range w.rows {
		switch {
		case said.Ref != "":
			if before := refs[said.I]; before != "" {
				assert.Equal(t, before, said.Ref, "%s is one call, whoever says so", rowKey(said.I))
			}
			refs[said.I] = said.Ref
		case !said.Unknown || !mayBeUnknown:
			assert.Fail(t, "neither placed nor unknown", "%s: %s", rowKey(said.I), said.Err)
		}
	}
	for i := range *killCalls {
		entry, found := stands(t, l, rowKey(i))
		require.True(t, found, "%s isn't in the ledger", rowKey(i))
		assert.LessOrEqual(t, rang[phone(i)], 1, "%s rang too often", rowKey(i))
		switch entry.State {
		case voiceagent.LedgerDone:
			assert.Equal(t, 1, rang[phone(i)], "%s never rang", rowKey(i))
			assert.Contains(t, entry.IDs, refs[i], rowKey(i))
		case voiceagent.LedgerUnknown:
			assert.True(t, mayBeUnknown, "%s is unknown", rowKey(i))
			assert.Empty(t, refs[i], rowKey(i))
			unknown++
		default:
			assert.Fail(t, "left open", rowKey(i))
		}
	}
	return unknown
}
