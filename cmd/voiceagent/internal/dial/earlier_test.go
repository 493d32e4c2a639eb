package dial_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

func TestAFileThatWasCalledAndHasChangedIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		path := d.write("contacts.csv", contacts(10))
		refusal := path + " was called on " + time.Now().Local().Format("2 Jan 2006 at 15:04") + " and has changed since: all 10 contacts would be called, also those who were.\n" +
			"Put it back as it was to go on:\n  voiceagent campaigns run contacts.csv --yes\n" +
			"or keep out who was called with --exclude and the results of that run, or put only the new rows into a file of their own, or say --again"
		january := func(o *dial.Options) { o.Campaign.Name = "January" }
		_, err := d.run(after(t, 7*time.Second), january)
		require.Error(t, err)
		before := d.srv.RequestCount()

		d.write("contacts.csv", contacts(10)+"\n")
		require.NoError(t, os.Symlink(path, d.path("link.csv")))
		for name, change := range map[string]func(*dial.Options){
			"with --yes":             january,
			"before it asks":         func(o *dial.Options) { o.Yes = false },
			"another agent, as well": func(o *dial.Options) { o.Campaign.AgentID = "ag_other" },
		} {
			_, err = d.run(t.Context(), change)
			bad := &dial.BadInput{}
			require.ErrorAs(t, err, &bad, name)
			assert.Equal(t, refusal, err.Error(), name)
		}
		_, err = d.run(t.Context(), func(o *dial.Options) { o.File = d.path("link.csv") })
		require.ErrorContains(t, err, "link.csv was called on ", "by another path")
		_, err = d.run(t.Context(), func(o *dial.Options) { o.DryRun = true })
		require.NoError(t, err)
		assert.Contains(t, d.screen.String(), "WARNING: "+path+" was called on ")
		assert.Equal(t, before, d.srv.RequestCount())

		_, err = d.run(t.Context(), january, func(o *dial.Options) { o.Again = true })
		require.NoError(t, err)
		assert.Contains(t, d.screen.String(), "NOTE: "+path+" was called on ")
		assert.Len(t, d.srv.Dialed(), 20, "as they wanted it")
		_, err = d.run(t.Context(), january)
		require.NoError(t, err, "what was begun with --again goes on without")
		d.write("contacts.csv", contacts(10))
		_, err = d.run(t.Context(), january, func(o *dial.Options) { o.Force = true })
		require.NoError(t, err, "put back, it goes on")
		assert.Len(t, d.srv.Dialed(), 20)
	})
}

// A run that made nothing prevents no other run, and a file at another path isn't the same file.
func TestWhatWasNotCalledMayChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(10))
		d.srv.Fail(voiceagenttest.Fault{Method: "POST", Status: 422, Times: 1})
		_, err := d.run(t.Context())
		require.Error(t, err)
		_, err = d.run(t.Context(), func(o *dial.Options) { o.Campaign.Name, o.DryRun = "Another", true })
		require.NoError(t, err)
		d.write("contacts.csv", contacts(11))
		_, err = d.run(t.Context())
		require.NoError(t, err)
		assert.NotContains(t, d.screen.String(), "NOTE")
		assert.NotContains(t, d.screen.String(), "WARNING")
		_, err = d.run(t.Context(), func(o *dial.Options) { o.File = d.write("others.csv", contacts(12)) })
		require.NoError(t, err)
		assert.Len(t, d.srv.Dialed(), 23)
	})
}

// Whether a lost answer was a call isn't known, so it counts as one.
func TestWhatMayHaveBeenCalledMayNotChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(10))
		d.srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropBefore, Times: 1})
		_, err := d.run(t.Context())
		require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
		d.write("contacts.csv", contacts(11))
		_, err = d.run(t.Context())
		require.ErrorContains(t, err, "and has changed since")
		assert.Empty(t, d.srv.Dialed())
	})
}

