package commands

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
	"github.com/voiceagent-go/voiceagent/webhook"
)

// spaced is a body that would be another one if it were written anew.
const spaced = "{ \"event\":\"CALL_ENDED\",\"data\":{\"session_id\" : \"s_2\",\"status\":\"completed\"} }\n"

// A delivery reaches the program as it came, so that its signature fits, and the sender gets the
// program's answer.
func TestListenForwards(t *testing.T) {
	t.Parallel()
	got := make(chan *http.Request, 1)
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		assert.True(t, bytes.Equal([]byte(spaced), body), "%q", body)
		assert.NoError(t, webhook.DefaultScheme(r.Header, body, []string{"whsec_test_1"}))
		got <- r
		w.Header().Set("X-Answer", "mine")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	}))
	t.Cleanup(target.Close)
	l := startListening(t, nil, "--forward-to", target.URL+"/hook?token=hush")
	lines := make(chan string, 2)
	go func() {
		for scanner := bufio.NewScanner(l.out); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	answer := l.sendBody(t, http.MethodPost, spaced, http.Header{
		"X-Levrage-Signature": {webhook.Sign([]byte(spaced), "whsec_test_1")}, "X-More": {"a", "b"}, "Keep-Alive": {"timeout=5"}, "User-Agent": {"Sender/1.0"},
	})
	require.NotNil(t, answer)
	text, _ := io.ReadAll(answer.Body)
	assert.Equal(t, "418 mine short and stout", strings.Join([]string{answer.Status[:3], answer.Header.Get("X-Answer"), string(text)}, " "))

	r := <-got
	assert.Equal(t, "POST /hook?token=hush", r.Method+" "+r.RequestURI)
	assert.Equal(t, strings.TrimPrefix(target.URL, "http://"), r.Host)
	assert.Equal(t, []string{"a", "b"}, r.Header["X-More"])
	assert.Equal(t, "Sender/1.0", r.Header.Get("User-Agent"))
	for _, absent := range []string{"Keep-Alive", "Accept-Encoding", "X-Forwarded-For"} {
		assert.NotContains(t, r.Header, absent)
	}
	assert.Regexp(t, `^[0-9:]+  CALL_ENDED  s_2  +completed`, <-lines)
	assert.Regexp(t, `^          -> `+target.URL+`/hook  418 I'm a teapot in \d+ ms$`, <-lines)
	l.end()
	assert.Zero(t, <-l.code)
	assert.NotContains(t, <-l.told, "hush")
}

// While the program is away the sender is told to try again, and the next try goes through.
func TestForwardedToNobody(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	l := startListening(t, nil, "--forward-to", "http://"+address+"/?token=hush", "-o", "json", "--count", "1")
	printed := json.NewDecoder(l.out)
	var line forwarded
	status := make(chan int, 1)
	deliver := func() { status <- l.send(t, "") }

	go deliver()
	require.NoError(t, printed.Decode(&line))
	assert.Equal(t, http.StatusBadGateway, <-status)
	assert.Equal(t, http.StatusBadGateway, line.Status)
	assert.Contains(t, line.Error, "nothing listens there")
	assert.NotContains(t, line.Error+line.To, "hush")
	assert.Equal(t, "CALL_ENDED:s_1", line.ID)

	listener, err = net.Listen("tcp", address)
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(listener) }()
	go deliver()
	line = forwarded{}
	require.NoError(t, printed.Decode(&line))
	assert.Equal(t, http.StatusOK, <-status)
	assert.Equal(t, http.StatusOK, line.Status)
	assert.Empty(t, line.Error)
	assert.Zero(t, <-l.code, "one was delivered, which is the count")
}

// newTestForwarder has a transport in the target's place.
func newTestForwarder(t *testing.T, transport http.RoundTripper) (*forwarder, *[]forwarded) {
	t.Helper()
	target, err := url.Parse("http://127.0.0.1:1/hook")
	require.NoError(t, err)
	var printed []forwarded
	f := newForwarder(&cli.Program{}, target, 0, nil)
	f.transport = transport
	f.print = func(done forwarded) error { printed = append(printed, done); return nil }
	return f, &printed
}

type roundTrip func(*http.Request) (*http.Response, error)

func (do roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return do(r) }

func TestAForwardedDeliveryIsNotWaitedForWithoutEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, printed := newTestForwarder(t, roundTrip(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		answer := httptest.NewRecorder()
		f.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(spaced)))
		assert.Equal(t, http.StatusGatewayTimeout, answer.Code)
		assert.Equal(t, "there was no answer within 30s", (*printed)[0].Error)
		assert.InDelta(t, 30_000, (*printed)[0].Millis, 1)
	})
}

