package setup_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// storyteller is a tracer that keeps all reports, in order. It is for one goroutine.
type storyteller struct{ story []told }

type told struct {
	what     string
	within   string // the route of the call that the context belongs to
	route    string
	lookup   bool
	wait     voiceagent.TracedWait
	attempts int
	err      error
}

type callOf struct{}

func routeIn(ctx context.Context) string {
	route, _ := ctx.Value(callOf{}).(string)
	return route
}

func (s *storyteller) StartCall(ctx context.Context, call voiceagent.TracedCall) context.Context {
	s.story = append(s.story, told{what: "start", within: routeIn(ctx), route: call.Method + " " + call.Route, lookup: call.Lookup})
	return context.WithValue(ctx, callOf{}, call.Route)
}

func (s *storyteller) Waited(ctx context.Context, wait voiceagent.TracedWait) {
	s.story = append(s.story, told{what: "wait", within: routeIn(ctx), wait: wait})
}

func (s *storyteller) EndCall(ctx context.Context, response *voiceagent.Response, err error) {
	s.story = append(s.story, told{what: "end", within: routeIn(ctx), attempts: len(response.Attempts), err: err})
}

func (s *storyteller) RoundTripper(next http.RoundTripper) http.RoundTripper {
	return testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		s.story = append(s.story, told{what: "attempt", within: routeIn(req.Context())})
		return next.RoundTrip(req)
	})
}

// words are the story without its details.
func (s *storyteller) words() []string {
	var words []string
	for _, t := range s.story {
		words = append(words, t.what+" "+t.within)
	}
	return words
}

func TestTracerSeesCallsAttemptsAndWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer()
		defer srv.Close()
		agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
		srv.Fail(voiceagenttest.Fault{Route: "/agents/{agent_id}", Status: http.StatusServiceUnavailable})
		tracer := &storyteller{}
		// A CountingLimiter never makes a call wait.
		client := srv.Client(voiceagent.WithTracer(tracer), voiceagent.WithLimiter(&testkit.CountingLimiter{}))
		_, err := client.Agents.Get(t.Context(), agentID)
		require.NoError(t, err)
		const route = "/agents/{agent_id}"
		require.Equal(t, []string{"start ", "attempt " + route, "wait " + route, "attempt " + route, "end " + route}, tracer.words())
		assert.Equal(t, "GET "+route, tracer.story[0].route)
		wait := tracer.story[2].wait
		assert.Equal(t, "503: maintenance, wait 30s", wait.Reason)
		assert.GreaterOrEqual(t, wait.Duration, 30*time.Second)
		assert.Equal(t, voiceagent.WaitBackoff, wait.Kind)
		assert.Equal(t, 2, tracer.story[4].attempts)
		assert.NoError(t, tracer.story[4].err)
	})
}

func TestTracerTellsAThrottleFromABackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer(voiceagenttest.WithLimits(voiceagenttest.PerMinute(2)))
		defer srv.Close()
		agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
		tracer := &storyteller{}
		client := srv.Client(voiceagent.WithTracer(tracer))
		for range 3 {
			_, err := client.Agents.Get(t.Context(), agentID)
			require.NoError(t, err)
		}
		var waits []voiceagent.TracedWait
		for _, told := range tracer.story {
			if told.what == "wait" {
				waits = append(waits, told.wait)
			}
		}
		require.Len(t, waits, 1)
		assert.Equal(t, voiceagent.WaitThrottle, waits[0].Kind)
		assert.Equal(t, "rate limit", waits[0].Reason)
		assert.GreaterOrEqual(t, waits[0].Duration, 50*time.Second)
	})
}

