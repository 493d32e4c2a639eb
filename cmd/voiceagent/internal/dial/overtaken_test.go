package dial_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// named is a run of the same people under another name, which is another run.
func (d *desk) named(name string) func(*dial.Options) {
	return func(o *dial.Options) {
		o.Campaign.Name, o.Results = name, d.path(name+".csv")
		o.Command = "voiceagent campaigns run contacts.csv --name " + name
	}
}

// Two terminals ask about the same people at the same time. The one that hears its yes later calls
// nobody.
func TestAnotherRunWhileThisOneAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(3))
		_, err := d.run(t.Context(), d.named("slow"), func(o *dial.Options) {
			o.Yes, o.Ask = false, func(string) error {
				_, err := d.run(t.Context(), d.named("quick"))
				require.NoError(t, err)
				return nil
			}
		})
		bad := &dial.BadInput{}
		require.ErrorAs(t, err, &bad)
		require.ErrorContains(t, err, "contacts.csv began meanwhile, on ")
		require.ErrorContains(t, err, "--name quick. Nothing was sent")
		assert.Len(t, d.srv.Dialed(), 3)
		d.nobodyTwice()
	})
}

// A run that goes on is told, too, that others have called its people since it stopped.
func TestAnotherRunSinceThisOneStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(2100))
		d.srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/campaigns", Status: 402, Code: "quota_exceeded", Every: 2, Times: 1})
		_, err := d.run(t.Context(), d.named("first"))
		require.Error(t, err)
		time.Sleep(time.Minute)
		again := func(o *dial.Options) { o.Again = true }
		_, err = d.run(t.Context(), d.named("second"), again)
		require.NoError(t, err)
		rang := len(d.srv.Dialed())

		_, err = d.run(t.Context(), d.named("first"))
		bad := &dial.BadInput{}
		require.ErrorAs(t, err, &bad)
		require.ErrorContains(t, err, "--name second. This run would call them again: if that is meant, say --again")
		assert.Len(t, d.srv.Dialed(), rang)
		_, err = d.run(t.Context(), d.named("first"), again)
		require.NoError(t, err)
		assert.Len(t, d.srv.Dialed(), rang+100)
		_, err = d.run(t.Context(), d.named("first"))
		require.NoError(t, err, "it only writes the results")
	})
}

// Where the results can't be written is known before somebody is called.
func TestResultsThatCanNotBeWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(1))
		for path, why := range map[string]string{"none/results.csv": "/none/results.csv can't be written: no such file or directory", "state": "/state is a directory: name a file"} {
			_, err := d.run(t.Context(), func(o *dial.Options) { o.Results, o.Force = d.path(path), true })
			bad := &dial.BadInput{}
			require.ErrorAs(t, err, &bad)
			require.ErrorContains(t, err, why)
		}
		assert.Zero(t, d.srv.RequestCount())
	})
}
