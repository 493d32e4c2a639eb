package cost_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// A contact list of 2 MB is encoded once and never copied, however often it is sent.
func TestLongBodyIsEncodedOnce(t *testing.T) { // not parallel: it counts what the process allocates
	contacts := make([]voiceagent.Contact, 2000)
	for i := range contacts {
		contacts[i] = voiceagent.Contact{"phone": fmt.Sprintf("+9198765%05d", i), "notes": strings.Repeat("n", 1000)}
	}
	params := voiceagent.CampaignCreateParams{Name: "January", AgentID: "agent_1", From: "+15550100000", Contacts: contacts}
	allocated := func(attempts int) (total, size uint64) {
		sent := 0
		client := testkit.NewPatient(t, testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
			if req.Method == http.MethodGet { // a look
				return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: testkit.Body(`{"data":[]}`), Request: req}, nil
			}
			n, err := io.Copy(io.Discard, req.Body)
			require.NoError(t, err)
			require.NoError(t, req.Body.Close())
			sent++
			size = uint64(n)
			resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: testkit.Body(`{"data":{"id":"c"}}`), Request: req}
			if sent < attempts {
				resp.StatusCode = http.StatusInternalServerError
			}
			return resp, nil
		}), voiceagent.WithRetryPolicy(testkit.Quickly{}))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := client.Campaigns.Create(t.Context(), params)
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.Equal(t, attempts, sent)
		return after.TotalAlloc - before.TotalAlloc, size
	}
	// The least of some: under the race detector a sync.Pool forgets things at random.
	least := func(attempts int) (total, size uint64) {
		total, size = allocated(attempts)
		for range 5 {
			again, _ := allocated(attempts)
			total = min(total, again)
		}
		return total, size
	}
	one, size := least(1)
	three, _ := least(3)
	require.Greater(t, size, uint64(2_000_000))
	assert.Less(t, three, size*12/10, "bytes allocated for three attempts at %d bytes", size)
	assert.Less(t, three-min(one, three), size/20, "bytes that two more attempts cost")
	t.Logf("body %d bytes, one attempt allocates %d, three %d", size, one, three)
}
