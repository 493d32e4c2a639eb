package wire_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
	"github.com/voiceagent-go/voiceagent/internal/transport"
)

// hostile is a malicious or broken server that writes anything to the connection. The transport is
// the default one except for its dialler: the connections are pipes, so that time is virtual, and
// each byte that the server has written was read by the client.
type hostile struct {
	serve   func(conn io.Writer) // after a request was read; the connection is closed when it returns
	written atomic.Int64
	dialled atomic.Int64
}

// client ends with the bubble that it is made in.
func (h *hostile) client(t *testing.T, opts ...voiceagent.ClientOption) *voiceagent.Client {
	t.Helper()
	base := transport.NewBase(8)
	base.Proxy = nil
	base.DialContext = func(context.Context, string, string) (net.Conn, error) {
		h.dialled.Add(1)
		near, far := net.Pipe()
		go h.answer(far)
		return near, nil
	}
	t.Cleanup(base.CloseIdleConnections)
	client, err := voiceagent.NewClient(append([]voiceagent.ClientOption{
		voiceagent.WithAPIKey(testkit.Key), voiceagent.WithBaseURL("http://127.0.0.1/v1"),
		voiceagent.WithHTTPClient(&http.Client{Transport: base}), voiceagent.WithMaxRetries(0), voiceagent.WithMaxElapsed(0),
	}, opts...)...)
	require.NoError(t, err)
	return client
}

func (h *hostile) answer(conn net.Conn) {
	defer conn.Close()
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, req.Body)
	h.serve(writerFunc(func(p []byte) (int, error) {
		n, err := conn.Write(p)
		h.written.Add(int64(n))
		return n, err
	}))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// drip writes a byte a second.
func drip(text string) func(io.Writer) {
	return func(conn io.Writer) {
		for i := range len(text) {
			if _, err := io.WriteString(conn, text[i:i+1]); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
}

const idHeader = "X-Request-Id: req_header\r\n"

// A byte a second keeps a connection busy, so none of the usual timeouts of a connection ends it.
// The timeout of the attempt does.
func TestSlowLoris(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		said      string // at once
		slow      string
		want      any
		requestID bool
	}{
		"header":       {"", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 100), new(*voiceagent.ConnectionError), false},
		"success body": {"HTTP/1.1 200 OK\r\n" + idHeader + "\r\n", `{"data":{"id":"` + strings.Repeat("x", 1000), new(*voiceagent.DecodeError), true},
		"error body":   {"HTTP/1.1 404 Not Found\r\n" + idHeader + "\r\n", strings.Repeat(" ", 1000), new(*voiceagent.NotFoundError), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := &hostile{serve: func(conn io.Writer) {
					_, _ = io.WriteString(conn, c.said)
					drip(c.slow)(conn)
				}}
				client := h.client(t)
				start := time.Now()
				_, err := client.Calls.Get(t.Context(), "call_1")
				require.ErrorAs(t, err, fresh(c.want))
				assert.Equal(t, 30*time.Second, time.Since(start))
				if c.requestID {
					assert.Contains(t, err.Error(), "(request_id req_header)")
				}
				if name != "error body" { // there the status is known, and the body a detail
					require.ErrorIs(t, err, context.DeadlineExceeded)
					assert.Contains(t, err.Error(), "the attempt took longer than 30s")
				}
				time.Sleep(2 * time.Second) // until the server's next byte
				assert.LessOrEqual(t, h.written.Load(), int64(len(c.said))+31, "the connection goes on being read")
			})
		})
	}
}

// allocated is how many bytes f allocates in all, kept or not.
func allocated(f func()) int64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc)
}

// gigabyte writes 1 GiB, or as much as is taken.
func gigabyte(conn io.Writer) {
	block := bytes.Repeat([]byte("x"), 1<<20)
	for range 1 << 10 {
		if _, err := conn.Write(block); err != nil {
			return
		}
	}
}

// packedGigabyte returns a body that unpacks to before and 1 GiB of spaces. A gzip file may have
// several members.
func packedGigabyte(before string) []byte {
	var all, member bytes.Buffer
	w := gzip.NewWriter(&all)
	_, _ = io.WriteString(w, before)
	_ = w.Close()
	w = gzip.NewWriter(&member)
	_, _ = w.Write(bytes.Repeat([]byte(" "), 1<<20))
	_ = w.Close()
	for range 1 << 10 {
		_, _ = all.Write(member.Bytes())
	}
	return all.Bytes()
}

