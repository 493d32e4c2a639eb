package main

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// brokenLedger is one whose Redis is away.
type brokenLedger struct {
	voiceagent.Ledger
	err error
}

func (l brokenLedger) Begin(context.Context, voiceagent.LedgerEntry) (voiceagent.LedgerEntry, bool, error) {
	return voiceagent.LedgerEntry{}, false, l.err
}

// What the client returns, for every kind of failure, and what becomes of the row.
func TestJudge(t *testing.T) {
	t.Parallel()
	post := func(f voiceagenttest.Fault) []voiceagenttest.Fault {
		f.Method, f.Times = "POST", -1
		return []voiceagenttest.Fault{f}
	}
	status := func(code int, name string) []voiceagenttest.Fault {
		return post(voiceagenttest.Fault{Kind: voiceagenttest.StatusBefore, Status: code, Code: name})
	}
	tests := map[string]struct {
		faults []voiceagenttest.Fault
		to     string
		opts   []voiceagent.ClientOption
		want   kind // "" to be tried again
	}{
		"answered":              {want: placed},
		"answer lost":           {faults: post(voiceagenttest.Fault{Kind: voiceagenttest.DropAfter}), want: placed},
		"request lost":          {faults: post(voiceagenttest.Fault{Kind: voiceagenttest.DropBefore}), want: unknown},
		"no E.164":              {to: "15550100001", want: refused},
		"400":                   {faults: status(http.StatusBadRequest, ""), want: refused},
		"403":                   {faults: status(http.StatusForbidden, ""), want: refused},
		"404":                   {faults: status(http.StatusNotFound, ""), want: refused},
		"409":                   {faults: status(http.StatusConflict, ""), want: refused},
		"422":                   {faults: status(http.StatusUnprocessableEntity, ""), want: refused},
		"no credits":            {faults: status(http.StatusPaymentRequired, "quota_exceeded"), want: refused},
		"no credits, as a 500":  {faults: status(http.StatusInternalServerError, "quota_exceeded"), want: refused},
		"401, the key is wrong": {faults: status(http.StatusUnauthorized, "")},
		"429":                   {faults: post(voiceagenttest.Fault{Kind: voiceagenttest.Throttle})},
		"500":                   {faults: status(http.StatusInternalServerError, "")},
		"503":                   {faults: status(http.StatusServiceUnavailable, "")},
		"look fails": {faults: append(post(voiceagenttest.Fault{Kind: voiceagenttest.DropAfter}),
			voiceagenttest.Fault{Method: "GET", Kind: voiceagenttest.StatusBefore, Status: http.StatusForbidden, Times: -1})},
		"no connection": {opts: []voiceagent.ClientOption{voiceagent.WithBaseURL("http://127.0.0.1:1")}},
		"busy":          {opts: []voiceagent.ClientOption{voiceagent.WithLedger(brokenLedger{err: voiceagent.ErrLedgerBusy})}},
		"ledger is away": {opts: []voiceagent.ClientOption{voiceagent.WithLedger(
			brokenLedger{err: &voiceagent.ConnectionError{}})}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := voiceagenttest.NewServer()
			defer srv.Close()
			srv.Fail(test.faults...)
			agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
			client := srv.Client(append([]voiceagent.ClientOption{voiceagent.WithMaxElapsed(3 * time.Second),
				voiceagent.WithMaxRetries(0), voiceagent.WithLedger(voiceagent.NewMemoryLedger())}, test.opts...)...)
			to := test.to
			if to == "" {
				to = "+15550100001"
			}
			call, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: to})
			o, settled := judge(call, err, 0)
			assert.Equal(t, test.want != "", settled, "%v", err)
			if settled {
				assert.Equal(t, test.want, o.Kind, "%v", err)
				assert.Equal(t, test.want == placed, o.Ref != "")
				assert.Equal(t, test.want == placed, o.Error == "")
			}
			assert.NotContains(t, o.Error, "5550100001", "it holds no number")
		})
	}
}

// A look that never succeeds leaves the row unknown in the end.
func TestJudgeGivesUpLooking(t *testing.T) {
	t.Parallel()
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter, Times: -1},
		voiceagenttest.Fault{Method: "GET", Kind: voiceagenttest.StatusBefore, Status: http.StatusForbidden, Times: -1})
	agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
	_, err := srv.Client().Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: "+15550100001"})
	require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
	_, settled := judge(nil, err, mostLooks-1)
	assert.False(t, settled)
	o, settled := judge(nil, err, mostLooks)
	assert.True(t, settled)
	assert.Equal(t, unknown, o.Kind)
}

func TestRetryDelay(t *testing.T) {
	t.Parallel()
	assert.Zero(t, retryDelay(5, asynq.ErrLeaseExpired, nil), "its worker is dead")
	for n, longest := range map[int]time.Duration{0: time.Second, 3: 8 * time.Second, 1000: time.Minute} {
		got := retryDelay(n, voiceagent.ErrLedgerBusy, nil)
		assert.GreaterOrEqual(t, got, longest/2)
		assert.LessOrEqual(t, got, longest)
	}
	limited := &voiceagent.RateLimitError{APIError: &voiceagent.APIError{}, RetryAt: time.Now().Add(50 * time.Second)}
	assert.Greater(t, retryDelay(0, limited, nil), 40*time.Second, "not before the window ends")
}
