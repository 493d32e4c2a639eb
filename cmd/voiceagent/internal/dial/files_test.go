package dial_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

// The library's tests read the same files.
func TestContactsOfAllKindsOfFiles(t *testing.T) {
	t.Parallel()
	for name, file := range testkit.ContactFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.write("contacts.csv", file.Text)
			summary, err := d.run(t.Context(), func(o *dial.Options) {
				o.AnyRange, o.SkipBad, o.DryRun, o.Campaign.PhoneColumn = false, true, true, file.Column
			})
			said := d.screen.String()
			if err != nil {
				require.ErrorAs(t, err, new(*dial.BadInput))
				said += err.Error()
			}
			for _, want := range file.Errors {
				assert.Contains(t, said, want)
			}
			assert.NotRegexp(t, `98765|Asha|Rahul|Rao`, said)
			if encoding, _, _ := strings.Cut(name, " "); strings.HasPrefix(encoding, "UTF-16") && err == nil {
				assert.Contains(t, said, "the file is read as UTF-16")
			}
			if whole := errors.As(err, new(*dial.BadInput)); !whole {
				assert.Equal(t, len(file.Numbers), summary.Contacts)
				assert.Equal(t, len(file.Errors), summary.Bad+summary.Repeated)
			}
		})
	}
}
