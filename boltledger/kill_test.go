package boltledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/boltledger"
	"github.com/voiceagent-go/voiceagent/internal/habits"
	"github.com/voiceagent-go/voiceagent/internal/ledgertest"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var (
	killRounds = flag.Int("kill.rounds", 3, "rounds of the kill test, of each kind; 2 at most with -short")
	killSeed   = flag.Uint64("kill.seed", 1, "when it kills, in the first round")
	killCalls  = flag.Int("kill.calls", 500, "calls of a round")
	killHabits = flag.Bool("kill.habits", false, "kill under all habits of servers, not under six")
	killSettle = flag.Duration("kill.settle", 10*time.Second, "settle time of the child; all habits need 30s")
)

// The child is this test program with these set.
const (
	envLedger = "BOLTLEDGER_CHILD_LEDGER"
	envCalls  = "BOLTLEDGER_CHILD_CALLS"
	envAgent  = "BOLTLEDGER_CHILD_AGENT"
	envSettle = "BOLTLEDGER_CHILD_SETTLE"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(envLedger); path != "" {
		if err := placeCalls(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "8") // the children mostly wait
	goleak.VerifyTestMain(m)
}

// wanted returns n calls. Each fiftieth is wanted twice, equal in everything but the key, and on
// purpose.
func wanted(agent string, n int) []voiceagent.CallCreateParams {
	calls := make([]voiceagent.CallCreateParams, n)
	for i := range calls {
		person := i
		if i%50 == 1 {
			person = i - 1
		}
		calls[i] = voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: fmt.Sprintf("+1555%07d", person),
			Metadata: map[string]any{"person": person}}
	}
	return calls
}

// placeCalls is the child: it places all calls, and prints the outcome of each. The client finds
// the server by its environment.
func placeCalls(path string) error {
	var n int
	if _, err := fmt.Sscan(os.Getenv(envCalls), &n); err != nil {
		return err
	}
	settle, err := time.ParseDuration(os.Getenv(envSettle))
	if err != nil {
		return err
	}
	ledger, err := boltledger.Open(path)
	if err != nil {
		return err
	}
	defer ledger.Close()
	client, err := voiceagent.NewClient(voiceagent.WithLedger(ledger), voiceagent.WithSettleTime(settle))
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	calls := slices.Values(wanted(os.Getenv(envAgent), n))
	params := voiceagent.CreateEachParams{Concurrency: 16, Key: func(i int, _ voiceagent.CallCreateParams) string { return ledgertest.RowKey(i) }}
	for i, result := range client.Calls.CreateEach(context.Background(), calls, params) {
		if err := out.Encode(ledgertest.RowOf(i, result)); err != nil {
			return err
		}
	}
	return nil
}

// mostKills is after how many kills a round's child is let be.
const mostKills = 6

// A process that is killed again and again, and started again, places each call once.
func TestKilledProcessDialsNobodyTwice(t *testing.T) {
	t.Parallel()
	rounds := *killRounds
	if testing.Short() {
		rounds = min(rounds, 2)
	}
	for seed := *killSeed; seed < *killSeed+uint64(rounds); seed++ {
		for name, faults := range map[string][]voiceagenttest.Fault{"reliable": nil, "lossy": ledgertest.Losing} {
			t.Run(fmt.Sprintf("%s, seed %d", name, seed), func(t *testing.T) {
				t.Parallel() // the child mostly waits
				killRound(t, seed, faults)
			})
		}
	}
}

// The same on servers with other habits.
func TestKilledProcessUnderOtherHabits(t *testing.T) {
	t.Parallel()
	for _, habit := range habits.ForKills(*killHabits) {
		t.Run(habit.Name, func(t *testing.T) {
			t.Parallel()
			killRound(t, *killSeed, ledgertest.Losing, habit.Server...)
		})
	}
}

