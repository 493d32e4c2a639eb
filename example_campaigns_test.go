package voiceagent_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

func ExampleCampaignsService_Create() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	agentID := srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Reminders"})

	campaign, err := srv.Client().Campaigns.Create(context.Background(), voiceagent.CampaignCreateParams{
		Name:    "January reminders",
		AgentID: agentID,
		From:    "+15550100000",
		Contacts: []voiceagent.Contact{
			{"phone": "+919876543210", "name": "Asha", "loan_amount": "500000"},
			{"phone": "+919876543211", "name": "Rahul", "loan_amount": "250000"},
		},
		MaxConcurrentCalls: 2,
		CallingHours:       &voiceagent.CallingHours{Start: "10:00", End: "18:30"},
		Blackouts:          []voiceagent.Blackout{{Start: "13:00", End: "14:00"}},
		Retry: &voiceagent.CampaignRetry{
			Enabled:       true,
			OnStatuses:    []voiceagent.CallStatus{voiceagent.CallNoAnswer, voiceagent.CallVoicemail},
			IntervalValue: 30, IntervalUnit: "minutes", MaxRetries: 2,
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(campaign.Name, campaign.Status, campaign.Contacts())
	// Output: January reminders pending 2
}

// Watch yields a campaign each time it has changed, and ends when the campaign has.
func ExampleCampaignsService_Watch() {
	srv := voiceagenttest.NewServer(voiceagenttest.WithOutcome(func(string, int) string { return voiceagenttest.Completed }))
	defer srv.Close()
	ctx, client := context.Background(), srv.Client()
	campaign, err := client.Campaigns.Create(ctx, voiceagent.CampaignCreateParams{
		Name:     "January reminders",
		AgentID:  srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Reminders"}),
		From:     "+15550100000",
		Contacts: []voiceagent.Contact{{"phone": "+919876543210"}, {"phone": "+919876543211"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	for now, err := range client.Campaigns.Watch(ctx, campaign.ID, voiceagent.WatchParams{Interval: time.Millisecond}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %d of %d\n", now.Status, now.Completed, now.Contacts())
		srv.Advance(time.Hour) // nobody wants to wait for the real clock
	}
	// Output:
	// pending: 0 of 2
	// completed: 2 of 2
}

func ExampleCampaignsService_Pause() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	ctx, client := context.Background(), srv.Client()
	campaign, err := client.Campaigns.Create(ctx, voiceagent.CampaignCreateParams{
		Name:     "January reminders",
		AgentID:  srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Reminders"}),
		From:     "+15550100000",
		Contacts: []voiceagent.Contact{{"phone": "+919876543210"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	action, err := client.Campaigns.Pause(ctx, campaign.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(action.Message)
	now, err := client.Campaigns.Get(ctx, campaign.ID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(now.Status)
	// Output:
	// Campaign paused
	// paused
}

// A list that is too long for one campaign becomes several.
func ExampleCampaignsService_CreateBatches() {
	srv := voiceagenttest.NewServer()
	defer srv.Close()
	params := voiceagent.CampaignCreateParams{
		Name:       "January reminders",
		AgentID:    srv.AddAgent(voiceagenttest.NewAgent{Name: "Acme Reminders"}),
		From:       "+15550100000",
		ScheduleAt: srv.Now().Add(24 * time.Hour),
	}
	file := &strings.Builder{}
	file.WriteString("phone,name\n")
	for i := range 2500 {
		fmt.Fprintf(file, "+1555%07d,Asha\n", i)
	}
	file.WriteString("unknown,Rahul\n+1 (555) 000-0007,Asha\n")

	contacts := voiceagent.ContactsFromCSV(strings.NewReader(file.String()), voiceagent.CSVParams{})
	key := voiceagent.WithIdempotencyKey("reminders-2026-01") // made different for each campaign
	for batch, err := range srv.Client().Campaigns.CreateBatches(context.Background(), params, contacts, key) {
		if err != nil {
			fmt.Println(err) // the rest goes on, unless you break
			continue
		}
		fmt.Println(batch.Name, batch.Key, batch.First, batch.Count)
	}
	// Output:
	// January reminders (part 1) reminders-2026-01-1 0 2000
	// line 2502, column phone: the number has letters in it
	// line 2503, column phone: the number ***0007 is that of line 9 again
	// January reminders (part 2) reminders-2026-01-2 2000 500
}

func ExampleContactsFromCSV() {
	file := strings.NewReader(`phone,name,loan amount
+919876543210,Asha,500000
not known,Rahul,250000
+919876543212,Meera,100000
`)
	for contact, err := range voiceagent.ContactsFromCSV(file, voiceagent.CSVParams{}) {
		if row, ok := errors.AsType[*voiceagent.RowError](err); ok {
			fmt.Println("line", row.Line, "is left out:", row.Err)
			continue
		}
		fmt.Println(contact["name"], contact["loan_amount"])
	}
	// Output:
	// Asha 500000
	// line 3 is left out: the number has letters in it
	// Meera 100000
}
