package wire_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// server answers requests in memory.
type server func(*http.Request) (*http.Response, error)

func (s server) RoundTrip(r *http.Request) (*http.Response, error) { return s(r) }

// client returns a client of the server.
func (s server) client(t *testing.T) *voiceagent.Client {
	t.Helper()
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test"), voiceagent.WithBaseURL("https://api.test/v1"),
		voiceagent.WithHTTPClient(&http.Client{Transport: s}))
	require.NoError(t, err)
	return client
}

// ok is an answer with the body. Its Date is that of the bubble's clock.
func ok(r *http.Request, body string) *http.Response {
	header := http.Header{"Content-Type": {"application/json"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Request: r, Body: io.NopCloser(strings.NewReader(body))}
}

// always answers every request with the body.
func always(body string) server {
	return func(r *http.Request) (*http.Response, error) { return ok(r, body), nil }
}

const aCall = `{"data":{"id":"call_1","metadata":{"lead":9007199254740993,"small":17,"share":0.1,"huge":1e400,"list":[{"lead":9007199254740993}]},` +
	`"variables":{"lead":-9007199254740993},"details_collection":{"collected_values":{"lead":9007199254740993}}}}`

// An id beyond 2^53 keeps its last digit in the fields of a call, and as JSON of it.
func TestLargeIntegersStayExact(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"quick": aCall, "slow": strings.Replace(aCall, `"call_1"`, "1", 1)} {
		call, err := always(body).client(t).Calls.Get(t.Context(), "call_1")
		require.NoError(t, err, name)
		const lead = json.Number("9007199254740993")
		assert.Equal(t, map[string]any{"lead": lead, "small": 17.0, "share": 0.1, "huge": json.Number("1e400"),
			"list": []any{map[string]any{"lead": lead}}}, call.Metadata, name)
		assert.Equal(t, map[string]any{"lead": "-" + lead}, call.Variables, name)
		assert.Equal(t, map[string]any{"lead": lead}, call.Details.CollectedValues, name)
		written, err := json.Marshal(call)
		require.NoError(t, err, name)
		assert.Contains(t, string(written), `"huge":1e400,"lead":9007199254740993,"list":[{"lead":9007199254740993}]`, name)
	}
}

// What a call's metadata was can be sent as the metadata of the next.
func TestNumbersAreSentAsNumbers(t *testing.T) {
	t.Parallel()
	sent := ""
	client := server(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		sent = string(body)
		return ok(r, aCall), err
	}).client(t)
	_, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: "ag_1", From: "+15550100000", To: "+919876543210",
		Metadata: map[string]any{"lead": []any{json.Number("9007199254740993")}}, Extra: map[string]any{"new": json.Number("1e400")}})
	require.NoError(t, err)
	assert.Contains(t, sent, `"metadata":{"lead":[9007199254740993]}`)
	assert.Contains(t, sent, `"new":1e400`)
}

// A value of the caller's own gets its numbers as encoding/json would give them.
func TestRequestGivesFloats(t *testing.T) {
	t.Parallel()
	var out map[string]any
	require.NoError(t, always(`{"data":{"lead":9007199254740993}}`).client(t).Request(t.Context(), "GET", "/leads/1", nil, &out))
	assert.Equal(t, map[string]any{"lead": 9007199254740992.0}, out)
}

// The call of another lead isn't taken for one whose answer was lost, although a float64 holds both
// ids alike.
func TestALostCallIsNotThatOfTheNextLead(t *testing.T) {
	t.Parallel()
	for listed, want := range map[string]string{"9007199254740992": "call_1", "9007199254740993": ""} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			client := server(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodPost {
					return nil, io.ErrUnexpectedEOF
				}
				return ok(r, fmt.Sprintf(`{"data":[{"id":"call_1","agent_id":"ag_1","phone_number":"+919876543210","source_number":"+15550100000",
					"direction":"outbound","status":"ringing","created_at":%q,"metadata":{"lead":%s}}],"total":1,"page":1,"page_size":100,"has_more":false}`,
					start.UTC().Format(time.RFC3339), listed)), nil
			}).client(t)
			call, err := client.Calls.Create(context.Background(), voiceagent.CallCreateParams{AgentID: "ag_1", From: "+15550100000", To: "+919876543210",
				Metadata: map[string]any{"lead": 9007199254740992}})
			if want == "" {
				require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, want, call.ID)
		})
	}
}