func killRound(t *testing.T, seed uint64, faults []voiceagenttest.Fault, server ...voiceagenttest.Option) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	trigger := ledgertest.NewTrigger()
	srv := voiceagenttest.NewServer(append(server, voiceagenttest.WithSeed(seed), voiceagenttest.WithOnRequest(trigger.OnRequest))...)
	defer srv.Close()
	srv.Fail(faults...)
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	path := filepath.Join(t.TempDir(), "ledger")
	kills, promised := 0, map[int]string{}
	var rows []ledgertest.Row
	for ended := false; !ended; {
		after := 1 + random.Int64N(int64(*killCalls)/2)
		switch {
		case kills == mostKills:
			after = math.MaxInt32
		case random.IntN(3) == 0:
			after = 1 + random.Int64N(20) // while it still looks for what the last one left
		}
		trigger.Set(after)
		rows, ended = runChild(t, srv.URL, agent, path, trigger.Now, time.Duration(random.Int64N(int64(5*time.Millisecond))))
		if !ended {
			kills++
		}
		select {
		case <-trigger.Now: // as it ended
		default:
		}
		for _, said := range rows {
			if before := promised[said.I]; before != "" {
				assert.Equal(t, before, said.Ref, "%s was another call before a kill", ledgertest.RowKey(said.I))
			}
			if said.Ref != "" {
				promised[said.I] = said.Ref
			}
		}
	}
	assert.Positive(t, kills)
	unknown := checkRows(t, srv, path, rows, faults == nil)
	t.Logf("%d calls, %d kills, %d placed, %d unknown, %d requests", len(rows), kills, len(rows)-unknown, unknown, trigger.Requests())
}

// checkRows compares the output of the last child with the phones that rang and with the ledger. It
// returns how many rows are unknown.
func checkRows(t *testing.T, srv *voiceagenttest.Server, path string, rows []ledgertest.Row, reliable bool) int {
	t.Helper()
	ledger := open(t, path)
	rang, callees := map[string]int{}, map[string]string{}
	for _, dial := range srv.Dials() {
		rang[dial.Number]++
		callees[dial.CallID], callees[dial.SessionID] = dial.Number, dial.Number
	}
	want, unknown, refs, seen := map[string]int{}, map[string]int{}, map[string]bool{}, map[int]bool{}
	all := 0
	for _, said := range rows {
		assert.False(t, seen[said.I], "%s twice", ledgertest.RowKey(said.I))
		seen[said.I] = true
		want[said.To]++
		entry, found, err := ledger.Entry(ledgertest.RowKey(said.I))
		require.NoError(t, err)
		require.True(t, found, "%s isn't in the ledger", ledgertest.RowKey(said.I))
		switch {
		case said.Placed:
			assert.Equal(t, voiceagent.LedgerDone, entry.State, ledgertest.RowKey(said.I))
			if said.Ref == "" { // checked by its number, below
				continue
			}
			assert.Equal(t, said.To, callees[said.Ref], "%s was told to be placed and never rang", ledgertest.RowKey(said.I))
			assert.False(t, refs[said.Ref], "%s has the call of another", ledgertest.RowKey(said.I))
			refs[said.Ref] = true
			assert.Contains(t, entry.IDs, said.Ref)
		case said.Unknown:
			unknown[said.To]++
			all++
			assert.False(t, reliable && ledgertest.Provable(entry), "%s is unknown", ledgertest.RowKey(said.I))
			assert.Equal(t, voiceagent.LedgerUnknown, entry.State, ledgertest.RowKey(said.I))
		default:
			assert.Fail(t, "neither placed nor unknown", "%s: %s", ledgertest.RowKey(said.I), said.Err)
		}
	}
	require.Len(t, rows, *killCalls)
	for number, n := range rang {
		assert.LessOrEqual(t, n, want[number], "%s rang too often", number)
		if reliable {
			assert.Equal(t, want[number]-unknown[number], n, "%s rang, and is unknown", number)
		}
	}
	for number, n := range want {
		assert.GreaterOrEqual(t, rang[number], n-unknown[number], "%s is missing", number)
	}
	return all
}

// runChild runs the child until it ends, or kills it a moment after a signal on kill. It returns
// the child's output.
func runChild(t *testing.T, url, agent, path string, kill <-chan struct{}, moment time.Duration) (rows []ledgertest.Row, ended bool) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), envLedger+"="+path, envAgent+"="+agent, fmt.Sprintf("%s=%d", envCalls, *killCalls), envSettle+"="+killSettle.String(),
		"VOICEAGENT_BASE_URL="+url, "VOICEAGENT_API_KEY="+voiceagenttest.DefaultKey)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	done := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		select {
		case <-kill:
			time.Sleep(moment)
			_ = child.Process.Kill() // SIGKILL
		case <-done:
		}
	})
	rows = ledgertest.ReadRows(out)
	err = child.Wait()
	close(done)
	killer.Wait()
	if err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		require.True(t, ok && !exit.Exited(), "the child failed by itself: %v", err)
	}
	return rows, err == nil
}
