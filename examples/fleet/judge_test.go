package main

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

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
		want   string // "" to be tried again
	}{
		"answered":              {want: "placed"},
		"answer lost":           {faults: post(voiceagenttest.Fault{Kind: voiceagenttest.DropAfter}), want: "placed"},
		"request lost":          {faults: post(voiceagenttest.Fault{Kind: voiceagenttest.DropBefore}), want: "unknown"},
		"no E.164":              {to: "15550100001", want: "refused"},
		"400":                   {faults: status(http.StatusBadRequest, ""), want: "refused"},
		"403":                   {faults: status(http.StatusForbidden, ""), want: "refused"},
		"404":                   {faults: status(http.StatusNotFound, ""), want: "refused"},
		"409":                   {faults: status(http.StatusConflict, ""), want: "refused"},
		"422":                   {faults: status(http.StatusUnprocessableEntity, ""), want: "refused"},
		"no credits":            {faults: status(http.StatusPaymentRequired, "quota_exceeded"), want: "refused"},
		"no credits, as a 500":  {faults: status(http.StatusInternalServerError, "quota_exceeded"), want: "refused"},
		"401, the key is wrong": {faults: status(http.StatusUnauthorized, "")},
		"429":                   {faults: post(voiceagenttest.Fault{Kind: voiceagenttest.Throttle})},
		"500":                   {faults: status(http.StatusInternalServerError, "")},
		"503":                   {faults: status(http.StatusServiceUnavailable, "")},
		"look fails": {faults: append(post(voiceagenttest.Fault{Kind: voiceagenttest.DropAfter}),
			voiceagenttest.Fault{Method: "GET", Kind: voiceagenttest.StatusBefore, Status: http.StatusForbidden, Times: -1}), want: "unknown"},
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
			agent := srv.AddAgent(voiceagenttest.NewAgent{Name: "Asha"})
			client := srv.Client(append([]voiceagent.ClientOption{voiceagent.WithMaxElapsed(3 * time.Second),
				voiceagent.WithSettleTime(time.Second), voiceagent.WithMaxRetries(0), voiceagent.WithLedger(voiceagent.NewMemoryLedger())}, test.opts...)...)
			// This call is what the list must show to prove anything. If the client can't place it, it isn't
			// needed.
			_, _ = client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: "+15550100099"})
			srv.Fail(test.faults...)
			to := test.to
			if to == "" {
				to = "+15550100001"
			}
			call, err := client.Calls.Create(t.Context(), voiceagent.CallCreateParams{AgentID: agent, From: "+15550100000", To: to})
			outcome, settled := judge(call, err)
			assert.Equal(t, test.want != "", settled, "%v", err)
			kind, rest, _ := strings.Cut(outcome, " ")
			if settled {
				assert.Equal(t, test.want, kind, "%v", err)
				assert.NotEmpty(t, rest)
			}
			assert.NotContains(t, outcome, "5550100001", "it holds no number")
		})
	}
}
