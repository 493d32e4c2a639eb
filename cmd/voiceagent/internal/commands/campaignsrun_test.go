package commands

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
)

// A run is identified by its server, among other things. Passing the default server explicitly must
// not make a different run, which would call everybody again.
func TestSameServerIsTheSameRun(t *testing.T) {
	t.Parallel()
	server := func(variable string, flags ...string) string {
		env := func(name string) string {
			return map[string]string{keyVariable: "lev_test_0", "VOICEAGENT_BASE_URL": variable}[name]
		}
		p := &cli.Program{Env: env, Err: io.Discard}
		root := p.Root("")
		require.NoError(t, root.ParseFlags(flags))
		var o dial.Options
		require.NoError(t, ready(p, &o))
		return o.Server
	}
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_0"))
	require.NoError(t, err)
	assert.Equal(t, client.Describe().Get("base URL"), server(""))
	assert.Equal(t, server(""), server("", "--base-url", "https://api.levrage.ai/v1"))
	assert.Equal(t, server(""), server("https://api.levrage.ai/v1"))
	assert.NotEqual(t, server(""), server("", "--base-url", "https://other.example.com/v1"))
}

func TestSeparator(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]rune{"": 0, ";": ';', "tab": '\t', `\t`: '\t', "é": 'é'} {
		got, err := separator(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"xx", `"`, "\n", "\r", "\x00", "\ufffd", "\xff"} {
		_, err := separator(text)
		assert.Equal(t, cli.Usage, cli.ExitOf(err).Kind, "%q", text)
	}
}
