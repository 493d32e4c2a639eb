package lists_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// pages is a transport that serves a list: page n is what the function returns for n.
type pages struct {
	page    func(n, size int) (ids []string, total int, more any)
	asked   []string // the queries, in order
	answers int
}

func (p *pages) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	query := req.URL.Query()
	p.asked = append(p.asked, req.URL.RawQuery)
	number, _ := strconv.Atoi(query.Get("page"))
	size, _ := strconv.Atoi(query.Get("page_size"))
	ids, total, more := p.page(number, size)
	records := make([]map[string]any, len(ids))
	for i, id := range ids {
		records[i] = map[string]any{"id": id, "status": "completed"}
	}
	text, err := json.Marshal(map[string]any{"success": true, "data": records, "total": total, "page": number, "page_size": size,
		"has_more": more, "request_id": fmt.Sprintf("req_%d", number)})
	if err != nil {
		return nil, err
	}
	p.answers++
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(text))), Request: req}, nil
}

func ids(from, to int) []string {
	var list []string
	for i := from; i < to; i++ {
		list = append(list, fmt.Sprintf("call_%d", i))
	}
	return list
}

func collect(t *testing.T, client *voiceagent.Client, params voiceagent.CallListParams) []string {
	t.Helper()
	var got []string
	for call, err := range client.Calls.All(t.Context(), params) {
		require.NoError(t, err)
		got = append(got, call.ID)
	}
	return got
}

func TestAll(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		page    func(n, size int) ([]string, int, any)
		want    []string
		answers int
	}{
		"several pages": {func(n, _ int) ([]string, int, any) { return ids(n*10-10, n*10), 30, n < 3 }, ids(0, 30), 3},
		"one page":      {func(int, int) ([]string, int, any) { return ids(0, 3), 3, false }, ids(0, 3), 1},
		"none":          {func(int, int) ([]string, int, any) { return []string{}, 0, false }, nil, 1},
		"an empty page in the middle": {func(n, size int) ([]string, int, any) {
			switch n {
			case 1:
				return ids(0, 100), 250, true
			case 2:
				return []string{}, 250, true
			}
			return ids(200, 250), 250, false
		}, append(ids(0, 100), ids(200, 250)...), 3},
		"new records shift the pages": {func(n, _ int) ([]string, int, any) {
			if n == 1 {
				return ids(0, 10), 22, true
			}
			return ids(n*10-13, n*10-3), 22, n < 3 // three came in since page 1
		}, ids(0, 27), 3},
		"a page that repeats":                {func(int, int) ([]string, int, any) { return ids(0, 10), 1000, true }, ids(0, 10), 2},
		"empty pages for ever":               {func(int, int) ([]string, int, any) { return []string{}, 0, true }, nil, 1},
		"has_more is missing, total tells":   {func(n, _ int) ([]string, int, any) { return ids(n*100-100, n*100), 300, nil }, ids(0, 300), 3},
		"records without an id are kept":     {func(int, int) ([]string, int, any) { return []string{"", ""}, 2, false }, []string{"", ""}, 1},
		"has_more as text, as Python writes": {func(n, _ int) ([]string, int, any) { return ids(n*100-100, n*100), 200, nil }, ids(0, 200), 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := &pages{page: test.page}
			got := collect(t, testkit.NewPatient(t, transport), voiceagent.CallListParams{})
			assert.Equal(t, test.want, got)
			assert.Equal(t, test.answers, transport.answers, "pages fetched")
		})
	}
}

func TestAllAsksForWhatItShould(t *testing.T) {
	t.Parallel()
	transport := &pages{page: func(n, size int) ([]string, int, any) { return ids(n*size-size, n*size), 0, n < 4 }}
	client := testkit.NewPatient(t, transport)
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("IST", 5*3600+1800))
	collect(t, client, voiceagent.CallListParams{Page: 3, PageSize: 7, Status: voiceagent.CallCompleted, Direction: voiceagent.CallOutbound,
		AgentID: "agent 1", Since: since, Until: since.Add(time.Hour)})
	const filters = "agent_id=agent+1&direction=outbound&from_date=2026-01-01T21%3A34%3A05.000Z"
	assert.Equal(t, []string{
		filters + "&page=3&page_size=7&status=completed&to_date=2026-01-01T22%3A34%3A05.000Z",
		filters + "&page=4&page_size=7&status=completed&to_date=2026-01-01T22%3A34%3A05.000Z",
	}, transport.asked)

	transport.asked = nil
	for _, err := range client.Agents.All(t.Context(), voiceagent.AgentListParams{}) {
		require.NoError(t, err)
		break // fetches one page and leaks nothing
	}
	assert.Equal(t, []string{"page=1&page_size=100"}, transport.asked)
}

func TestAllEndsWithAnError(t *testing.T) {
	t.Parallel()
	transport := &pages{page: func(n, _ int) ([]string, int, any) { return ids(n*10-10, n*10), 1000, true }}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen int
	var last error
	for call, err := range testkit.NewPatient(t, transport).Calls.All(ctx, voiceagent.CallListParams{}) {
		if last = err; err != nil {
			assert.Nil(t, call)
			continue // the loop has to end by itself
		}
		if seen++; seen == 15 {
			cancel()
		}
	}
	assert.Equal(t, 20, seen)
	assert.ErrorIs(t, last, context.Canceled)
}

