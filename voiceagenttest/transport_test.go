package voiceagenttest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hooks notes what a transport reports through httptrace.
type hooks struct {
	seen  []string
	wrote error
}

func (h *hooks) watch(ctx context.Context) context.Context {
	note := func(what string) { h.seen = append(h.seen, what) }
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              func(hostPort string) { note("GetConn " + hostPort) },
		GotConn:              func(httptrace.GotConnInfo) { note("GotConn") },
		WroteHeaders:         func() { note("WroteHeaders") },
		WroteRequest:         func(i httptrace.WroteRequestInfo) { note("WroteRequest"); h.wrote = i.Err },
		GotFirstResponseByte: func() { note("GotFirstResponseByte") },
	})
}

// countedBody counts how often it is closed.
type countedBody struct {
	io.Reader
	closed atomic.Int32
}

func (b *countedBody) Close() error { b.closed.Add(1); return nil }

func TestTransportReports(t *testing.T) {
	written := []string{"GetConn api.test", "GotConn", "WroteHeaders", "WroteRequest"}
	answered := slices.Concat(written, []string{"GotFirstResponseByte"})
	cases := map[Kind]struct {
		seen []string
		err  error // of the round trip
		sent error // as WroteRequest has it
	}{
		"":         {answered, nil, nil},
		CutBody:    {answered, nil, nil},
		DropBefore: {written, io.EOF, nil},
		DropAfter:  {written, io.EOF, nil},
		Refuse:     {written[:1], syscall.ECONNREFUSED, nil},
		BreakWrite: {written, syscall.EPIPE, syscall.EPIPE},
	}
	for kind, c := range cases {
		t.Run(string(kind), func(t *testing.T) {
			a := inMemory(t, config{})
			if kind != "" {
				a.srv.Fail(Fault{Kind: kind})
			}
			var h hooks
			body := &countedBody{Reader: strings.NewReader("{}")}
			req := a.request("POST", "/agents", nil)
			req = req.WithContext(h.watch(req.Context()))
			req.Body = body
			res, err := a.srv.Transport().RoundTrip(req)
			assert.ErrorIs(t, err, c.err)
			assert.ErrorIs(t, h.wrote, c.sent)
			assert.Equal(t, c.seen, h.seen)
			assert.EqualValues(t, 1, body.closed.Load(), "the body is closed, once")
			if err == nil {
				res.Body.Close()
			} else {
				assert.Nil(t, res)
			}
		})
	}
}

func TestTransportRefusalIsADialError(t *testing.T) {
	a := inMemory(t, config{})
	a.srv.Fail(Fault{Kind: Refuse})
	_, err := a.try("GET", "/agents", nil)
	var op *net.OpError
	require.ErrorAs(t, err, &op)
	assert.Equal(t, "dial", op.Op)
	assert.Empty(t, a.srv.Requests(), "it never got there")
	a.srv.Close()
	_, err = a.try("GET", "/agents", nil)
	assert.ErrorIs(t, err, syscall.ECONNREFUSED, "closed")
}

func TestTransportBreakWriteDoesNoWork(t *testing.T) {
	a := inMemory(t, config{})
	agentID := a.agent("A")
	a.srv.Fail(Fault{Kind: BreakWrite})
	_, err := a.try("POST", "/call", object{"agent_id": agentID, "source_number": "+919240018601", "phone_number": phone(1)})
	require.ErrorIs(t, err, syscall.EPIPE)
	assert.Empty(t, a.srv.Dialed())
	assert.Len(t, a.srv.Requests(), 1)
}

func TestTransportResponse(t *testing.T) {
	a := inMemory(t, config{})
	req := a.request("GET", "/health", nil)
	res, err := a.srv.Transport().RoundTrip(req)
	require.NoError(t, err)
	assert.Same(t, req, res.Request)
	assert.Equal(t, "200 OK", res.Status)
	assert.Equal(t, []any{"HTTP/1.1", 1, 1}, []any{res.Proto, res.ProtoMajor, res.ProtoMinor})
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	assert.Len(t, raw, int(res.ContentLength))
	_, err = http.ParseTime(res.Header.Get("Date"))
	assert.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.NoError(t, res.Body.Close())
	_, err = res.Body.Read(make([]byte, 1))
	assert.ErrorIs(t, err, http.ErrBodyReadAfterClose)

	_, err = a.srv.Transport().RoundTrip(&http.Request{Method: http.MethodGet})
	assert.Error(t, err, "no URL")
}

func TestTransportCutBody(t *testing.T) {
	a := inMemory(t, config{})
	a.srv.Fail(Fault{Kind: CutBody})
	res, err := a.http.Do(a.request("GET", "/health", nil))
	require.NoError(t, err)
	raw, err := io.ReadAll(res.Body)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Len(t, raw, int(res.ContentLength/2))
	res.Body.Close()
}

