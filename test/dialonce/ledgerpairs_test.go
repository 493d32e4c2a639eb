package dialonce_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// pairFaults are the faults of the first and the second of two equal calls, and of the requests
// after them. Slow faults take up to longestWait.
var pairFaults = [][]voiceagenttest.Fault{
	{{Kind: voiceagenttest.DropAfter}, {Kind: voiceagenttest.SlowBody}},
	{{Kind: voiceagenttest.SlowBody}, {Kind: voiceagenttest.DropAfter}},
	{{Kind: voiceagenttest.DropAfter}, {Kind: voiceagenttest.Slow}},
	{{Kind: voiceagenttest.Slow}, {Kind: voiceagenttest.DropAfter}},
	{{Kind: voiceagenttest.DropBefore}, {Kind: voiceagenttest.SlowBody}},
	{{Kind: voiceagenttest.SlowBody}, {Kind: voiceagenttest.DropBefore}},
	{{Kind: voiceagenttest.DropAfter}, {Kind: voiceagenttest.DropAfter}},
	{{Kind: voiceagenttest.DropAfter}, {Kind: voiceagenttest.DropBefore}},
	{{Kind: voiceagenttest.StatusAfter, Status: http.StatusGatewayTimeout}, {Kind: voiceagenttest.SlowBody}},
	{{Kind: voiceagenttest.SlowBody}, {Kind: voiceagenttest.StatusBefore, Status: http.StatusGatewayTimeout}},
	{{Kind: voiceagenttest.StatusAfter, Status: http.StatusBadGateway}, {Kind: voiceagenttest.StatusBefore, Status: http.StatusBadGateway}},
	{{Kind: voiceagenttest.StatusBefore, Status: http.StatusServiceUnavailable}, {Kind: voiceagenttest.DropAfter}},
	{{Kind: voiceagenttest.StatusBefore, Status: http.StatusBadGateway}, {Kind: voiceagenttest.DropBefore}, {Kind: voiceagenttest.SlowBody}},
	{{Kind: voiceagenttest.DropBefore}, {Kind: voiceagenttest.StatusBefore, Status: http.StatusBadGateway}, {Kind: voiceagenttest.SlowBody}},
}

const longestWait = 20 * time.Second

// Two workers share a ledger. Both place the same call, each under its own key. Whatever becomes of
// the answers, no two calls are reported as placed for one ring, and nobody is rung more often than
// asked for.
func TestPairsOfEqualCallsOfTwoWorkers(t *testing.T) {
	t.Parallel()
	const pairs = 200
	synctest.Test(t, func(t *testing.T) {
		random := rand.New(rand.NewPCG(1, 0))
		srv := voiceagenttest.NewServer(voiceagenttest.WithSeed(1))
		defer srv.Close()
		agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
		ledger := voiceagent.NewMemoryLedger()
		workers := [2]*voiceagent.Client{
			srv.Client(voiceagent.WithLedger(ledger)), srv.Client(voiceagent.WithLedger(ledger)),
		}
		unknown := 0
		for i := range pairs {
			for _, worker := range workers { // so that it knows what a list must show
				_, err := worker.Calls.Create(t.Context(), callTo(agent, "+15550100009"))
				require.NoError(t, err)
			}
			faults := pairFaults[i%len(pairFaults)]
			for _, fault := range faults {
				fault.Method, fault.Route = http.MethodPost, "/call"
				if fault.Kind == voiceagenttest.Slow || fault.Kind == voiceagenttest.SlowBody {
					fault.Delay = time.Duration(random.Int64N(int64(longestWait)))
				}
				srv.Fail(fault)
			}
			number := fmt.Sprintf("+1555%07d", i)
			pair := fmt.Sprintf("pair %d, %s and %s", i, faults[0].Kind, faults[1].Kind)
			refs := map[string]bool{}
			for _, result := range placePair(t, workers, callTo(agent, number), random) {
				if result.err != nil {
					require.ErrorIs(t, result.err, voiceagent.ErrOutcomeUnknown, pair)
					assert.NotEqual(t, faults[0].Kind, faults[1].Kind, "%s: nobody waits, and each takes its own", pair)
					unknown++
					continue
				}
				assert.False(t, refs[result.ref], "%s: placed twice for one ring", pair)
				refs[result.ref] = true
			}
			rang := ringsOf(srv, number)
			assert.LessOrEqual(t, len(rang), 2, "%s: rang too often", pair)
			for ref := range refs {
				assert.Contains(t, rang, ref, "%s: never rang", pair)
			}
			srv.ClearFaults()
		}
		t.Logf("%d calls, %d unknown", 2*pairs, unknown)
		assert.Less(t, unknown, pairs, "most are known")
	})
}

type pairResult struct {
	ref string
	err error
}

// placePair has each worker place the same call under its own key, the second up to a second later.
func placePair(t *testing.T, workers [2]*voiceagent.Client, call voiceagent.CallCreateParams, random *rand.Rand) (results [2]pairResult) {
	t.Helper()
	var both sync.WaitGroup
	for i, worker := range workers {
		both.Go(func() {
			made, err := worker.Calls.Create(t.Context(), call, voiceagent.WithIdempotencyKey(fmt.Sprint(call.To, i)))
			if results[i].err = err; err == nil {
				results[i].ref = made.Ref()
			}
		})
		synctest.Wait()
		time.Sleep(time.Duration(random.Int64N(int64(time.Second))))
	}
	both.Wait()
	return results
}

// ringsOf returns the ids of the calls that rang a phone.
func ringsOf(srv *voiceagenttest.Server, number string) (ids []string) {
	for _, dial := range srv.Dials() {
		if dial.Number == number {
			ids = append(ids, dial.SessionID)
		}
	}
	return ids
}
