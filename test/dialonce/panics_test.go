package dialonce_test

import (
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
)

// panicsOnce is a tracer that panics at its next wait of a kind, once.
type panicsOnce struct {
	armed atomic.Bool
	kind  voiceagent.WaitKind
}

// armed returns a tracer that panics at its next wait of a kind.
func armed(kind voiceagent.WaitKind) *panicsOnce {
	tracer := &panicsOnce{kind: kind}
	tracer.armed.Store(true)
	return tracer
}

func (p *panicsOnce) StartCall(ctx context.Context, _ voiceagent.TracedCall) context.Context {
	return ctx
}
func (p *panicsOnce) EndCall(context.Context, *voiceagent.Response, error)  {}
func (p *panicsOnce) RoundTripper(next http.RoundTripper) http.RoundTripper { return next }
func (p *panicsOnce) Waited(_ context.Context, wait voiceagent.TracedWait) {
	if wait.Kind == p.kind && p.armed.CompareAndSwap(true, false) {
		panic("tracer")
	}
}

// A panic of the tracer, told of a wait for an equal call, holds up no later call to the same
// person.
func TestTracerPanicsBetweenEqualCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		slow bool // the equal call is slow, so that the look waits for it; else the look is, and the call waits
	}{
		"at the wait of a look": {true},
		"at the wait of a call": {false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a := &api{t: t, answers: []reply{done}}
				tracer := &panicsOnce{kind: voiceagent.WaitLookup}
				var posts, panicked atomic.Int64
				client := a.client(voiceagent.WithTracer(tracer), voiceagent.WithMiddleware(func(next http.RoundTripper) http.RoundTripper {
					return wire(func(req *http.Request) (*http.Response, error) {
						switch {
						case req.Method == http.MethodPost && posts.Add(1) == 1:
							return nil, io.ErrUnexpectedEOF
						case (req.Method == http.MethodPost) == c.slow:
							time.Sleep(3 * time.Second)
						}
						return next.RoundTrip(req)
					})
				}))
				create := func() {
					defer func() {
						if recover() != nil {
							panicked.Add(1)
						}
					}()
					_, _ = client.Calls.Create(t.Context(), person(1))
				}
				go create()
				if c.slow {
					time.Sleep(time.Millisecond)
					go create()
				}
				time.Sleep(time.Second)
				tracer.armed.Store(true)
				if !c.slow {
					go create()
				}
				time.Sleep(5 * time.Minute)
				synctest.Wait()
				assert.EqualValues(t, 1, panicked.Load())
				_, err := client.Calls.Create(t.Context(), person(1))
				require.NoError(t, err, "nobody looks any more")
				a.answers = []reply{lost}
				_, err = client.Calls.Create(t.Context(), person(1))
				require.NoError(t, err, "nothing is on its way any more, so that it is looked for")
			})
		})
	}
}

// turnstile is a limiter that counts.
type turnstile struct{ in, out int }

func (l *turnstile) Acquire(context.Context) error {
	time.Sleep(time.Second)
	l.in++
	return nil
}

func (l *turnstile) Release(context.Context, voiceagent.Observation) { l.out++ }

// What the limiter has given is given back when the tracer, told of the wait for it, panics.
func TestTracerPanicsAtTheLimiter(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		limiter := &turnstile{}
		tracer := armed(voiceagent.WaitThrottle)
		client := a.client(voiceagent.WithTracer(tracer), voiceagent.WithLimiter(limiter))
		assert.Panics(t, func() { _, _ = client.Calls.Create(t.Context(), person(1)) })
		assert.Equal(t, turnstile{1, 1}, *limiter)
		assert.Zero(t, a.posts)
	})
}

// A panic during the look for what an earlier process may have made doesn't leave the key busy.
func TestPanicAfterARestartFreesTheKey(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done, lost, done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		ledger := &dying{MemoryLedger: voiceagent.NewMemoryLedger()}
		die(t, a, ledger, 1)
		tracer := armed(voiceagent.WaitLookup)
		client := a.client(voiceagent.WithLedger(ledger.heir(t)), voiceagent.WithTracer(tracer))
		assert.Panics(t, func() { _, _ = client.Calls.Create(t.Context(), person(1), row) })
		call, err := client.Calls.Create(t.Context(), person(1), row)
		require.NoError(t, err)
		assert.Equal(t, "id-2", call.ID)
		assert.Equal(t, 2, a.posts)
	})
}