// What a policy of the user's writes goes to logs and traces too.
func TestTracerIsToldNoKeyAndNoNumber(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		tracer := &storyteller{}
		failing := testkit.RoundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no network") })
		client := testkit.NewClient(t, failing, voiceagent.WithTracer(tracer), voiceagent.WithMaxRetries(1), voiceagent.WithRetryPolicy(chatty{}))
		_, err := client.Agents.Get(t.Context(), "ag_1")
		require.Error(t, err)
		require.Len(t, tracer.story, 5)
		assert.Equal(t, "+919876543210 again with "+testkit.Key, chatty{}.Decide(voiceagent.Failure{}).Reason)
		assert.Equal(t, "***3210 again with "+testkit.RedactedKey, tracer.story[2].wait.Reason)
	})
}

type chatty struct{}

func (chatty) Decide(voiceagent.Failure) voiceagent.Decision {
	return voiceagent.Decision{Retry: true, Wait: time.Second, Reason: "+919876543210 again with " + testkit.Key}
}

// The requests of a look are calls of their own, within the one whose answer was lost.
func TestTracerSeesTheLookWithinTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer()
		defer srv.Close()
		agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Demo"})
		srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/call", Kind: voiceagenttest.DropAfter})
		tracer := &storyteller{}
		_, err := srv.Client(voiceagent.WithTracer(tracer)).Calls.Create(t.Context(),
			voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: "+919876543210"})
		require.NoError(t, err)
		assert.Equal(t, []string{"start ", "attempt /call", "wait /call", "start /call", "attempt /calls", "end /calls", "end /call"}, tracer.words())
		assert.False(t, tracer.story[0].lookup)
		assert.True(t, tracer.story[3].lookup)
		assert.Equal(t, voiceagent.WaitLookup, tracer.story[2].wait.Kind)
	})
}

func TestTracerHearsTheEndOfEachCall(t *testing.T) {
	t.Parallel()
	tracer := &storyteller{}
	refusing := testkit.RoundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no network") })
	client := testkit.NewClient(t, refusing, voiceagent.WithTracer(tracer), voiceagent.WithMaxRetries(0))

	_, err := client.Agents.Get(t.Context(), "ag_1")
	require.Error(t, err)
	require.Len(t, tracer.story, 3)
	assert.Equal(t, err, tracer.story[2].err, "what the caller gets")

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client.Agents.Get(gone, "ag_1")
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{"start ", "end /agents/{agent_id}"}, tracer.words()[3:])

	_, err = client.Agents.Get(t.Context(), " ")
	require.Error(t, err)
	assert.Len(t, tracer.story, 5, "what is refused for its parameters isn't begun")
}

func TestTracerHearsOfAPanic(t *testing.T) {
	t.Parallel()
	tracer := &storyteller{}
	client := testkit.NewClient(t, testkit.RoundTrip(func(*http.Request) (*http.Response, error) { panic("middleware") }), voiceagent.WithTracer(tracer))
	assert.Panics(t, func() { _, _ = client.Agents.Get(t.Context(), "ag_1") })
	assert.Error(t, tracer.story[len(tracer.story)-1].err)
}

func TestTracerStandsOutsideOfMiddleware(t *testing.T) {
	t.Parallel()
	var before int
	tracer := &storyteller{}
	middleware := func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
			before = len(tracer.story)
			return next.RoundTrip(req)
		})
	}
	client := testkit.NewClient(t, testkit.RoundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no network") }),
		voiceagent.WithMiddleware(middleware), voiceagent.WithTracer(tracer), voiceagent.WithMaxRetries(0))
	_, err := client.Agents.Get(t.Context(), "ag_1")
	require.Error(t, err)
	assert.Equal(t, 2, before, "the attempt was told of first")
	assert.Equal(t, "*setup_test.storyteller", client.Describe().Get("tracer"))
}

func TestWithTracerRefusesNilAndTwo(t *testing.T) {
	t.Parallel()
	_, err := voiceagent.NewClient(voiceagent.WithTracer(nil))
	require.ErrorContains(t, err, "WithTracer: the tracer is nil")
	_, err = voiceagent.NewClient(voiceagent.WithTracer(&storyteller{}), voiceagent.WithTracer(&storyteller{}))
	require.ErrorContains(t, err, "there is a tracer already")
}
