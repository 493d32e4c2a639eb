package dial_test

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
)

// readCSVLoose returns the lines of a file whose rows may have different lengths.
func (d *desk) readCSVLoose(name string) [][]string {
	d.t.Helper()
	text, err := os.ReadFile(d.path(name))
	require.NoError(d.t, err)
	reader := csvReader(string(text))
	reader.FieldsPerRecord = -1
	records, err := reader.ReadAll()
	require.NoError(d.t, err)
	return records
}

func TestSkipBadCallsTheRestOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", mixed)
		_, err := d.run(t.Context(), func(o *dial.Options) { o.AnyRange, o.SkipBad = false, true })
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"+919876543210", "+919876543211", "+919876543217"}, d.srv.Dialed())
		assert.Contains(t, d.screen.String(), "contacts.csv: 16 rows, 3 contacts, 12 bad, 1 repetition of a number left out\n1 campaign named ")
		assert.Contains(t, d.screen.String(), "columns are separated by semicolons\n")
		assert.Contains(t, d.screen.String(), `"Mobile No." as Mobile_No_`)
		rows := d.readCSV("contacts.results.csv")
		require.Len(t, rows, 16, "those that were left out, too")
		assert.Equal(t, "98765 43210", rows[0]["Mobile No."])
		assert.Equal(t, "+919876543210", rows[0]["called_number"])
		for call, err := range d.srv.Client().Calls.All(t.Context(), voiceagent.CallListParams{}) {
			require.NoError(t, err)
			if call.PhoneNumber == "+919876543210" {
				assert.Equal(t, "Asha", call.Metadata["Name"])
				assert.Equal(t, "Pune", call.Metadata["City"])
			}
		}
	})
}

// A spreadsheet opens the rows that are left out as it opens the file: they have its separator, and
// a byte order mark, also where the last row only shows that it isn't UTF-8.
func TestRejectsOpenInTheSpreadsheetThatMadeTheFile(t *testing.T) {
	d := newDesk(t)
	d.write("contacts.csv", "phone;name\r\nnobody;Asha\r\n+919876543210;J\xfcrgen\r\nnobody;M\xfcller\r\n")
	for range 2 { // the second time it replaces what is there
		_, err := d.run(t.Context(), func(o *dial.Options) { o.DryRun, o.SkipBad = true, true })
		require.NoError(t, err)
	}
	text, err := os.ReadFile(d.path("contacts.rejects.csv"))
	require.NoError(t, err)
	assert.Equal(t, "\ufeffline;column;column_name;reason;phone;name\n"+
		"2;1;phone;the number has letters in it;nobody;Asha\n4;1;phone;the number has letters in it;nobody;Müller\n", string(text))
	left, err := os.ReadDir(d.dir)
	require.NoError(t, err)
	for _, file := range left {
		assert.NotContains(t, file.Name(), ".new-")
	}
}

func TestNumbersAreReadInTheirRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", "number\t1st\n5550123456\tx\n+919876543210\ty\n")
		_, err := d.run(t.Context(), func(o *dial.Options) { o.Region = "us" })
		require.NoError(t, err)
		assert.ElementsMatch(t, []string{"+15550123456", "+919876543210"}, d.srv.Dialed())
		assert.Contains(t, d.screen.String(), `"1st" as _1st`)
	})
}

// Without a region, that is the country from which is called.
func TestNumbersAreReadInTheCountryOfTheCaller(t *testing.T) {
	for from, test := range map[string]struct{ region, cell, want string }{
		"+15550100000":   {"US", "(415) 555-2671", "+14155552671"},
		"+1 416 5550100": {"CA", "(415) 555-2671", "+14155552671"},
		"+919876543299":  {"IN", "98765 43210", "+919876543210"},
		"919876543299":   {"IN", "98765 43210", "+919876543210"},
		"+80012345678":   {"IN", "98765 43210", "+919876543210"},
		"a trunk":        {"IN", "98765 43210", "+919876543210"},
	} {
		t.Run(from, func(t *testing.T) {
			t.Parallel()
			numbers, err := dial.NewNumbers("", from, true)
			require.NoError(t, err)
			number, err := numbers.Normalize(test.cell)
			require.NoError(t, err)
			assert.Equal(t, test.want, number)
			numbers, err = dial.NewNumbers("IN", from, true)
			require.NoError(t, err)
			number, err = numbers.Normalize("98765 43210")
			require.NoError(t, err)
			assert.Equal(t, "+919876543210", number)
			d := newDesk(t)
			d.write("contacts.csv", "phone\n"+test.cell+"\n")
			_, err = d.run(t.Context(), func(o *dial.Options) { o.Region, o.Campaign.From, o.DryRun = "", from, true })
			require.NoError(t, err)
			assert.Contains(t, d.screen.String(), "without a country code those of "+test.region+";")
		})
	}
}

