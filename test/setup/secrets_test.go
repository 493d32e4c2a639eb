package setup_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// telling are parts of the key and of what callers say, in each coding that a formatting verb has.
var telling = func() (parts []string) {
	for _, secret := range []string{"0SECRET1", "SECRET2"} {
		parts = append(parts, secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret),
			strings.Trim(fmt.Sprintf("%d", []byte(secret)), "[]"))
	}
	return parts
}()

func assertSilent(t *testing.T, text, where string) {
	t.Helper()
	for _, part := range telling {
		assert.NotContains(t, text, part, where)
	}
}

// assertNeverPrinted prints a value in every way there is.
func assertNeverPrinted(t *testing.T, where string, value any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%t", "%p", "%c", "%U", "%e"} {
		assertSilent(t, fmt.Sprintf(verb, value), where+" as "+verb)
	}
	text, _ := json.Marshal(value) // what can't be marshalled shows nothing
	assertSilent(t, string(text), where+" as JSON")
	for name, log := range map[string]func(io.Writer) slog.Handler{
		"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"JSON": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	} {
		var said bytes.Buffer
		slog.New(log(&said)).Error("failed", "value", value, "values", []any{value})
		assertSilent(t, said.String(), where+" in a log as "+name)
	}
}

// assertNoTextInside visits unexported fields too, as some printers do: no string in a client may
// hold the key.
func assertNoTextInside(t *testing.T, value reflect.Value, path string, seen map[any]bool) {
	t.Helper()
	switch value.Kind() {
	case reflect.String:
		assertSilent(t, value.String(), path)
	case reflect.Interface:
		assertNoTextInside(t, value.Elem(), path, seen)
	case reflect.Pointer:
		type place struct {
			at uintptr
			of reflect.Type
		}
		if at := (place{value.Pointer(), value.Type()}); !value.IsNil() && !seen[at] {
			seen[at] = true
			assertNoTextInside(t, value.Elem(), path, seen)
		}
	case reflect.Struct:
		for i := range value.NumField() {
			assertNoTextInside(t, value.Field(i), path+"."+value.Type().Field(i).Name, seen)
		}
	case reflect.Slice:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			assertSilent(t, string(value.Bytes()), path)
			return
		}
		for i := range value.Len() {
			assertNoTextInside(t, value.Index(i), path, seen)
		}
	}
}

func TestKeyIsNeverPrinted(t *testing.T) {
	t.Parallel()
	client := testkit.NewAnswering(t, 200, testkit.OKCall)
	_, err := client.Calls.Get(t.Context(), "call_1")
	require.NoError(t, err)
	withKey := voiceagent.WithAPIKey(testkit.Key)
	for where, value := range map[string]any{
		"client":     client,
		"its value":  reflect.ValueOf(client).Elem().Interface(), // as vet forbids to copy it
		"a service":  client.Agents,
		"option":     withKey,
		"options":    []voiceagent.ClientOption{withKey, voiceagent.WithHeader("X-Team", "a")},
		"settings":   client.Describe(),
		"a setting":  client.Describe()[0],
		"in a field": struct{ C *voiceagent.Client }{client},
		"as pointer": &client,
	} {
		assertNeverPrinted(t, where, value)
		assertNoTextInside(t, reflect.ValueOf(value), where, make(map[any]bool))
	}
	assert.Equal(t, voiceagent.Setting{Name: "API key", Value: testkit.RedactedKey, Source: "WithAPIKey"}, client.Describe()[0])
	assert.Contains(t, client.Describe().String(), testkit.RedactedKey)
	assert.Equal(t, "voiceagent.Client("+testkit.Base+")", fmt.Sprint(client))
	for _, malformed := range []string{testkit.Key + " ", testkit.Key + "\n", "Bearer " + testkit.Key, "\x00" + testkit.Key, testkit.Key + "ü"} {
		_, err := voiceagent.NewClient(voiceagent.WithAPIKey(malformed))
		require.Error(t, err)
		assertNeverPrinted(t, "the refusal of a malformed key", err)
	}
}

