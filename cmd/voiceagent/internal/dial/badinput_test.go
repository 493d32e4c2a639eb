package dial_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
)

// badFiles are files that are refused before anything is sent, and the errors. FILE stands for the
// path.
var badFiles = map[string]struct{ text, want string }{
	"empty":       {"", "FILE: line 1: the file is empty: its first line must name the columns"},
	"header only": {"phone,name\n", "FILE: line 1: no row follows the header: there is nobody to call"},
	"no phone":    {"id,name\n1,Asha\n", "FILE: line 1: no column looks like phone numbers: name the phone column. The columns, separated by commas, are: id | name"},
	"two phones":  {"phone,mobile\n1,2\n", "FILE: line 1: columns \"phone\" and \"mobile\" could hold the phone numbers: name the phone column. The columns, separated by commas, are: phone | mobile"},
	"same name":   {"phone,city,city\n1,2,3\n", "FILE: line 1: columns 2 and 3 have the same name for the API, which takes letters, digits and underscores: rename one. The columns, separated by commas, are: phone | city | city"},
	"no header, a name twice": {"Asha;call me;Asha\n", "FILE: line 1: columns 1 and 3 have the same name for the API, which takes letters, digits and underscores: rename one. " +
		"The line must name the columns, and isn't shown, as it may be a person's (cells: 3, separated by semicolons)"},
	"a spreadsheet": {"PK\x03\x04...xl/workbook.xml", "FILE: this is a spreadsheet (xlsx), not CSV: export the contacts as CSV"},
	"open quote": {"phone,name\n+919876543210,\"Asha\n+919876543211,Rahul\n+919876543212,Meera\n", "FILE: line 2, column 2 (name): a quote (\") opens here " +
		"that isn't closed as it should be; that showed on line 4. What is between can't be told apart: close the quote, or write \"\" for one inside a cell"},
	"endless quote": {"phone,name\n+919876543210,Asha\n+919876543211,\"Rahul" + strings.Repeat(" and so on\n", 100_000),
		"FILE: line 3, column 2 (name): the row doesn't end within 1048576 bytes: is a quote (\") not closed?"},
	"endless header": {"phone,\"name" + strings.Repeat(" and so on\n", 100_000), "FILE: line 1, column 2: the row doesn't end within 1048576 bytes: is a quote (\") not closed?"},
	"nobody left": {"phone\nabc\n", "FILE: 1 of 1 row can't be used; all of them are in FILE.rejects. Nothing was sent.\n" +
		"Mend them and run it again, or go on without them with --skip-bad. Numbers without a country code are read as those of IN; --region says otherwise"},
}

func TestBadFilesStopBeforeAnythingIsSent(t *testing.T) {
	for name, test := range badFiles {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.write("contacts.csv", test.text)
			_, err := d.run(t.Context(), func(o *dial.Options) { o.Rejects = o.File + ".rejects" })
			bad := &dial.BadInput{}
			require.ErrorAs(t, err, &bad)
			assert.Equal(t, strings.ReplaceAll(test.want, "FILE", d.path("contacts.csv")), err.Error())
			assert.Zero(t, d.srv.RequestCount())
		})
	}
}

func TestBadOptionsStopBeforeAnythingIsSent(t *testing.T) {
	for want, change := range map[string]func(*dial.Options){
		"contacts can't come from standard input":           func(o *dial.Options) { o.File = "-" },
		"there is no such file":                             func(o *dial.Options) { o.File += "x" },
		"is a directory: give a CSV file":                   func(o *dial.Options) { o.File = t.TempDir() },
		"is no ordinary file":                               func(o *dial.Options) { o.File = os.DevNull },
		"no agent: give its id with --agent":                func(o *dial.Options) { o.Campaign.AgentID = " " },
		"no number to call from":                            func(o *dial.Options) { o.Campaign.From = "" },
		"--name has 71 characters, more than 70":            func(o *dial.Options) { o.Campaign.Name = strings.Repeat("é", 71) },
		`--region "XX" is no country`:                       func(o *dial.Options) { o.Region = "xx" },
		"--concurrency 51 is more than 1 campaign can make": func(o *dial.Options) { o.Campaign.MaxConcurrentCalls = 51 },
		"there is no column \"tel\"; name \"mobile\" if that is meant. The columns, separated by commas, are: name | mobile | loan amount": func(o *dial.Options) {
			o.Campaign.PhoneColumn = "tel"
		},
	} {
		d := newDesk(t)
		d.write("contacts.csv", contacts(3))
		_, err := d.run(t.Context(), change)
		bad := &dial.BadInput{}
		require.ErrorAs(t, err, &bad, want)
		assert.Contains(t, err.Error(), want)
		assert.Zero(t, d.srv.RequestCount())
	}
}

// The rows of this file, in their order: good ones, and one of each kind that isn't.
const mixed = "\ufeffName;Mobile No.;City\r\n" +
	"Asha;98765 43210;Pune\r\n" + // 2: good
	"Rahul;+91 98765-43211;\r\n" + // 3: good
	";;\r\n" + // 4: empty
	"Asha again;09876543210;Pune\r\n" + // 5: the number of line 2
	"Meera;987654321;Goa\r\n" + // 6: a digit too few
	"Kabir;9.19877E+11;Goa\r\n" + // 7
	"Anita;919876543212.0;Goa\r\n" + // 8
	"Arjun;call me;Goa\r\n" + // 9
	"Priya;;Goa\r\n" + // 10
	"Vikram;+9198765432134567;Goa\r\n" + // 11
	"Dev;+919876543213/14;Goa\r\n" + // 12
	"Ira;+919876543214\r\n" + // 13: a field is missing
	"Om;+919876543215;Goa;East\r\n" + // 14: one too many
	"Uma;\"+919876543216\"x;Goa\r\n" + // 15: a quote in the wrong place
	"\"Zoya\r\nKhan\";12345;Goa\r\n" + // 16: the bad cell is on line 17
	"Jai;+99998765;Goa\r\n" + // 18
	"Last;+919876543217;Goa\r\n" // 19: good

