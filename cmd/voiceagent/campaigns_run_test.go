package main

import (
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
)

// A run is known by its server among other things. Naming the one that is meant anyway must not make it another run, which would call everybody
// again.
func TestSameServerIsTheSameRun(t *testing.T) {
	t.Parallel()
	server := func(baseURL, variable string) string {
		env := func(name string) string {
			return map[string]string{keyVariable: "lev_test_0", "VOICEAGENT_BASE_URL": variable}[name]
		}
		p := &program{env: env, baseURL: baseURL, err: io.Discard}
		var o dial.Options
		require.NoError(t, p.ready(&o))
		return o.Server
	}
	client, err := voiceagent.NewClient(voiceagent.WithAPIKey("lev_test_0"))
	require.NoError(t, err)
	assert.Equal(t, client.Describe().Get("base URL"), server("", ""))
	assert.Equal(t, server("", ""), server(libraryBaseURL, ""))
	assert.Equal(t, server("", ""), server("", libraryBaseURL))
	assert.NotEqual(t, server("", ""), server("https://other.example.com/v1", ""))
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
		require.ErrorAs(t, err, new(usageError), "%q", text)
	}
}