func TestThePlanIsAskedFor(t *testing.T) {
	d := newDesk(t)
	d.write("contacts.csv", contacts(3))
	asked := ""
	_, err := d.run(t.Context(), func(o *dial.Options) {
		o.Yes = false
		o.Ask = func(question string) error {
			asked = question
			assert.Contains(t, d.screen.String(), "contacts.csv: 3 rows, 3 contacts, 0 bad")
			return errNo
		}
	})
	require.ErrorIs(t, err, errNo)
	assert.Equal(t, "Call 3 contacts from +15550100000, 50 at a time?", asked)
	require.NoError(t, os.RemoveAll(d.path("state")))
	summary, err := d.run(t.Context(), func(o *dial.Options) { o.Yes, o.DryRun = false, true })
	require.NoError(t, err)
	assert.True(t, summary.DryRun)
	assert.NoDirExists(t, d.path("state"), "a dry run leaves nothing behind")
	assert.Zero(t, d.srv.RequestCount())
}

func TestTheSameRunTwiceAtOnceIsRefused(t *testing.T) {
	d := newDesk(t)
	d.write("contacts.csv", contacts(3))
	_, err := d.run(t.Context(), func(o *dial.Options) {
		o.Yes = false
		o.Ask = func(string) error {
			_, err := d.run(t.Context())
			bad := &dial.BadInput{}
			require.ErrorAs(t, err, &bad)
			assert.Contains(t, err.Error(), "another process has it open. Is the same command running in another terminal?")
			return errNo
		}
	})
	require.ErrorIs(t, err, errNo)
	assert.Zero(t, d.srv.RequestCount())
}

// When the file is fixed, the list of its bad rows is removed. Files of other programs stay, even
// with --force.
func TestAStaleListOfRejectsIsRemoved(t *testing.T) {
	d := newDesk(t)
	d.write("contacts.csv", contacts(3)+"Nobody,12,1\n")
	check := func(change ...func(*dial.Options)) error {
		_, err := d.run(t.Context(), append(change, func(o *dial.Options) { o.DryRun = true })...)
		return err
	}
	require.Error(t, check())
	require.FileExists(t, d.path("contacts.rejects.csv"))
	d.write("contacts.csv", contacts(3))
	require.NoError(t, check())
	assert.NoFileExists(t, d.path("contacts.rejects.csv"))
	assert.FileExists(t, d.path("contacts.rejects.csv.bak"))
	require.NoError(t, check(), "there is none")

	// One that somebody has mended isn't lost.
	d.write("contacts.csv", contacts(3)+"Nobody,12,1\n")
	require.Error(t, check())
	list, err := os.ReadFile(d.path("contacts.rejects.csv"))
	require.NoError(t, err)
	require.Error(t, check(), "the same list again")
	mended := strings.Replace(string(list), "12", "+919876543210", 1)
	d.write("contacts.rejects.csv", mended)
	require.Error(t, check())
	kept, err := os.ReadFile(d.path("contacts.rejects.csv.bak"))
	require.NoError(t, err)
	assert.Equal(t, mended, string(kept))
	d.write("contacts.csv", contacts(3))
	require.NoError(t, check())

	d.write("contacts.rejects.csv", "mine\n")
	require.NoError(t, check(func(o *dial.Options) { o.Force = true }))
	assert.FileExists(t, d.path("contacts.rejects.csv"))
}