func TestTransportCancellation(t *testing.T) {
	reason := errors.New("had enough")
	// Each blocks until it is cancelled, a minute from now on the bubble's clock.
	cases := map[string]struct {
		fault Fault
		do    func(ctx context.Context, a *api) error
	}{
		"while hanging": {Fault{Kind: HangBefore}, func(ctx context.Context, a *api) error {
			_, err := a.srv.Transport().RoundTrip(a.request("GET", "/health", nil).WithContext(ctx))
			return err
		}},
		"while delayed": {Fault{Status: 500, Delay: time.Hour}, func(ctx context.Context, a *api) error {
			_, err := a.srv.Transport().RoundTrip(a.request("GET", "/health", nil).WithContext(ctx))
			return err
		}},
		"while delayed after the work": {Fault{Kind: DropAfter, Delay: time.Hour}, func(ctx context.Context, a *api) error {
			_, err := a.srv.Transport().RoundTrip(a.request("GET", "/health", nil).WithContext(ctx))
			return err
		}},
		"while slow": {Fault{Kind: Slow, Delay: time.Hour}, func(ctx context.Context, a *api) error {
			_, err := a.srv.Transport().RoundTrip(a.request("GET", "/health", nil).WithContext(ctx))
			return err
		}},
		"while reading a slow body": {Fault{Kind: SlowBody, Delay: time.Hour}, func(ctx context.Context, a *api) error {
			res, err := a.srv.Transport().RoundTrip(a.request("GET", "/health", nil).WithContext(ctx))
			require.NoError(a.t, err)
			defer res.Body.Close()
			_, err = io.ReadAll(res.Body)
			return err
		}},
		"while writing": {Fault{Status: 500}, func(ctx context.Context, a *api) error {
			r, w := io.Pipe()
			defer w.Close()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/agents", r)
			require.NoError(a.t, err)
			_, err = a.srv.Transport().RoundTrip(req)
			return err
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := inMemory(t, config{})
				a.srv.Fail(c.fault)
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Minute, func() { cancel(reason) })
				began := time.Now()
				assert.ErrorIs(t, c.do(ctx, a), reason)
				assert.Equal(t, time.Minute, time.Since(began), "neither sooner nor later")
			})
		})
	}
}

func TestTransportDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{})
		a.srv.Fail(Fault{Kind: HangAfter})
		a.http.Timeout = 30 * time.Second
		_, err := a.try("GET", "/health", nil)
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		assert.True(t, timeout.Timeout())
	})
}

func TestTransportAfterCancellation(t *testing.T) {
	a := inMemory(t, config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	body := &countedBody{Reader: strings.NewReader("{}")}
	req := a.request("POST", "/agents", nil).WithContext(ctx)
	req.Body = body
	_, err := a.srv.Transport().RoundTrip(req)
	require.ErrorIs(t, err, context.Canceled)
	assert.EqualValues(t, 1, body.closed.Load())
	assert.Empty(t, a.srv.Requests(), "nothing was sent")

	ctx, cancel = context.WithCancel(t.Context())
	res, err := a.srv.Transport().RoundTrip(a.request("GET", "/health", nil).WithContext(ctx))
	require.NoError(t, err)
	cancel()
	_, err = res.Body.Read(make([]byte, 10))
	assert.ErrorIs(t, err, context.Canceled, "a body doesn't outlive its request")
	res.Body.Close()
}

// Close from under a Read that waits frees it, as with a real connection.
func TestTransportCloseFreesARead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := inMemory(t, config{})
		a.srv.Fail(Fault{Kind: SlowBody, Delay: time.Hour})
		res, err := a.http.Do(a.request("GET", "/health", nil))
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() { res.Body.Close() })
		_, err = res.Body.Read(make([]byte, 10))
		assert.ErrorIs(t, err, http.ErrBodyReadAfterClose)
	})
}

func TestTransportSendsLargeBodiesOnce(t *testing.T) {
	a := inMemory(t, config{})
	big := bytes.Repeat([]byte("x"), 2*keepBody)
	a.post("/agents", string(big)).is(400)
	entry := a.srv.Requests()[0]
	assert.Len(t, entry.Body, keepBody, "the journal keeps the beginning")
	a.post("/agents", strings.Repeat("x", maxBody+1)).is(http.StatusRequestEntityTooLarge)
}

func TestManyAtOnce(t *testing.T) {
	for door, open := range doors {
		t.Run(door, func(t *testing.T) {
			a := open(t, config{})
			if tr, ok := a.http.Transport.(*http.Transport); ok {
				tr.MaxIdleConnsPerHost = 64
			}
			agentID := a.agent("A")
			a.srv.Fail(Fault{Kind: DropAfter, Rate: 0.1}, Fault{Status: 503, Rate: 0.1})
			var wg sync.WaitGroup
			var told, unknown atomic.Int32
			for i := range 64 {
				wg.Go(func() {
					for j := range 5 {
						ans, err := a.try("POST", "/call", object{"agent_id": agentID, "source_number": "+919240018601", "phone_number": phone(i*5 + j)})
						switch {
						case err != nil:
							unknown.Add(1)
						case ans.status == 200:
							told.Add(1)
						}
					}
				})
			}
			wg.Wait()
			assert.NotZero(t, unknown.Load())
			assert.Len(t, a.srv.Dialed(), int(told.Load()+unknown.Load()))
			assert.Len(t, a.srv.Requests(), 321)
		})
	}
}
