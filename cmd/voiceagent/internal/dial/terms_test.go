package dial_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

// concurrencies are the calls at a time that each campaign was made with.
func (d *desk) concurrencies() (all []int) {
	d.t.Helper()
	for campaign, err := range d.srv.Client().Campaigns.All(d.t.Context(), voiceagent.CampaignListParams{}) {
		require.NoError(d.t, err)
		one, err := d.srv.Client().Campaigns.Get(d.t.Context(), campaign.ID)
		require.NoError(d.t, err)
		all = append(all, one.MaxConcurrentCalls)
	}
	return all
}

// The calls at a time are those of the whole run. Its campaigns divide them, and never make more.
func TestConcurrencyIsThatOfTheWholeRun(t *testing.T) {
	for name, c := range map[string]struct {
		contacts, asked int
		each            []int
		plan, refused   string
	}{
		"divided":            {contacts: 4100, asked: 30, each: []int{10, 10, 10}, plan: "; 30 calls at a time, 10 in each campaign\n"},
		"not divisible":      {contacts: 4100, asked: 20, each: []int{6, 6, 6}, plan: "; 18 calls at a time, 6 in each campaign\n"},
		"the least":          {contacts: 4100, asked: 3, each: []int{1, 1, 1}, plan: "; 3 calls at a time, 1 in each campaign\n"},
		"too few":            {contacts: 4100, asked: 2, refused: "--concurrency 2 is less than one call for each of the 3 campaigns that 4,100 contacts make: the least is --concurrency 3"},
		"the most":           {contacts: 2100, asked: 100, each: []int{50, 50}, plan: "; 100 calls at a time, 50 in each campaign\n"},
		"too many":           {contacts: 2100, asked: 102, refused: "--concurrency 102 is more than 2 campaigns can make, each of which makes 50 calls at a time at most: --concurrency 100"},
		"left to the API":    {contacts: 2100, asked: 0, each: []int{1, 1}, plan: "; 2 calls at a time, 1 in each campaign\n"},
		"a campaign":         {contacts: 10, asked: 7, each: []int{7}, plan: "; 7 calls at a time\n"},
		"fewer than nothing": {contacts: 10, asked: -1, refused: "--concurrency -1 is below 1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t)
				d.write("contacts.csv", contacts(c.contacts))
				asked := func(o *dial.Options) { o.Campaign.MaxConcurrentCalls = c.asked }
				_, err := d.run(t.Context(), asked, func(o *dial.Options) { o.DryRun = true })
				if c.refused != "" {
					require.ErrorAs(t, err, new(*dial.BadInput))
					assert.Equal(t, c.refused, err.Error())
					_, err = d.run(t.Context(), asked)
					require.ErrorAs(t, err, new(*dial.BadInput))
					assert.Zero(t, d.srv.RequestCount())
					return
				}
				require.NoError(t, err)
				assert.Contains(t, d.screen.String(), c.plan)
				_, err = d.run(t.Context(), asked)
				require.NoError(t, err)
				assert.Equal(t, c.each, d.concurrencies())
			})
		})
	}
}

// A run that was begun when the flag was that of each campaign goes on as it was recorded: what the
// ledger has can't be sent with other parameters.
func TestARunThatWasBegunWithConcurrencyForEachGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(4100))
		d.srv.Fail(voiceagenttest.Fault{Method: "POST", Route: "/campaigns", Status: 402, Code: "quota_exceeded", Every: 2, Times: 1})
		_, err := d.run(t.Context(), func(o *dial.Options) { o.Campaign.MaxConcurrentCalls = 30 })
		require.ErrorAs(t, err, new(*dial.Incomplete))

		notes, err := filepath.Glob(d.path("state/*.json"))
		require.NoError(t, err)
		require.Len(t, notes, 1)
		text, err := os.ReadFile(notes[0])
		require.NoError(t, err)
		var note map[string]any
		require.NoError(t, json.Unmarshal(text, &note))
		assert.EqualValues(t, 30, note["concurrency"])
		each := func(o *dial.Options) { o.Campaign.MaxConcurrentCalls = 10 }
		_, err = d.run(t.Context(), each)
		require.ErrorContains(t, err, "with other settings", "10 for the whole run isn't what 30 is divided into")

		delete(note, "concurrency") // as it was before
		text, err = json.Marshal(note)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(notes[0], text, 0o600))
		for range 2 {
			_, err = d.run(t.Context(), each)
			require.NoError(t, err)
		}
		assert.Contains(t, d.screen.String(), "NOTE: this run was begun when --concurrency was that of each campaign, and goes on so\n")
		assert.Contains(t, d.screen.String(), "; 30 calls at a time, 10 in each campaign\n")
		assert.Equal(t, []int{10, 10, 10}, d.concurrencies())
		assert.Len(t, d.srv.Dialed(), 4100)
		d.nobodyTwice()
	})
}