// A body of a gigabyte costs neither a gigabyte of memory nor of traffic, in a success and in an
// error, packed or not.
func TestGigabyteAnswers(t *testing.T) { // not parallel: it counts what the process allocates
	const mib = 1 << 20
	packed := packedGigabyte(`{"data":{"id":"`)
	require.Less(t, len(packed), 4*mib)
	for name, c := range map[string]struct {
		header  string
		body    func(io.Writer)
		want    any
		sent    int64 // at most
		memory  int64 // at most
		options []voiceagent.ClientOption
	}{
		"success, to the default limit": {"200 OK", gigabyte, new(*voiceagent.DecodeError), 33 * mib, 140 * mib, nil},
		"success, to a limit of its own": {"200 OK", gigabyte, new(*voiceagent.DecodeError), mib + 64<<10, 5 * mib,
			[]voiceagent.ClientOption{voiceagent.WithMaxResponseBytes(mib)}},
		"success, by its own account": {"200 OK\r\nContent-Length: 1073741824", gigabyte, new(*voiceagent.DecodeError), 64 << 10, mib, nil},
		"error":                       {"404 Not Found", gigabyte, new(*voiceagent.NotFoundError), 5*mib/4 + 64<<10, 6 * mib, nil},
		"error, by its own account":   {"404 Not Found\r\nContent-Length: 1073741824", gigabyte, new(*voiceagent.NotFoundError), 5*mib/4 + 64<<10, 6 * mib, nil},
		"success, packed":             {"200 OK\r\nContent-Encoding: gzip", func(w io.Writer) { _, _ = w.Write(packed) }, new(*voiceagent.DecodeError), mib, 140 * mib, nil},
		"error, packed":               {"404 Not Found\r\nContent-Encoding: gzip", func(w io.Writer) { _, _ = w.Write(packed) }, new(*voiceagent.NotFoundError), mib, 6 * mib, nil},
		"success, of control characters": {"200 OK", func(w io.Writer) {
			_, _ = io.WriteString(w, `{"data":{"id":"`)
			_, _ = w.Write(bytes.Repeat([]byte{1}, 31*mib))
		}, new(*voiceagent.DecodeError), 33 * mib, 230 * mib, nil},
		// Without the label it is taken for what it is not, and is no longer than what came.
		"success, packed without a label": {"200 OK", func(w io.Writer) { _, _ = w.Write(packed) }, new(*voiceagent.DecodeError), 4 * mib, 20 * mib, nil},
		"success, a label that is wrong":  {"200 OK\r\nContent-Encoding: gzip", gigabyte, new(*voiceagent.DecodeError), 64 << 10, mib, nil},
		"error, a label that is wrong":    {"404 Not Found\r\nContent-Encoding: gzip", gigabyte, new(*voiceagent.NotFoundError), 64 << 10, mib, nil},
		"no packing that is known":        {"200 OK\r\nContent-Encoding: br", func(w io.Writer) { _, _ = w.Write(packed) }, new(*voiceagent.DecodeError), 4 * mib, 20 * mib, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := &hostile{serve: func(conn io.Writer) {
					_, _ = io.WriteString(conn, "HTTP/1.1 "+c.header+"\r\n"+idHeader+"\r\n")
					c.body(conn)
				}}
				client := h.client(t, c.options...)
				var err error
				memory := allocated(func() {
					_, err = client.Calls.Get(t.Context(), "call_1")
					synctest.Wait() // until the server has given up
				})
				require.ErrorAs(t, err, fresh(c.want))
				assert.Contains(t, err.Error(), "(request_id req_header)")
				assert.Less(t, len(err.Error()), 4<<10)
				assert.LessOrEqual(t, h.written.Load(), c.sent, "bytes that the server got rid of")
				// They include a block of the server. Under the race detector a growing buffer is allocated
				// twice.
				assert.LessOrEqual(t, memory, 2*c.memory+mib, "bytes allocated")
				t.Logf("%d KiB taken, %d KiB allocated", h.written.Load()>>10, memory>>10)
			})
		})
	}
}

