package dialonce_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// record is a call or a campaign as the list shows it.
type record map[string]any

// api is an API in memory that does as a test says. It lists newest first, and filters nothing.
type api struct {
	t       *testing.T
	answers []reply // to the creations, in turn; the last one for ever
	records []record
	posts   int
	looks   []url.Values
	skew    time.Duration // of the Date header against the times of records
	age     time.Duration // of a list that comes from a cache
	undated bool          // there is no Date header
	stamped bool          // the envelope has the time
	shows   func(record) record
	list    func([]record) (int, []record) // the status, and what is listed

	paging func(page []record, total, number int) map[string]any

	mu       sync.Mutex
	answered func() // is called after each creation, before its answer
}

// reply is the answer to a creation.
type reply struct {
	status int           // 0 loses the connection
	not    bool          // it isn't done
	later  time.Duration // it is done so long after the answer
	silent bool          // the answer has no data
	no     bool          // the answer says that it has no success
}

var (
	done     = reply{status: http.StatusOK}
	lost     = reply{}
	lostNot  = reply{not: true}
	late     = reply{status: http.StatusGatewayTimeout}
	lateNot  = reply{status: http.StatusGatewayTimeout, not: true}
	badGate  = reply{status: http.StatusBadGateway}
	badNot   = reply{status: http.StatusBadGateway, not: true}
	refused  = reply{status: http.StatusForbidden, not: true}
	throttle = reply{status: http.StatusTooManyRequests, not: true}
)

func (a *api) RoundTrip(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out any
	status := http.StatusOK
	if req.Method == http.MethodPost {
		r := a.answers[min(a.posts, len(a.answers)-1)]
		a.posts++
		made := a.read(req)
		switch {
		case r.not:
		case r.later > 0:
			time.AfterFunc(r.later, func() {
				a.mu.Lock()
				defer a.mu.Unlock()
				a.add(made)
			})
		default:
			a.add(made)
		}
		if a.answered != nil {
			a.answered()
		}
		if r.status == 0 {
			return nil, io.ErrUnexpectedEOF
		}
		status, out = r.status, map[string]any{"data": made}
		if status != http.StatusOK || r.silent {
			out = map[string]any{"detail": "no"}
		}
		if r.no {
			out = map[string]any{"success": false, "message": "no"}
		}
	} else {
		a.looks = append(a.looks, req.URL.Query())
		shown := a.records
		if a.list != nil {
			status, shown = a.list(a.records)
		}
		if status == 0 {
			return nil, io.ErrUnexpectedEOF
		}
		if shown == nil {
			shown = []record{}
		}
		out = map[string]any{"data": shown, "total": len(shown), "page": 1, "page_size": 100, "has_more": false}
		if a.paging != nil {
			page, err := strconv.Atoi(req.URL.Query().Get("page"))
			require.NoError(a.t, err)
			from := min((page-1)*100, len(shown))
			out = a.paging(shown[from:min(from+100, len(shown))], len(shown), page)
		}
	}
	if fields, ok := out.(map[string]any); ok && a.stamped {
		fields["timestamp"] = time.Now().UTC().Format(time.RFC3339Nano)
	}
	raw, err := json.Marshal(out)
	require.NoError(a.t, err)
	header := http.Header{"Date": {time.Now().Add(a.skew).UTC().Format(http.TimeFormat)}}
	if a.undated {
		header.Del("Date")
	}
	if a.age > 0 {
		header.Set("Age", strconv.Itoa(int(a.age.Seconds())))
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(string(raw))), Request: req}, nil
}

func (a *api) read(req *http.Request) record {
	body, err := io.ReadAll(req.Body)
	require.NoError(a.t, err)
	made := record{}
	require.NoError(a.t, json.Unmarshal(body, &made))
	made["id"], made["direction"] = fmt.Sprint("id-", a.posts), "outbound"
	delete(made, "source_number")
	if contacts, ok := made["contacts"].([]any); ok {
		made["total"] = len(contacts)
		delete(made, "contacts")
		delete(made, "phone_number")
	}
	return made
}

func (a *api) add(made record) {
	made["created_at"] = time.Now().UTC().Format(time.RFC3339Nano)
	if a.shows != nil {
		made = a.shows(made)
	}
	a.records = append([]record{made}, a.records...)
}

// arrive lists what others have made, after a while.
func (a *api) arrive(after time.Duration, made func() []record) {
	time.AfterFunc(after, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.records = append(made(), a.records...)
	})
}

// on runs a test on virtual time.
func on(t *testing.T, a *api, run func(t *testing.T, a *api, c *voiceagent.Client), opts ...voiceagent.ClientOption) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		a.t = t
		time.Sleep(10*time.Hour + 333*time.Millisecond) // so that what is cut to the second, or to the day, shows
		run(t, a, a.client(opts...))
		time.Sleep(time.Minute) // for what is done late
	})
}

func (a *api) client(opts ...voiceagent.ClientOption) *voiceagent.Client {
	c, err := voiceagent.NewClient(append([]voiceagent.ClientOption{
		voiceagent.WithAPIKey("lev_test_0123456789"), voiceagent.WithBaseURL("https://api.example/v1"),
		voiceagent.WithHTTPClient(&http.Client{Transport: a}),
	}, opts...)...)
	require.NoError(a.t, err)
	return c
}

// person is a call to the n-th person.
func person(n int) voiceagent.CallCreateParams {
	return voiceagent.CallCreateParams{AgentID: "ag_1", From: "+15550100000", To: fmt.Sprintf("+91987654%04d", n), Metadata: map[string]any{"row": n}}
}

// witness places a good call.
func witness(t *testing.T, c *voiceagent.Client) {
	t.Helper()
	_, err := c.Calls.Create(t.Context(), person(0))
	require.NoError(t, err)
}