// What is asked for is shown before the question: who calls, when, how often, for which account.
func TestThePlanShowsWhatIsAskedFor(t *testing.T) {
	d := newDesk(t)
	d.write("contacts.csv", contacts(3)+"Again,"+number(1)+",5\n")
	question := ""
	_, err := d.run(t.Context(), d.excluding(number(2)+"\n"), func(o *dial.Options) {
		o.Yes, o.Account = false, "https://voiceagent.test/v1, key from key.txt"
		o.Campaign.ScheduleAt = time.Date(2999, 2, 1, 9, 30, 0, 0, time.FixedZone("", 19800))
		o.Campaign.CallingHours = &voiceagent.CallingHours{Start: "09:00", End: "18:00"}
		o.Campaign.Blackouts = []voiceagent.Blackout{{Start: "13:00", End: "14:00"}, {Start: "16:00", End: "16:30"}}
		o.Campaign.Retry = &voiceagent.CampaignRetry{Enabled: true, OnStatuses: []voiceagent.CallStatus{"no_answer", "failed"}, IntervalValue: 30, IntervalUnit: "minutes", MaxRetries: 2}
		o.Ask = func(text string) error { question = text; return errNo }
	})
	require.ErrorIs(t, err, errNo)
	for _, line := range []string{
		"contacts.csv: 4 rows, 2 contacts, 0 bad, 1 repetition of a number left out, 1 excluded (1 number in the lists)\n",
		"; 50 calls at a time\nagent " + d.agent + "; from +15550100000; account: https://voiceagent.test/v1, key from key.txt\n",
		"\nscheduled for Fri 1 Feb 2999 09:30 +05:30; within 09:00-18:00, not within 13:00-14:00 and 16:00-16:30 " +
			"(in which zone the API doesn't say, probably India's); retries after no_answer, failed, up to 2 times, 30 minutes apart\n",
	} {
		assert.Contains(t, d.screen.String(), line)
	}
	assert.Equal(t, "Call 2 contacts from +15550100000, 50 at a time, from Fri 1 Feb 2999 09:30 +05:30 on?", question)
	assert.Zero(t, d.srv.RequestCount())
}

// --again for a list that was called as it is would call nobody.
func TestAgainForTheSameRunIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(3))
		_, err := d.run(t.Context())
		require.NoError(t, err)
		again := func(o *dial.Options) { o.Again = true }
		_, err = d.run(t.Context(), again)
		require.ErrorAs(t, err, new(*dial.BadInput))
		assert.Contains(t, err.Error(), "--again calls nobody here: this very run was made on ")
		assert.Contains(t, err.Error(), "To call all 3 contacts again add --name, too; without --again the results are written anew")
		_, err = d.run(t.Context())
		require.NoError(t, err)
		assert.Contains(t, d.screen.String(), "\nnobody was called now: these are the results of the run begun on ")

		another := func(o *dial.Options) { o.Campaign.Name, o.Results = "February", d.path("more.csv") }
		for range 2 { // the second time it only goes on
			_, err = d.run(t.Context(), again, another)
			require.NoError(t, err)
		}
		assert.Len(t, d.srv.Dialed(), 6)
	})
}
