package dialonce_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// A request that an earlier process began is awaited too when it is sent again without a look.
func TestRepeatedRequestIsAwaited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer()
		defer srv.Close()
		call := callTo(srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"}), lostNumber)
		ledger := voiceagent.NewMemoryLedger()
		dying := &shared{MemoryLedger: voiceagent.NewMemoryLedger()}
		srv.Fail(voiceagenttest.Fault{Method: http.MethodPost, Kind: voiceagenttest.DropBefore, Times: 2},
			voiceagenttest.Fault{Method: http.MethodPost, Kind: voiceagenttest.SlowBody, Delay: 10 * time.Second})
		create := func(l voiceagent.Ledger, key string, outcome voiceagent.UnknownOutcome) (*voiceagent.Call, error) {
			return srv.Client(voiceagent.WithLedger(l)).Calls.Create(t.Context(), call, voiceagent.WithIdempotencyKey(key),
				voiceagent.WithUnknownOutcome(outcome))
		}
		_, err := create(dying, "row-1", voiceagent.OutcomeFail)
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		require.NoError(t, ledger.Finish(t.Context(), dying.begun))

		var both sync.WaitGroup
		both.Go(func() {
			_, err := create(ledger, "row-2", voiceagent.OutcomeReconcile)
			assert.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown, "it was never done")
		})
		synctest.Wait()
		made, err := create(ledger, "row-1", voiceagent.OutcomeRetry)
		require.NoError(t, err)
		both.Wait()
		assert.Equal(t, []string{made.Ref()}, ringsOf(srv, lostNumber))
	})
}

var errAwait = errors.New("nobody can be told")

// muteLedger is a ledger that can't record that a request waits, or can't be read.
type muteLedger struct {
	*voiceagent.MemoryLedger
	await, awaited error
}

func (l *muteLedger) Await(context.Context, string, bool) error { return l.await }

func (l *muteLedger) Awaited(context.Context, string, string) (bool, error) { return false, l.awaited }

// A request whose wait can't be reported to the other workers isn't sent again.
func TestUntoldRequestIsNotRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer()
		defer srv.Close()
		call := callTo(srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"}), lostNumber)
		srv.Fail(voiceagenttest.Fault{Method: http.MethodPost, Status: http.StatusBadGateway})
		ledger := &muteLedger{MemoryLedger: voiceagent.NewMemoryLedger(), await: errAwait}
		_, err := srv.Client(voiceagent.WithLedger(ledger)).Calls.Create(t.Context(), call)
		require.ErrorIs(t, err, errAwait)
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.Empty(t, srv.Dialed())
	})
}

// Nothing is taken when nobody knows who waits for it.
func TestNothingIsTakenUnasked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer()
		defer srv.Close()
		call := callTo(srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"}), lostNumber)
		srv.Fail(voiceagenttest.Fault{Method: http.MethodPost, Kind: voiceagenttest.DropAfter})
		ledger := &muteLedger{MemoryLedger: voiceagent.NewMemoryLedger(), awaited: errAwait}
		_, err := srv.Client(voiceagent.WithLedger(ledger)).Calls.Create(t.Context(), call)
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		unknown, _ := errors.AsType[*voiceagent.OutcomeUnknownError](err)
		require.ErrorIs(t, unknown.LookupErr, errAwait)
		assert.Len(t, srv.Dialed(), 1)
	})
}

// fullLedger can't record that something was made.
type fullLedger struct{ *voiceagent.MemoryLedger }

func (l *fullLedger) Finish(ctx context.Context, e voiceagent.LedgerEntry) error {
	if e.State == voiceagent.LedgerDone {
		return errAwait
	}
	return l.MemoryLedger.Finish(ctx, e)
}

// Nothing is taken that can't be recorded, as another key may have it.
func TestNothingIsTakenUnrecorded(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{lost}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		ledger := voiceagent.WithLedger(&fullLedger{voiceagent.NewMemoryLedger()})
		_, err := a.client(ledger).Calls.Create(t.Context(), person(1), row)
		assert.Equal(t, unknown, endOf(err), "%v", err)
		assert.ErrorContains(t, err, errAwait.Error())
		assert.Equal(t, 1, a.posts)
	})
}

// A record of the ledger that can't be read is an error, and nothing is sent.
func TestRecordThatCannotBeRead(t *testing.T) {
	t.Parallel()
	on(t, &api{answers: []reply{done}}, func(t *testing.T, a *api, _ *voiceagent.Client) {
		ledger := &shared{MemoryLedger: voiceagent.NewMemoryLedger()}
		_, err := a.client(voiceagent.WithLedger(ledger)).Calls.Create(t.Context(), person(1), row)
		require.NoError(t, err)
		damaged := ledger.begun
		damaged.State, damaged.Record = voiceagent.LedgerDone, []byte(`{"id":`)
		require.NoError(t, ledger.Finish(t.Context(), damaged))
		_, err = a.client(voiceagent.WithLedger(ledger)).Calls.Create(t.Context(), person(1), row)
		require.ErrorContains(t, err, "the ledger's record under key row-1 can't be read")
		assert.Equal(t, 1, a.posts)
	})
}

// lateWork is a gateway that gives up at once on the first call to lostNumber. The call is placed
// later.
type lateWork struct {
	next  http.RoundTripper
	late  time.Duration
	once  sync.Once
	calls sync.WaitGroup
}

func (g *lateWork) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPost {
		return g.next.RoundTrip(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	passed := r.Clone(context.WithoutCancel(r.Context()))
	passed.Body = io.NopCloser(bytes.NewReader(body))
	gaveUp := false
	if bytes.Contains(body, []byte(lostNumber)) {
		g.once.Do(func() { gaveUp = true })
	}
	if !gaveUp {
		return g.next.RoundTrip(passed)
	}
	g.calls.Go(func() {
		time.Sleep(g.late)
		if resp, err := g.next.RoundTrip(passed); err == nil {
			_ = resp.Body.Close()
		}
	})
	return &http.Response{StatusCode: http.StatusGatewayTimeout, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// However long ago an earlier process began a request, the repetition gets a settle time of its
// own.
func TestRepeatedRequestSettles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer()
		defer srv.Close()
		gateway := &lateWork{late: 20 * time.Second}
		r := restart{fault: voiceagenttest.Fault{Kind: voiceagenttest.DropBefore}, witnesses: 3, others: 3, after: time.Hour,
			gateway: func(next http.RoundTripper) http.RoundTripper { gateway.next = next; return gateway }}
		call, _, err := r.run(t, srv)
		gateway.calls.Wait()
		rang := ringsOf(srv, lostNumber)
		require.NoError(t, err)
		assert.Equal(t, []string{call.Ref()}, rang)
	})
}