// Another spelling of the same address is the same run: nobody is called again, even if the results
// file was removed.
func TestOtherSpellingsOfAServerAreTheSameRun(t *testing.T) {
	for one, others := range map[string][]string{
		"https://voiceagent.test/v1": {"HTTPS://VoiceAgent.TEST:443/v1/", "https://voiceagent.test./v1//"},
		"http://localhost:8497/v1":   {"http://LOCALHOST:8497/v1", " http://localhost:8497/v1/ "},
		"http://[::1]":               {"http://[::1]:80/"},
	} {
		t.Run(one, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.write("contacts.csv", contacts(10))
				_, err := d.run(t.Context(), func(o *dial.Options) { o.Server = one })
				require.NoError(t, err)
				for _, other := range others {
					require.NoError(t, os.Remove(d.path("contacts.results.csv")))
					_, err = d.run(t.Context(), func(o *dial.Options) { o.Server = other })
					require.NoError(t, err)
					assert.Contains(t, d.screen.String(), "nobody is called now")
				}
				assert.Len(t, d.srv.Dialed(), 10)
			})
		})
	}
}

// What a run is known by: each of these makes another one.
func TestOtherParametersAreAnotherRun(t *testing.T) {
	var file strings.Builder
	file.WriteString("phone,mobile\n")
	for i := range 10 {
		fmt.Fprintf(&file, "%s,%s\n", number(i), number(100+i))
	}
	for name, test := range map[string]struct {
		change  func(*dial.Options)
		refused bool // unless --again
		from    int  // the first number that the second run calls
	}{
		"server":           {change: func(o *dial.Options) { o.Server = "https://staging.test/v1" }, refused: true},
		"server and agent": {change: func(o *dial.Options) { o.Server, o.Campaign.AgentID = "https://staging.test/v1", "ag_ravi" }},
		"agent":            {change: func(o *dial.Options) { o.Campaign.AgentID = "ag_ravi" }, refused: true},
		"from":             {change: func(o *dial.Options) { o.Campaign.From = "+15550100001" }, refused: true},
		"column":           {change: func(o *dial.Options) { o.Campaign.PhoneColumn = "mobile" }, refused: true, from: 100},
		"name":             {change: func(o *dial.Options) { o.Campaign.Name = "February" }, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.srv.AddAgent(voiceagenttest.NewAgent{ID: "ag_ravi", Name: "Ravi"})
				d.write("contacts.csv", file.String())
				phone := func(o *dial.Options) { o.Campaign.PhoneColumn = "phone" }
				_, err := d.run(t.Context(), phone)
				require.NoError(t, err)
				another := func(o *dial.Options) {
					o.Results = d.path("other.csv")
					test.change(o)
				}
				if test.refused {
					_, err = d.run(t.Context(), phone, another)
					require.ErrorContains(t, err, "the same contacts were called by a run begun on ")
					require.ErrorContains(t, err, "This run would call them again: if that is meant, say --again")
					require.Len(t, d.srv.Dialed(), 10)
					asked := false
					_, err = d.run(t.Context(), phone, another, func(o *dial.Options) {
						o.Yes, o.Ask = false, func(string) error { asked = true; return errNo }
					})
					require.ErrorIs(t, err, errNo)
					assert.True(t, asked)
					assert.Contains(t, d.screen.String(), "NOTE: the same contacts were called by a run begun on ")
				}
				_, err = d.run(t.Context(), phone, another, func(o *dial.Options) { o.Again = test.refused })
				require.NoError(t, err)
				var want []string
				for i := range 10 {
					want = append(want, number(test.from+i))
				}
				require.Len(t, d.srv.Dialed(), 20)
				assert.ElementsMatch(t, want, d.srv.Dialed()[10:])
			})
		})
	}
}

// What doesn't make another run, but changes who is called.
func TestOtherReadingsOfTheSameFileAreRefused(t *testing.T) {
	for name, change := range map[string]func(*dial.Options){
		"any range": func(o *dial.Options) { o.AnyRange = true },
		"region":    func(o *dial.Options) { o.Region = "US" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.write("contacts.csv", "phone\n+919876543210\n+919876543211\n2025550123\n+15550000001\n")
				narrow := func(o *dial.Options) { o.AnyRange, o.SkipBad = false, true }
				_, err := d.run(after(t, 3*time.Second), narrow)
				stopped := &dial.Interrupted{}
				require.ErrorAs(t, err, &stopped)
				before := d.srv.RequestCount()
				_, err = d.run(t.Context(), narrow, change)
				require.ErrorContains(t, err, "with other settings, and its campaigns may be calling")
				assert.Equal(t, before, d.srv.RequestCount())
				_, err = d.run(t.Context(), narrow)
				require.NoError(t, err)
				assert.Len(t, d.srv.Dialed(), 3)
			})
		})
	}
}