var mixedProblems = []string{
	`contacts.csv, line 6, column 2 (Mobile No.): the number ***4321 can't be used: it is in no range of numbers that is known for IN, though its length is possible (a wrong area code?); --any-range takes it all the same`,
	`contacts.csv, line 7, column 2 (Mobile No.): the number was made a decimal by a spreadsheet, which loses digits: format the column as text and export it again`,
	`contacts.csv, line 8, column 2 (Mobile No.): the number was made a decimal by a spreadsheet, which loses digits: format the column as text and export it again`,
	`contacts.csv, line 9, column 2 (Mobile No.): the number has letters in it`,
	`contacts.csv, line 10, column 2 (Mobile No.): the number is empty`,
	`contacts.csv, line 11, column 2 (Mobile No.): the number ***4567 can't be used: it is too long`,
	`contacts.csv, line 12, column 2 (Mobile No.): the number ***1314 looks like more than one number, or has an extension: one number in a row`,
	`contacts.csv, line 13, column 3 (City): the row has 2 fields, the header has 3`,
	`contacts.csv, line 14, column 4: the row has 4 fields, the header has 3`,
	`contacts.csv, line 15, column 2 (Mobile No.): a quote (") is where none can be: put the cell in quotes, and write "" for one inside`,
	`contacts.csv, line 17, column 2 (Mobile No.): the number ***2345 can't be used: it is too short`,
	`contacts.csv, line 18, column 2 (Mobile No.): the number ***8765 can't be used: it is no phone number`,
	`contacts.csv, line 5, column 2 (Mobile No.): the number ***3210 is that of line 2 again`,
}

func TestBadRowsAreToldWithLineAndColumn(t *testing.T) {
	d := newDesk(t)
	d.write("contacts.csv", mixed)
	summary, err := d.run(t.Context(), func(o *dial.Options) { o.AnyRange = false })
	bad := &dial.BadInput{}
	require.ErrorAs(t, err, &bad)
	assert.Contains(t, err.Error(), "contacts.csv: 12 of 16 rows can't be used; all of them are in "+d.path("contacts.rejects.csv")+". Nothing was sent.\n")
	assert.Equal(t, "checking "+d.path("contacts.csv")+"\n"+strings.Join(mixedProblems, "\n")+"\n", d.screen.String())
	assert.Zero(t, d.srv.RequestCount())
	assert.Equal(t, []int{16, 3, 12, 1}, []int{summary.Rows, summary.Contacts, summary.Bad, summary.Repeated})

	rejects := d.readCSVLoose("contacts.rejects.csv")
	require.Len(t, rejects, 14)
	assert.Equal(t, []string{"line", "column", "column_name", "reason", "Name", "Mobile No.", "City"}, rejects[0])
	assert.Equal(t, []string{"5", "2", "Mobile No.", "the number ***3210 is that of line 2 again", "Asha again", "09876543210", "Pune"}, rejects[1])
	assert.Equal(t, []string{"15", "2", "Mobile No.", `a quote (") is where none can be: put the cell in quotes, and write "" for one inside`,
		"Uma", `"+919876543216"x`, "Goa"}, rejects[11], "also what comes after the fault")
}

func TestOnlyTheFirstTwentyBadRowsAreShown(t *testing.T) {
	d := newDesk(t)
	d.write("contacts.csv", "phone\n"+strings.Repeat("nobody\n", 50))
	_, err := d.run(t.Context())
	require.Error(t, err)
	assert.Equal(t, 22, strings.Count(d.screen.String(), "\n"))
	assert.Contains(t, d.screen.String(), "line 21, column 1 (phone)")
	assert.Contains(t, d.screen.String(), "and 30 bad rows more\n")
	assert.Len(t, d.readCSVLoose("contacts.rejects.csv"), 51)
}

// The error of a bad quote has the right column, wherever the quote is and whatever precedes it in
// the file.
func TestABadQuoteIsToldWithItsColumn(t *testing.T) {
	for name, test := range map[string]struct {
		row, column string
		cells       []string
	}{
		"first":  {`"As"ha,+919876543210,Pune`, "1 (name)", []string{`"As"ha`, "+919876543210", "Pune"}},
		"middle": {`Asha,"+91"9876543210,Pune`, "2 (phone)", []string{"Asha", `"+91"9876543210`, "Pune"}},
		"last":   {`Asha,+919876543210,"5" pipe`, "3 (city)", []string{"Asha", "+919876543210", `"5" pipe`}},
		"beyond": {`Asha,+919876543210,Pune,"x"y`, "4", []string{"Asha", "+919876543210", "Pune", `"x"y`}},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.write("contacts.csv", "\ufeffname,phone,city\r\n\"Long\r\nname\",+919876543211,Goa\r\n\r\n"+test.row+"\r\nLast,+919876543212,Goa\r\n")
			_, err := d.run(t.Context())
			require.Error(t, err)
			assert.Contains(t, d.screen.String(), "contacts.csv, line 5, column "+test.column+": a quote (\") is where none can be")
			rejects := d.readCSVLoose("contacts.rejects.csv")
			require.Len(t, rejects, 2)
			assert.Equal(t, test.cells, rejects[1][4:])
		})
	}
}
