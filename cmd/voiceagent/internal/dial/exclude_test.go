package dial_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// excluding is --exclude with files of these texts.
func (d *desk) excluding(texts ...string) func(*dial.Options) {
	d.t.Helper()
	var paths []string
	for i, text := range texts {
		paths = append(paths, d.write(fmt.Sprintf("out%d.csv", i+1), text))
	}
	return func(o *dial.Options) { o.Exclude = paths }
}

// Whoever is in a list isn't called, in whichever way the number is written, and is in the rejects
// with the place in the list. Where the number comes again it is excluded, not repeated.
func TestExcludedPeopleAreNotCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", "name,phone\nAsha,+919876543210\nRahul,9876543211\nMeera,+919876543212\nRahul again,+91 98765 43211\nOm,+919876543214\nAsha,9876543210\n")
		out := d.excluding("Mobile;Name\n=\"098765-43211\";Rahul\n+1 555 010 0000;Nobody\n", "00919876543214\n98765 43211\n")
		summary, err := d.run(t.Context(), out)
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"+919876543210", "+919876543212"}, d.srv.Dialed())
		assert.Equal(t, []int{6, 2, 0, 1, 3}, []int{summary.Rows, summary.Contacts, summary.Bad, summary.Repeated, summary.Excluded})
		assert.Contains(t, d.screen.String(), "contacts.csv: 6 rows, 2 contacts, 0 bad, 1 repetition of a number left out, 3 excluded (4 numbers in the lists)\n")
		assert.Contains(t, d.screen.String(), "4 rows left out, written to ")
		rejects := d.readCSV("contacts.rejects.csv")
		require.Len(t, rejects, 4)
		var reasons []string
		for _, row := range rejects {
			reasons = append(reasons, row["line"]+" "+row["reason"])
		}
		assert.Equal(t, []string{
			"3 excluded: " + d.path("out1.csv") + " line 2",
			"5 excluded: " + d.path("out1.csv") + " line 2",
			"6 excluded: " + d.path("out2.csv") + " line 1",
			"7 the number ***3210 is that of line 2 again",
		}, reasons)
		var notCalled []string
		for i, row := range d.readCSV("contacts.results.csv") {
			if row["called_number"] == "" {
				notCalled = append(notCalled, fmt.Sprint(i+2, " ", row["status"], " ", row["not_called_because"]))
			}
		}
		assert.Equal(t, []string{
			"3 excluded excluded: " + d.path("out1.csv") + " line 2",
			"5 excluded excluded: " + d.path("out1.csv") + " line 2",
			"6 excluded excluded: " + d.path("out2.csv") + " line 1",
			"7 repeated the number ***3210 is that of line 2 again",
		}, notCalled)
	})
}

// The results of an earlier run are such a list, also where the file's own column must be named or
// another one looks like phone numbers, and where a row was called by nobody.
func TestTheResultsOfAnEarlierRunAreSuchAList(t *testing.T) {
	for name, file := range map[string]struct{ before, after, column string }{
		"the usual column": {before: "phone,name\n%s,Asha\n%s,Rahul\n", after: "phone,name\n%s,Asha\n%s,Rahul\n%s,Meera\n"},
		"a named column":   {before: "reach,id\n%s,1\n%s,2\n", after: "reach,id\n%s,1\n%s,2\n%s,3\n", column: "reach"},
		"results again":    {before: "phone,called_number\n%s,x\n%s,y\n", after: "phone,name\n%s,Asha\n%s,Rahul\n%s,Meera\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				column := func(o *dial.Options) { o.Campaign.PhoneColumn = file.column }
				d.write("contacts.csv", fmt.Sprintf(file.before, "9876543210", "9876543211"))
				_, err := d.run(t.Context(), column)
				require.NoError(t, err)
				require.Len(t, d.srv.Dialed(), 2)
				results, err := os.ReadFile(d.path("contacts.results.csv"))
				require.NoError(t, err)
				cells := strings.Split(strings.SplitN(string(results), "\n", 2)[0], ",")
				for i, name := range cells {
					cells[i] = map[string]string{"not_called_because": "not a number"}[name] // as of somebody who was left out
				}
				skipped := strings.Join(cells, ",") + "\n"
				require.NoError(t, os.WriteFile(d.path("contacts.results.csv"), append(results, skipped...), 0o600))

				d.write("contacts.csv", fmt.Sprintf(file.after, "9876543210", "9876543211", "9876543212"))
				more := func(o *dial.Options) {
					o.Exclude, o.Results = []string{d.path("contacts.results.csv")}, d.path("more.csv")
				}
				_, err = d.run(t.Context(), column, more)
				require.NoError(t, err, "nobody is called again, so the file may have changed")
				assert.Contains(t, d.screen.String(), "and has changed since: --exclude keeps out everybody who was called then\n")
				require.Len(t, d.srv.Dialed(), 3)
				assert.Equal(t, "+919876543212", d.srv.Dialed()[2])
			})
		})
	}
}

