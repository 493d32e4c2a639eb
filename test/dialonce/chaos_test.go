package dialonce_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"iter"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

var (
	chaosCalls = flag.Int("chaos.calls", 2000, "calls that the chaos test places under each seed")
	chaosSeeds = flag.Int("chaos.seeds", 2, "seeds that the chaos test runs with")
	chaosSeed  = flag.Uint64("chaos.seed", 1, "the first of them")
)

// chaos is a network that loses a fifth or more of the answers to POST /call, and breaks looks too.
func chaos() []voiceagenttest.Fault {
	var faults []voiceagenttest.Fault
	add := func(method string, rate float64, kind voiceagenttest.Kind, status int) {
		faults = append(faults, voiceagenttest.Fault{Method: method, Kind: kind, Status: status, Rate: rate})
	}
	add("POST", 0.03, voiceagenttest.DropBefore, 0)
	add("POST", 0.08, voiceagenttest.DropAfter, 0)
	add("POST", 0.02, voiceagenttest.HangBefore, 0)
	add("POST", 0.05, voiceagenttest.HangAfter, 0)
	add("POST", 0.03, voiceagenttest.TruncatedJSON, 0)
	add("POST", 0.03, voiceagenttest.CutBody, 0)
	add("POST", 0.01, voiceagenttest.NullData, 0)
	add("POST", 0.01, voiceagenttest.WrongShape, 0)
	add("POST", 0.01, voiceagenttest.Throttle, 0)
	add("POST", 0.02, voiceagenttest.ThrottleBare, 0)
	add("POST", 0.01, voiceagenttest.HTML, 0)
	add("POST", 0.02, voiceagenttest.Refuse, 0)
	add("POST", 0.02, voiceagenttest.BreakWrite, 0)
	add("POST", 0.05, voiceagenttest.StatusAfter, http.StatusGatewayTimeout)
	add("POST", 0.03, voiceagenttest.StatusBefore, http.StatusGatewayTimeout)
	add("POST", 0.03, voiceagenttest.StatusBefore, http.StatusInternalServerError)
	add("POST", 0.03, voiceagenttest.StatusBefore, http.StatusBadGateway)
	add("POST", 0.02, voiceagenttest.StatusBefore, http.StatusServiceUnavailable)
	add("POST", 0.01, voiceagenttest.StatusBefore, http.StatusConflict)
	add("GET", 0.05, voiceagenttest.StatusBefore, http.StatusInternalServerError)
	add("GET", 0.05, voiceagenttest.DropAfter, 0)
	add("GET", 0.05, voiceagenttest.TruncatedJSON, 0)
	add("GET", 0.01, voiceagenttest.StatusBefore, http.StatusForbidden)
	return faults
}

// wantedCalls yields n calls. Each tenth is wanted three times at once, equal in every field and on
// purpose.
func wantedCalls(agent string, n int) iter.Seq[voiceagent.CallCreateParams] {
	return func(yield func(voiceagent.CallCreateParams) bool) {
		for i := range n {
			person := i
			if i%30 < 3 {
				person = i - i%30
			}
			p := voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: fmt.Sprintf("+1555%07d", person),
				Metadata: map[string]any{"person": person}}
			if !yield(p) {
				return
			}
		}
	}
}

// story is what callers got for one number.
type story struct {
	wanted, refused   int
	unknown, unlooked int // and of these, those whose look failed
	refs              map[string]bool
}

func TestChaos(t *testing.T) {
	for seed := *chaosSeed; seed < *chaosSeed+uint64(*chaosSeeds); seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
				srv.Fail(chaos()...)
				runChaos(t, srv, agent)
			}, voiceagenttest.WithSeed(seed), voiceagenttest.WithKeptRequests(-1), voiceagenttest.WithClockSkew(-7*time.Minute))
		})
	}
}

