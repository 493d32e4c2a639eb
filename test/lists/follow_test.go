package lists_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// following is calls that are placed at once and watched each, and what that took.
type following struct {
	calls   int
	dialect voiceagenttest.Dialect
	limit   int // requests a minute
	lie     func(next http.RoundTripper) http.RoundTripper
	deliver int // the end of every so manieth call is delivered; 0 for none

	yields, endings     int // of which those of a call that has ended
	requests, throttled int
	gets, lists         int
	placing             time.Duration
	late                []time.Duration // from the end of a call until its watcher knew
}

func (f *following) mean() (mean time.Duration) {
	for _, late := range f.late {
		mean += late / time.Duration(len(f.late))
	}
	return mean
}

func (f *following) most() (most time.Duration) {
	for _, late := range f.late {
		most = max(most, late)
	}
	return most
}

func (f *following) each() float64 { return float64(f.requests) / float64(f.calls) }

func (f *following) String() string {
	return fmt.Sprintf("%d calls: %.2f requests a call (%d Get, %d List), %d throttled, placed in %v, ends known after %v, %v at most",
		f.calls, f.each(), f.gets, f.lists, f.throttled, f.placing.Round(time.Millisecond), f.mean().Round(time.Millisecond), f.most().Round(time.Millisecond))
}

// run places the calls and follows them, in a bubble. When a call ends is known from its webhook.
func (f *following) run(t *testing.T) {
	t.Helper()
	var mu sync.Mutex
	ends := make(map[string]time.Time)
	var client *voiceagent.Client
	receive := testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		event, err := webhook.Parse(body)
		if err != nil {
			return nil, err
		}
		call := event.(*webhook.CallEnded).Call
		mu.Lock()
		ends[call.PhoneNumber] = time.Now()
		delivered := f.deliver > 0 && len(ends)%f.deliver == 0
		mu.Unlock()
		if delivered {
			client.Calls.Deliver(call)
		}
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
	})
	count := func(r voiceagenttest.Request) {
		mu.Lock()
		defer mu.Unlock()
		f.requests++
		switch {
		case r.Status == http.StatusTooManyRequests:
			f.throttled++
		case r.Route == "/calls" && r.Method == http.MethodGet:
			f.lists++
		case r.Method == http.MethodGet:
			f.gets++
		}
	}
	srv := voiceagenttest.NewServer(voiceagenttest.WithoutSocket(), voiceagenttest.WithDialect(f.dialect),
		voiceagenttest.WithLimits(voiceagenttest.PerMinute(f.limit)), voiceagenttest.WithOnRequest(count), voiceagenttest.WithKeptRequests(-1),
		voiceagenttest.WithWebhookClient(&http.Client{Transport: receive}))
	defer srv.Close()
	client = srv.Client()
	if f.lie != nil {
		client = srv.Client(voiceagent.WithMiddleware(f.lie))
	}
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales", Webhook: &voiceagenttest.Webhook{URL: "https://app.test/hook"}})
	start := time.Now()
	var all sync.WaitGroup
	for i := range f.calls {
		all.Go(func() {
			number := fmt.Sprintf("+1555%07d", i)
			call, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: agentID, From: "+15550100000", To: number})
			if !assert.NoError(t, err) {
				return
			}
			mu.Lock()
			f.placing = max(f.placing, time.Since(start))
			mu.Unlock()
			var last *voiceagent.Call
			for now, err := range client.Calls.Watch(t.Context(), call.Ref(), voiceagent.WatchParams{}) {
				if !assert.NoError(t, err) {
					return
				}
				last = now
				mu.Lock()
				f.yields++
				if now.Ended() {
					f.endings++
				}
				mu.Unlock()
			}
			knew := time.Now()
			time.Sleep(time.Second) // the webhook of this moment comes, too
			mu.Lock()
			defer mu.Unlock()
			if assert.NotNil(t, last) && assert.True(t, last.Ended()) && assert.Contains(t, ends, number, "it has not ended") {
				f.late = append(f.late, knew.Sub(ends[number]))
			}
		})
	}
	all.Wait()
	require.Len(t, f.late, f.calls)
	assert.Equal(t, f.calls, f.endings, "a call that had not ended was shown as one that had")
	t.Log(t.Name(), f)
}

// A call that only the list has is followed there, as slowly as one that Get has.
func TestOneCallThatGetDoesNotHave(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &following{calls: 1, limit: 300, dialect: voiceagenttest.Dialect{GetDelay: 24 * time.Hour}}
		f.run(t)
		assert.LessOrEqual(t, f.most(), 4*time.Second)
		assert.LessOrEqual(t, f.requests, 25)
	})
}

