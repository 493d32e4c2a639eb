package redisvoiceagent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redisvoiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// member is one process of a fleet.
type member struct {
	Redis, URL string
	Goroutines int
	Requests   int           // 0: until it is killed
	Pause      time.Duration // of a goroutine after each request
	Heeding    bool          // the Redis client heeds contexts
	Name       string
}

// result is what a member says at its end.
type result struct {
	Served, Failed, Warnings int
	FirstError               string
	Steps                    int64 // commands sent to Redis
}

func init() { programs["member"] = runMember }

// runMember is the process: it sends its requests and prints how it went.
func runMember(settings []byte) error {
	var m member
	if err := json.Unmarshal(settings, &m); err != nil {
		return err
	}
	rdb := redis.NewClient(&redis.Options{Addr: m.Redis, ContextTimeoutEnabled: m.Heeding})
	defer rdb.Close()
	var steps counter
	rdb.AddHook(hook(steps.hook))
	logger, log := logged()
	limiter := redisvoiceagent.NewLimiter(rdb, redisvoiceagent.LimiterParams{APIKey: voiceagenttest.DefaultKey,
		Timeout: 2 * time.Second, Logger: logger}) // a busy machine isn't a dead Redis
	defer limiter.(io.Closer).Close()
	client, err := voiceagent.NewClient(voiceagent.WithBaseURL(m.URL), voiceagent.WithHeader("X-Member", m.Name),
		voiceagent.WithAPIKey(voiceagenttest.DefaultKey), voiceagent.WithMaxElapsed(0), voiceagent.WithLimiter(limiter),
		voiceagent.WithHTTPClient(&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: m.Goroutines}}))
	if err != nil {
		return err
	}
	var left, served, failed atomic.Int64
	left.Store(int64(m.Requests))
	var firstError atomic.Pointer[string]
	var all sync.WaitGroup
	for range m.Goroutines {
		all.Go(func() {
			for m.Requests == 0 || left.Add(-1) >= 0 {
				if _, err := client.Agents.List(context.Background(), voiceagent.AgentListParams{}); err != nil {
					failed.Add(1)
					text := err.Error()
					firstError.CompareAndSwap(nil, &text)
				} else {
					served.Add(1)
				}
				time.Sleep(m.Pause)
			}
		})
	}
	all.Wait()
	said := result{Served: int(served.Load()), Failed: int(failed.Load()), Warnings: log.count("WARN"), Steps: steps.Load()}
	if text := firstError.Load(); text != nil {
		said.FirstError = *text
	}
	return json.NewEncoder(os.Stdout).Encode(said)
}

// start runs a member as a process of its own. wait returns its result, and must not be called for
// a process that is killed.
func (m member) start(t *testing.T) (process *os.Process, wait func() result) {
	t.Helper()
	cmd := child(t, "member", m)
	var out strings.Builder
	cmd.Stdout = &out
	require.NoError(t, cmd.Start())
	end := sync.OnceValue(cmd.Wait)
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = end()
	})
	return cmd.Process, func() result {
		assert.NoError(t, end())
		var said result
		assert.NoError(t, json.Unmarshal([]byte(out.String()), &said))
		return said
	}
}

// api is the service, with a rate limit, and how often it refused.
type api struct {
	*voiceagenttest.Server
	throttled atomic.Int64
	all       atomic.Int64

	mu       sync.Mutex
	byMember map[string]int
	last     time.Time // request
}

// counts is how many requests each member has sent so far.
func (a *api) counts() map[string]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.byMember)
}

func startAPI(t *testing.T, limits voiceagenttest.Limits, latency time.Duration) *api {
	t.Helper()
	a := &api{byMember: map[string]int{}}
	a.Server = voiceagenttest.NewServer(voiceagenttest.WithLimits(limits), voiceagenttest.WithKeptRequests(-1),
		voiceagenttest.WithOnRequest(func(r voiceagenttest.Request) {
			a.all.Add(1)
			a.mu.Lock()
			a.byMember[r.Header.Get("X-Member")]++
			a.last = time.Now()
			a.mu.Unlock()
			if r.Status == http.StatusTooManyRequests {
				a.throttled.Add(1)
			}
		}))
	t.Cleanup(a.Close)
	if latency > 0 {
		a.Fail(voiceagenttest.Fault{Kind: voiceagenttest.Slow, Delay: latency, Rate: 1})
	}
	return a
}

// begin waits until just after the start of a window, so that a test can count its windows.
func begin(window time.Duration) time.Time {
	time.Sleep(time.Until(time.Now().Truncate(window).Add(window + 20*time.Millisecond)))
	return time.Now()
}