// echoes are servers and transports that repeat everything they got.
var echoes = map[string]http.RoundTripper{
	"401":               testkit.RoundTrip(testkit.Answer(401, `{"detail":"Invalid API key `+testkit.Key+`"}`)),
	"401, with bearer":  testkit.RoundTrip(testkit.Answer(401, `{"success":false,"error":{"code":"authentication_error","message":"Bearer `+testkit.Key+`"},"request_id":"`+testkit.Key+`"}`)),
	"401, header":       testkit.RoundTrip(testkit.Answer(401, ``, "X-Request-Id", testkit.Key)),
	"422, fields":       testkit.RoundTrip(testkit.Answer(422, `{"detail":[{"loc":["header","`+testkit.Key+`"],"msg":"`+testkit.Key+`","type":"x"}]}`)),
	"422, code":         testkit.RoundTrip(testkit.Answer(422, `{"success":false,"error":{"code":"`+testkit.Key+`","message":"no"}}`)),
	"422, escaped":      testkit.RoundTrip(testkit.Answer(422, `{"error":{"code":"`+testkit.EscapedKey+`","message":"`+testkit.EscapedKey+`"},"request_id":"`+testkit.EscapedKey+`"}`)),
	"422, escaped list": testkit.RoundTrip(testkit.Answer(422, `{"detail":[{"loc":["header","`+testkit.EscapedKey+`"],"msg":"`+testkit.EscapedKey+`"}]}`)),
	"200, escaped":      testkit.RoundTrip(testkit.Answer(200, `{"data":null,"request_id":"`+testkit.EscapedKey+`"}`)),
	"429":               testkit.RoundTrip(testkit.Answer(429, testkit.Key)),
	"500, HTML":         testkit.RoundTrip(testkit.Answer(500, `<pre>Authorization: Bearer `+testkit.Key+`</pre>`)),
	"200, refused":      testkit.RoundTrip(testkit.Answer(200, `{"success":false,"message":"`+testkit.Key+`"}`)),
	"200, no JSON":      testkit.RoundTrip(testkit.Answer(200, `{"data":`+testkit.Key)),
	"200, wrong shape":  testkit.RoundTrip(testkit.Answer(200, `{"data":"`+testkit.Key+`"}`)),
	"200, wrong shapes": testkit.RoundTrip(testkit.Answer(200, `{"data":{"id":"x","created_at":{"`+testkit.Key+`":1},"webhook_config":"`+testkit.Key+`","started_at":[],"transcript":{"`+testkit.Key+`":2}}}`)),
	"200, wrong key":    testkit.RoundTrip(testkit.Answer(200, `{"data":{"id":{"`+testkit.Key+`":true}},"request_id":"`+testkit.Key+`"}`)),
	"no answer": testkit.RoundTrip(func(req *http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("malformed HTTP response %q", req.Header.Get("Authorization"))
	}),
	"redirect": testkit.RoundTrip(testkit.Answer(302, "", "Location", "https://"+testkit.Key+"@elsewhere.test/"+testkit.Key)),
}

func TestKeyIsInNoError(t *testing.T) {
	t.Parallel()
	for name, transport := range echoes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // a 429 parks the client
				client := testkit.NewClient(t, transport, voiceagent.WithMaxRetries(1), voiceagent.WithRetryPolicy(testkit.Quickly{}))
				for _, m := range testkit.Methods {
					if !slices.Contains([]string{"Agents.Get", "Agents.List", "Agents.Delete", "Calls.Create", "Campaigns.Pause", "Catalog.Voices"}, m.Name) {
						continue // one for each way to read an answer
					}
					var response voiceagent.Response
					err := m.Call(t.Context(), client, voiceagent.WithResponse(&response))
					if err == nil {
						continue // the catalog takes nearly every shape
					}
					assertNeverPrinted(t, m.Name, err)
					assertNeverPrinted(t, m.Name+", attempts", response.Attempts)
				}
			})
		})
	}
}