// An answer breaks the rules of HTTP. The test shows what net/http makes of it, and what a user
// gets.
func TestBrokenHTTP(t *testing.T) {
	t.Parallel()
	body := testkit.OKCall
	ok := func(header string) string { return "HTTP/1.1 200 OK\r\n" + idHeader + header + "\r\n" }
	sized := func(n int) string { return fmt.Sprintf("Content-Length: %d\r\n", n) }
	const over = "Connection: close\r\n" // or net/http logs what comes after
	const chunked = "Transfer-Encoding: chunked\r\n"
	lost, unreadable := new(*voiceagent.ConnectionError), new(*voiceagent.DecodeError)
	var flood strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&flood, "X-%d: y\r\n", i)
	}
	for name, c := range map[string]struct {
		answer string
		want   any // nil when the call is read
		cause  error
	}{
		"nothing":                          {"", lost, io.EOF},
		"no HTTP":                          {"SSH-2.0-OpenSSH_9.9\r\n\r\n", lost, nil},
		"a status that is none":            {"HTTP/1.1 2x0 OK\r\n\r\n", lost, nil},
		"10,000 headers":                   {ok(flood.String()+sized(len(body))) + body, nil, nil},
		"10,000 equal headers":             {ok(strings.Repeat("X-Request-Id: req_other\r\n", 10_000)+sized(len(body))) + body, nil, nil},
		"a header of 2 MB":                 {ok("X: "+strings.Repeat("y", 2<<20)+"\r\n") + body, lost, nil},
		"headers of 2 MB":                  {ok(strings.Repeat("X: y\r\n", 350_000)) + body, lost, nil},
		"a header without an end":          {"HTTP/1.1 200 OK\r\nX: y", lost, io.ErrUnexpectedEOF},
		"too short, empty":                 {ok(sized(100)), unreadable, io.ErrUnexpectedEOF},
		"too short":                        {ok(sized(len(body)+1)) + body, unreadable, io.ErrUnexpectedEOF},
		"too long":                         {ok(over+sized(len(body)-1)) + body, unreadable, io.ErrUnexpectedEOF},
		"two lengths":                      {ok(sized(len(body))+sized(len(body)-1)) + body, lost, nil},
		"a length below zero":              {ok("Content-Length: -1\r\n") + body, lost, nil},
		"a length beyond all bounds":       {ok("Content-Length: 99999999999999999999\r\n") + body, lost, nil},
		"the greatest length there is":     {ok("Content-Length: 9223372036854775807\r\n") + body, unreadable, nil},
		"chunks":                           {ok(chunked) + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body), nil, nil},
		"chunks that break off":            {ok(chunked) + "20\r\n" + body[:8], unreadable, io.ErrUnexpectedEOF},
		"chunks without an end":            {ok(chunked) + fmt.Sprintf("%x\r\n%s\r\n", len(body), body), unreadable, io.ErrUnexpectedEOF},
		"chunks of no size":                {ok(chunked) + "zz\r\n" + body, unreadable, nil},
		"a chunk of 16 EiB":                {ok(chunked) + "ffffffffffffffff\r\n" + body, unreadable, io.ErrUnexpectedEOF},
		"chunks of a byte, with fat lines": {ok(chunked) + strings.Repeat("1;"+strings.Repeat("e", 4000)+"\r\n \r\n", 1000), unreadable, nil},
		"a trailer of 2 MB":                {ok(chunked) + "0\r\n" + strings.Repeat("X: y\r\n", 350_000) + "\r\n", unreadable, nil},
		"1xx without an end":               {strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", 1_000_000), lost, nil},
		"1xx and then an answer":           {strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 3) + ok(sized(len(body))) + body, nil, nil},
		"101 unasked":                      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n" + body, lost, nil},
		"a status of 0":                    {"HTTP/1.1 000 OK\r\n" + sized(len(body)) + "\r\n" + body, lost, nil},
		"a status below 100":               {"HTTP/1.1 099 OK\r\n" + sized(len(body)) + "\r\n" + body, lost, nil},
		"HTTP/1.0":                         {"HTTP/1.0 200 OK\r\n\r\n" + body, nil, nil},
		"204 with a body":                  {"HTTP/1.1 204 No Content\r\n" + over + idHeader + sized(len(body)) + "\r\n" + body, unreadable, nil},
		"304 with a body":                  {"HTTP/1.1 304 Not Modified\r\n" + over + idHeader + sized(len(body)) + "\r\n" + body, new(*voiceagent.APIError), nil},
		"an error that breaks off":         {"HTTP/1.1 409 Conflict\r\n" + idHeader + sized(100) + "\r\n" + `{"detail":"No."`, new(*voiceagent.ConflictError), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h := &hostile{serve: func(conn io.Writer) { _, _ = io.WriteString(conn, c.answer) }}
				client := h.client(t)
				start := time.Now()
				call, err := client.Calls.Get(t.Context(), "call_1")
				assert.Zero(t, time.Since(start), "nothing is waited for")
				synctest.Wait()
				assert.LessOrEqual(t, h.written.Load(), int64(6<<20), "it is read on and on")
				assert.EqualValues(t, 1, h.dialled.Load(), "asked again unasked")
				if c.want == nil {
					require.NoError(t, err)
					assert.Equal(t, "call_1", call.ID)
					return
				}
				require.Error(t, err)
				require.ErrorAs(t, err, fresh(c.want))
				if c.cause != nil {
					require.ErrorIs(t, err, c.cause)
				}
				assert.Less(t, len(err.Error()), 4<<10)
				if connection, ok := errors.AsType[*voiceagent.ConnectionError](err); ok {
					assert.True(t, connection.Sent)
				} else if strings.Contains(c.answer, "req_header") {
					assert.Contains(t, err.Error(), "(request_id req_") // of the body, when that far is read, or of the header
				}
			})
		})
	}
}

