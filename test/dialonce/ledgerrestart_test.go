package dialonce_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// shared is a ledger as seen by a process on another machine, whose clock is ahead of this one's.
// It keeps the entry of the last Begin.
type shared struct {
	*voiceagent.MemoryLedger
	ahead time.Duration
	begun voiceagent.LedgerEntry
}

func (l *shared) Begin(ctx context.Context, entry voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	entry.Began = entry.Began.Add(l.ahead)
	if entry.AheadKnown {
		entry.Ahead -= l.ahead
	}
	l.begun = entry
	return l.MemoryLedger.Begin(ctx, entry)
}

// restart is a call whose process dies before it reads the answer, and that is asked for again.
type restart struct {
	fault     voiceagenttest.Fault // of the first process's request
	witnesses int                  // placed before by the first process
	ahead     time.Duration        // the first process's clock
	after     time.Duration        // until the second process asks
	others    int                  // placed before by the second process, just then
	strangers int                  // placed by a third one, after the first died

	gateway func(http.RoundTripper) http.RoundTripper // between the second process and the server; nil for none
}

const lostNumber = "+919876543210"

// run returns what the second process gets, and the ids of the calls that rang.
func (r restart) run(t *testing.T, srv *voiceagenttest.Server) (call *voiceagent.Call, rang []string, err error) {
	t.Helper()
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	place := func(client *voiceagent.Client, n int) {
		for i := range n {
			_, err := client.Calls.Create(t.Context(), callTo(agent, fmt.Sprintf("+1555%07d", i)))
			require.NoError(t, err)
		}
	}
	dying := &shared{MemoryLedger: voiceagent.NewMemoryLedger(), ahead: r.ahead}
	client := srv.Client(voiceagent.WithLedger(dying))
	place(client, r.witnesses)
	r.fault.Method, r.fault.Route = http.MethodPost, "/call"
	srv.Fail(r.fault)
	row := voiceagent.WithIdempotencyKey("row-1")
	_, err = client.Calls.Create(t.Context(), callTo(agent, lostNumber), row, voiceagent.WithUnknownOutcome(voiceagent.OutcomeFail))
	require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	left := voiceagent.NewMemoryLedger()
	require.NoError(t, left.Finish(t.Context(), dying.begun)) // as it stood, open and nobody's
	place(srv.Client(), r.strangers)
	time.Sleep(r.after)

	opts := []voiceagent.ClientOption{voiceagent.WithLedger(left)}
	if r.gateway != nil {
		opts = append(opts, voiceagent.WithMiddleware(r.gateway))
	}
	second := srv.Client(opts...)
	place(second, r.others)
	call, err = second.Calls.Create(t.Context(), callTo(agent, lostNumber), row)
	return call, ringsOf(srv, lostNumber), err
}

// A process that starts again sends again what was not done, but only if the first one's entry says
// what the list must show, and the list shows it.
func TestRestartSendsWhatWasNotDone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		witnesses int
		hide      bool
		sent      bool
	}{
		"with witnesses":                {witnesses: 3, sent: true},
		"with more than an entry has":   {witnesses: 30, sent: true},
		"without any":                   {},
		"with some that the list hides": {witnesses: 3, hide: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := voiceagenttest.NewServer()
				defer srv.Close()
				if c.hide {
					srv.Fail(voiceagenttest.Fault{Method: http.MethodGet, Route: "/calls", Times: -1, Kind: voiceagenttest.WrongShape,
						Body: `{"success":true,"data":[],"total":0,"page":1,"page_size":100,"has_more":false}`})
				}
				r := restart{fault: voiceagenttest.Fault{Kind: voiceagenttest.DropBefore}, witnesses: c.witnesses, after: time.Minute, others: min(c.witnesses, 1)}
				began := time.Now()
				call, rang, err := r.run(t, srv)
				assert.GreaterOrEqual(t, time.Since(began), r.after+30*time.Second, "nothing is sent or given up before the settle time is over")
				if !c.sent {
					require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
					assert.Empty(t, rang)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, []string{call.Ref()}, rang)
			})
		})
	}
}

// A look reads as far back as the lost call and the witnesses, whatever was placed since.
func TestRestartAmongOthers(t *testing.T) {
	t.Parallel()
	for _, fault := range []voiceagenttest.Kind{voiceagenttest.DropAfter, voiceagenttest.DropBefore} {
		for _, c := range []restart{
			{witnesses: 3, others: 1, strangers: 150},
			{witnesses: 3, others: 3, strangers: 150},
			{witnesses: 3, others: 150, strangers: 150},
		} {
			c.fault.Kind, c.after = fault, 4*time.Minute
			t.Run(fmt.Sprintf("%s, %d and %d placed since", fault, c.others, c.strangers), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := voiceagenttest.NewServer()
					defer srv.Close()
					call, rang, err := c.run(t, srv)
					require.NoError(t, err)
					assert.Equal(t, []string{call.Ref()}, rang)
				})
			})
		}
	}
}

// However far the clocks of two machines are apart, a call that rang is found or unknown, and is
// never rung twice.
func TestClocksOfTwoMachines(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{0, 3 * time.Second, -3 * time.Second, 10 * time.Minute, -10 * time.Minute} {
		for _, after := range []time.Duration{0, 40 * time.Second, 9 * time.Minute, time.Hour} {
			for _, witnesses := range []int{0, 3} {
				for _, others := range []int{0, 3, 150} {
					for _, skew := range []time.Duration{0, 20 * time.Minute} { // of the server
						r := restart{fault: voiceagenttest.Fault{Kind: voiceagenttest.DropAfter}, witnesses: witnesses, ahead: ahead, after: after, others: others}
						t.Run(fmt.Sprintf("first %v ahead, server %v, after %v, %d witnesses, %d others", ahead, skew, after, witnesses, others), func(t *testing.T) {
							t.Parallel()
							synctest.Test(t, func(t *testing.T) {
								srv := voiceagenttest.NewServer(voiceagenttest.WithClockSkew(skew))
								defer srv.Close()
								call, rang, err := r.run(t, srv)
								require.Len(t, rang, 1)
								if err == nil {
									assert.Equal(t, rang[0], call.Ref())
									return
								}
								require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
								unknown, _ := errors.AsType[*voiceagent.OutcomeUnknownError](err)
								t.Logf("unknown: %v", unknown.LookupErr)
							})
						})
					}
				}
			}
		}
	}
}

// A call that a look has found is no witness, as nobody knows how long its answer would have taken.
func TestWitnessesWereTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := voiceagenttest.NewServer()
		defer srv.Close()
		agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
		ledger := &shared{MemoryLedger: voiceagent.NewMemoryLedger()}
		client := srv.Client(voiceagent.WithLedger(ledger))
		var told *voiceagent.Call
		for i, fault := range []voiceagenttest.Kind{voiceagenttest.Slow, voiceagenttest.DropAfter, voiceagenttest.Slow} {
			srv.Fail(voiceagenttest.Fault{Method: http.MethodPost, Kind: fault, Delay: time.Second})
			call, err := client.Calls.Create(t.Context(), callTo(agent, fmt.Sprintf("+1555%07d", i)))
			require.NoError(t, err)
			if i == 0 {
				told = call
			}
		}
		require.Len(t, ledger.begun.Witnesses, 1, "the last one's")
		assert.Contains(t, ledger.begun.Witnesses[0].IDs, told.Ref())
		assert.Equal(t, time.Second, ledger.begun.Witnesses[0].Took)
	})
}
