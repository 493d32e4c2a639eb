// Bulkcsv turns a CSV file of 5,000 rows, some of them unusable and one a repetition, into
// campaigns of at most 2,000 contacts, which is what the API takes. The file is streamed, so its
// length doesn't matter, and what is left out is reported by line.
//
//	go run ./examples/bulkcsv
//
// It talks to a simulator in this program, and schedules the campaigns for tomorrow: nobody is
// called.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

const rows = 5000

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bulkcsv:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 25*time.Second)
	defer cancel()
	server := voiceagenttest.NewServer()
	defer server.Close()
	client := server.Client()
	agentID := server.AddAgent(voiceagenttest.NewAgent{Name: "Acme Reminders"})

	params := voiceagent.CampaignCreateParams{
		Name:               "March reminders",
		AgentID:            agentID,
		From:               "+15550100000",
		PhoneColumn:        "mobile",
		MaxConcurrentCalls: 10,
		CallingHours:       &voiceagent.CallingHours{Start: "10:00", End: "18:30"},
		ScheduleAt:         time.Now().AddDate(0, 0, 1),
	}
	contacts := voiceagent.ContactsFromCSV(madeUpFile(), voiceagent.CSVParams{PhoneColumn: "mobile"})

	placed, bad, twice := 0, 0, 0
	for batch, err := range client.Campaigns.CreateBatches(ctx, params, contacts) {
		var row *voiceagent.RowError
		var repeated *voiceagent.RepeatedContactError
		switch {
		case errors.As(err, &repeated):
			twice++ // with CSVParams.Repeated the person would be called for each of the rows
			fmt.Printf("called once: %v\n", err)
		case errors.As(err, &row):
			bad++
			fmt.Printf("left out: %v\n", row) // its line is row.Line; the rest of the file goes on
		case err != nil && batch == nil:
			return err // nothing can be made of this file, or of these parameters
		case err != nil:
			// Contacts First to First+Count-1 are in no campaign. To go on with the next batch instead,
			// don't return.
			return fmt.Errorf("contacts %d to %d: %w", batch.First, batch.First+batch.Count-1, err)
		default:
			placed += batch.Count
			fmt.Printf("created:  %s with %d contacts, %s\n", batch.Campaign.Name, batch.Count, batch.Campaign.Status)
		}
	}
	fmt.Printf("%d rows: %d contacts in campaigns, %d rows left out, %d repeated\n", rows, placed, bad, twice)

	waiting := 0
	for campaign, err := range client.Campaigns.All(ctx, voiceagent.CampaignListParams{Status: voiceagent.CampaignScheduled}) {
		if err != nil {
			return err
		}
		waiting += campaign.Contacts()
	}
	fmt.Printf("the account has %d contacts in scheduled campaigns, %d phones rang\n", waiting, len(server.Dialed()))
	if placed+bad+twice != rows || waiting != placed {
		return errors.New("the numbers don't add up")
	}
	return nil
}

// madeUpFile writes a CSV file as it is read. Three of its rows are no good, and one comes again.
func madeUpFile() io.Reader {
	reader, writer := io.Pipe()
	go func() {
		fmt.Fprintln(writer, "mobile,name,due date") // the key of the last column becomes due_date
		for i := range rows {
			var err error
			switch i {
			case 41:
				_, err = fmt.Fprintln(writer, ",Nobody,2026-03-31")
			case 1999:
				_, err = fmt.Fprintln(writer, "ask the office,Someone,2026-03-31")
			case 4321:
				_, err = fmt.Fprintf(writer, "+919876543201,Contact %d\n", i)
			case 4500:
				_, err = fmt.Fprintln(writer, "+1 (555) 000-0007,Contact 7,2026-04-30")
			default:
				_, err = fmt.Fprintf(writer, "+1555%07d,Contact %d,2026-03-31\n", i, i)
			}
			if err != nil {
				return // the reader has had enough
			}
		}
		writer.Close()
	}()
	return reader
}