// One record is about 3 KB, a page 300 KB, the list 300 MB.
func TestAllHoldsTwoPagesAtMost(t *testing.T) {
	if testing.Short() {
		t.Skip("lists 100,000 calls")
	}
	const records, size = 100_000, 100
	summary := strings.Repeat("s", 3<<10)
	transport := testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		n, _ := strconv.Atoi(req.URL.Query().Get("page"))
		read, write := io.Pipe()
		go func() {
			_, _ = fmt.Fprintf(write, `{"success":true,"total":%d,"page":%d,"page_size":%d,"has_more":%t,"data":[`, records, n, size, n*size < records)
			for i := range size {
				if i > 0 {
					_, _ = io.WriteString(write, ",")
				}
				_, _ = fmt.Fprintf(write, `{"id":"call_%d","call_summary":"%s"}`, (n-1)*size+i, summary)
			}
			_, _ = io.WriteString(write, `]}`)
			_ = write.Close()
		}()
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: read, Request: req}, nil
	})
	client := testkit.NewPatient(t, transport)
	live := func() uint64 {
		runtime.GC() // moves the pooled read buffer aside, which any collection may drop
		runtime.GC() // and this one drops it
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before, most, count := live(), uint64(0), 0
	for call, err := range client.Calls.All(t.Context(), voiceagent.CallListParams{}) {
		require.NoError(t, err)
		if count++; count%10_000 == 50 {
			most = max(most, live())
		}
		runtime.KeepAlive(call)
	}
	assert.Equal(t, records, count)
	assert.Less(t, most-min(before, most), uint64(2*size*(4<<10)), "bytes alive beyond those at the start: two pages")
}

// states answers each look with the next state of a call, the last one for ever.
type states struct {
	list  []string
	looks int
	limit http.Header
}

func (s *states) RoundTrip(req *http.Request) (*http.Response, error) {
	state := s.list[min(s.looks, len(s.list)-1)]
	s.looks++
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: req}
	if s.limit != nil {
		resp.Header = s.limit.Clone()
	}
	if state == "502" {
		resp.StatusCode = http.StatusBadGateway
	}
	resp.Body = testkit.Body(fmt.Sprintf(`{"data":{"id":"x","status":%q}}`, state))
	return resp, nil
}

func TestWatch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := &states{list: []string{"ringing", "ringing", "502", "ringing", "in_progress", "in_progress", "completed"}}
		client := testkit.NewPatient(t, transport)
		var seen []voiceagent.CallStatus
		start := time.Now()
		for call, err := range client.Calls.Watch(t.Context(), "x", voiceagent.WatchParams{Interval: 10 * time.Second}) {
			require.NoError(t, err)
			seen = append(seen, call.Status)
		}
		assert.Equal(t, []voiceagent.CallStatus{"ringing", "in_progress", "completed"}, seen)
		assert.Equal(t, 7, transport.looks)
		assert.InDelta(t, 51.5, time.Since(start).Seconds(), 0.5)
	})
}

func TestWatchCampaignEndsAtATerminalState(t *testing.T) {
	t.Parallel()
	for _, state := range []string{"completed", "stopped", "cancelled", "failed"} {
		synctest.Test(t, func(t *testing.T) {
			transport := &states{list: []string{"pending", "a state that nobody knows", state}}
			var seen []voiceagent.CampaignStatus
			for campaign, err := range testkit.NewPatient(t, transport).Campaigns.Watch(t.Context(), "x", voiceagent.WatchParams{}) {
				require.NoError(t, err)
				seen = append(seen, campaign.Status)
			}
			assert.Equal(t, []voiceagent.CampaignStatus{"pending", "a state that nobody knows", voiceagent.CampaignStatus(state)}, seen)
		})
	}
}

func TestWatchSlowsDownWhenTheBudgetIsShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		transport := &states{list: []string{"ringing", "completed"}, limit: http.Header{"X-Ratelimit-Limit": {"60"},
			"X-Ratelimit-Remaining": {"2"}, "X-Ratelimit-Reset": {testkit.FillTimes("{now+60}")}}}
		start := time.Now()
		for _, err := range testkit.NewPatient(t, transport).Calls.Watch(t.Context(), "x", voiceagent.WatchParams{Interval: time.Second}) {
			require.NoError(t, err)
		}
		assert.Equal(t, 20*time.Second, time.Since(start))
	})
}

func TestWatchEndsWithTheError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 25*time.Second)
		defer cancel()
		var errs []error
		for _, err := range testkit.NewPatient(t, &states{list: []string{"ringing"}}).Calls.Watch(ctx, "x", voiceagent.WatchParams{Interval: 10 * time.Second}) {
			errs = append(errs, err)
		}
		require.Len(t, errs, 2)
		require.NoError(t, errs[0])
		require.ErrorIs(t, errs[1], context.DeadlineExceeded)

		missing := testkit.NewPatient(t, &testkit.Statuses{Statuses: []int{http.StatusNotFound}})
		errs = nil
		for _, err := range missing.Calls.Watch(t.Context(), "x", voiceagent.WatchParams{}) {
			errs = append(errs, err)
		}
		require.Len(t, errs, 1)
		assert.ErrorAs(t, errs[0], new(*voiceagent.NotFoundError))
	})
}
