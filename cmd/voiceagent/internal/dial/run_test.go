package dial_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
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

// byLastDigit gives calls to a number the same result each time: 0 no answer, 1 voicemail, 2 no
// answer on the first try, 3 failed.
func byLastDigit(number string, attempt int) string {
	switch number[len(number)-1] {
	case '0':
		return voiceagenttest.NoAnswer
	case '1':
		return voiceagenttest.Voicemail
	case '2':
		if attempt == 1 {
			return voiceagenttest.NoAnswer
		}
	case '3':
		return voiceagenttest.Failed
	}
	return voiceagenttest.Completed
}

func wantStatus(row int) (status string, attempts int) {
	switch row % 10 {
	case 0:
		return "no_answer", 3
	case 1:
		return "voicemail", 1
	case 2:
		return "completed", 2
	case 3:
		return "failed", 1
	}
	return "completed", 1
}

func TestWholeRunWritesEachRowWithWhatBecameOfIt(t *testing.T) {
	for name, dialect := range map[string]voiceagenttest.Dialect{
		"calls name their campaign": {},
		"calls show no metadata":    {OmitMetadata: true, OmitCreatedAt: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, voiceagenttest.WithOutcome(byLastDigit), voiceagenttest.WithDialect(dialect), voiceagenttest.WithLimits(voiceagenttest.Pro))
				d.write("contacts.csv", contacts(120))
				summary, err := d.run(t.Context(), func(o *dial.Options) {
					o.Campaign.MaxConcurrentCalls = 5
					o.Campaign.Retry = &voiceagent.CampaignRetry{Enabled: true, OnStatuses: []voiceagent.CallStatus{"no_answer"}, IntervalValue: 1,
						IntervalUnit: "minutes", MaxRetries: 2}
				})
				require.NoError(t, err)

				rows := d.readCSV("contacts.results.csv")
				require.Len(t, rows, 120)
				byNumber := d.calls()
				cost := 0.0
				for i, row := range rows {
					assert.Equal(t, fmt.Sprintf("Person %d", i), row["name"])
					assert.Equal(t, strconv.Itoa(1000+i), row["loan amount"])
					assert.Equal(t, number(i), row["mobile"])
					assert.Equal(t, number(i), row["called_number"])
					status, attempts := wantStatus(i)
					assert.Equal(t, status, row["status"], i)
					assert.Equal(t, strconv.Itoa(attempts), row["attempts"], i)
					calls := byNumber[number(i)]
					require.Len(t, calls, attempts)
					last := calls[0] // the newest comes first
					assert.Equal(t, last.SessionID, row["session_id"])
					assert.Equal(t, last.StartedAt.String(), row["started_at"])
					assert.Equal(t, last.EndedAt.String(), row["ended_at"])
					assert.Equal(t, last.Sentiment, row["sentiment"])
					assert.Equal(t, last.Summary, row["summary"])
					assert.Equal(t, last.EndReason, row["end_reason"])
					assert.Equal(t, strconv.FormatFloat(*last.DurationSeconds, 'f', -1, 64), row["duration_seconds"])
					assert.Equal(t, summary.Campaigns[0].ID, row["campaign_id"])
					one, err := strconv.ParseFloat(row["cost"], 64)
					require.NoError(t, err)
					cost += one
				}
				assert.InDelta(t, *summary.Cost, cost, 0.01)
				assert.Equal(t, 120, summary.Done)
				assert.Equal(t, 12, summary.NoAnswer)
				assert.Equal(t, 12, summary.Voicemail)
				assert.Equal(t, 12, summary.Failed)
				assert.Equal(t, 84, summary.Completed)
				info, err := os.Stat(d.path("contacts.results.csv"))
				require.NoError(t, err)
				assert.Equal(t, os.FileMode(0o600), info.Mode())
			})
		})
	}
}

// calls are all calls that the server lists, by number, the newest first.
func (d *desk) calls() map[string][]*voiceagent.Call {
	d.t.Helper()
	byNumber := map[string][]*voiceagent.Call{}
	for call, err := range d.srv.Client().Calls.All(d.t.Context(), voiceagent.CallListParams{}) {
		require.NoError(d.t, err)
		byNumber[call.PhoneNumber] = append(byNumber[call.PhoneNumber], call)
	}
	return byNumber
}

