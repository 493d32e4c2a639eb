package redislimit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/redislimit"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// envChild makes this test program a member of a fleet. It holds a member as JSON.
const envChild = "REDISLIMIT_MEMBER"

// member is one process of a fleet.
type member struct {
	Redis, URL string
	Goroutines int
	Requests   int           // 0: until it is killed
	Alone      bool          // no shared limiter
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

// runMember is the child: it sends its requests and says how it went.
func runMember(settings string) int {
	var m member
	if err := json.Unmarshal([]byte(settings), &m); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	redis.SetLogger(silent{})
	rdb := redis.NewClient(&redis.Options{Addr: m.Redis, ContextTimeoutEnabled: m.Heeding})
	defer rdb.Close()
	var steps counter
	rdb.AddHook(&steps)
	var log lines
	opts := []voiceagent.ClientOption{voiceagent.WithBaseURL(m.URL), voiceagent.WithHeader("X-Member", m.Name),
		voiceagent.WithAPIKey(voiceagenttest.DefaultKey), voiceagent.WithMaxElapsed(0),
		voiceagent.WithHTTPClient(&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: m.Goroutines}})}
	if !m.Alone {
		limiter := redislimit.New(rdb, redislimit.Params{APIKey: voiceagenttest.DefaultKey, Timeout: 2 * time.Second,
			Logger: slog.New(slog.NewTextHandler(&log, nil))}) // a busy machine isn't a dead Redis
		defer limiter.(io.Closer).Close()
		opts = append(opts, voiceagent.WithLimiter(limiter))
	}
	client, err := voiceagent.NewClient(opts...)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
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
	said := result{Served: int(served.Load()), Failed: int(failed.Load()), Warnings: log.count("WARN"), Steps: steps.n.Load()}
	if text := firstError.Load(); text != nil {
		said.FirstError = *text
	}
	if err := json.NewEncoder(os.Stdout).Encode(said); err != nil {
		return 1
	}
	return 0
}

// counter counts commands.
type counter struct{ n atomic.Int64 }

func (c *counter) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.n.Add(1)
		return next(ctx, cmd)
	}
}

func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// lines keeps what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(word string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), word)
}

// start runs a member as a process of its own. wait returns what it said; it must not be called for one that is killed.
func (m member) start(t *testing.T) (process *os.Process, wait func() result) {
	t.Helper()
	settings, err := json.Marshal(m)
	require.NoError(t, err)
	self, err := os.Executable()
	require.NoError(t, err)
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), envChild+"="+string(settings))
	child.Stderr = os.Stderr
	var out strings.Builder
	child.Stdout = &out
	require.NoError(t, child.Start())
	var once sync.Once
	var failure error
	end := func() { once.Do(func() { failure = child.Wait() }) }
	t.Cleanup(func() {
		_ = child.Process.Kill()
		end()
	})
	return child.Process, func() result {
		end()
		assert.NoError(t, failure)
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

// begin waits for a moment just after the start of a window, so that the windows that a test takes can be counted.
func begin(window time.Duration) time.Time {
	time.Sleep(time.Until(time.Now().Truncate(window).Add(window + 20*time.Millisecond)))
	return time.Now()
}

// Processes that share a key send as fast as its windows allow, and are never refused. Alone they are.
func TestFleetIsNeverThrottled(t *testing.T) { // not beside others: it is about time
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

// A process that wants much doesn't keep from the others what they want: each gets half of an equal share at least, and nothing is wasted.
func TestFleetIsFair(t *testing.T) {
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

// What a process had in flight when it was killed is free again, once it was silent for the script's lease.
func TestKilledProcessFreesItsLeaves(t *testing.T) {
	t.Parallel()
	redisServer := startRedis(t)
	a := startAPI(t, voiceagenttest.Unlimited, 0)
	a.Fail(voiceagenttest.Fault{Kind: voiceagenttest.HangBefore, Rate: 1})
	process, _ := member{Redis: redisServer.Addr(), URL: a.URL, Goroutines: 16}.start(t)
	require.Eventually(t, func() bool { return a.RequestCount() == 16 }, 20*time.Second, time.Millisecond)
	asker := newAsker(t, redislimit.New(connect(t, redisServer), redislimit.Params{APIKey: voiceagenttest.DefaultKey, Timeout: 10 * time.Second}))
	asker.ask(20)
	time.Sleep(4 * time.Second)
	require.Zero(t, asker.count(), "as long as the process lives its attempts are in flight")
	require.NoError(t, process.Kill())
	time.Sleep(1500 * time.Millisecond)
	require.Zero(t, asker.count(), "it may be slow")
	asker.settle(16)
}
