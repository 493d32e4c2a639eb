package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// exitCases are the ways to fail, each on a server of its own.
var exitCases = []struct {
	name    string
	fault   voiceagenttest.Fault
	key     string // another one than usual
	args    string // agents get ag_1 when empty
	code    int
	kind    string
	local   bool // no answer came, so there is no request id
	message string
}{
	{name: "bad request", fault: voiceagenttest.Fault{Status: 400}, code: 7, kind: "validation"},
	{name: "unauthorized", fault: voiceagenttest.Fault{Status: 401}, code: 3, kind: "authentication"},
	{name: "no such key", key: "sk_wrong", code: 3, kind: "authentication"},
	{name: "forbidden", key: voiceagenttest.KeyForbidden, code: 4, kind: "permission"},
	{name: "not found", args: "agents get ag_9", code: 5, kind: "not_found"},
	{name: "conflict", fault: voiceagenttest.Fault{Status: 409}, code: 6, kind: "conflict"},
	{name: "name taken", args: "agents create --name Asha --start-flow Hi --end-flow Bye", code: 6, kind: "conflict"},
	{name: "unprocessable", fault: voiceagenttest.Fault{Status: 422}, code: 7, kind: "validation"},
	{name: "refused before sending", args: "calls create --agent ag_1 --from 1 --to 1 --yes", code: 7, kind: "validation", local: true},
	{name: "rate limit", fault: voiceagenttest.Fault{Kind: voiceagenttest.Throttle}, code: 8, kind: "rate_limit"},
	{name: "quota", key: voiceagenttest.KeyNoCredits, args: "calls create --agent ag_1 --from +15550100000 --to +919876543210 --yes", code: 9, kind: "quota"},
	{name: "internal error", fault: voiceagenttest.Fault{Status: 500}, code: 10, kind: "server"},
	{name: "gateway's page", fault: voiceagenttest.Fault{Kind: voiceagenttest.HTML}, code: 10, kind: "server"},
	{name: "maintenance", fault: voiceagenttest.Fault{Status: 503}, code: 10, kind: "server"},
	{name: "gateway timeout", fault: voiceagenttest.Fault{Status: 504}, code: 10, kind: "server", message: "more time here doesn't help"},
	{name: "no server", args: "agents get ag_1 --base-url http://127.0.0.1:1/v1", code: 11, kind: "connection", local: true,
		message: "the base URL (--base-url), whose host is 127.0.0.1:1"},
	{name: "lost", fault: voiceagenttest.Fault{Kind: voiceagenttest.DropBefore}, code: 11, kind: "connection", local: true},
	{name: "attempt timeout", fault: voiceagenttest.Fault{Kind: voiceagenttest.HangBefore}, args: "agents get ag_1 --attempt-timeout 20ms", code: 11, kind: "connection", local: true},
	{name: "timeout", fault: voiceagenttest.Fault{Kind: voiceagenttest.HangBefore}, args: "agents get ag_1 --timeout 20ms", code: 15, kind: "timeout", local: true, message: "(--timeout 20ms was over)"},
	{name: "no time for another try", fault: voiceagenttest.Fault{Kind: voiceagenttest.DropBefore}, args: "agents get ag_1 --timeout 200ms --retries 3", code: 15, kind: "timeout", local: true,
		message: "ms, which is beyond the time left (--timeout 200ms was over)"},
	{name: "unreadable", fault: voiceagenttest.Fault{Kind: voiceagenttest.TruncatedJSON}, code: 12, kind: "unreadable"},
	{name: "another kind of value", fault: voiceagenttest.Fault{Kind: voiceagenttest.WrongShape}, code: 12, kind: "unreadable"},
	{name: "another shape", fault: voiceagenttest.Fault{Kind: voiceagenttest.NullData}, code: 12, kind: "unreadable"},
	{name: "usage", args: "agents get", code: 2, kind: "usage", local: true},
	{name: "nobody to ask", args: "agents delete ag_1", code: 14, kind: "not_confirmed", local: true},
	{name: "anything else", args: "listen --unsigned --address nonsense", code: 1, kind: "other", local: true},
}

