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
}

func startListening(t *testing.T, variables map[string]string, args ...string) *listening {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, outEnd := io.Pipe()
	told, toldEnd := io.Pipe()
	l := &listening{out: out, end: cancel, code: make(chan int, 1)}
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
	go func() { _, _ = io.Copy(io.Discard, told) }()
	return l
}

// send delivers an event and returns the status of the answer; 0 when there was none.
func (l *listening) send(t *testing.T, signature string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url, strings.NewReader(callEnded))
	if !assert.NoError(t, err) {
		return 0
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Levrage-Signature", signature)
	request.Close = true
	answer, err := new(http.Transport).RoundTrip(request)
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
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
