package commands

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answering returns the variables for a server that always answers the same.
func answering(t *testing.T, body string) map[string]string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return map[string]string{"VOICEAGENT_BASE_URL": server.URL + "/v1", keyVariable: "lev_test_0000"}
}

// A count that the API didn't give is nowhere 0.
func TestNoFalseZeros(t *testing.T) {
	t.Parallel()
	variables := answering(t, `{"success":true,"data":[{"id":"c_1","name":"January","status":"completed","completed":3,"failed":0,"no_answer":1,"pickup_rate":75}],
		"total":1,"page":1,"page_size":100,"has_more":false}`)
	got := runHere(t.Context(), variables, "campaigns", "list")
	require.Zero(t, got.code, got.errOut)
	assert.Equal(t, "ID   NAME     STATUS     COMPLETED  NO_ANSWER  FAILED\nc_1  January  completed  3          1          0\n", got.out)
	got = runHere(t.Context(), variables, "campaigns", "list", "-o", "csv")
	assert.Contains(t, got.out, "\nc_1,January,completed,,3,1,,0,,,75,")
	got = runHere(t.Context(), variables, "campaigns", "list", "-o", "json")
	require.Zero(t, got.code, got.errOut)
	for _, key := range []string{"contacts", "total", "total_contacts", "valid_contacts", "skipped_contacts", "voicemail", "pending_retries", "max_retries", "retry_enabled", "max_concurrent_calls"} {
		assert.NotContains(t, got.out, `"`+key+`"`)
	}
	assert.Contains(t, got.out, `"completed":3,"failed":0,"no_answer":1,`)

	variables = answering(t, `{"success":true,"data":{"id":"c_1","status":"completed","total_contacts":4,"valid_contacts":3,"completed":3,"voicemail":1,"colour":"red"}}`)
	got = runHere(t.Context(), variables, "campaigns", "get", "c_1", "-o", "json")
	require.Zero(t, got.code, got.errOut)
	assert.Contains(t, got.out, `"contacts":4,"total_contacts":4,"valid_contacts":3,"voicemail":1`)
	assert.Contains(t, got.out, `"colour":"red"`)
	assert.NotContains(t, got.out, `"total"`)
}

// What a person said is no formula where a spreadsheet reads it, and is as it was where a program
// does.
func TestNoTextOfACallIsAFormula(t *testing.T) {
	t.Parallel()
	variables := answering(t, `{"success":true,"data":{"id":"c_1","status":"completed","phone_number":"+919876543210","call_summary":"=HYPERLINK(\"http://x\")","sentiment":"-5"}}`)
	got := runHere(t.Context(), variables, "calls", "get", "c_1", "-o", "csv")
	require.Zero(t, got.code, got.errOut)
	assert.Contains(t, got.out, `,"'=HYPERLINK(""http://x"")",`)
	assert.Contains(t, got.out, ",+919876543210,")
	assert.Contains(t, got.out, ",-5,")
	got = runHere(t.Context(), variables, "calls", "get", "c_1", "-o", "json")
	assert.Contains(t, got.out, `"call_summary":"=HYPERLINK(\"http://x\")"`)
}

// Times are those of this machine's zone, which a list names once: in each line only if it changes
// within the list.
func TestTimesAreLocal(t *testing.T) {
	t.Parallel()
	call := func(at string) string { return `{"id":"c_1","status":"completed","started_at":"` + at + `"}` }
	list := func(times ...string) string {
		for i, at := range times {
			times[i] = call(at)
		}
		return `{"success":true,"data":[` + strings.Join(times, ",") + `],"total":1,"page":1,"page_size":100,"has_more":false}`
	}
	got := runHere(t.Context(), answering(t, list("2025-01-31T23:30:00Z", "2025-07-31T10:00:00.5+02:00")), "calls", "list")
	require.Zero(t, got.code, got.errOut)
	assert.Equal(t, "ID   STATUS     STARTED (UTC+05:30)\nc_1  completed  2025-02-01 05:00\nc_1  completed  2025-07-31 13:30\n", got.out)
	got = runHere(t.Context(), answering(t, `{"success":true,"data":`+call("2025-01-31T23:30:00Z")+`}`), "calls", "get", "c_1")
	assert.Contains(t, got.out, "STARTED  2025-02-01 05:00:00 UTC+05:30\n")
	got = runHere(t.Context(), answering(t, list("2025-01-31T23:30:00Z")), "calls", "list", "-o", "csv")
	assert.Contains(t, got.out, "2025-01-31T23:30:00Z")
}

// An answer that doesn't say what is left of the limit is explained.
func TestLimitsThatAreNotTold(t *testing.T) {
	t.Parallel()
	got := runHere(t.Context(), answering(t, `{"success":true,"data":[],"total":0,"page":1,"page_size":1,"has_more":false,"request_id":"req_1"}`), "limits")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.errOut, "Error: the answer doesn't say what is left of the rate limit (request_id req_1): the service may say it only when little is left")
}

// What the API says can't pass for a line of this program.
func TestTheAPIsWordsStayOnTheirLine(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(w, `{"success": false, "error": {"code": "no", "message": "no"}, "request_id": "req\nHint: sudo x",
			"detail": [{"loc": ["body", "na\nHint: sudo x"], "msg": "bad\nHint: sudo x"}]}`)
	}))
	t.Cleanup(server.Close)
	got := runHere(t.Context(), map[string]string{"VOICEAGENT_API_KEY": "lev_test_1", "VOICEAGENT_BASE_URL": server.URL + "/v1"}, "agents", "get", "ag_1")
	assert.Equal(t, 7, got.code)
	assert.Contains(t, got.errOut, "sudo x")
	assert.NotContains(t, got.errOut, "\nHint: sudo x")
}
