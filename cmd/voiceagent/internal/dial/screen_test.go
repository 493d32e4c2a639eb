package dial_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// busy is a server in front of the desk's, whose campaigns count six digits.
func (d *desk) busy() string {
	d.t.Helper()
	target, err := url.Parse(d.srv.URL)
	require.NoError(d.t, err)
	target.Path = ""
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(response *http.Response) error {
		if response.Request.Method != http.MethodGet || response.StatusCode != http.StatusOK || !strings.Contains(response.Request.URL.Path, "/campaigns/") {
			return nil
		}
		response.Body = changedOne(d.t, response.Body, func(campaign map[string]any) {
			for name, n := range map[string]int{"completed": 123456, "no_answer": 234567, "voicemail": 345678, "failed": 456789, "pending_retries": 567890} {
				campaign[name] = n
			}
		})
		response.ContentLength = -1
		response.Header.Del("Content-Length")
		return nil
	}
	server := httptest.NewServer(proxy)
	d.t.Cleanup(server.Close)
	return server.URL + "/v1"
}

// On a terminal of any width the progress stands once, and says why it waits.
func TestProgressOnATerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program, and runs it for some seconds")
	}
	for _, width := range []int{40, 60, 80, 120} {
		t.Run(fmt.Sprint(width), func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, voiceagenttest.WithSpeed(40), voiceagenttest.WithLimits(voiceagenttest.Limits{Requests: 300, Window: 3 * time.Second}))
			d.srv.Fail(
				voiceagenttest.Fault{Method: "GET", Route: "/campaigns/{campaign_id}", Status: 502, Times: 2},
				voiceagenttest.Fault{Method: "GET", Route: "/campaigns/{campaign_id}", Kind: voiceagenttest.Throttle, Times: 1},
			)
			d.write("contacts.csv", contacts(40))
			term := startTerminal(t, d, width, d.busy(), "campaigns", "run", "contacts.csv", "--agent", d.agent, "--from", "+15550100000", "--any-range",
				"--region", "IN", "--concurrency", "5", "--yes")
			straight := func(seen string) func(string) bool {
				return func(text string) bool {
					require.LessOrEqual(t, strings.Count(text, "% ["), 1, text)
					require.LessOrEqual(t, strings.Count(text, "completed 123,456"), 1, text)
					return strings.Contains(strings.Join(strings.Fields(text), " "), seen)
				}
			}
			term.until(t, straight(": 502: upstream unavailable, wait"))
			term.until(t, straight(": 429: rate limited, wait"))
			term.until(t, straight("completed 123,456"))
			term.until(t, straight("1 campaign: 1 completed"))
			require.NoError(t, <-term.ended, term.text())
			last := strings.Join(strings.Fields(term.text()), " ")
			assert.Contains(t, last, "completed 123,456, no answer 234,567, voicemail 345,678, failed 456,789, pending retries 567,890 pickup rate")
			assert.NotContains(t, last, "waiting until", "it waits no more")
			assert.NotContains(t, last, "level=WARN")
			assert.True(t, strings.HasSuffix(last, " results: contacts.results.csv"), last)
			d.nobodyTwice()
		})
	}
}
