package dial_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// answering makes everybody answer.
var answering = voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Completed })

func (d *desk) withTranscripts(o *dial.Options) { o.Transcripts = d.path("said") }

// files returns the names in the directory of the transcripts.
func (d *desk) files() (names []string) {
	d.t.Helper()
	entries, err := os.ReadDir(d.path("said"))
	require.NoError(d.t, err)
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func TestTranscriptsAreAFileForEachCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, voiceagenttest.WithOutcome(byLastDigit))
		d.write("contacts.csv", contacts(20))
		summary, err := d.run(t.Context(), d.withTranscripts, d.listing(func(call map[string]any) {
			if call["phone_number"] == number(5) { // whatever a server calls it, it leads nowhere else
				call["id"], call["session_id"] = "../../x y", nil
			}
		}), func(o *dial.Options) {
			o.Campaign.Retry = &voiceagent.CampaignRetry{Enabled: true, OnStatuses: []voiceagent.CallStatus{"voicemail"}, IntervalValue: 1,
				IntervalUnit: "minutes", MaxRetries: 1}
		})
		require.NoError(t, err)
		talked := 0
		for i, row := range d.readCSV("contacts.results.csv") {
			files, err := filepath.Glob(fmt.Sprintf("%s/line-%06d-*.txt", d.path("said"), i+2))
			require.NoError(t, err)
			want := map[string]int{"completed": 1, "voicemail": 2, "no_answer": 0, "failed": 0}[row["status"]]
			require.Len(t, files, want, "row %d: %s", i, row["status"])
			talked += want
			if want == 0 {
				continue
			}
			info, err := os.Stat(files[0])
			require.NoError(t, err)
			assert.Equal(t, os.FileMode(0o600), info.Mode())
			text, err := os.ReadFile(files[0])
			require.NoError(t, err)
			assert.Contains(t, string(text), "\nto: "+number(i)+"\nstatus: "+row["status"]+"\n")
			assert.Contains(t, string(text), "\n\nagent (")
			if i == 5 {
				assert.Contains(t, filepath.Base(files[0]), "line-000007-.._.._x_y-")
			} else {
				assert.Contains(t, strings.Join(files, " "), row["session_id"])
			}
		}
		assert.Len(t, d.files(), talked)
		assert.Equal(t, talked, summary.TranscriptFiles)
		assert.Contains(t, d.screen.String(), "said has 16 files: what people said, one file for each call with a transcript, which only you can read\n")
		info, err := os.Stat(d.path("said"))
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o700)|os.ModeDir, info.Mode())
	})
}

func TestTranscriptsAreNotMixedWithOtherFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, answering)
		d.write("contacts.csv", contacts(3))
		d.write("said", "a file")
		_, err := d.run(t.Context(), d.withTranscripts)
		require.ErrorContains(t, err, "said is no directory: there is a file for each call")
		require.NoError(t, os.Remove(d.path("said")))
		require.NoError(t, os.Mkdir(d.path("said"), 0o755))
		d.write("said/mine.txt", "mine")
		for _, dry := range []bool{true, false} {
			_, err = d.run(t.Context(), d.withTranscripts, func(o *dial.Options) { o.DryRun = dry })
			bad := &dial.BadInput{}
			require.ErrorAs(t, err, &bad)
			require.ErrorContains(t, err, "said isn't empty, and what people said would be mixed with what is there")
		}
		assert.Zero(t, d.srv.RequestCount())
		_, err = d.run(t.Context(), d.withTranscripts, func(o *dial.Options) { o.Force = true })
		require.NoError(t, err)
		assert.Len(t, d.files(), 4, "mine stays")
		d.nobodyTwice()
	})
}

// What was broken off while it was written is written again, and a run that has ended gives its
// transcripts later, too.
func TestTranscriptsOfARunThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, answering)
		d.write("contacts.csv", contacts(3))
		_, err := d.run(t.Context())
		require.NoError(t, err)
		_, err = d.run(t.Context(), d.withTranscripts)
		require.NoError(t, err)
		require.Len(t, d.files(), 3)
		require.NoError(t, os.WriteFile(d.path("said/"+d.files()[0]), []byte("ha"), 0o644))
		_, err = d.run(t.Context(), d.withTranscripts)
		require.NoError(t, err)
		text, err := os.ReadFile(d.path("said/" + d.files()[0]))
		require.NoError(t, err)
		assert.Contains(t, string(text), "status: completed")
		d.nobodyTwice()
	})
}
