package measure_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// go test ./test/dialonce/measure -v -dialonce.calls 1500 is the long form. With the default, all
// of it takes less than a minute of processor time.
var (
	manyCalls = flag.Int("dialonce.calls", 75/slowdown, "calls that are placed under each habit; 1500 takes minutes")
	toStdout  = flag.Bool("dialonce.table", false, "write the tables to the standard output")
)

// settled is when everything that was begun is over: calls have been dialled, and campaigns too.
const settled = 2 * time.Minute

// world is a server, an agent and what arrives there.
type world struct {
	*voiceagenttest.Server
	agent string
	seen  *arrivals
}

// inWorld runs in a bubble with a server that has old calls, more than a page of them.
func inWorld(t *testing.T, run func(*testing.T, *world), opts ...voiceagenttest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{seen: &arrivals{lost: map[string]bool{}}}
		w.Server = voiceagenttest.NewServer(append([]voiceagenttest.Option{
			voiceagenttest.WithKeptRequests(-1), voiceagenttest.WithOnRequest(w.seen.note),
			// Calls that nobody answers have short records, which is most of what a test costs.
			voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.NoAnswer }),
		}, opts...)...)
		defer w.Close()
		w.agent = w.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
		w.SeedCalls(120, voiceagenttest.CallSeed{AgentID: w.agent})
		run(t, w)
	})
}

// arrivals are the requests that a server received, as far as they count.
type arrivals struct {
	mu    sync.Mutex
	lists int
	lost  map[string]bool // numbers for which an answer was lost, or is none to go by
}

func (a *arrivals) note(r voiceagenttest.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case r.Method == http.MethodGet && (r.Route == "/calls" || r.Route == "/campaigns"):
		a.lists++
	case r.Method == http.MethodPost && r.Fault != "" && r.Fault != voiceagenttest.Slow && !isVouched(r.Status):
		var sent struct {
			Number string `json:"phone_number"`
		}
		if json.Unmarshal(r.Body, &sent) == nil {
			a.lost[sent.Number] = true
		}
	}
}

// httpClient is a client that sends through a transport.
func httpClient(through http.RoundTripper) *http.Client { return &http.Client{Transport: through} }

// isVouched reports whether the vendor says of a status what to do.
func isVouched(status int) bool {
	switch status {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// person is the number of the i-th person.
func person(i int) string { return fmt.Sprintf("+1555%07d", i) }

// callTo is the call that the i-th person is to get.
func (w *world) callTo(i int) voiceagent.CallCreateParams {
	return voiceagent.CallCreateParams{
		AgentID: w.agent, From: "+15550199000", To: person(i), Metadata: map[string]any{"person": i},
	}
}

// callsTo is a call to each of n persons, in turn times times.
func (w *world) callsTo(n, times int) iter.Seq[voiceagent.CallCreateParams] {
	return func(yield func(voiceagent.CallCreateParams) bool) {
		for i := range n {
			for range times {
				if !yield(w.callTo(i)) {
					return
				}
			}
		}
	}
}

// goodCalls places calls that nothing befalls, one a second, so that the client has seen what a
// call that was placed looks like. None is to a person.
func (w *world) goodCalls(t *testing.T, client *voiceagent.Client, n int) {
	t.Helper()
	for i := range n {
		p := w.callTo(9_000_000 + i)
		_, err := client.Calls.Create(t.Context(), p, voiceagent.WithIdempotencyKey(fmt.Sprintf("good-%d", i)))
		require.NoError(t, err)
		time.Sleep(time.Second)
	}
}

// evenly makes one of the faults befall a share of the requests, each as often as the others.
func evenly(share float64, faults ...voiceagenttest.Fault) []voiceagenttest.Fault {
	each := share / float64(len(faults))
	for i := range faults {
		faults[i].Method, faults[i].Rate = http.MethodPost, each/(1-float64(i)*each)
	}
	return faults
}

// mixed are the faults of a bad network before a slow server.
func mixed() []voiceagenttest.Fault {
	return evenly(0.5,
		voiceagenttest.Fault{Kind: voiceagenttest.DropAfter},
		voiceagenttest.Fault{Kind: voiceagenttest.DropBefore},
		voiceagenttest.Fault{Kind: voiceagenttest.HangAfter},
		voiceagenttest.Fault{Kind: voiceagenttest.TruncatedJSON},
		voiceagenttest.Fault{Kind: voiceagenttest.StatusAfter, Status: http.StatusGatewayTimeout},
		voiceagenttest.Fault{Kind: voiceagenttest.StatusBefore, Status: http.StatusGatewayTimeout},
	)
}

// afterWork answers half of the requests with one of the statuses, and does the work late after
// that.
func afterWork(late time.Duration, statuses ...int) []voiceagenttest.Fault {
	faults := make([]voiceagenttest.Fault, len(statuses))
	for i, status := range statuses {
		faults[i] = voiceagenttest.Fault{Kind: voiceagenttest.StatusAfter, Status: status, WorkDelay: late}
		if status/100 == 3 {
			faults[i].Header = http.Header{"Location": {"https://voiceagent.test/v1/elsewhere"}}
		}
	}
	return evenly(0.5, faults...)
}
