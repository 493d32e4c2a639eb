package errors_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// spellings are those that internal/secret is tested with. Each line has a number, and no other
// digits.
func spellings(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../../internal/secret/testdata/masked.txt")
	require.NoError(t, err)
	return strings.Split(strings.TrimSpace(string(data)), "\n")
}

func digitsIn(text string) (n int) {
	for _, r := range text {
		if unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// The texts hold no digits but those of numbers, so 4 for each mask are the most.
func assertMasked(t *testing.T, text, from string) {
	t.Helper()
	assert.Contains(t, text, "***", from)
	assert.LessOrEqual(t, digitsIn(text), 4*strings.Count(text, "***"), "%q: %q", from, text)
}

func TestNoNumberIsShownWhole(t *testing.T) {
	t.Parallel()
	for _, spelled := range spellings(t) {
		quoted, err := json.Marshal(spelled)
		require.NoError(t, err)
		body := fmt.Sprintf(`{"success":false,"error":{"code":%[1]s,"message":%[1]s,"details":[{"loc":["body",%[1]s],"msg":%[1]s}]},"request_id":%[1]s}`, quoted)
		_, err = testkit.NewAnswering(t, 422, body).Agents.Get(t.Context(), "ag_x")
		api, ok := errors.AsType[*voiceagent.APIError](err)
		require.True(t, ok)
		require.Len(t, api.Fields, 1)
		for _, text := range []string{string(api.Code), api.Message, api.Fields[0].Field, api.Fields[0].Message, api.RequestID, api.Attempts[0].RequestID} {
			assertMasked(t, text, spelled)
		}
		var log bytes.Buffer
		slog.New(slog.NewTextHandler(&log, nil)).Error("failed", "error", err)
		_, logged, _ := strings.Cut(log.String(), " code=")
		logged, _, _ = strings.Cut(logged, " error.attempts=")
		assert.NotContains(t, strings.ReplaceAll(logged, "\\", ""), spelled)

		client := testkit.NewClient(t, testkit.RoundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New(spelled) }), voiceagent.WithMaxRetries(0))
		_, err = client.Agents.Get(t.Context(), "ag_x")
		for err := err; err != nil; err = errors.Unwrap(err) {
			if _, is := errors.AsType[*voiceagent.ConnectionError](err); is || errors.Unwrap(err) != nil {
				assertMasked(t, err.Error(), spelled)
			}
		}
	}
}

// What was sent comes back in no form, and in no place that is shown, even where it looks as an id,
// a length or a time does.
func TestWhatWasSentIsCutOut(t *testing.T) {
	t.Parallel()
	const shared = "whsec/made+up"
	for _, echo := range []string{
		"call_919876543210", "req_9876543210", "9876543210 bytes", "98765,43210", "98765:43210", "x98765x43210", "timestamp 1555010000", testkit.Key,
		strings.ToUpper(testkit.Key), "whsec%2Fmade%2Bup", shared,
	} {
		quoted, err := json.Marshal(echo)
		require.NoError(t, err)
		for name, transport := range map[string]http.RoundTripper{
			"refused":    testkit.RoundTrip(testkit.Answer(422, fmt.Sprintf(`{"error":{"code":%[1]s,"message":%[1]s,"details":[{"loc":["body",%[1]s],"msg":%[1]s}]},"request_id":%[1]s}`, quoted))),
			"header":     testkit.RoundTrip(testkit.Answer(422, "", "X-Request-Id", echo)),
			"unreadable": testkit.RoundTrip(testkit.Answer(200, fmt.Sprintf(`{"success":true,"data":7,"request_id":%s}`, quoted))),
			"lost":       testkit.RoundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New(echo) }),
		} {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				client := testkit.NewClient(t, transport, voiceagent.WithMaxRetries(1),
					voiceagent.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
				var response voiceagent.Response
				err := client.Request(t.Context(), http.MethodPut, "/x/15550100009", map[string]any{
					"phone_number": "+919876543210", "from": "+15550100000", "webhook_config": map[string]any{"secret": shared},
				}, new(map[string]any), voiceagent.WithResponse(&response))
				require.Error(t, err)
				log.WriteString(err.Error() + response.RequestID)
				if api, ok := errors.AsType[*voiceagent.APIError](err); ok {
					fmt.Fprint(&log, api.Fields, api.Message, api.Code, api.RequestID)
				}
				assert.NotContains(t, log.String(), echo, name)
				for _, part := range []string{"98765", "43210", "15550", "15501"} {
					assert.NotContains(t, log.String(), part, name)
				}
			})
		}
	}
}

// A successful answer's request id is logged too.
func TestRequestIDOfASuccessIsMasked(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"call_919876543210": "call_***3210", "98765 43210": "***3210", "req_1234567890": "req_1234567890",
		"4bf92f3577b34da6a3ce929d0e0e4736": "4bf92f3577b34da6a3ce929d0e0e4736",
	} {
		var log bytes.Buffer
		client := testkit.NewClient(t, testkit.RoundTrip(testkit.Answer(200, `{"data":{"id":"call_1"},"request_id":"`+id+`"}`)),
			voiceagent.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		var response voiceagent.Response
		_, err := client.Calls.Create(t.Context(), testkit.ValidCall(), voiceagent.WithResponse(&response))
		require.NoError(t, err)
		assert.Equal(t, want, response.RequestID)
		assert.Contains(t, log.String(), want)
		assert.NotContains(t, log.String(), "98765")
	}
}