// goNames are words for those who write Go.
var goNames = regexp.MustCompile(`With[A-Z]|\bcontext\b|\bGo\b|json|strconv|EOF|voiceagent\.|\bClient\b|\bFields\b|\bBody\b`)

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, c := range exitCases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server, variables := newServer(t)
			if c.fault.Kind != "" || c.fault.Status != 0 {
				c.fault.Times = 9
				server.Fail(c.fault)
			}
			if c.key != "" {
				variables[keyVariable] = c.key
			}
			args := append([]string{"--retries", "0"}, strings.Fields(c.args)...)
			if c.args == "" {
				args = append(args, "agents", "get", "ag_1")
			}

			people := runHere(t.Context(), variables, args...)
			assert.Equal(t, c.code, people.code, people.errOut)
			assert.Empty(t, people.out, "an error isn't a result")
			assert.True(t, strings.HasPrefix(people.errOut, "Error: "), people.errOut)
			assert.NotRegexp(t, goNames, people.errOut)
			assert.Contains(t, people.errOut, c.message)
			if !c.local {
				assert.Contains(t, people.errOut, "req_")
			}

			programs := runHere(t.Context(), variables, append(args, "-o", "json")...)
			assert.Equal(t, c.code, programs.code)
			assert.Empty(t, programs.out)
			var got struct {
				Error struct {
					Kind, Message string
					ExitCode      int     `json:"exit_code"`
					RequestID     *string `json:"request_id"`
				}
			}
			require.NoError(t, json.Unmarshal([]byte(programs.errOut), &got), programs.errOut)
			assert.Equal(t, c.kind, got.Error.Kind)
			assert.Equal(t, c.code, got.Error.ExitCode)
			assert.NotEmpty(t, got.Error.Message)
			require.NotNil(t, got.Error.RequestID, "the key is always there")
			assert.Equal(t, c.local, *got.Error.RequestID == "", "request id %q", *got.Error.RequestID)
			assert.NotContains(t, people.errOut+programs.errOut, "lev_test")
		})
	}
}

// TestEveryExitIsReached finds rows of the table that nothing leads to.
func TestEveryExitIsReached(t *testing.T) {
	t.Parallel()
	reached := map[cli.Kind]bool{"outcome_unknown": true, "interrupted": true, "incomplete": true} // below
	for _, c := range exitCases {
		reached[cli.Kind(c.kind)] = true
	}
	kinds := make(map[int]cli.Kind)
	for _, e := range cli.Exits()[1:] {
		assert.True(t, reached[e.Kind], "%s is never tested", e.Kind)
		if kind, ok := kinds[e.Code]; ok {
			assert.Equal(t, kind, e.Kind, "code %d means one thing", e.Code)
		}
		kinds[e.Code] = e.Kind
	}
}

// The errors of campaigns run have kinds, whatever they wrap.
func TestHowARunEnds(t *testing.T) {
	t.Parallel()
	kind := func(err error) cli.Kind { return cli.ExitOf(ended(err)).Kind }
	assert.Equal(t, cli.Incomplete, kind(fmt.Errorf("x: %w", &dial.Incomplete{})))
	assert.Equal(t, cli.Interrupted, kind(&dial.Interrupted{}))
	assert.Equal(t, cli.Usage, kind(&dial.BadInput{}))
	assert.Equal(t, cli.NotConfirmed, kind(cli.As(cli.NotConfirmed, voiceagent.ErrOutcomeUnknown)))
	assert.Equal(t, cli.OutcomeUnknown, kind(voiceagent.ErrOutcomeUnknown))
	require.NoError(t, ended(nil))
}

// An interrupted command ends with 130, and what it wrote so far stays.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	server.Fail(voiceagenttest.Fault{Kind: voiceagenttest.HangBefore, Times: 1})
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	got := runHere(ctx, variables, "agents", "list")
	assert.Equal(t, 130, got.code, got.errOut)
}

// A campaign goes on without whoever watches it.
func TestInterruptedWatching(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	client := server.Client()
	campaign, err := client.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{
		Name: "January", AgentID: "ag_1", From: "+15550100000", Contacts: []voiceagent.Contact{{"phone": "+919876543210"}},
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := &countingWriter{want: 1, enough: cancel}
	var errOut strings.Builder
	code := run(ctx, []string{"campaigns", "watch", campaign.ID, "--interval", "1h"}, strings.NewReader(""), seen, &errOut,
		func(name string) string { return variables[name] })
	assert.Equal(t, 130, code)
	assert.Contains(t, errOut.String(), "the campaign goes on, and voiceagent campaigns watch "+campaign.ID+" follows it again")
}

// If no server listens, nothing was sent, so the outcome of the call isn't unknown.
func TestRefusedConnection(t *testing.T) {
	t.Parallel()
	listening, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listening.Addr().String()
	require.NoError(t, listening.Close())
	got := runHere(t.Context(), map[string]string{keyVariable: "lev_test_0000"}, "calls", "create", "--agent", "ag_1", "--from", "+15550100000",
		"--to", "+919876543210", "--yes", "--retries", "0", "--base-url", "http://"+address+"/v1")
	assert.Equal(t, 11, got.code, got.errOut)
	assert.NotContains(t, got.errOut, "DO NOT REPEAT")
	assert.NotContains(t, got.errOut, "9876543210", "errors hide numbers")
}
