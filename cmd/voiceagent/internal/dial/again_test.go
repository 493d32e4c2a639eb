package dial_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func TestLostAnswersCallNobodyTwice(t *testing.T) {
	for seed := range uint64(2) {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk(t, voiceagenttest.WithSeed(seed))
			d.srv.Fail(
				voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter, Rate: 0.5},
				voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.StatusAfter, Status: 504, Rate: 0.2},
				voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.TruncatedJSON, Rate: 0.2},
				voiceagenttest.Fault{Method: "POST", Status: 500, Rate: 0.2},
			)
			d.write("contacts.csv", contacts(4100))
			summary, err := d.run(t.Context())
			require.NoError(t, err)
			assert.Len(t, summary.Campaigns, 3)
			assert.Len(t, d.srv.Dialed(), 4100)
			d.nobodyTwice()
		})
	}
}

func TestWhatIsUnknownIsToldAndMadeOnlyWhenSomebodyHasLooked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(2100))
		d.srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropBefore, Every: 2, Times: 1})
		summary, err := d.run(t.Context())
		unknown := &dial.Incomplete{}
		require.ErrorAs(t, err, &unknown)
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		require.Len(t, unknown.Campaigns, 2)
		name := unknown.Campaigns[1].Name
		assert.Contains(t, err.Error(), "  unknown: "+name+", 100 contacts: the answer was lost, so it may be calling\n")
		assert.Contains(t, err.Error(), "\n  voiceagent campaigns run --not-made 2 contacts.csv --yes")
		assert.NotContains(t, err.Error(), "in no campaign")
		assert.Len(t, d.srv.Dialed(), 2000)
		rows := d.readCSV("contacts.results.csv")
		require.Len(t, rows, 2100)
		assert.Equal(t, "campaign_unknown", rows[2000]["status"], "they may have been called")
		assert.Empty(t, rows[2000]["attempts"])
		assert.Empty(t, rows[2000]["campaign_id"])
		assert.Contains(t, d.screen.String(), "of 100 contacts it isn't known if they are called: campaign_unknown in the results\n")
		assert.Equal(t, 100, summary.Unknown)
		assert.NotEmpty(t, rows[1999]["session_id"])

		_, err = d.run(t.Context())
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		assert.Len(t, d.srv.Dialed(), 2000, "again it is only looked for")

		_, err = d.run(t.Context(), func(o *dial.Options) { o.NotMade = []int{1} })
		bad := &dial.BadInput{}
		require.ErrorAs(t, err, &bad)
		assert.Contains(t, err.Error(), "--not-made 1: the outcome of part 1 isn't unknown")

		_, err = d.run(t.Context(), func(o *dial.Options) { o.NotMade = []int{2} })
		require.NoError(t, err)
		assert.Len(t, d.srv.Dialed(), 2100)
		d.nobodyTwice()
		assert.NotEqual(t, "campaign_unknown", d.readCSV("contacts.results.csv")[2000]["status"])
	})
}

// A campaign whose answer was lost, and which could not be found then, is looked for again before
// the results are written.
func TestWhatIsFoundLaterIsTakenIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(2100))
		d.srv.Fail(
			voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropAfter, Times: 1},
			voiceagenttest.Fault{Method: "GET", Route: "/campaigns", Status: 403, Times: 1},
		)
		summary, err := d.run(t.Context())
		require.NoError(t, err)
		assert.Contains(t, d.screen.String(), "\ncampaign unknown: ")
		assert.Equal(t, []int{2100, 0}, []int{summary.Total, summary.Unknown})
		assert.Len(t, d.srv.Dialed(), 2100)
		d.nobodyTwice()
		for _, row := range d.readCSV("contacts.results.csv") {
			require.NotEmpty(t, row["session_id"])
			require.NotEmpty(t, row["campaign_id"])
		}
	})
}

func TestARefusedCampaignStopsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(2100))
		d.srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/campaigns", Status: 402, Code: "quota_exceeded", Every: 2, Times: 1})
		_, err := d.run(t.Context())
		stopped := &dial.Incomplete{}
		require.ErrorAs(t, err, &stopped)
		quota := &voiceagent.QuotaExceededError{}
		require.ErrorAs(t, err, &quota)
		assert.Equal(t, 100, stopped.Missing)
		assert.Contains(t, err.Error(), "100 contacts are in no campaign, and are not called.\nTo go on where it stopped")
		assert.Contains(t, err.Error(), "voiceagent campaigns pause "+stopped.Campaigns[0].ID)

		_, err = d.run(t.Context())
		require.NoError(t, err)
		assert.Len(t, d.srv.Dialed(), 2100)
		d.nobodyTwice()
	})
}

func TestAFileThatChangesIsRefused(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, path string){
		"content": func(t *testing.T, path string) {
			t.Helper()
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(contacts(30), "Person 7", "Person 8")), 0o600))
			require.NoError(t, os.Chtimes(path, time.Time{}, info.ModTime()))
		},
		"size": func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.WriteFile(path, []byte(contacts(31)), 0o600))
		},
		"time": func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(1, 0)))
		},
		"gone": func(t *testing.T, path string) {
			t.Helper()
			require.NoError(t, os.Remove(path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			path := d.write("contacts.csv", contacts(30))
			_, err := d.run(t.Context(), func(o *dial.Options) {
				o.Yes = false
				o.Ask = func(string) error { change(t, path); return nil }
			})
			bad := &dial.BadInput{}
			require.ErrorAs(t, err, &bad)
			assert.Equal(t, path+" has changed since it was checked: leave it alone until the run has ended", err.Error())
			assert.Zero(t, d.srv.RequestCount())
		})
	}
}

