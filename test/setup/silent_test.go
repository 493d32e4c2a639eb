package setup_test

import (
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

func TestSilentByDefault(t *testing.T) { // not parallel: it redirects stderr
	client, _ := testkit.NewLoopback(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		voiceagent.WithRetryPolicy(testkit.Quickly{}))
	read, write, err := os.Pipe()
	require.NoError(t, err)
	stderr, stdout := os.Stderr, os.Stdout
	os.Stderr, os.Stdout = write, write
	_, err = client.Calls.Get(t.Context(), "call_1")
	os.Stderr, os.Stdout = stderr, stdout
	require.NoError(t, write.Close())
	require.Error(t, err)
	said, err := io.ReadAll(read)
	require.NoError(t, err)
	assert.Empty(t, string(said))
}