// Processes that share a key send as fast as its windows allow, and never get a 429. With limiters
// of their own they do.
func TestLimiterFleetIsNeverThrottled(t *testing.T) { // not beside others: it is about time
	const limit, requests = 300, 2000
	window := 3 * time.Second
	for processes, heeding := range map[int]bool{4: false, 10: true} {
		t.Run(fmt.Sprint(processes, " processes"), func(t *testing.T) {
			t.Parallel()
			redisServer := startRedis(t)
			a := startAPI(t, voiceagenttest.Limits{Requests: limit, Window: window}, 0)
			start := begin(window)
			var waits []func() result
			for range processes {
				_, wait := member{Redis: redisServer.Addr(), URL: a.URL, Goroutines: 50, Requests: requests / processes, Heeding: heeding}.start(t)
				waits = append(waits, wait)
			}
			var steps int64
			for _, wait := range waits {
				said := wait()
				assert.Zero(t, said.Failed, said.FirstError)
				assert.Equal(t, requests/processes, said.Served)
				steps += said.Steps
			}
			took := a.last.Sub(start) // a process takes a second to end under the race detector
			assert.Zero(t, a.throttled.Load(), "answers of 429")
			assert.EqualValues(t, requests, a.all.Load())
			atLeast := window * ((requests - 1) / limit)                // until the last of the windows that it takes begins
			assert.Less(t, took, atLeast+window, "a window was wasted") // how far into the last one depends on the machine
			t.Logf("%v, %.3f of what the windows allow; %d steps", took, float64(took)/float64(atLeast), steps)
		})
	}
}

// A process that wants much doesn't starve the others: each gets at least half of an equal share,
// and nothing is wasted.
func TestLimiterFleetIsFair(t *testing.T) {
	t.Parallel()
	const limit = 200
	window := 4 * time.Second
	redisServer := startRedis(t)
	a := startAPI(t, voiceagenttest.Limits{Requests: limit, Window: window}, 20*time.Millisecond)
	begin(window)
	members := []member{{Name: "greedy", Goroutines: 300}, {Name: "modest", Goroutines: 4}, {Name: "one by one", Goroutines: 1}, {Name: "seldom", Goroutines: 1, Pause: 500 * time.Millisecond}}
	for _, m := range members {
		m.Redis, m.URL = redisServer.Addr(), a.URL
		m.start(t)
	}
	// One window to get to know each other, then three that count. Counted are requests, not time.
	within := func(from, to int64) map[string]int {
		require.Eventually(t, func() bool { return a.all.Load() >= from }, time.Minute, time.Millisecond)
		before := a.counts()
		require.Eventually(t, func() bool { return a.all.Load() >= to }, time.Minute, time.Millisecond)
		sent := a.counts()
		for name := range sent {
			sent[name] -= before[name]
		}
		return sent
	}
	sent := within(limit, 4*limit)
	assert.Zero(t, a.throttled.Load())
	share := 3 * limit / len(members)
	assert.GreaterOrEqual(t, sent["modest"], share/2)
	assert.GreaterOrEqual(t, sent["one by one"], share/2)
	assert.GreaterOrEqual(t, sent["seldom"], 3*3, "it wants no more than 8 in a window")
	assert.GreaterOrEqual(t, sent["greedy"], share)
	t.Log(sent)
}

// The permits of a process that was killed are free again when it was silent for the script's
// lease.
func TestLimiterKilledProcessFreesItsPermits(t *testing.T) {
	t.Parallel()
	redisServer := startRedis(t)
	a := startAPI(t, voiceagenttest.Unlimited, 0)
	a.Fail(voiceagenttest.Fault{Kind: voiceagenttest.HangBefore, Rate: 1})
	process, _ := member{Redis: redisServer.Addr(), URL: a.URL, Goroutines: 16}.start(t)
	require.Eventually(t, func() bool { return a.RequestCount() == 4 }, 20*time.Second, time.Millisecond)
	asker := newAsker(t, redisvoiceagent.NewLimiter(connect(t, redisServer), redisvoiceagent.LimiterParams{APIKey: voiceagenttest.DefaultKey, Timeout: 10 * time.Second}))
	asker.ask(20)
	time.Sleep(4 * time.Second)
	require.Zero(t, asker.count(), "as long as the process lives its attempts are in flight")
	require.NoError(t, process.Kill())
	time.Sleep(1500 * time.Millisecond)
	require.Zero(t, asker.count(), "it may be slow")
	asker.settle(4)
}