// logLines sends through a client that logs everything, and returns the lines parsed and as text.
func logLines(t *testing.T, transport http.RoundTripper, send func(context.Context, *voiceagent.Client) error) (lines []map[string]any, text string) {
	t.Helper()
	var parsed, plain lockedBuffer
	all := &slog.HandlerOptions{Level: slog.LevelDebug}
	for log, handler := range map[*lockedBuffer]slog.Handler{&parsed: slog.NewJSONHandler(&parsed, all), &plain: slog.NewTextHandler(&plain, all)} {
		_ = send(t.Context(), testkit.NewClient(t, transport, voiceagent.WithLogger(slog.New(handler))))
		text += log.String()
	}
	for line := range strings.Lines(parsed.String()) {
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &fields), line)
		lines = append(lines, fields)
	}
	return lines, text
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestLogsHoldTheAllowListOnly(t *testing.T) {
	t.Parallel()
	allowed := []string{"time", "level", "msg", "method", "route", "status", "request_id", "attempt", "wait", "reason", "duration"}
	personal := []string{"919876543210", "98765 43210", "Asha", "hello world", "You are a", "call_secret", "call/", "req-body", testkit.Base}
	transports := map[string]http.RoundTripper{
		"success": testkit.RoundTrip(testkit.Answer(200, `{"data":{"id":"call_secret","phone_number":"+919876543210","transcript":[{"role":"user","content":"hello world"}]}}`)),
		"retry":   testkit.RoundTrip(testkit.Answer(500, `{"message":"+91 98765 43210 said hello world"}`)),
		"429":     testkit.RoundTrip(testkit.Answer(429, `{"detail":"hello world +919876543210"}`, "Retry-After", "1")),
		"503":     testkit.RoundTrip(testkit.Answer(503, `+919876543210`, "Retry-After", "1")),
		"lost": testkit.RoundTrip(func(*http.Request) (*http.Response, error) {
			return nil, fmt.Errorf("hello world +919876543210 %s", testkit.Key)
		}),
	}
	maps.Copy(transports, echoes)
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // for the waits
				lines, text := logLines(t, transport, func(ctx context.Context, c *voiceagent.Client) error {
					call, agent := testkit.ValidCall(), testkit.ValidAgent()
					call.Metadata, agent.StartFlow = map[string]any{"name": "Asha"}, "You are a receptionist."
					_, _ = c.Calls.Create(ctx, call)
					_, _ = c.Agents.Create(ctx, agent)
					_, _ = c.Calls.Get(ctx, "call_secret")
					_ = c.Request(ctx, "GET", "/numbers/%2B919876543210?to=919876543210", nil, nil)
					return c.Request(ctx, "PUT", "/agents/call_secret0", json.RawMessage(`"req-body"`), nil)
				})
				require.NotEmpty(t, lines)
				for _, line := range lines {
					for key := range line {
						assert.Contains(t, allowed, key, line)
					}
				}
				assertSilent(t, text, "the log")
				for _, part := range personal {
					assert.NotContains(t, strings.ReplaceAll(text, "/calls/{", "{"), part)
				}
			})
		})
	}
}

// However a server writes a number, an error and its log line show the last 4 digits.
func TestNumbersAreMasked(t *testing.T) {
	t.Parallel()
	for _, number := range []string{
		"+919876543210", "+91 98765 43210", "+91-98765-43210", "+91 (98765) 43210", "+91.98765.43210", "%2B919876543210", "%2b919876543210",
		"919876543210", "00919876543210", "tel:+919876543210", "sip:+919876543210@example.com", "phone_number=919876543210", "9876543210",
	} {
		for _, body := range []string{
			`{"detail":"can't reach ` + number + `, hang up"}`, `{"success":false,"error":{"code":"x","message":"` + number + `"}}`,
			`{"detail":[{"loc":["body","phone_number"],"msg":"` + number + ` is busy","type":"value_error"}]}`,
		} {
			_, err := testkit.NewAnswering(t, 422, body).Calls.Create(t.Context(), testkit.ValidCall())
			require.Error(t, err)
			var said bytes.Buffer
			slog.New(slog.NewJSONHandler(&said, nil)).Error("failed", "error", err)
			for _, text := range []string{err.Error(), said.String()} {
				digits := strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", ".", "").Replace(text)
				assert.NotContains(t, digits, "543210", "%s in %s", number, body)
				assert.Contains(t, digits, "***", "%s in %s", number, body)
				assert.Contains(t, text, "3210", "%s in %s", number, body)
			}
		}
	}
}
