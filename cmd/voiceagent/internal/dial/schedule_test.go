package dial_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// scheduled has the campaigns begin at a time, which is checked as the program does.
func scheduled(at time.Time) func(*dial.Options) {
	return func(o *dial.Options) {
		o.Campaign.ScheduleAt = at
		o.Check = func(params voiceagent.CampaignCreateParams) error {
			if !params.ScheduleAt.IsZero() && time.Until(params.ScheduleAt) < 0 {
				return errors.New("it is in the past")
			}
			return nil
		}
	}
}

// A run whose campaigns were all made goes on after the time that they were scheduled for. One that
// has campaigns to make can't: they would begin at another time.
func TestARunGoesOnAfterTheTimeOfItsSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(2100))
		at := scheduled(time.Now().Add(10 * time.Minute))
		_, err := d.run(after(t, time.Minute), at)
		require.ErrorAs(t, err, new(*dial.Interrupted))
		time.Sleep(time.Hour)
		_, err = d.run(t.Context(), at)
		require.NoError(t, err)
		assert.Len(t, d.srv.Dialed(), 2100)
		d.nobodyTwice()
	})
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(4100))
		d.srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/campaigns", Status: 402, Code: "quota_exceeded", Every: 2, Times: 1})
		at := scheduled(time.Now().Add(10 * time.Minute))
		_, err := d.run(t.Context(), at)
		require.ErrorAs(t, err, new(*dial.Incomplete))
		time.Sleep(time.Hour)
		before := d.srv.RequestCount()
		_, err = d.run(t.Context(), at)
		require.EqualError(t, err, "it is in the past\nCampaign 2 of 3, whose first contact is on line 2002, isn't made yet. "+
			"Put the header and the rows from there on into a file of their own, and call them with a --schedule to come")
		assert.Equal(t, before, d.srv.RequestCount())
		assert.Len(t, d.srv.Dialed(), 2000)
	})
}

// A campaign that is only scheduled can be neither paused nor stopped.
func TestCtrlCBeforeTheScheduleSaysHowToCallItOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(3))
		summary, err := d.run(after(t, time.Minute), scheduled(time.Now().Add(time.Hour)))
		require.ErrorAs(t, err, new(*dial.Interrupted))
		id := summary.Campaigns[0].ID
		assert.Equal(t, "Interrupted. This program no longer watches. The campaigns will begin as scheduled at the vendor's:\n"+
			"  "+id+": "+summary.Name+", 3 contacts, scheduled\n"+
			"To go on where it stopped (nobody is called a second time):\n  voiceagent campaigns run contacts.csv --yes\n"+
			"To call them off before they begin:\n  voiceagent campaigns cancel "+id, err.Error())
		_, err = d.srv.Client().Campaigns.Cancel(t.Context(), id)
		require.NoError(t, err)
	})
}

// All campaigns are made before the first one begins, also where the question waits for long.
func TestAScheduleThatIsTooNearIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(4100))
		_, err := d.run(t.Context(), scheduled(time.Now().Add(14*time.Second)))
		require.EqualError(t, err, "--schedule: 2000-01-01T00:00:14Z is too near: 3 campaigns are to be made before, which may take 15s")
		_, err = d.run(t.Context(), scheduled(time.Now().Add(time.Minute)), func(o *dial.Options) {
			o.Yes, o.Ask = false, func(string) error { time.Sleep(time.Hour); return nil }
		})
		require.EqualError(t, err, "it is in the past")
		assert.Zero(t, d.srv.RequestCount())
		_, err = d.run(t.Context(), scheduled(time.Now().Add(15*time.Second)))
		require.NoError(t, err)
		assert.Len(t, d.srv.Dialed(), 4100)
	})
}