func TestManyCallsAreFollowed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		calls    int
		deliver  int
		each     float64 // requests a call
		placing  time.Duration
		mean, in time.Duration // of the ends
	}{
		{1, 0, 16, time.Second, 4 * time.Second, 4 * time.Second},
		{1, 1, 16, time.Second, 0, 0},
		{50, 0, 1.8, time.Second, 5 * time.Second, 10 * time.Second},
		{50, 1, 1.2, time.Second, 0, 0},
		{200, 0, 1.6, 2 * time.Second, 5 * time.Second, 10 * time.Second},
		{200, 1, 1.1, 2 * time.Second, 0, 0},
		{200, 2, 1.6, 2 * time.Second, 5 * time.Second, 10 * time.Second}, // half have no webhook
		{1000, 0, 1.4, 5 * time.Minute, 5 * time.Second, 16 * time.Second},
		{1000, 1, 1.1, 5 * time.Minute, 0, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := &following{calls: c.calls, limit: 300, deliver: c.deliver}
			f.run(t)
			assert.LessOrEqual(t, f.each(), c.each)
			assert.LessOrEqual(t, f.placing, c.placing)
			assert.LessOrEqual(t, f.mean(), c.mean)
			assert.LessOrEqual(t, f.most(), c.in)
			assert.Zero(t, f.throttled)
		})
	}
}

// listsAs returns a middleware that changes the answers of GET /calls.
func listsAs(change func(body string) string) func(http.RoundTripper) http.RoundTripper {
	return func(next http.RoundTripper) http.RoundTripper {
		return testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(r)
			if err == nil && r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/calls") {
				body, readErr := io.ReadAll(resp.Body)
				_ = resp.Body.Close()
				resp.Body, resp.ContentLength, err = io.NopCloser(bytes.NewBufferString(change(string(body)))), -1, readErr
			}
			return resp, err
		})
	}
}

var oneStatus = regexp.MustCompile(`"status":"[a-z_]*"`)

// A list that lies never ends a watch wrongly, and never hides an end for much longer than asking
// for each call in turn would.
func TestListsThatLie(t *testing.T) {
	t.Parallel()
	type dialect = voiceagenttest.Dialect
	for name, c := range map[string]struct {
		following
		most time.Duration
	}{
		"late":           {following{dialect: dialect{ListDelay: 20 * time.Second}}, 60 * time.Second},
		"only ended":     {following{dialect: dialect{ListEndedOnly: true}}, 60 * time.Second},
		"oldest first":   {following{dialect: dialect{Order: voiceagenttest.OrderOldest}}, 60 * time.Second},
		"random":         {following{dialect: dialect{Order: voiceagenttest.OrderRandom}}, 60 * time.Second},
		"no times":       {following{dialect: dialect{OmitCreatedAt: true, StartedLate: true}}, 60 * time.Second},
		"session id":     {following{dialect: dialect{ListRef: voiceagenttest.CallRefSessionID, CallRef: voiceagenttest.CallRefID}}, 110 * time.Second},
		"id":             {following{dialect: dialect{ListRef: voiceagenttest.CallRefID, CallRef: voiceagenttest.CallRefSessionID}}, 110 * time.Second},
		"filters":        {following{dialect: dialect{Filters: voiceagenttest.FiltersIgnored}}, 60 * time.Second},
		"small pages":    {following{dialect: dialect{PageCap: 10}}, 60 * time.Second},
		"refused":        {following{dialect: dialect{ListStatus: 403}}, 60 * time.Second},
		"broken":         {following{dialect: dialect{ListStatus: 404}}, 60 * time.Second},
		"without Get":    {following{dialect: dialect{GetDelay: 24 * time.Hour}}, 10 * time.Second},
		"Get comes late": {following{dialect: dialect{GetDelay: 20 * time.Second}}, 60 * time.Second},
		"stale": {following{lie: listsAs(func(body string) string {
			return oneStatus.ReplaceAllString(strings.ReplaceAll(body, `"ended_at"`, `"was"`), `"status":"ringing"`)
		})}, 60 * time.Second},
		"empty": {following{lie: listsAs(func(string) string { return `{"data":[],"total":0,"has_more":false}` })}, 60 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := c.following
				f.calls, f.limit = 50, 300
				f.run(t)
				assert.LessOrEqual(t, f.most(), c.most)
				assert.Zero(t, f.throttled)
			})
		})
	}
}