// A file that changes while campaigns are made: what was checked was sent, the rest isn't.
func TestAFileThatChangesWhileItIsSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d *desk
		d = newDesk(t, voiceagenttest.WithOnRequest(func(r voiceagenttest.Request) {
			if d.srv.RequestCount() <= 1 {
				_ = os.WriteFile(d.path("contacts.csv"), []byte(strings.ReplaceAll(contacts(4100), "Person 4099", "Person 9999")), 0o600)
			}
		}))
		d.write("contacts.csv", contacts(4100))
		_, err := d.run(t.Context())
		stopped := &dial.Incomplete{}
		require.ErrorAs(t, err, &stopped)
		assert.Contains(t, err.Error(), "has changed since it was checked")
		assert.Equal(t, 100, stopped.Missing)

		d.write("contacts.csv", contacts(4100))
		_, err = d.run(t.Context())
		require.NoError(t, err)
		assert.Len(t, d.srv.Dialed(), 4100)
		d.nobodyTwice()
	})
}

func TestOtherSettingsForTheSamePeopleAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(10))
		_, err := d.run(after(t, 7*time.Second))
		require.Error(t, err)
		before := d.srv.RequestCount()
		for _, change := range []func(*dial.Options){
			func(o *dial.Options) { o.Campaign.MaxConcurrentCalls = 3 },
			func(o *dial.Options) { o.Campaign.Retry = &voiceagent.CampaignRetry{Enabled: true} },
			func(o *dial.Options) {
				o.Campaign.CallingHours = &voiceagent.CallingHours{Start: "10:00", End: "18:00"}
			},
		} {
			_, err = d.run(t.Context(), change)
			bad := &dial.BadInput{}
			require.ErrorAs(t, err, &bad)
			assert.Contains(t, err.Error(), "with other settings, and its campaigns may be calling. To go on with it use the same ones:\n"+
				"  voiceagent campaigns run contacts.csv --yes\n")
		}
		assert.Equal(t, before, d.srv.RequestCount())
		_, err = d.run(t.Context())
		require.NoError(t, err)
		d.nobodyTwice()

		_, err = d.run(t.Context(), func(o *dial.Options) { o.Campaign.Name, o.Again, o.Results = "Once more", true, d.path("more.csv") })
		require.NoError(t, err)
		assert.Contains(t, d.screen.String(), "NOTE: the same contacts were called by a run begun on ")
		assert.Len(t, d.srv.Dialed(), 20, "another name is another run")
	})
}

func TestSettingsThatWereRefusedCanBeChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(10))
		d.srv.Fail(voiceagenttest.Fault{Method: "POST", Status: 422})
		_, err := d.run(t.Context())
		refused := &voiceagent.ValidationError{}
		require.ErrorAs(t, err, &refused)
		assert.Contains(t, err.Error(), "no campaign was made, and nobody is called: ")
		_, err = d.run(t.Context(), func(o *dial.Options) { o.Campaign.MaxConcurrentCalls = 3 })
		require.NoError(t, err)
		assert.Len(t, d.srv.Dialed(), 10)
	})
}

func TestALostLedgerStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(10))
		_, err := d.run(t.Context())
		require.NoError(t, err)
		ledgers, err := filepath.Glob(d.path("state/*.ledger"))
		require.NoError(t, err)
		require.Len(t, ledgers, 1)
		info, err := os.Stat(ledgers[0])
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode())
		require.NoError(t, os.Remove(ledgers[0]))
		_, err = d.run(t.Context())
		bad := &dial.BadInput{}
		require.ErrorAs(t, err, &bad)
		assert.Contains(t, err.Error(), "is gone, and without it people would be called twice")
		d.nobodyTwice()
	})
}

func TestResultsAreNotOverwritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(10))
		d.write("contacts.results.csv", "mine")
		_, err := d.run(t.Context())
		bad := &dial.BadInput{}
		require.ErrorAs(t, err, &bad)
		assert.Contains(t, err.Error(), "contacts.results.csv exists, and would be overwritten: move it away")
		assert.Zero(t, d.srv.RequestCount())

		_, err = d.run(t.Context(), func(o *dial.Options) { o.Results = d.path("other.csv") })
		require.NoError(t, err)
		_, err = d.run(t.Context(), func(o *dial.Options) { o.Results = d.path("other.csv") })
		require.NoError(t, err, "the same run may write its results again")
		_, err = d.run(t.Context())
		require.ErrorAs(t, err, &bad, "but not over those of others")
		_, err = d.run(t.Context(), func(o *dial.Options) { o.Force = true })
		require.NoError(t, err)
		assert.Len(t, d.readCSV("contacts.results.csv"), 10)
		d.nobodyTwice()
	})
}
