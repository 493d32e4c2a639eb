package dial_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
)

// Numbers whose prefix has one zone, and one that may be anywhere between Guam and Newfoundland.
const (
	mumbai   = "+919876543210"
	newYork  = "+12125550100" // UTC-5 in winter
	anywhere = "+15550100000"
)

func TestOwnTimeIsGuessedByThePrefix(t *testing.T) {
	t.Parallel()
	at := func(hour, minute int) time.Time { return time.Date(2026, 1, 15, hour, minute, 0, 0, time.UTC) }
	hours := func(start, end string) *voiceagent.CallingHours {
		return &voiceagent.CallingHours{Start: start, End: end}
	}
	for name, c := range map[string]struct {
		params  voiceagent.CampaignCreateParams
		now     time.Time
		numbers []string
		outside int
		when    string
	}{
		"the morning begins":     {now: at(3, 30), numbers: []string{mumbai}, when: "now"},
		"before the morning":     {now: at(3, 29), numbers: []string{mumbai}, outside: 1, when: "now"},
		"the evening ends":       {now: at(15, 30), numbers: []string{mumbai}, outside: 1, when: "now"},
		"before it ends":         {now: at(15, 29), numbers: []string{mumbai}, when: "now"},
		"night in America":       {now: at(5, 0), numbers: []string{mumbai, newYork, newYork}, outside: 2, when: "now"},
		"in summer":              {now: time.Date(2026, 7, 15, 13, 0, 0, 0, time.UTC), numbers: []string{newYork}, when: "now"},
		"in winter":              {now: at(13, 0), numbers: []string{newYork}, outside: 1, when: "now"},
		"scheduled":              {params: voiceagent.CampaignCreateParams{ScheduleAt: at(20, 0)}, now: at(5, 0), numbers: []string{mumbai, newYork}, outside: 1, when: "when it begins"},
		"within hours":           {params: voiceagent.CampaignCreateParams{CallingHours: hours("09:00", "18:00")}, now: at(22, 0), numbers: []string{mumbai}, when: "in some of --hours, if those are India's"},
		"hours that end late":    {params: voiceagent.CampaignCreateParams{CallingHours: hours("09:00", "21:01")}, now: at(5, 0), numbers: []string{mumbai}, outside: 1, when: "in some of --hours, if those are India's"},
		"hours of elsewhere":     {params: voiceagent.CampaignCreateParams{CallingHours: hours("09:00", "18:00")}, now: at(5, 0), numbers: []string{newYork}, outside: 1, when: "in some of --hours, if those are India's"},
		"hours over midnight":    {params: voiceagent.CampaignCreateParams{CallingHours: hours("19:30", "07:30")}, now: at(5, 0), numbers: []string{newYork, mumbai}, outside: 1, when: "in some of --hours, if those are India's"},
		"hours but for blackout": {params: voiceagent.CampaignCreateParams{CallingHours: hours("09:00", "22:00"), Blackouts: []voiceagent.Blackout{{Start: "21:00", End: "23:00"}}}, now: at(5, 0), numbers: []string{mumbai}, when: "in some of --hours, if those are India's"},
		"after a blackout":       {params: voiceagent.CampaignCreateParams{Blackouts: []voiceagent.Blackout{{Start: "21:00", End: "09:00"}}}, now: at(22, 0), numbers: []string{mumbai, newYork}, outside: 1, when: "after the blackout, if that is India's"},
		"a blackout of later":    {params: voiceagent.CampaignCreateParams{Blackouts: []voiceagent.Blackout{{Start: "13:00", End: "14:00"}}}, now: at(22, 0), numbers: []string{mumbai}, outside: 1, when: "now"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := dial.NewOwnTime(&c.params, c.now)
			for _, number := range append(c.numbers, anywhere, "+80012345678") {
				o.Add(number)
			}
			assert.Equal(t, []int{len(c.numbers) + 2, c.outside, 2}, []int{o.Numbers, o.Outside, o.Unknown})
			assert.Contains(t, o.String(), " numbers "+c.when+", unknown for 2 (retries of the service, and the end of a long list, ring later)\n")
		})
	}
}

// The plan and the question say for how many people it is night.
func TestNightIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // at midnight in UTC, half past five in India
		d := newDesk(t)
		d.write("contacts.csv", "phone\n+919876543210\n+919876543211\n"+newYork+"\n"+anywhere+"\n+819012345678\n")
		question := ""
		_, err := d.run(t.Context(), func(o *dial.Options) {
			o.Yes, o.Ask = false, func(text string) error { question = text; return errNo }
		})
		require.ErrorIs(t, err, errNo)
		assert.Equal(t, "Call 5 contacts from +15550100000, 50 at a time, for 2 of 5 numbers outside 9:00 to 21:00 of their own time?", question)
		assert.Contains(t, d.screen.String(), "\nown time, guessed by the prefix: outside 9:00 to 21:00 for 2 of 5 numbers now, unknown for 1 (")
		_, err = d.run(t.Context())
		require.NoError(t, err, "--yes is told, and not refused")
		assert.Len(t, d.srv.Dialed(), 5)
	})
}
