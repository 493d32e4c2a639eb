package commands

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

const keyVariable = "VOICEAGENT_API_KEY"

// result is what a run in this process did.
type result struct {
	code        int
	out, errOut string
}

// runHere runs the program in this process, without a terminal. Variables are pairs of names and
// values.
func runHere(ctx context.Context, variables map[string]string, args ...string) result {
	var out, errOut bytes.Buffer
	code := run(ctx, args, strings.NewReader(""), &out, &errOut, func(name string) string { return variables[name] })
	return result{code, out.String(), errOut.String()}
}

// newServer returns a server and the variables that lead to it.
func newServer(t *testing.T, opts ...voiceagenttest.Option) (*voiceagenttest.Server, map[string]string) {
	t.Helper()
	server := voiceagenttest.NewServer(opts...)
	t.Cleanup(server.Close)
	server.AddAgent(voiceagenttest.NewAgent{ID: "ag_1", Name: "Asha"})
	return server, map[string]string{"VOICEAGENT_BASE_URL": server.URL, keyVariable: "lev_test_0000"}
}
