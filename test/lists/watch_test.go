package lists_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// late is an API on which a record is there some time after the first request, and gone some time
// later.
type late struct {
	from, until time.Duration // until is for ever when 0
	completed   time.Duration // when the record ends

	began time.Time
	gets  []time.Duration // when it was asked for
}

func (l *late) RoundTrip(r *http.Request) (*http.Response, error) {
	if l.began.IsZero() {
		l.began = time.Now()
	}
	since := time.Since(l.began)
	status, body := http.StatusOK, `{"success":true,"data":{"id":"x_1","status":"in_progress"}}`
	if r.Method == http.MethodGet {
		l.gets = append(l.gets, since)
		switch {
		case since < l.from, l.until > 0 && since >= l.until:
			status, body = http.StatusNotFound, `{"success":false,"error":{"code":"not_found","message":"Not found"},"request_id":"req_1"}`
		case since >= l.completed:
			body = `{"success":true,"data":{"id":"x_1","status":"completed"}}`
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Request: r,
		Body: io.NopCloser(strings.NewReader(body))}, nil
}

func (l *late) client(t *testing.T, opts ...voiceagent.ClientOption) *voiceagent.Client {
	t.Helper()
	client, err := voiceagent.NewClient(append(opts, voiceagent.WithAPIKey("lev_test"), voiceagent.WithBaseURL("https://api.test/v1"),
		voiceagent.WithHTTPClient(&http.Client{Transport: l}))...)
	require.NoError(t, err)
	return client
}

// follow returns what a Watch yields, as text, and its last error.
func follow[T any](watch iter.Seq2[*T, error], status func(*T) string) (seen []string, err error) {
	for record, failed := range watch {
		if failed != nil {
			seen, err = append(seen, "error"), failed
			continue
		}
		seen = append(seen, status(record))
	}
	return seen, err
}

func callStatus(c *voiceagent.Call) string         { return string(c.Status) }
func campaignStatus(c *voiceagent.Campaign) string { return string(c.Status) }

// The quickstart: what was just made is watched although the API doesn't show it yet.
func TestWatchRightAfterCreate(t *testing.T) {
	t.Parallel()
	create := map[string]func(context.Context, *voiceagent.Client) ([]string, error){
		"call": func(ctx context.Context, c *voiceagent.Client) ([]string, error) {
			call, err := c.Calls.Create(ctx, voiceagent.CallCreateParams{AgentID: "ag_1", From: "+15550100000", To: "+919876543210"})
			if err != nil {
				return nil, err
			}
			return follow(c.Calls.Watch(ctx, call.Ref(), voiceagent.WatchParams{}), callStatus)
		},
		"campaign": func(ctx context.Context, c *voiceagent.Client) ([]string, error) {
			campaign, err := c.Campaigns.Create(ctx, voiceagent.CampaignCreateParams{Name: "January", AgentID: "ag_1", From: "+15550100000",
				Contacts: []voiceagent.Contact{{"phone": "+919876543210"}}})
			if err != nil {
				return nil, err
			}
			return follow(c.Campaigns.Watch(ctx, campaign.ID, voiceagent.WatchParams{}), campaignStatus)
		},
	}
	for name, watch := range create {
		synctest.Test(t, func(t *testing.T) {
			api := &late{from: 5 * time.Second, completed: 9 * time.Second}
			seen, err := watch(t.Context(), api.client(t))
			require.NoError(t, err, name)
			assert.Equal(t, []string{"in_progress", "completed"}, seen, name)
			assert.Equal(t, []time.Duration{0, 2e9, 4e9, 6e9, 8e9, 10e9}, api.gets, "%s: it keeps its pace", name)
		})
	}
}

// What isn't there when the settle time is over was never there.
func TestWatchOfAWrongID(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		settle, interval, ends time.Duration // settle is the default when below 0
		gets                   int
	}{
		{settle: -1, ends: 30 * time.Second, gets: 16},
		{settle: -1, interval: 7 * time.Second, ends: 35 * time.Second, gets: 6},
		{settle: -1, interval: time.Minute, ends: time.Minute, gets: 2},
		{settle: 5 * time.Second, ends: 6 * time.Second, gets: 4},
		{settle: 0, ends: 0, gets: 1},
	} {
		for _, ofRequest := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var opts []voiceagent.ClientOption
				var requestOpts []voiceagent.RequestOption
				switch {
				case c.settle < 0:
				case ofRequest:
					requestOpts = append(requestOpts, voiceagent.WithSettleTime(c.settle))
				default:
					opts = append(opts, voiceagent.WithSettleTime(c.settle))
				}
				api := &late{from: time.Hour}
				params := voiceagent.WatchParams{Interval: c.interval}
				start := time.Now()
				seen, err := follow(api.client(t, opts...).Calls.Watch(t.Context(), "x_1", params, requestOpts...), callStatus)
				assert.Equal(t, []string{"error"}, seen)
				missing := new(voiceagent.NotFoundError)
				require.ErrorAs(t, err, &missing)
				assert.Equal(t, "req_1", missing.RequestID)
				assert.Equal(t, c.ends, time.Since(start))
				assert.Len(t, api.gets, c.gets)

				api = &late{from: time.Hour}
				seen, err = follow(api.client(t, opts...).Campaigns.Watch(t.Context(), "x_1", params, requestOpts...), campaignStatus)
				assert.Equal(t, []string{"error"}, seen)
				require.ErrorAs(t, err, &missing)
				assert.Len(t, api.gets, c.gets)
			})
		}
	}
}

// What was there and isn't any more is gone: nothing is waited for.
func TestWatchOfWhatGoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		api := &late{from: 3 * time.Second, until: 7 * time.Second, completed: time.Hour}
		seen, err := follow(api.client(t).Calls.Watch(t.Context(), "x_1", voiceagent.WatchParams{}), callStatus)
		assert.Equal(t, []string{"in_progress", "error"}, seen)
		require.ErrorAs(t, err, new(*voiceagent.NotFoundError))
		assert.Equal(t, []time.Duration{0, 2e9, 4e9, 6e9, 8e9}, api.gets)
	})
}

// A context that ends first ends the wait, and the error has both.
func TestWatchThatIsCutShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start := time.Now()
		seen, err := follow((&late{from: time.Hour}).client(t).Calls.Watch(ctx, "x_1", voiceagent.WatchParams{}), callStatus)
		assert.Equal(t, []string{"error"}, seen)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorAs(t, err, new(*voiceagent.NotFoundError))
		assert.Equal(t, 5*time.Second, time.Since(start))
		assert.Contains(t, fmt.Sprint(err), "voiceagent: watching: context deadline exceeded, after voiceagent: GET /calls/{call_id}: 404 Not Found")
	})
}

// An option that can't be is refused before anything is sent.
func TestWatchRefusesAnOption(t *testing.T) {
	t.Parallel()
	api := &late{}
	seen, err := follow(api.client(t).Calls.Watch(t.Context(), "x_1", voiceagent.WatchParams{}, voiceagent.WithSettleTime(-1)), callStatus)
	assert.Equal(t, []string{"error"}, seen)
	require.ErrorAs(t, err, new(*voiceagent.ValidationError))
	assert.Empty(t, api.gets)
}