func TestFiveThousandRowsAreThreeCampaignsAndFewRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, voiceagenttest.WithLimits(voiceagenttest.Free))
		d.write("contacts.csv", contacts(5000))
		start := time.Now()
		summary, err := d.run(t.Context())
		require.NoError(t, err)
		require.Len(t, summary.Campaigns, 3)
		for i, want := range []int{2000, 2000, 1000} {
			assert.Equal(t, want, summary.Campaigns[i].Contacts)
			assert.Contains(t, summary.Campaigns[i].Name, fmt.Sprintf("(part %d)", i+1))
		}
		assert.Len(t, d.srv.Dialed(), 5000)
		d.nobodyTwice()
		assert.Equal(t, 5000, summary.Done)
		assert.Len(t, d.readCSV("contacts.results.csv"), 5000)

		looks := 0
		for _, request := range d.srv.Requests() {
			assert.NotEqual(t, 429, request.Status)
			if strings.Contains(request.Path, "/campaigns/") {
				looks++
			}
		}
		minutes := summary.WatchedSeconds / 60
		assert.LessOrEqual(t, float64(looks), 15*minutes+3, "a quarter of 60 a minute, in %v", time.Since(start))
		assert.Greater(t, minutes, 5.0)
		assert.Contains(t, d.screen.String(), "contacts.csv: 5,000 rows, 5,000 contacts, 0 bad\n3 campaigns of up to 2,000 named \"contacts ")
		assert.Contains(t, d.screen.String(), "; 48 calls at a time, 16 in each campaign\nagent "+d.agent+"; from +15550100000; account: https://voiceagent.test/v1\n")
		assert.Contains(t, d.screen.String(), "\nfirst contact ***0000 (line 2)\n")
	})
}

func TestPlainProgressIsALineNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(200))
		_, err := d.run(t.Context(), func(o *dial.Options) { o.Campaign.MaxConcurrentCalls = 3 })
		require.NoError(t, err)
		lines, last := 0, time.Duration(-1)
		for line := range strings.Lines(d.screen.String()) {
			at, rest, ok := strings.Cut(line, "  ")
			elapsed, err := time.ParseDuration(at)
			if !ok || err != nil {
				continue
			}
			lines++
			assert.Contains(t, rest, "of 200 contacts done; completed ")
			if last >= 0 {
				assert.GreaterOrEqual(t, elapsed-last, 5*time.Second)
			}
			last = elapsed
		}
		assert.Greater(t, lines, 5)
		assert.Regexp(t, `; about \d+ min left\n`, d.screen.String())
		assert.Contains(t, d.screen.String(), "200 of 200 contacts done;")
	})
}

func TestTextsFromTheAPIAreNoFormulas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, voiceagenttest.WithOutcome(func(string, int) string { return "=HYPERLINK(1)" }))
		d.write("contacts.csv", "phone,name,status\n+919876543210,=1+1,mine\n")
		_, err := d.run(t.Context(), func(o *dial.Options) { o.AnyRange = false })
		require.NoError(t, err)
		file, err := os.Open(d.path("contacts.results.csv"))
		require.NoError(t, err)
		defer file.Close()
		records, err := csv.NewReader(file).ReadAll()
		require.NoError(t, err)
		row := d.readCSV("contacts.results.csv")[0]
		assert.Equal(t, "'=HYPERLINK(1)", row["call_status"], "what the API said")
		assert.Equal(t, "=1+1", row["name"], "the user's own cell stays as it was")
		assert.Equal(t, "mine", row["status"])
		assert.Equal(t, "+919876543210", row["called_number"])
		assert.Equal(t, []string{"phone", "name", "status", "called_number", "call_status"}, records[0][:5])
	})
}

func TestCallsOfAForeignCampaignAreNotOurs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		d.write("contacts.csv", contacts(100))
		foreign := make([]voiceagent.Contact, 100)
		for i := range foreign {
			foreign[i] = voiceagent.Contact{"phone": number(i)}
		}
		time.AfterFunc(5*time.Second, func() { // the same agent calls the same people at the same time
			_, err := d.srv.Client().Campaigns.Create(t.Context(), voiceagent.CampaignCreateParams{Name: "Foreign", AgentID: d.agent,
				From: "+15550100000", Contacts: foreign, MaxConcurrentCalls: 50})
			assert.NoError(t, err)
		})
		summary, err := d.run(t.Context(), func(o *dial.Options) { o.Campaign.MaxConcurrentCalls = 2 })
		require.NoError(t, err)
		require.Len(t, d.srv.Dialed(), 200)
		for _, row := range d.readCSV("contacts.results.csv") {
			assert.Equal(t, "1", row["attempts"])
			assert.Equal(t, summary.Campaigns[0].ID, row["campaign_id"])
		}
	})
}
