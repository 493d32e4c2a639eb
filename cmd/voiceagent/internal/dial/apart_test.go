package dial_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
)

func TestTheContactsAreNeverOverwritten(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*desk, *dial.Options)
		want   string
	}{
		"results":           {func(d *desk, o *dial.Options) { o.Results = o.File }, "the results would overwrite the contacts: --results "},
		"rejects":           {func(d *desk, o *dial.Options) { o.Rejects = o.File }, "the rows that are left out would overwrite the contacts: --rejects "},
		"by another path":   {func(d *desk, o *dial.Options) { o.Rejects = d.path("../001/x/../contacts.csv") }, "would overwrite the contacts"},
		"by a link":         {func(d *desk, o *dial.Options) { o.Results = d.path("link.csv") }, "would overwrite the contacts"},
		"by a hard link":    {func(d *desk, o *dial.Options) { o.Rejects = d.path("hard.csv") }, "would overwrite the contacts"},
		"through a link":    {func(d *desk, o *dial.Options) { o.File, o.Results = d.path("link.csv"), o.File }, "would overwrite the contacts"},
		"both the same":     {func(d *desk, o *dial.Options) { o.Results, o.Rejects = d.path("new.csv"), d.path("new.csv") }, "are the same file: name another one"},
		"both, by a folder": {func(d *desk, o *dial.Options) { o.Results, o.Rejects = d.path("folder/new.csv"), d.path("new.csv") }, "are the same file: name another one"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			path := d.write("contacts.csv", mixed)
			require.NoError(t, os.Mkdir(d.path("x"), 0o700))
			require.NoError(t, os.Symlink(path, d.path("link.csv")))
			require.NoError(t, os.Symlink(d.dir, d.path("folder")))
			require.NoError(t, os.Link(path, d.path("hard.csv")))
			for _, dry := range []bool{true, false} {
				_, err := d.run(t.Context(), func(o *dial.Options) {
					test.change(d, o)
					o.DryRun, o.Force, o.SkipBad, o.AnyRange = dry, true, true, false
				})
				bad := &dial.BadInput{}
				require.ErrorAs(t, err, &bad)
				assert.Contains(t, err.Error(), test.want)
			}
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, mixed, string(text))
			assert.NoFileExists(t, d.path("new.csv"))
			assert.Zero(t, d.srv.RequestCount())
		})
	}
}

func TestOnlyOwnRejectsAreOverwritten(t *testing.T) {
	d := newDesk(t)
	d.write("contacts.csv", mixed)
	dry := func(o *dial.Options) { o.AnyRange, o.SkipBad, o.DryRun = false, true, true }
	d.write("contacts.rejects.csv", "mine\n")
	_, err := d.run(t.Context(), dry)
	require.ErrorContains(t, err, "contacts.rejects.csv exists, isn't a list of such rows, and would be overwritten: move it away")
	text, err := os.ReadFile(d.path("contacts.rejects.csv"))
	require.NoError(t, err)
	assert.Equal(t, "mine\n", string(text))
	require.NoError(t, os.Mkdir(d.path("directory"), 0o700))
	_, err = d.run(t.Context(), dry, func(o *dial.Options) { o.Rejects = d.path("directory") })
	require.ErrorContains(t, err, "directory exists, isn't a list of such rows")

	_, err = d.run(t.Context(), dry, func(o *dial.Options) { o.Force = true })
	require.NoError(t, err)
	assert.Len(t, d.readCSVLoose("contacts.rejects.csv"), 14)
	_, err = d.run(t.Context(), dry)
	require.NoError(t, err, "its own it may")
}

func TestResultsThatAppearMeanwhileAreNotOverwritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(10))
		time.AfterFunc(3*time.Second, func() { _ = os.WriteFile(d.path("contacts.results.csv"), []byte("mine"), 0o600) })
		_, err := d.run(t.Context())
		require.ErrorContains(t, err, "contacts.results.csv exists by now, and was left as it is")
		_, err = d.run(t.Context())
		require.ErrorContains(t, err, "contacts.results.csv exists, and would be overwritten", "nor by the same command again")
		text, err := os.ReadFile(d.path("contacts.results.csv"))
		require.NoError(t, err)
		assert.Equal(t, "mine", string(text))
		_, err = d.run(t.Context(), func(o *dial.Options) { o.Results = d.path("other.csv") })
		require.NoError(t, err)
		assert.Len(t, d.readCSV("other.csv"), 10)
		d.nobodyTwice()
	})
}
