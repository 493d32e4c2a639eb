package dial_test

import (
	"context"
	"errors"
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

// after returns a context that Ctrl-C ends after a while.
func after(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestCtrlCSaysWhatGoesOnAndHow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(2500))
		summary, err := d.run(after(t, 30*time.Second))
		stopped := &dial.Interrupted{}
		require.ErrorAs(t, err, &stopped)
		require.Len(t, stopped.Campaigns, 2)
		one, two := summary.Campaigns[0].ID, summary.Campaigns[1].ID
		name := summary.Name
		assert.Equal(t, strings.Join([]string{
			"Interrupted. This program no longer watches. The campaigns go on calling at the vendor's:",
			"  " + one + ": " + name + " (part 1), 2,000 contacts, in_progress",
			"  " + two + ": " + name + " (part 2), 500 contacts, in_progress",
			"To go on where it stopped (nobody is called a second time):",
			"  voiceagent campaigns run contacts.csv --yes",
			"To pause the calls:",
			"  voiceagent campaigns pause " + one,
			"  voiceagent campaigns pause " + two,
			"To stop them for good:",
			"  voiceagent campaigns stop " + one,
			"  voiceagent campaigns stop " + two,
		}, "\n"), err.Error())

		summary, err = d.run(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []string{one, two}, []string{summary.Campaigns[0].ID, summary.Campaigns[1].ID})
		assert.Contains(t, d.screen.String(), "2 of 2 campaigns made then, and not again\nNOTE: nobody is called now: all 2,500 contacts were given to campaigns then")
		assert.Len(t, d.srv.Dialed(), 2500)
		d.nobodyTwice()
		assert.Len(t, d.readCSV("contacts.results.csv"), 2500)
	})
}

func TestCtrlCWhileCampaignsAreMade(t *testing.T) {
	for name, test := range map[string]struct {
		fault   voiceagenttest.Fault
		unknown bool
	}{
		"finishes the one under way":     {fault: voiceagenttest.Fault{Kind: voiceagenttest.Slow, Delay: 5 * time.Second}},
		"or says that it may be calling": {fault: voiceagenttest.Fault{Kind: voiceagenttest.HangAfter}, unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.write("contacts.csv", contacts(2100))
				test.fault.Method, test.fault.Route, test.fault.Times = "POST", "/campaigns", 1
				d.srv.Fail(test.fault)
				start := time.Now()
				_, err := d.run(after(t, 2*time.Second))
				stopped := &dial.Interrupted{}
				require.ErrorAs(t, err, &stopped)
				assert.LessOrEqual(t, time.Since(start), 13*time.Second)
				require.Len(t, stopped.Campaigns, 1)
				assert.Equal(t, test.unknown, stopped.Campaigns[0].Unknown)
				assert.Equal(t, test.unknown, strings.Contains(err.Error(), "  unknown: "+stopped.Campaigns[0].Name+", 2,000 contacts: the answer was lost, so it may be calling\n"))
				assert.Equal(t, 100, stopped.Missing)
				assert.Contains(t, err.Error(), "100 contacts are in no campaign yet.")
				assert.Contains(t, d.screen.String(), "Interrupted: finishing the campaign under way")

				_, err = d.run(t.Context())
				require.NoError(t, err)
				assert.Len(t, d.srv.Dialed(), 2100)
				d.nobodyTwice()
			})
		})
	}
}

func TestCtrlCAtTheResultsLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(10))
		ctx, cancel := context.WithCancel(t.Context())
		d.srv.Fail(voiceagenttest.Fault{Method: "GET", Route: "/calls", Kind: voiceagenttest.HangBefore, Times: 1})
		go func() {
			for !strings.Contains(d.screen.String(), "1 campaign: 1 completed\ncompleted ") {
				time.Sleep(time.Second)
			}
			cancel()
		}()
		_, err := d.run(ctx)
		stopped := &dial.Interrupted{}
		require.ErrorAs(t, err, &stopped)
		assert.Contains(t, err.Error(), "Interrupted. All campaigns have ended, but the results aren't written:")
		assert.NotContains(t, err.Error(), "campaigns pause")
		_, err = d.run(t.Context())
		require.NoError(t, err)
		assert.Len(t, d.readCSV("contacts.results.csv"), 10)
		d.nobodyTwice()
	})
}

func TestWatchingRidesOutAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(300))
		time.AfterFunc(12*time.Second, func() {
			d.srv.Fail(voiceagenttest.Fault{Method: "GET", Route: "/campaigns/{campaign_id}", Status: 502, Times: 12})
		})
		_, err := d.run(t.Context())
		require.NoError(t, err)
		assert.Contains(t, d.screen.String(), "the campaigns go on, but can't be watched for now: voiceagent: GET /campaigns/{campaign_id}: 502")
		assert.Contains(t, d.screen.String(), "the API answers again")
		d.nobodyTwice()
	})
}

func TestWatchingEndsWhereItMakesNoSense(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(300))
		d.srv.Fail(voiceagenttest.Fault{Method: "GET", Route: "/campaigns/{campaign_id}", Status: 403})
		_, err := d.run(t.Context())
		denied := &voiceagent.PermissionError{}
		require.ErrorAs(t, err, &denied)
		assert.Contains(t, err.Error(), "The campaigns go on calling at the vendor's:")
		assert.Contains(t, err.Error(), "voiceagent campaigns run contacts.csv --yes")
		_, stopped := errors.AsType[*dial.Interrupted](err)
		assert.False(t, stopped, "nobody pressed Ctrl-C")
	})
}
