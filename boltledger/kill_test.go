package boltledger_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/boltledger"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var (
	killRounds = flag.Int("kill.rounds", 2, "rounds of the kill test, of each kind")
	killSeed   = flag.Uint64("kill.seed", 1, "when it kills")
	killCalls  = flag.Int("kill.calls", 500, "calls of a round")
)

// The child is this test program with these set.
const (
	envLedger = "BOLTLEDGER_CHILD_LEDGER"
	envCalls  = "BOLTLEDGER_CHILD_CALLS"
	envAgent  = "BOLTLEDGER_CHILD_AGENT"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(envLedger); path != "" {
		if err := placeCalls(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// row is what the child says of a call.
type row struct {
	I       int    `json:"i"`
	To      string `json:"to"`
	Ref     string `json:"ref,omitempty"`
	Unknown bool   `json:"unknown,omitempty"`
	Err     string `json:"err,omitempty"`
}

// wanted are n calls, of which each fiftieth is wanted twice: equal, and meant.
func wanted(agent string, n int) []voiceagent.CallCreateParams {
	calls := make([]voiceagent.CallCreateParams, n)
	for i := range calls {
		person := i
		if i%50 == 1 {
			person = i - 1
		}
		calls[i] = voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: fmt.Sprintf("+1555%07d", person)}
	}
	return calls
}

// placeCalls is the child: it places all calls, and says what became of each. The client finds the server by its environment.
func placeCalls(path string) error {
	var n int
	if _, err := fmt.Sscan(os.Getenv(envCalls), &n); err != nil {
		return err
	}
	ledger, err := boltledger.Open(path)
	if err != nil {
		return err
	}
	defer ledger.Close()
	client, err := voiceagent.NewClient(voiceagent.WithLedger(ledger))
	if err != nil {
		return err
	}
	out := json.NewEncoder(os.Stdout)
	calls := slices.Values(wanted(os.Getenv(envAgent), n))
	params := voiceagent.CreateEachParams{Concurrency: 16, Key: func(i int, _ voiceagent.CallCreateParams) string { return fmt.Sprintf("row-%04d", i) }}
	for i, result := range client.Calls.CreateEach(context.Background(), calls, params) {
		said := row{I: i, To: result.Params.To, Unknown: errors.Is(result.Err, voiceagent.ErrOutcomeUnknown)}
		if result.Err != nil {
			said.Err = result.Err.Error()
		} else {
			said.Ref = result.Call.Ref()
		}
		if err := out.Encode(said); err != nil {
			return err
		}
	}
	return nil
}

// A process that is killed again and again, and started again, places each call once.
func TestKilledProcessDialsNobodyTwice(t *testing.T) {
	for round := range *killRounds {
		for name, faults := range map[string][]voiceagenttest.Fault{
			"reliable": nil,
			"lossy": {
				{Method: "POST", Kind: voiceagenttest.DropAfter, Rate: 0.03},
				{Method: "POST", Kind: voiceagenttest.DropBefore, Rate: 0.01},
				{Method: "POST", Kind: voiceagenttest.StatusAfter, Status: 504, Rate: 0.02},
				{Method: "POST", Kind: voiceagenttest.StatusBefore, Status: 500, Rate: 0.02},
			},
		} {
			t.Run(fmt.Sprintf("round %d %s", round, name), func(t *testing.T) {
				killRound(t, *killSeed+uint64(round), faults)
			})
		}
	}
}

func killRound(t *testing.T, seed uint64, faults []voiceagenttest.Fault) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	var posts, killAt atomic.Int64
	kill := make(chan struct{}, 1)
	srv := voiceagenttest.NewServer(voiceagenttest.WithSeed(seed), voiceagenttest.WithOnRequest(func(r voiceagenttest.Request) {
		if r.Method == http.MethodPost && posts.Add(1) == killAt.Load() {
			select {
			case kill <- struct{}{}:
			default:
			}
		}
	}))
	defer srv.Close()
	srv.Fail(faults...)
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	path := filepath.Join(t.TempDir(), "ledger")
	kills := 0
	var rows []row
	for rows == nil {
		killAt.Store(posts.Load() + 1 + random.Int64N(int64(*killCalls)/3))
		select {
		case <-kill: // left from the last run
		default:
		}
		rows = runChild(t, srv.URL, agent, path, kill)
		if rows == nil {
			kills++
		}
	}
	assert.Positive(t, kills)

	rang := map[string]map[string]bool{}
	for _, dial := range srv.Dials() {
		if rang[dial.Number] == nil {
			rang[dial.Number] = map[string]bool{}
		}
		rang[dial.Number][dial.CallID] = true
	}
	require.Len(t, rows, *killCalls)
	want, unknown, refs := map[string]int{}, map[string]int{}, map[string]bool{}
	for _, said := range rows {
		want[said.To]++
		switch {
		case said.Ref != "":
			assert.True(t, rang[said.To][said.Ref], "row %d was told to be placed and never rang", said.I)
			assert.False(t, refs[said.Ref], "row %d has the call of another", said.I)
			refs[said.Ref] = true
		case said.Unknown && faults != nil:
			unknown[said.To]++
		default:
			assert.Fail(t, "neither placed nor unknown", "row %d: %s", said.I, said.Err)
		}
	}
	for number, n := range want {
		assert.LessOrEqual(t, len(rang[number]), n, "%s rang too often", number)
		assert.GreaterOrEqual(t, len(rang[number]), n-unknown[number], "%s is missing", number)
	}
	t.Logf("seed %d: %d calls, %d kills, %d placed, %d unknown", seed, len(rows), kills, len(refs), len(unknown))
}

// runChild runs the child until it ends, or kills it on the way; then there are no rows.
func runChild(t *testing.T, url, agent, path string, kill <-chan struct{}) []row {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), envLedger+"="+path, envAgent+"="+agent, fmt.Sprintf("%s=%d", envCalls, *killCalls),
		"VOICEAGENT_BASE_URL="+url, "VOICEAGENT_API_KEY="+voiceagenttest.DefaultKey)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	ended := make(chan struct{})
	killer := make(chan struct{})
	go func() {
		defer close(killer)
		select {
		case <-kill:
			_ = child.Process.Kill() // SIGKILL
		case <-ended:
		}
	}()
	var rows []row
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var said row
		if json.Unmarshal(lines.Bytes(), &said) == nil { // the last line of a killed one may be cut
			rows = append(rows, said)
		}
	}
	err = child.Wait()
	close(ended)
	<-killer
	if err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		require.True(t, ok && !exit.Exited(), "the child failed by itself: %v", err)
		return nil
	}
	return rows
}
