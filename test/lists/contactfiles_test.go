package lists_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

var ofAPerson = regexp.MustCompile(`\d{6}|Asha|Rahul|Rao`)

// The command line's tests read the same files.
func TestContactsOfAllKindsOfFiles(t *testing.T) {
	t.Parallel()
	for name, file := range testkit.ContactFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			contacts, errs := readCSV(file.Text, voiceagent.CSVParams{PhoneColumn: file.Column})
			key := "phone"
			switch file.Column {
			case "mobile no.":
				key = "mobile_no_"
			case "2": // of a file without a header
				key = "_2"
			}
			var numbers, names []string
			for _, contact := range contacts {
				number, _ := contact[key].(string)
				name, _ := contact["name"].(string)
				numbers, names = append(numbers, number), append(names, name)
			}
			want := file.Plain
			if want == nil {
				want = file.Numbers
			}
			assert.Equal(t, want, numbers)
			if file.Names != nil {
				assert.Equal(t, file.Names, names)
			}
			require.Len(t, errs, len(file.Errors), "%q", errs)
			for i, err := range errs {
				assert.Contains(t, err, file.RowErrors()[i])
				assert.NotRegexp(t, ofAPerson, strings.ReplaceAll(err, "1048576", ""))
			}
		})
	}
}
