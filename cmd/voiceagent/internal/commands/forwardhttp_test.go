package commands

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whichever way the sender sends, the program gets a body of a known length, and no upgrade.
func TestAForwardedBodyHasALength(t *testing.T) {
	t.Parallel()
	for _, body := range []string{spaced, ""} {
		var got *http.Request
		f, _ := newTestForwarder(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			got = r
			return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, nil
		}))
		request := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader(body)))
		request.TransferEncoding = []string{"chunked"}
		request.Header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}}
		f.ServeHTTP(httptest.NewRecorder(), request)
		assert.Empty(t, got.TransferEncoding)
		assert.Equal(t, int64(len(body)), got.ContentLength)
		assert.Equal(t, body == "", got.Body == http.NoBody)
		assert.NotContains(t, got.Header, "Connection")
		assert.NotContains(t, got.Header, "Upgrade")
	}
}

// What breaks off is no delivery: the sender tries again, and it doesn't count.
func TestAnAnswerThatBreaksOff(t *testing.T) {
	t.Parallel()
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, "begun")
	}))
	t.Cleanup(target.Close)
	f, printed := newTestForwarder(t, http.DefaultTransport)
	f.left, f.enough = 1, make(chan struct{})
	f.target, _ = url.Parse(target.URL)
	listening := httptest.NewServer(f)
	t.Cleanup(listening.Close)
	answer, err := http.Post(listening.URL, "application/json", strings.NewReader(spaced))
	if err == nil {
		_, err = io.ReadAll(answer.Body)
		answer.Body.Close()
	}
	require.Error(t, err)
	listening.Close()
	assert.Equal(t, "no whole answer to the sender, as the program's answer broke off, or the sender didn't wait for it", (*printed)[0].outcome())
	assert.Equal(t, 1, f.left)
}

// Two that forward to each other, or a tunnel that leads back, hand a delivery on once.
func TestForwardingInALoopEnds(t *testing.T) {
	t.Parallel()
	f, printed := newTestForwarder(t, http.DefaultTransport)
	warned := ""
	f.warn = func(text string) { warned = text }
	one := httptest.NewServer(f)
	t.Cleanup(one.Close)
	g, _ := newTestForwarder(t, http.DefaultTransport)
	g.target, _ = url.Parse(one.URL)
	other := httptest.NewServer(g)
	t.Cleanup(other.Close)
	f.target, _ = url.Parse(other.URL)
	answer, err := http.Post(one.URL, "application/json", strings.NewReader(spaced))
	require.NoError(t, err)
	answer.Body.Close()
	assert.Equal(t, http.StatusLoopDetected, answer.StatusCode)
	one.Close()
	assert.Len(t, *printed, 1)
	assert.Equal(t, "--forward-to "+other.URL+" leads back to here: give the address of your program", warned)
}

// Ctrl-C doesn't wait for a program that doesn't answer, nor for a sender that doesn't end: the
// delivery is told, and its sender tries again.
func TestListenEndsWithADeliveryUnderWay(t *testing.T) {
	t.Parallel()
	came := make(chan struct{})
	target := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(came)
		_, _ = io.ReadAll(r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(target.Close)
	l := startListening(t, nil, "--forward-to", target.URL)
	slow, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimSuffix(strings.TrimPrefix(l.url, "http://"), "/"))
	require.NoError(t, err)
	defer slow.Close()
	_, err = io.WriteString(slow, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nbegun")
	require.NoError(t, err)
	text := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(l.out)
		text <- string(all)
	}()
	status := make(chan int, 1)
	go func() { status <- l.send(t, "") }()
	<-came
	l.end()
	assert.Zero(t, <-l.code)
	assert.Equal(t, http.StatusBadGateway, <-status)
	assert.Contains(t, <-text, "502 to the sender, as the sender, or Ctrl-C, didn't wait for the answer")
	assert.NotContains(t, <-l.told, "Error")
}
