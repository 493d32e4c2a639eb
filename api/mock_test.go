package api_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/voiceagent-go/voiceagent"
)

// unread are the fields of the client's records that no source tells, so that the file doesn't have them.
var unread = []string{"Call.SourceNumber", "Campaign.AgentID", "Campaign.From"}

// TestMock has the client speak to a mock server that knows nothing but the file.
func TestMock(t *testing.T) {
	url := startMock(t)
	t.Run("examples", func(t *testing.T) { mockExamples(t, url) })
	t.Run("made up", func(t *testing.T) { mockMadeUp(t, url) })
	t.Run("errors", func(t *testing.T) { mockErrors(t, url) })
	t.Run("bad requests", func(t *testing.T) { mockBadRequests(t, url) })
}

// mockExamples has every method read the file's examples, and lose nothing of them.
func mockExamples(t *testing.T, url string) {
	for _, m := range methods {
		for _, full := range []bool{false, true} {
			record, err := useMock(t, url, m, full, "")
			require.NoError(t, err, "%s, full %v", m.name, full)
			if m.name == "Calls.Create" { // of whose answer these are likely, and no more is known
				call := record.(*voiceagent.Call)
				assert.NotEmpty(t, call.ID)
				assert.NotEmpty(t, call.SessionID)
				assert.NotEmpty(t, call.Status)
				assert.Empty(t, call.Extra)
				continue
			}
			whole(t, m.name, reflect.ValueOf(record))
		}
	}
	for _, example := range []string{"texts", "objects"} {
		items, err := useMock(t, url, methodNamed(t, "Catalog.Voices"), true, "example="+example)
		require.NoError(t, err)
		assert.Len(t, items, 2, example)
	}
}

// whole fails the test for a field of a record that stayed empty, and for a key of the file that the client doesn't know.
func whole(t *testing.T, name string, v reflect.Value) {
	t.Helper()
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() != reflect.Struct {
		return
	}
	if data := v.FieldByName("Data"); data.IsValid() { // a page
		require.Equal(t, 1, data.Len(), name)
		v = data.Index(0)
	}
	missing := slices.DeleteFunc(unset(v, v.Type().Name()), func(field string) bool { return slices.Contains(unread, field) })
	if extra := v.FieldByName("Extra"); extra.IsValid() {
		assert.Empty(t, missing, "%s leaves these empty", name)
		assert.Empty(t, extra.Interface(), "%s doesn't know these", name)
	}
}

// mockMadeUp has every method read answers that are made up from the schemas: each field there, many of them null. Where one says success:
// false, which the client takes for an error by design, the next has to do.
func mockMadeUp(t *testing.T, url string) {
	for _, m := range methods {
		read := 0
		for seed := range 8 {
			_, err := useMock(t, url, m, true, fmt.Sprintf("dynamic=true, seed=%d", seed))
			var apiErr *voiceagent.APIError
			if errors.As(err, &apiErr) && apiErr.StatusCode == http.StatusOK {
				continue
			}
			if assert.NoError(t, err, "%s, seed %d", m.name, seed) {
				read++
			}
		}
		assert.GreaterOrEqual(t, read, 2, m.name)
	}
}

// mockErrors has every method read each status with each example of an error body.
func mockErrors(t *testing.T, url string) {
	messages := map[string]string{
		"envelope": "Agent name is already in use", "detail": "Invalid or expired API key", "message": "Something went wrong",
		"detailList": "contacts[3].phone: Field required",
	}
	for _, m := range methods {
		for _, status := range statuses {
			example := []string{"envelope", "message"}[status%2]
			_, err := useMock(t, url, m, true, fmt.Sprintf("code=%d, example=%s", status, example))
			var apiErr *voiceagent.APIError
			require.ErrorAs(t, err, &apiErr, "%s %d", m.name, status)
			assert.Equal(t, status, apiErr.StatusCode, m.name)
			assert.Equal(t, messages[example], apiErr.Message, "%s %d", m.name, status)
		}
	}
	for status, example := range map[int]string{401: "detail", 403: "detail", 400: "detailList", 422: "detailList"} {
		_, err := useMock(t, url, methodNamed(t, "Agents.Create"), true, fmt.Sprintf("code=%d, example=%s", status, example))
		var apiErr *voiceagent.APIError
		require.ErrorAs(t, err, &apiErr)
		assert.Equal(t, status, apiErr.StatusCode)
		assert.Equal(t, messages[example], apiErr.Message)
	}
}

// mockBadRequests sees that the mock server does check: what it refuses here it would have refused above.
func mockBadRequests(t *testing.T, url string) {
	for name, row := range badRequests {
		client := mockClient(t, url, nil, "")
		err := client.Request(t.Context(), row.method, row.path, row.body, nil)
		var apiErr *voiceagent.APIError
		if assert.ErrorAs(t, err, &apiErr, name) {
			assert.Contains(t, []int{400, 422}, apiErr.StatusCode, name)
		}
	}
	client := mockClient(t, url, nil, "")
	err := client.Request(t.Context(), "GET", "/agent", nil, nil)
	var missing *voiceagent.NotFoundError
	assert.ErrorAs(t, err, &missing)
}

// useMock runs one method, with what the mock server is to answer.
func useMock(t *testing.T, url string, m method, full bool, prefer string) (any, error) {
	t.Helper()
	var violations []string
	client := mockClient(t, url, &violations, prefer)
	record, err := m.run(t.Context(), client, target{agent: "ag_1", call: "call_1", campaign: "camp_1", most: 1}, full)
	assert.Empty(t, violations, "%s: the mock server finds fault", m.name)
	return record, err
}

// mockClient makes a client that notes what the mock server finds wrong with a request, or with its own answer.
func mockClient(t *testing.T, url string, violations *[]string, prefer string) *voiceagent.Client {
	t.Helper()
	wire := &http.Transport{}
	t.Cleanup(wire.CloseIdleConnections)
	opts := []voiceagent.ClientOption{voiceagent.WithBaseURL(url), voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail)}
	if prefer != "" {
		opts = append(opts, voiceagent.WithHeader("Prefer", prefer))
	}
	return newClient(t, roundTrip(func(req *http.Request) (*http.Response, error) {
		res, err := wire.RoundTrip(req)
		if err == nil && violations != nil {
			if found := res.Header.Get("Sl-Violations"); found != "" {
				*violations = append(*violations, req.Method+" "+req.URL.Path+": "+found)
			}
		}
		return res, err
	}), opts...)
}