// A campaign whose answer is lost is looked for by its name, among other things. A campaign of
// other contacts must not be taken for it.
func TestALostCampaignIsNotTakenForThatOfOthers(t *testing.T) {
	for name, change := range map[string]func(*desk, *dial.Options){
		"another file":   func(d *desk, o *dial.Options) { o.File, o.Campaign.PhoneColumn = d.path("others.csv"), "phone" },
		"another column": func(_ *desk, o *dial.Options) { o.Campaign.PhoneColumn, o.Again = "mobile", true },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.write("contacts.csv", "phone,mobile\n"+number(1)+","+number(2)+"\n")
				d.write("others.csv", "phone\n"+number(3)+"\n")
				january := func(o *dial.Options) { o.Campaign.Name, o.Campaign.PhoneColumn = "January", "phone" }
				_, err := d.run(after(t, time.Second), january)
				require.Error(t, err)
				d.srv.Fail(voiceagenttest.Fault{Method: "POST", Kind: voiceagenttest.DropBefore, Times: 1})
				another := func(o *dial.Options) { change(d, o); o.Results = d.path("other.csv") }
				_, err = d.run(t.Context(), january, another)
				require.ErrorIs(t, err, voiceagent.ErrOutcomeUnknown)
				_, err = d.run(t.Context(), january, another, func(o *dial.Options) { o.NotMade = []int{1} })
				require.NoError(t, err)
				assert.Len(t, d.srv.Dialed(), 2)
				d.nobodyTwice()
			})
		})
	}
}

// Another list with some of the same people, such as the same list in another order, is reported.
// It isn't refused, as lists overlap for good reasons.
func TestPeopleOfAnotherListAreToldOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.srv.AddAgent(voiceagenttest.NewAgent{ID: "ag_ravi", Name: "Ravi"})
		d.write("contacts.csv", contacts(10))
		_, err := d.run(t.Context())
		require.NoError(t, err)
		numbers, err := filepath.Glob(d.path("state/*.numbers"))
		require.NoError(t, err)
		require.Len(t, numbers, 1)
		info, err := os.Stat(numbers[0])
		require.NoError(t, err)
		assert.Equal(t, os.FileMode(0o600), info.Mode())

		sorted := strings.Split(strings.TrimSpace(contacts(12)), "\n")
		slices.Sort(sorted[1:])
		slices.Reverse(sorted[1:8])
		other := func(o *dial.Options) { o.File = d.write("other.csv", strings.Join(sorted, "\n")) }
		asked := false
		_, err = d.run(t.Context(), other, func(o *dial.Options) {
			o.Yes, o.Ask = false, func(string) error { asked = true; return errNo }
		})
		require.ErrorIs(t, err, errNo)
		assert.True(t, asked)
		note := "NOTE: of 12 contacts 10 were called by a run of another list, begun on "
		assert.Equal(t, 1, strings.Count(d.screen.String(), note))
		_, err = d.run(t.Context(), other, func(o *dial.Options) { o.Campaign.AgentID = "ag_ravi" })
		require.NoError(t, err, "another agent is another matter")
		assert.Equal(t, 1, strings.Count(d.screen.String(), note))
		_, err = d.run(t.Context(), other, func(o *dial.Options) { o.Again, o.Force = true, true })
		require.NoError(t, err)
		assert.Equal(t, 2, strings.Count(d.screen.String(), note))

		_, err = d.run(t.Context(), func(o *dial.Options) { o.File = d.write("third.csv", contacts(1)) })
		require.NoError(t, err)
		assert.Contains(t, d.screen.String(), "NOTE: of 1 contact 1 were called by a run of another list, begun on ")
		assert.Contains(t, d.screen.String(), "; 1 run before it called some of them, too\n")
		_, err = d.run(t.Context(), func(o *dial.Options) { o.File = d.write("fourth.csv", "phone\n"+number(77)+"\n") })
		require.NoError(t, err)
		assert.Equal(t, 3, strings.Count(d.screen.String(), "of another list"), "nobody twice, no note")
	})
}
