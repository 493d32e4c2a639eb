// Quickstart makes an agent, starts a campaign of the contacts in a CSV file, follows it to its
// end, and adds up the calls.
//
//	go run ./examples/quickstart
//
// Without a key it uses a simulator in this program, which runs fast and fails on purpose: nobody
// is called. With VOICEAGENT_API_KEY set it uses the real API, and needs your own contacts, your
// number, and your consent to call them:
//
//	go run ./examples/quickstart -contacts mine.csv -from +15550100000 -yes
package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

//go:embed contacts.csv
var madeUp string

func main() {
	file := flag.String("contacts", "", "CSV `file` of contacts with a column phone")
	from := flag.String("from", "", "`number` to call from")
	yes := flag.Bool("yes", false, "yes, call these people")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *file, *from, *yes)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err) // has the request id and, where one is known, a hint
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, file, from string, yes bool) error {
	logged := voiceagent.WithLogger(slog.Default()) // each retry, with its reason
	if os.Getenv("VOICEAGENT_API_KEY") == "" {
		fmt.Fprintln(out, "VOICEAGENT_API_KEY is not set, so this is a simulator, 20 times as fast as life. Nobody is called.")
		server := voiceagenttest.NewServer(voiceagenttest.WithSpeed(20))
		defer server.Close()
		server.Fail(
			voiceagenttest.Fault{Method: "POST", Route: "/agents", Status: 500},
			voiceagenttest.Fault{Method: "POST", Route: "/campaigns", Kind: voiceagenttest.DropAfter},
			voiceagenttest.Fault{Method: "GET", Route: "/campaigns/{campaign_id}", Kind: voiceagenttest.HTML, Every: 2, Times: 1},
			voiceagenttest.Fault{Method: "GET", Route: "/campaigns/{campaign_id}", Kind: voiceagenttest.CutBody, Every: 3, Times: 1},
		)
		return call(ctx, out, server.Client(logged), "+15550100000", strings.NewReader(madeUp))
	}
	if file == "" || from == "" || !yes {
		return errors.New("with a key this calls real people: give -contacts, -from and -yes")
	}
	contacts, err := os.Open(file)
	if err != nil {
		return err
	}
	defer contacts.Close()
	client, err := voiceagent.NewClient(logged)
	if err != nil {
		return err
	}
	return call(ctx, out, client, from, contacts)
}

func call(ctx context.Context, out io.Writer, client *voiceagent.Client, from string, file io.Reader) error {
	var contacts []voiceagent.Contact
	for contact, err := range voiceagent.ContactsFromCSV(file, voiceagent.CSVParams{}) {
		if err != nil {
			return err // names the line
		}
		contacts = append(contacts, contact)
	}
	name := "Quickstart " + time.Now().Format(time.DateTime) // unique in the account
	agent, err := client.Agents.Create(ctx, voiceagent.AgentCreateParams{
		Name: name, StartFlow: "Hello {name}, this is Acme. Do you have a minute?", EndFlow: "Thank you. Goodbye.",
	})
	if err != nil {
		return err
	}
	campaign, err := client.Campaigns.Create(ctx, voiceagent.CampaignCreateParams{
		Name: name, AgentID: agent.ID, From: from, Contacts: contacts, MaxConcurrentCalls: 5,
	})
	if err != nil {
		return err // if the outcome is unknown, it says where to look before you start again
	}
	for now, err := range client.Campaigns.Watch(ctx, campaign.ID, voiceagent.WatchParams{Interval: time.Second}) {
		if err != nil {
			return fmt.Errorf("campaign %s goes on without this program: %w", campaign.ID, err)
		}
		fmt.Fprintf(out, "%s: %d of %d contacts completed\n", now.Status, now.Completed, now.Contacts())
	}
	calls, talk := map[voiceagent.CallStatus]int{}, map[voiceagent.CallStatus]time.Duration{}
	for call, err := range client.Calls.All(ctx, voiceagent.CallListParams{AgentID: agent.ID}) {
		if err != nil {
			return err
		}
		calls[call.Status]++
		talk[call.Status] += call.Duration()
	}
	for status, n := range calls {
		fmt.Fprintf(out, "%-10s  %2d calls  %v\n", status, n, talk[status])
	}
	return nil
}