// A file that has changed is still refused where --exclude leaves somebody who was called.
func TestExcludingSomeDoesNotCallTheOthersAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(3))
		_, err := d.run(t.Context())
		require.NoError(t, err)
		d.write("contacts.csv", contacts(4))
		_, err = d.run(t.Context(), d.excluding("phone\n"+number(0)+"\n"+number(1)+"\n"))
		require.ErrorContains(t, err, "and has changed since: all 2 contacts would be called, also those who were.")
		numbers, err := filepath.Glob(d.path("state/*.numbers"))
		require.NoError(t, err)
		require.NoError(t, os.Remove(numbers[0]))
		_, err = d.run(t.Context(), d.excluding("phone\n"+number(0)+"\n"+number(1)+"\n"+number(2)+"\n"))
		require.ErrorContains(t, err, "and has changed since", "whom that run called isn't known")
		assert.Len(t, d.srv.Dialed(), 3)
	})
}

// The second pass leaves out the same people, over several campaigns.
func TestExcludedPeopleAreInNoCampaign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(4100))
		var list strings.Builder
		out := map[string]bool{}
		for i := 0; i < 4100; i += 37 {
			fmt.Fprintln(&list, number(i))
			out[number(i)] = true
		}
		summary, err := d.run(t.Context(), d.excluding(list.String()))
		require.NoError(t, err)
		assert.Equal(t, len(out), summary.Excluded)
		assert.Len(t, d.srv.Dialed(), 4100-len(out))
		for _, number := range d.srv.Dialed() {
			assert.False(t, out[number], number)
		}
		d.nobodyTwice()
		for _, row := range d.readCSV("contacts.results.csv") {
			assert.NotEqual(t, "no_call_listed", row["status"])
		}
	})
}

// Another list of exclusions makes other campaigns. Those that were made can't be made again.
func TestOtherExclusionsDoNotGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(4100))
		d.srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/campaigns", Status: 402, Code: "quota_exceeded", Every: 2, Times: 1})
		first := d.excluding("phone\n" + number(5) + "\n")
		_, err := d.run(t.Context(), first)
		require.ErrorAs(t, err, new(*dial.Incomplete))
		before := d.srv.RequestCount()
		for name, list := range map[string]func(*dial.Options){
			"more": d.excluding("phone\n"+number(5)+"\n", number(4000)+"\n"), "others": d.excluding("phone\n" + number(6) + "\n"), "none": func(*dial.Options) {},
		} {
			_, err = d.run(t.Context(), list)
			require.ErrorAs(t, err, new(*dial.BadInput), name)
			assert.Contains(t, err.Error(), "and --exclude keeps out other people now. Its campaigns stay as they were planned", name)
			assert.Contains(t, err.Error(), "To go on with it give the lists as they were:\n  voiceagent campaigns run contacts.csv --yes\n", name)
		}
		assert.Equal(t, before, d.srv.RequestCount())
		_, err = d.run(t.Context(), d.excluding("phone\n"+number(5)+"\n"+number(99_999)+"\n"))
		require.NoError(t, err, "a list that keeps out the same people is the same")
		assert.Len(t, d.srv.Dialed(), 4099)
		d.nobodyTwice()
	})
}

func TestListsOfExclusionsThatCannotBeUsed(t *testing.T) {
	for want, list := range map[string]string{
		": 2 of 3 rows can't be read, and somebody who is to be kept out might be called. Nothing was sent.\n": "phone,x\n+919876543210,\ncall me,\n123,\n",
		"out1.csv, line 3, column 1 (phone): the number has letters in it\n":                                   "phone,x\n+919876543210,\ncall me,\n",
		": 30 of 30 rows can't be read":                                                                           "phone\n" + strings.Repeat("?\n", 30),
		"\nand 10 such rows more\nMend or remove them":                                                            "phone\n" + strings.Repeat("?\n", 30),
		": no row follows the header: it keeps nobody out. Leave it out if that is meant":                         "phone,name\n",
		": line 1: the file is empty":                                                                             "",
		": line 1: no column looks like phone numbers: name the phone column. The columns, separated by commas, ": "id,city\n1,Pune\n",
		"it holds a phone number, so it is a contact, not a header":                                               "Asha,+919876543210\n",
		"this is a spreadsheet (xlsx), not CSV":                                                                   "PK\x03\x04...xl/workbook.xml",
	} {
		d := newDesk(t)
		d.write("contacts.csv", contacts(3))
		_, err := d.run(t.Context(), d.excluding(list))
		require.ErrorAs(t, err, new(*dial.BadInput), want)
		assert.Contains(t, err.Error(), want)
		assert.True(t, strings.HasPrefix(err.Error(), "--exclude "+d.path("out1.csv")), err.Error())
		assert.Zero(t, d.srv.RequestCount())
		assert.NoFileExists(t, d.path("contacts.rejects.csv"))
	}
	for want, change := range map[string]func(*desk, *dial.Options){
		"--exclude -: standard input is gone": func(_ *desk, o *dial.Options) { o.Exclude = []string{"-"} },
		"there is no such file":               func(d *desk, o *dial.Options) { o.Exclude = []string{d.path("none.csv")} },
		"is a directory":                      func(d *desk, o *dial.Options) { o.Exclude = []string{d.dir} },
		"is the file with the contacts: nobody would be called": func(_ *desk, o *dial.Options) {
			o.Exclude = []string{o.File}
		},
		"the results would overwrite --exclude": func(d *desk, o *dial.Options) { o.Exclude = []string{d.path("contacts.results.csv")} },
		"the rows that are left out would overwrite --exclude": func(d *desk, o *dial.Options) {
			o.Exclude = []string{d.path("contacts.rejects.csv")}
		},
		"nobody is left to call: the numbers of all 3 rows are excluded or come again": func(d *desk, o *dial.Options) {
			o.Exclude = []string{d.write("all.csv", contacts(3))}
		},
	} {
		d := newDesk(t)
		d.write("contacts.csv", contacts(3))
		_, err := d.run(t.Context(), func(o *dial.Options) { change(d, o) })
		require.ErrorAs(t, err, new(*dial.BadInput), want)
		assert.Contains(t, err.Error(), want)
		assert.Zero(t, d.srv.RequestCount())
	}
}

