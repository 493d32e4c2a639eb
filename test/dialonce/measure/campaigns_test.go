package measure_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

const campaigns = 40 / slowdown

// campaign is the i-th campaign, to five people of its own. Its name is one that people type.
func (w *world) campaign(i int) voiceagent.CampaignCreateParams {
	p := voiceagent.CampaignCreateParams{
		Name: fmt.Sprintf(" Renewals  %d ", i), AgentID: w.agent, From: "+15550199000", MaxConcurrentCalls: 20,
	}
	for contact := range 5 {
		p.Contacts = append(p.Contacts, voiceagent.Contact{"phone": person(5*i + contact), "name": "Asha"})
	}
	return p
}

// measureCampaigns makes campaigns whose POSTs all get a 504, late being when the work is done. A
// campaign counts as a call to its first contact.
func (h habit) measureCampaigns(t *testing.T, late time.Duration) (sum tally) {
	t.Helper()
	inWorld(t, func(t *testing.T, w *world) {
		client := w.Client(h.client...)
		for i := range 5 {
			_, err := client.Campaigns.Create(t.Context(), w.campaign(1_000_000+i))
			require.NoError(t, err)
			time.Sleep(time.Second)
		}
		w.Fail(voiceagenttest.Fault{
			Method: http.MethodPost, Route: "/campaigns", Kind: voiceagenttest.StatusAfter, Status: 504, WorkDelay: late, Times: -1,
		})
		type result struct {
			number, id string
			err        error
		}
		results := make(chan result, campaigns)
		for i := range campaigns {
			go func() {
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				made, err := client.Campaigns.Create(t.Context(), w.campaign(i))
				r := result{number: person(5 * i), err: err}
				if made != nil {
					r.id = made.ID
				}
				results <- r
			}()
		}
		all := teller{}
		for range campaigns {
			r := <-results
			all.note(r.number, r.id, r.err)
		}
		time.Sleep(settled)
		var made []voiceagenttest.Dial
		for _, dial := range w.Dials() {
			if all[dial.Number] != nil { // a first contact
				dial.CallID, dial.SessionID = dial.CampaignID, dial.CampaignID
				made = append(made, dial)
			}
		}
		sum = all.count(made, w.seen)
	}, h.options()...)
	return sum
}

// A campaign whose POST gets a 504 is made once.
func TestCampaigns(t *testing.T) {
	type d = voiceagenttest.Dialect
	cases := []struct {
		habit
		late time.Duration
	}{
		{habit: habit{name: "plain"}},
		{habit: habit{name: "name trimmed", dialect: d{TrimNames: true}}},
		{habit: habit{name: "concurrency capped", dialect: d{CapConcurrency: 5}}},
		{habit: habit{name: "a contact left out", dialect: d{InvalidContacts: 1}}},
		{habit: habit{name: "committed 2 s later"}, late: 2 * time.Second},
		{habit: habit{name: "committed 15 s later"}, late: 15 * time.Second},
		{habit: habit{name: "listed 5 s late", dialect: d{ListDelay: 5 * time.Second}}},
		{habit: habit{name: "oldest first", dialect: d{Order: voiceagenttest.OrderOldest}}},
		{habit: habit{name: "random order", dialect: d{Order: voiceagenttest.OrderRandom}}},
		{habit: habit{name: "pages of 10, no paging keys", dialect: d{PageCap: 10, Paging: voiceagenttest.PagingNone}}},
		{habit: habit{name: "times of India, no offset", dialect: d{Times: voiceagenttest.TimeNaiveIST}}},
		{habit: habit{name: "times cut to minutes", dialect: d{Times: voiceagenttest.TimeMinutes}}},
		{habit: habit{name: "times null", dialect: d{Times: voiceagenttest.TimeNull}}},
		{habit: habit{name: "agent_id in capitals", dialect: d{AgentIDs: voiceagenttest.AgentIDUpper}}},
		{habit: habit{name: "lists answer 404", dialect: d{ListStatus: 404}}},
	}
	tb := newTable(fmt.Sprintf("%d campaigns whose POST gets a 504", campaigns))
	for _, c := range cases {
		tb.expect(c.name)
	}
	t.Run("each", func(t *testing.T) {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				sum := c.measureCampaigns(t, c.late)
				tb.put(c.name, sum)
				sum.isRight(t)
			})
		}
	})
	tb.write(t)
}
