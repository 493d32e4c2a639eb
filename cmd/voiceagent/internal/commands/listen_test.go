package commands

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/webhook"
)

const callEnded = `{"event":"CALL_ENDED","timestamp":"2025-01-15T10:30:00Z","data":{"session_id":"s_1","phone_number":"+919876543210",` +
	`"status":"completed","duration_seconds":180,"call_summary":"Wants\u001b[2J a call back"}}`

// listening is a run of listen in this process.
type listening struct {
	url  string
	out  *io.PipeReader
	end  context.CancelFunc
	code chan int
	told chan string // what it wrote to stderr, once it has ended
}

func startListening(t *testing.T, variables map[string]string, args ...string) *listening {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, outEnd := io.Pipe()
	told, toldEnd := io.Pipe()
	l := &listening{out: out, end: cancel, code: make(chan int, 1), told: make(chan string, 1)}
	go func() {
		l.code <- run(ctx, append([]string{"listen", "--address", "127.0.0.1:0"}, args...), strings.NewReader(""), outEnd, toldEnd,
			func(name string) string { return variables[name] })
		outEnd.Close()
		toldEnd.Close()
	}()
	line := make([]byte, 100)
	n, err := told.Read(line)
	require.NoError(t, err)
	l.url = strings.TrimSpace(strings.TrimPrefix(string(line[:n]), "listening on "))
	go func() {
		text, _ := io.ReadAll(told)
		l.told <- string(text)
	}()
	return l
}

// send delivers an event and returns the status of the answer; 0 when there was none.
func (l *listening) send(t *testing.T, signature string) int {
	t.Helper()
	answer := l.sendBody(t, http.MethodPost, callEnded, http.Header{"X-Levrage-Signature": {signature}})
	if answer == nil {
		return 0
	}
	return answer.StatusCode
}

// sendBody returns the answer, of which the body has been read; nil when there was none.
func (l *listening) sendBody(t *testing.T, method, body string, header http.Header) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, l.url, strings.NewReader(body))
	if !assert.NoError(t, err) {
		return nil
	}
	request.Header = header
	request.Header.Set("Content-Type", "application/json")
	request.Close = true
	answer, err := (&http.Transport{DisableCompression: true}).RoundTrip(request)
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	assert.NoError(t, err)
	answer.Body = io.NopCloser(strings.NewReader(string(text)))
	return answer
}

func TestListenTakesWhatIsSigned(t *testing.T) {
	t.Parallel()
	l := startListening(t, map[string]string{secretVariable: "whsec_test_1"})
	assert.Equal(t, http.StatusUnauthorized, l.send(t, ""))
	assert.Equal(t, http.StatusUnauthorized, l.send(t, webhook.Sign([]byte(callEnded), "whsec_test_2")))
	status := make(chan int)
	go func() { status <- l.send(t, webhook.Sign([]byte(callEnded), "whsec_test_1")) }()
	line := make([]byte, 300)
	n, err := l.out.Read(line)
	require.NoError(t, err)
	assert.Contains(t, string(line[:n]), "CALL_ENDED  s_1  +919876543210  completed  3m0s  Wants [2J a call back\n", "and nothing that steers the terminal")
	assert.Equal(t, http.StatusOK, <-status)
	l.end()
	assert.Zero(t, <-l.code, "Ctrl-C is how it is ended")
	assert.Equal(t, 1, strings.Count(<-l.told, "voiceagent listen --diagnose finds out how deliveries are signed"))
}

// An event that could not be printed wasn't received: the vendor sends it again.
func TestListenDoesNotLoseEvents(t *testing.T) {
	t.Parallel()
	l := startListening(t, nil, "--unsigned", "-o", "json")
	require.NoError(t, l.out.CloseWithError(io.ErrClosedPipe))
	assert.Equal(t, http.StatusInternalServerError, l.send(t, ""))
	l.end()
	<-l.code
}

// The whole of an event that can't be read is printed, whatever it is.
func TestAnEventThatCantBeRead(t *testing.T) {
	t.Parallel()
	var got webhook.Event
	h := webhook.NewHandler(webhook.HandlerParams{Unsigned: true, Handle: func(_ context.Context, event webhook.Event) error {
		got = event
		return nil
	}})
	request := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("[\xff"))
	request.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(httptest.NewRecorder(), request)
	require.NoError(t, h.Shutdown(t.Context()))
	assert.Equal(t, "\"[\ufffd\"", string(receivedFrom(got).Data))
}