// Whoever is added to a list while the question waits is not to be called, either.
func TestAListThatChangesAtTheQuestionIsRefused(t *testing.T) {
	d := newDesk(t)
	d.write("contacts.csv", contacts(3))
	_, err := d.run(t.Context(), d.excluding("phone\n"+number(9)+"\n"), func(o *dial.Options) {
		o.Yes, o.Ask = false, func(string) error { d.excluding("phone\n" + number(9) + "\n" + number(1) + "\n"); return nil }
	})
	require.ErrorContains(t, err, "--exclude "+d.path("out1.csv")+" has changed since it was read: run the command again")
	assert.Zero(t, d.srv.RequestCount())
}

// Rows that a run left out, mended and called as a file of their own: nobody who was called or kept
// out is among those who are called.
func TestMendedRejectsCallNobodyAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", "phone,name\n+919876543210,Asha\nnobody,Rahul\n98765 43210,Asha\n+919876543213,Om\n")
		out := d.excluding("phone\n+919876543213\n")
		_, err := d.run(t.Context(), out, func(o *dial.Options) { o.SkipBad = true })
		require.NoError(t, err)
		rejects, err := os.ReadFile(d.path("contacts.rejects.csv"))
		require.NoError(t, err)
		mended := d.write("mended.csv", strings.Replace(string(rejects), "nobody", "+919876543211", 1))
		again := func(o *dial.Options) { o.File = mended }
		_, err = d.run(t.Context(), again)
		require.ErrorAs(t, err, new(*dial.BadInput))
		assert.Contains(t, err.Error(), "of 2 contacts 1 were called by a run of another list, begun on ")
		assert.Contains(t, err.Error(), ".\nThis file has the rows that a run left out. Keep out whom it called with --exclude and its results, or say --again")
		_, err = d.run(t.Context(), again, func(o *dial.Options) { o.Campaign.AgentID = d.srv.AddAgent(voiceagenttest.NewAgent{Name: "Vikram"}) })
		require.ErrorContains(t, err, "of 2 contacts 1 were called by a run of another list", "whoever calls")
		_, err = d.run(t.Context(), again, func(o *dial.Options) { o.DryRun = true })
		require.NoError(t, err)
		assert.Contains(t, d.screen.String(), "WARNING: of 2 contacts 1 were called")
		_, err = d.run(t.Context(), again, func(o *dial.Options) { o.Exclude = []string{d.path("contacts.results.csv")} })
		require.NoError(t, err)
		assert.Equal(t, []string{"+919876543210", "+919876543211"}, d.srv.Dialed())
		mine := d.calls()["+919876543211"][0].Metadata
		assert.Equal(t, "Rahul", mine["name"])
		assert.NotContains(t, mine, "reason", "that is no business of the agent's")
		left := d.readCSVLoose("mended.rejects.csv")
		assert.Equal(t, []string{"line", "column", "column_name", "reason", "phone", "name"}, left[0], "the old columns give way")
		require.Len(t, left, 3)
		assert.Equal(t, []string{"3", "5", "phone", "excluded: " + d.path("contacts.results.csv") + " line 2", "98765 43210", "Asha"}, left[1])
		assert.Equal(t, []string{"4", "5", "phone", "excluded: " + d.path("out1.csv") + " line 2", "+919876543213", "Om"}, left[2], "who was kept out still is")
	})
}

// The reading of a long list can be interrupted.
func TestCtrlCWhileAListIsRead(t *testing.T) {
	d := newDesk(t)
	d.write("contacts.csv", contacts(3))
	_, err := d.run(after(t, -time.Second), d.excluding(contacts(5)))
	stopped := &dial.Interrupted{}
	require.True(t, errors.As(err, &stopped), "%v", err)
	assert.Contains(t, err.Error(), "out1.csv was being read, and this command has sent nothing.")
}