func TestWhatIsNotForwarded(t *testing.T) {
	t.Parallel()
	f, printed := newTestForwarder(t, roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("it reached the target")
	}))
	for _, c := range []struct {
		method string
		body   io.Reader
		status int
	}{
		{http.MethodGet, nil, http.StatusMethodNotAllowed},
		{http.MethodPost, strings.NewReader(strings.Repeat("x", maxForwarded+1)), http.StatusRequestEntityTooLarge},
		{http.MethodPost, io.MultiReader(strings.NewReader("{"), failing{}), http.StatusBadRequest},
	} {
		answer := httptest.NewRecorder()
		f.ServeHTTP(answer, httptest.NewRequest(c.method, "/", c.body))
		assert.Equal(t, c.status, answer.Code)
	}
	assert.Empty(t, *printed)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// What can't be read is forwarded too: the program may know more.
func TestABodyThatCantBeReadIsForwarded(t *testing.T) {
	t.Parallel()
	f, printed := newTestForwarder(t, roundTrip(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		assert.Equal(t, "[\xff", string(body))
		return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody}, err
	}))
	answer := httptest.NewRecorder()
	f.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("[\xff")))
	assert.Equal(t, http.StatusNoContent, answer.Code)
	assert.Equal(t, "\"[\ufffd\"", string((*printed)[0].Data))
}

func TestWhereListenWouldForwardToItself(t *testing.T) {
	t.Parallel()
	own := func(text string) net.Addr {
		addr, err := net.ResolveTCPAddr("tcp", text)
		require.NoError(t, err)
		return addr
	}
	for _, c := range []struct {
		target, own string
		want        bool
	}{
		{"http://127.0.0.1:8080/hook", "127.0.0.1:8080", true},
		{"http://localhost:8080/", "127.0.0.1:8080", true},
		{"http://localhost:8080/", "[::]:8080", true},
		{"http://[::1]:8080/", "127.0.0.1:8080", true},
		{"http://127.0.0.1/", "0.0.0.0:80", true},
		{"http://192.0.2.1:8080/", "192.0.2.1:8080", true},
		{"http://127.0.0.1:3000/", "127.0.0.1:8080", false},
		{"http://192.0.2.1:8080/", "127.0.0.1:8080", false},
		{"https://localhost:8080/", "127.0.0.1:8080", false},
		{"http://example.com:8080/", "127.0.0.1:8080", false},
	} {
		target, err := url.Parse(c.target)
		require.NoError(t, err)
		assert.Equal(t, c.want, isSelf(target, own(c.own)), "%s at %s", c.target, c.own)
	}
}

// A delivery that is signed in another way is told how, and taken.
func TestListenDiagnoses(t *testing.T) {
	t.Parallel()
	l := startListening(t, map[string]string{secretVariable: "whsec_test_1"}, "--diagnose")
	go func() { _, _ = io.Copy(io.Discard, l.out) }()
	assert.Equal(t, http.StatusUnauthorized, l.send(t, ""))
	assert.Equal(t, http.StatusUnauthorized, l.send(t, webhook.Sign([]byte(callEnded), "whsec_test_2")))
	signed := webhook.Sign([]byte("1736937000."+callEnded), "whsec_test_1")
	assert.Equal(t, http.StatusOK, l.send(t, "t=1736937000,v1="+signed))
	l.end()
	assert.Zero(t, <-l.code)
	told := <-l.told
	assert.Equal(t, 2, strings.Count(told, "Signature: no scheme fits that this program knows\n"))
	assert.Contains(t, told, "Signature: X-Levrage-Signature has it, in hex, behind v1=\n  algorithm: HMAC-SHA256\n"+
		"  signed: the time in X-Levrage-Signature's t=, \".\", the body\n  key: the whole secret\n"+
		"  header: X-Levrage-Signature: t= a time of 10 characters, v1= 64 hex digits\n  what to do: Package webhook has no such scheme")
	for _, hidden := range []string{"whsec_", signed, "1736937000", "9876543210", "call back"} {
		assert.NotContains(t, told, hidden)
	}
}

// Forwarding and diagnosing go together: the program gets what fits, and what doesn't.
func TestListenDiagnosesWhatItForwards(t *testing.T) {
	t.Parallel()
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(target.Close)
	l := startListening(t, map[string]string{secretVariable: "whsec_test_1"}, "--diagnose", "--forward-to", target.URL, "-o", "json")
	go func() { _, _ = io.Copy(io.Discard, l.out) }()
	assert.Equal(t, http.StatusOK, l.send(t, webhook.Sign([]byte(callEnded), "whsec_test_1")))
	assert.Equal(t, http.StatusOK, l.send(t, "nonsense"))
	l.end()
	<-l.code
	lines := strings.Split(strings.TrimSpace(<-l.told), "\n")
	require.Len(t, lines, 2)
	assert.Contains(t, lines[0], `{"signature":{"fit":{"header":"X-Levrage-Signature","encoding":"hex","algorithm":"HMAC-SHA256","message":"the body","key":"the whole secret"}`)
	assert.Contains(t, lines[1], `{"signature":{"fit":null`)
}
