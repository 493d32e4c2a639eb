package commands

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/internal/testkit"
)

var sentNumber = regexp.MustCompile(`"\w+": "(\+91\d+)"`)

// The library's tests read the same files.
func TestCampaignsCreateReadsAllKindsOfFiles(t *testing.T) {
	t.Parallel()
	_, variables := newServer(t)
	for name, file := range testkit.ContactFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "contacts.csv")
			require.NoError(t, os.WriteFile(path, []byte(file.Text), 0o600))
			got := runHere(t.Context(), variables, "campaigns", "create", "--name", "January", "--agent", "ag_1", "--from", "+15550100000", "--region", "IN",
				"--contacts", path, "--phone-column", file.Column, "--dry-run")
			for _, want := range file.RowErrors() {
				assert.Contains(t, got.errOut, want)
			}
			assert.NotRegexp(t, `98765|Asha|Rahul|Rao`, got.errOut)
			if len(file.Errors) > 0 && name != "a number twice" {
				assert.Equal(t, 2, got.code, got.errOut)
				return
			}
			require.Zero(t, got.code, got.errOut)
			var numbers []string
			for _, match := range sentNumber.FindAllStringSubmatch(got.out, -1) {
				numbers = append(numbers, match[1])
			}
			assert.Equal(t, file.Numbers, numbers)
		})
	}
}

// Without --region, numbers are those of the country that is called from.
func TestCampaignsCreateReadsNumbersInTheCallersCountry(t *testing.T) {
	t.Parallel()
	_, variables := newServer(t)
	path := filepath.Join(t.TempDir(), "contacts.csv")
	require.NoError(t, os.WriteFile(path, []byte("phone\n(415) 555-2671\n"), 0o600))
	got := runHere(t.Context(), variables, "campaigns", "create", "--name", "January", "--agent", "ag_1", "--from", "+15550100000",
		"--contacts", path, "--dry-run")
	require.Zero(t, got.code, got.errOut)
	assert.Contains(t, got.out, `"+14155552671"`)
}