// What comes after an answer on the same connection is not the answer to the next request.
func TestAnswersDoNotShift(t *testing.T) { // not parallel: net/http logs that it came, and not where
	log.SetOutput(io.Discard)
	defer log.SetOutput(os.Stderr)
	synctest.Test(t, func(t *testing.T) {
		h := &hostile{serve: func(conn io.Writer) {
			first := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(testkit.OKCall), testkit.OKCall)
			_, _ = io.WriteString(conn, first+strings.ReplaceAll(first, "call_1", "call_2"))
		}}
		client := h.client(t)
		for range 3 {
			call, err := client.Calls.Get(t.Context(), "call_1")
			require.NoError(t, err)
			assert.Equal(t, "call_1", call.ID)
		}
		assert.EqualValues(t, 3, h.dialled.Load(), "such a connection isn't used again")
	})
}

// Over HTTP/2 a stream may end at any time while the connection goes on, before the answer or
// within its body.
func TestResetStreams(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		said   string // before the stream is reset; the header isn't sent when it is empty
		want   any
	}{
		"before the answer":   {0, "", new(*voiceagent.ConnectionError)},
		"within its body":     {http.StatusOK, testkit.OKCall[:20], new(*voiceagent.DecodeError)},
		"after all of it":     {http.StatusOK, testkit.OKCall, new(*voiceagent.DecodeError)},
		"within an error's":   {http.StatusConflict, `{"detail":"No."`, new(*voiceagent.ConflictError)},
		"before an error's":   {http.StatusConflict, " ", new(*voiceagent.ConflictError)},
		"within a throttle's": {http.StatusTooManyRequests, `{"`, new(*voiceagent.RateLimitError)},
	} {
		t.Run(name, func(t *testing.T) {
			client, _, connections := startCounted(t, true, func(w http.ResponseWriter, _ *http.Request) {
				if c.said != "" {
					w.Header().Set("X-Request-Id", "req_header")
					w.WriteHeader(c.status)
					_, _ = io.WriteString(w, c.said)
					w.(http.Flusher).Flush()
				}
				panic(http.ErrAbortHandler)
			}, voiceagent.WithMaxRetries(0))
			_, err := client.Calls.Get(t.Context(), "call_1")
			require.ErrorAs(t, err, fresh(c.want))
			if c.said != "" {
				assert.Contains(t, err.Error(), "(request_id req_")
			}
			assert.EqualValues(t, 1, connections.Load())
		})
	}
}

// fresh returns a new target of the same type for errors.As, which writes to it, so parallel tests
// can't share one.
func fresh(target any) any { return reflect.New(reflect.TypeOf(target).Elem()).Interface() }
