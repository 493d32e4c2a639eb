package reminders_test

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// record returns an http.Client that sends to the service and records it as long as there is no
// such file, and from then on only replays. Yours needs no WithRealTransport: http.DefaultTransport
// is the recorder's own choice.
func record(t *testing.T, name string, service http.RoundTripper) *http.Client {
	t.Helper()
	rec, err := recorder.New(name,
		recorder.WithMode(recorder.ModeRecordOnce),
		recorder.WithRealTransport(service),
		recorder.WithMatcher(sameRequest),
		recorder.WithHook(withoutKey, recorder.BeforeSaveHook),
		recorder.WithSkipRequestLatency(true))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, rec.Stop()) }) // writes the file
	return rec.GetDefaultClient()
}

// sameRequest compares method, URL and body: the same call has the same. It compares no headers, as
// the client makes a new Idempotency-Key for each call, and the file has no Authorization.
func sameRequest(r *http.Request, recorded cassette.Request) bool {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return false
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	return r.Method == recorded.Method && r.URL.String() == recorded.URL && string(body) == recorded.Body
}

// withoutKey keeps the API key out of the file. Bodies stay, with numbers and names: record with a
// number of your own, and read the file before you commit it.
func withoutKey(i *cassette.Interaction) error {
	i.Request.Headers.Del("Authorization")
	return nil
}

func TestGoVCR(t *testing.T) {
	srv := voiceagenttest.NewServer(voiceagenttest.WithoutSocket()) // stands for the real service
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Sales"})
	file := filepath.Join(t.TempDir(), "remind") // testdata/remind in a program of yours
	ask := func(t *testing.T, order string) (string, error) {
		t.Helper()
		client := newClient(t, record(t, file, srv.Transport()), voiceagent.WithAPIKey(voiceagenttest.DefaultKey))
		return remind(t.Context(), client, agentID, order)
	}

	var recorded string
	t.Run("record", func(t *testing.T) {
		var err error
		recorded, err = ask(t, "1042")
		require.NoError(t, err)
	})
	text, err := os.ReadFile(file + ".yaml")
	require.NoError(t, err)
	assert.Contains(t, string(text), "1042")
	assert.NotContains(t, string(text), voiceagenttest.DefaultKey)

	t.Run("replay", func(t *testing.T) {
		for range 20 { // Go visits a map in another order each time, but its JSON is the same
			ref, err := ask(t, "1042")
			require.NoError(t, err)
			assert.Equal(t, recorded, ref)
		}
	})
	t.Run("what was not recorded", func(t *testing.T) {
		_, err := ask(t, "1043")
		assert.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.ErrorIs(t, err, cassette.ErrInteractionNotFound)
	})
	assert.Len(t, srv.Dialed(), 1)
}
