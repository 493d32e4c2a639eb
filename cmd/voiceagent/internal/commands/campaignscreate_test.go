package commands

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/boltledger"
)

// made answers every request with a campaign.
type made struct{}

func (made) RoundTrip(r *http.Request) (*http.Response, error) {
	_, err := io.Copy(io.Discard, r.Body)
	header := http.Header{"Content-Type": {"application/json"}}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(strings.NewReader(`{"data":{"id":"c_1","name":"January"}}`)), Request: r}, err
}

// What a ledger has is shown, also after the time that it was scheduled for: nothing is sent.
func TestWhatTheLedgerHasIsShownAfterItsSchedule(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	path, contacts := filepath.Join(t.TempDir(), "made.ledger"), filepath.Join(t.TempDir(), "contacts.csv")
	require.NoError(t, os.WriteFile(contacts, []byte("phone\n+919876543210\n"), 0o600))
	synctest.Test(t, func(t *testing.T) { // in the year 2000
		ledger, err := boltledger.Open(path)
		require.NoError(t, err)
		client, err := voiceagent.NewClient(voiceagent.WithAPIKey(variables[keyVariable]), voiceagent.WithBaseURL(server.URL),
			voiceagent.WithHTTPClient(&http.Client{Transport: made{}}), voiceagent.WithLedger(ledger))
		require.NoError(t, err)
		_, err = client.Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{
			Name: "January", AgentID: "ag_1", From: "+15550100000", Contacts: []voiceagent.Contact{{"phone": "+919876543210"}},
			ScheduleAt: time.Now().Add(time.Minute),
		}, voiceagent.WithIdempotencyKey("january"))
		require.NoError(t, err)
		require.NoError(t, ledger.Close())
	})
	args := []string{"campaigns", "create", contacts, "--name", "January", "--agent", "ag_1", "--from", "+15550100000", "--schedule", "2000-01-01T00:01:00Z", "--yes", "--ledger", path}
	got := runHere(t.Context(), variables, append(args, "--idempotency-key", "january", "-o", "csv")...)
	assert.Zero(t, got.code, got.errOut)
	assert.Contains(t, got.out, "c_1,January")
	got = runHere(t.Context(), variables, append(args, "--idempotency-key", "february")...)
	assert.Equal(t, 7, got.code)
	assert.Contains(t, got.errOut, "--schedule: 2000-01-01T00:01:00Z is in the past")
	assert.Zero(t, server.RequestCount())
}

// Whoever is added to a list while the question waits is not to be called, either.
func TestAListThatChangesWhileCreateAsksIsRefused(t *testing.T) {
	t.Parallel()
	server, variables := newServer(t)
	dir := t.TempDir()
	contacts, list := filepath.Join(dir, "contacts.csv"), filepath.Join(dir, "list.csv")
	require.NoError(t, os.WriteFile(contacts, []byte("phone\n+919876543210\n+919876543211\n"), 0o600))
	require.NoError(t, os.WriteFile(list, []byte("+919876543212\n"), 0o600))
	term := onTerminal(t, variables, "campaigns", "create", contacts, "--name", "January", "--agent", "ag_1", "--from", "+15550100000", "--exclude", list)
	term.until("? [y/N]", "")
	require.NoError(t, os.WriteFile(list, []byte("+919876543212\n+919876543210\n"), 0o600))
	term.until("? [y/N]", "y\n")
	assert.Equal(t, 2, term.end())
	assert.Contains(t, strings.Join(strings.Fields(term.text()), " "), "has changed since it was read: run the command again")
	assert.Zero(t, server.RequestCount())
}