// ringing answers for calls that never end, but for those that are told to.
type ringing struct {
	calls int
	mu    sync.Mutex
	ended map[string]bool
}

func (r *ringing) record(id string) string {
	status := "ringing"
	if r.ended[id] {
		status = "completed"
	}
	return fmt.Sprintf(`{"id":%q,"status":%q}`, id, status)
}

func (r *ringing) RoundTrip(req *http.Request) (*http.Response, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var body string
	if id, isGet := strings.CutPrefix(req.URL.Path, "/v1/calls/"); isGet {
		body = `{"data":` + r.record(id) + `}`
	} else {
		page, _ := strconv.Atoi(req.URL.Query().Get("page"))
		var records []string
		for i := 100 * (page - 1); i < min(100*page, r.calls); i++ {
			records = append(records, r.record(fmt.Sprint("call_", i)))
		}
		body = fmt.Sprintf(`{"data":[%s],"total":%d,"page":%d,"page_size":100}`, strings.Join(records, ","), r.calls, page)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"X-Ratelimit-Limit": {"6000"}, "X-Ratelimit-Remaining": {"6000"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

func (r *ringing) end(ids ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		r.ended[id] = true
	}
}

// While nothing changes, looking costs a page and a Get every eight seconds, and a Get of each in
// 15 s. Whether a list that shows no change is right isn't asked for ever.
func TestNothingChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := &ringing{calls: 20}
		requests := 0
		counted := testkit.RoundTrip(func(r *http.Request) (*http.Response, error) {
			requests++
			return api.RoundTrip(r)
		})
		client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test"), voiceagent.WithBaseURL("https://api.test/v1"),
			voiceagent.WithHTTPClient(&http.Client{Transport: counted}))
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		var all sync.WaitGroup
		for i := range api.calls {
			all.Go(func() {
				for call, err := range client.Calls.Watch(ctx, fmt.Sprint("call_", i), voiceagent.WatchParams{}) {
					if err != nil {
						assert.ErrorIs(t, err, context.DeadlineExceeded)
						return
					}
					assert.False(t, call.Ended())
				}
			})
		}
		all.Wait()
		assert.LessOrEqual(t, requests, 1000)
		assert.Greater(t, requests, 150, "it looks")
	})
}

// Thousands of watchers have one goroutine besides their own, and memory that doesn't grow. Whoever
// leaves, in whatever way, leaves nothing behind.
func TestThousandsOfWatchers(t *testing.T) { // not parallel: it counts goroutines
	const watchers = 5000
	synctest.Test(t, func(t *testing.T) {
		api := &ringing{calls: watchers, ended: map[string]bool{}}
		client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test"), voiceagent.WithBaseURL("https://api.test/v1"),
			voiceagent.WithHTTPClient(&http.Client{Transport: api}))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var cancelled, ended, left atomic.Int64
		for i := range watchers {
			go func() {
				for call, err := range client.Calls.Watch(ctx, fmt.Sprint("call_", i), voiceagent.WatchParams{}) {
					switch {
					case err != nil:
						assert.ErrorIs(t, err, context.Canceled)
						cancelled.Add(1)
					case call.Ended():
						ended.Add(1)
					case i%5 == 0:
						left.Add(1)
						return
					case i%5 == 1:
						time.Sleep(time.Hour) // it doesn't read, and holds up nobody
					}
				}
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, int64(watchers/5), left.Load())
		assert.Equal(t, 1, stacksWith(").run("), "goroutines beyond the callers'")
		memory := liveHeap()
		assert.Less(t, memory, uint64(60<<20))
		time.Sleep(5 * time.Minute)
		assert.Less(t, liveHeap(), memory+3<<20, "it grows")

		for i := range watchers {
			api.end(fmt.Sprint("call_", i))
			if i == watchers/2 {
				break
			}
		}
		time.Sleep(time.Minute)
		assert.Equal(t, int64(watchers/2*3/5), ended.Load())
		cancel()
		time.Sleep(2 * time.Hour) // those who didn't read, too
		synctest.Wait()
		assert.Equal(t, int64(watchers*4/5), ended.Load()+cancelled.Load())
		assert.Zero(t, stacksWith("internal/follow"))
	})
}

// stacksWith counts the goroutines of the Followers in whose stack a text is.
func stacksWith(text string) (n int) {
	all := make([]byte, 64<<20)
	all = all[:runtime.Stack(all, true)]
	for stack := range bytes.SplitSeq(all, []byte("\n\n")) {
		if bytes.Contains(stack, []byte("internal/follow.")) && bytes.Contains(stack, []byte(text)) {
			n++
		}
	}
	return n
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