func runChaos(t *testing.T, srv *voiceagenttest.Server, agent string) {
	t.Helper()
	client := srv.Client(voiceagent.WithLedger(voiceagent.NewMemoryLedger()))
	stories := map[string]*story{}
	rows := map[int]bool{}
	for i, result := range client.Calls.CreateEach(t.Context(), wantedCalls(agent, *chaosCalls), voiceagent.CreateEachParams{Concurrency: 64}) {
		require.False(t, rows[i], "row %d twice", i)
		rows[i] = true
		s := stories[result.Params.To]
		if s == nil {
			s = &story{refs: map[string]bool{}}
			stories[result.Params.To] = s
		}
		s.wanted++
		unknown, isUnknown := errors.AsType[*voiceagent.OutcomeUnknownError](result.Err)
		switch {
		case result.Err == nil:
			require.NotEmpty(t, result.Call.Ref())
			require.False(t, s.refs[result.Call.Ref()], "one call was handed out twice")
			s.refs[result.Call.Ref()] = true
		case isUnknown:
			require.ErrorIs(t, result.Err, voiceagent.ErrOutcomeUnknown)
			s.unknown++
			if unknown.LookupErr != nil {
				s.unlooked++
			}
		default:
			_, typed := errors.AsType[*voiceagent.APIError](result.Err)
			_, connection := errors.AsType[*voiceagent.ConnectionError](result.Err)
			require.True(t, typed || connection, "%T %v", result.Err, result.Err)
			s.refused++
		}
	}
	require.Len(t, rows, *chaosCalls, "every row has a result")

	rang := map[string]map[string]bool{}
	for _, dial := range srv.Dials() {
		if rang[dial.Number] == nil {
			rang[dial.Number] = map[string]bool{}
		}
		rang[dial.Number][dial.SessionID] = true
	}
	var placed, refused, unknown, lookFailed, dialled int
	for number, s := range stories {
		for ref := range s.refs {
			assert.True(t, rang[number][ref], "%s was told to be placed and never rang", number)
		}
		assert.LessOrEqual(t, len(rang[number]), s.wanted-s.refused, "%s rang too often: %+v", number, s)
		assert.LessOrEqual(t, len(rang[number])-len(s.refs), s.unlooked, "%s: a call was made that a look should have found: %+v", number, s)
		placed += len(s.refs)
		refused += s.refused
		unknown += s.unknown
		lookFailed += s.unlooked
		dialled += len(rang[number])
	}
	t.Logf("%d calls wanted: %d placed, %d refused, %d unknown (%d of them as the look failed); %d phones rang; %d requests",
		len(rows), placed, refused, unknown, lookFailed, dialled, srv.RequestCount())
	assert.Equal(t, len(rows), placed+refused+unknown)
	assert.Greater(t, placed, len(rows)*8/10, "the chaos is too much, or the looks find nothing")
	assert.Positive(t, unknown)
}

// The same network without this package: go-retryablehttp as it comes.
func TestChaosWithPlainRetries(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *voiceagenttest.Server, agent string) {
		srv.Fail(chaos()...)
		plain := retryablehttp.NewClient()
		plain.Logger = nil
		plain.HTTPClient = &http.Client{Transport: srv.Transport(), Timeout: 30 * time.Second}
		var slots sync.WaitGroup
		free := make(chan struct{}, 64)
		for p := range wantedCalls(agent, *chaosCalls) {
			free <- struct{}{}
			slots.Go(func() {
				defer func() { <-free }()
				postPlainly(t.Context(), plain, srv.URL, p)
			})
		}
		slots.Wait()
		wanted, rang, twice := map[string]int{}, map[string]int{}, 0
		for p := range wantedCalls(agent, *chaosCalls) {
			wanted[p.To]++
		}
		for _, number := range srv.Dialed() {
			if rang[number]++; rang[number] > wanted[number] {
				twice++
			}
		}
		t.Logf("%d calls wanted: %d phones rang too often", *chaosCalls, twice)
		assert.Greater(t, twice, *chaosCalls/20, "the network isn't bad enough to prove anything")
	}, voiceagenttest.WithSeed(*chaosSeed), voiceagenttest.WithKeptRequests(-1))
}

func postPlainly(ctx context.Context, client *retryablehttp.Client, base string, p voiceagent.CallCreateParams) {
	body, _ := json.Marshal(map[string]any{"agent_id": p.AgentID, "source_number": p.From, "phone_number": p.To})
	req, err := retryablehttp.NewRequestWithContext(ctx, http.MethodPost, base+"/call", bytes.NewReader(body))
	if err != nil {
		return
	}
	req.Header.Set("Authorization", "Bearer "+voiceagenttest.DefaultKey)
	req.Header.Set("Content-Type", "application/json")
	if resp, err := client.Do(req); err == nil {
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
	}
}
