// Quickstart makes an agent, starts a campaign of 25 contacts from a CSV file, follows it to its end, and adds up what came of it.
//
//	go run ./examples/quickstart
//
// Without a key it talks to a simulator in this program, which runs fast and misbehaves on purpose: nobody is called. With VOICEAGENT_API_KEY
// set it talks to the real API, and wants your own contacts, your number, and your word that it may call them:
//
//	go run ./examples/quickstart -contacts mine.csv -from +15550100000 -yes
package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/voiceagenttest"
)

//go:embed contacts.csv
var madeUpContacts []byte

type options struct {
	contacts, from, agent, campaign string
	yes                             bool
	simulated                       bool
	interval                        time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.contacts, "contacts", "", "CSV `file` of contacts with a column phone; without it 25 made-up ones")
	flag.StringVar(&o.from, "from", "", "`number` to call from")
	flag.StringVar(&o.agent, "agent", "", "`id` of the agent that talks; without it one is made")
	flag.StringVar(&o.campaign, "campaign", "", "`id` of a campaign to go on following; starts none")
	flag.BoolVar(&o.yes, "yes", false, "yes, call these people")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, &o)
	interrupted := ctx.Err() != nil
	stop()
	switch {
	case err == nil:
	case interrupted:
		howToGoOn(&o)
		os.Exit(130)
	default:
		report(err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o *options) error {
	show := newProgress(os.Stdout)
	client, hangUp, err := connect(o, show)
	if err != nil {
		return err
	}
	defer hangUp()
	contacts, err := readContacts(o)
	if err != nil {
		return err
	}
	if o.campaign == "" {
		if err := start(ctx, client, o, contacts); err != nil {
			return err
		}
	}
	began := time.Now()
	var campaign *voiceagent.Campaign
	// Watch polls, waits out throttles and server errors, and ends with the campaign.
	for now, err := range client.Campaigns.Watch(ctx, o.campaign, voiceagent.WatchParams{Interval: o.interval}) {
		if err != nil {
			return fmt.Errorf("following campaign %s: %w", o.campaign, err)
		}
		campaign = now
		show.campaign(now)
	}
	show.done()
	fmt.Printf("\nThe campaign is %s after %.1f s.\n\n", campaign.Status, time.Since(began).Seconds())

	outcomes, err := collect(ctx, client, campaign, contacts)
	if err != nil {
		return fmt.Errorf("listing the calls: %w", err)
	}
	printOutcomes(outcomes, campaign)
	show.survived()
	return nil
}

// connect returns a client of the real API when there is a key, and else one of a simulator.
func connect(o *options, show *progress) (client *voiceagent.Client, hangUp func(), err error) {
	settings := []voiceagent.ClientOption{
		voiceagent.WithApplication("voiceagent-quickstart", voiceagent.Version),
		voiceagent.WithLogger(show.retries()), // the client logs each retry with its reason
	}
	if os.Getenv("VOICEAGENT_API_KEY") != "" {
		if o.contacts == "" {
			return nil, nil, errors.New("the built-in contacts are made up, and there is a key for the real API: give your own with -contacts")
		}
		if o.campaign == "" && o.from == "" {
			return nil, nil, errors.New("-from is missing: the number to call from")
		}
		client, err = voiceagent.NewClient(settings...)
		return client, func() {}, err
	}
	if o.campaign != "" || o.agent != "" {
		return nil, nil, errors.New("-campaign and -agent are for the real API: set VOICEAGENT_API_KEY")
	}
	const speed = 50
	fmt.Printf("VOICEAGENT_API_KEY is not set, so this is a simulator, %d times as fast as life. Nobody is called.\n\n", speed)
	o.simulated, o.from, o.interval = true, "+15550100000", 150*time.Millisecond
	server := voiceagenttest.NewServer(
		voiceagenttest.WithSpeed(speed),
		voiceagenttest.WithLimits(voiceagenttest.Limits{Requests: 40, Window: 2 * time.Second}), // instead of the plan's minute
	)
	const campaign = "/campaigns/{campaign_id}"
	server.Fail(
		voiceagenttest.Fault{Method: "POST", Route: "/agents", Status: 500},
		voiceagenttest.Fault{Method: "POST", Route: "/campaigns", Kind: voiceagenttest.Throttle},
		voiceagenttest.Fault{Method: "GET", Route: campaign, Kind: voiceagenttest.HTML, Every: 9, Times: 2},
		voiceagenttest.Fault{Method: "GET", Route: campaign, Kind: voiceagenttest.CutBody, Every: 15, Times: 1},
		voiceagenttest.Fault{Method: "GET", Route: "/calls", Status: 500},
	)
	return server.Client(settings...), server.Close, nil
}

func readContacts(o *options) ([]voiceagent.Contact, error) {
	var source io.Reader = bytes.NewReader(madeUpContacts)
	if o.contacts != "" {
		file, err := os.Open(o.contacts)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		source = file
	}
	var contacts []voiceagent.Contact
	for contact, err := range voiceagent.ContactsFromCSV(source, voiceagent.CSVParams{}) {
		if err != nil {
			return nil, fmt.Errorf("contacts: %w", err) // names the line
		}
		contacts = append(contacts, contact)
	}
	return contacts, nil
}

// start makes the agent, unless there is one, and the campaign.
func start(ctx context.Context, client *voiceagent.Client, o *options, contacts []voiceagent.Contact) error {
	if !o.simulated && !o.yes {
		return fmt.Errorf("this calls %d people from %s: add -yes if that is what you want", len(contacts), o.from)
	}
	stamp := time.Now().Format("2006-01-02 15:04:05")
	if o.agent == "" {
		agent, err := client.Agents.Create(ctx, voiceagent.AgentCreateParams{
			Name:      "Quickstart " + stamp, // unique in the account
			AgentType: voiceagent.AgentTypeSales,
			Language:  "English",
			StartFlow: "Hello {name}, this is Acme Finance. Do you have a minute to talk about your loan?",
			EndFlow:   "Thank you for your time. Goodbye.",
		})
		if err != nil {
			return fmt.Errorf("making the agent: %w", err)
		}
		o.agent = agent.ID
	}
	fmt.Printf("agent     %s\n", o.agent)
	campaign, err := client.Campaigns.Create(ctx, voiceagent.CampaignCreateParams{
		Name:               "Quickstart " + stamp,
		AgentID:            o.agent,
		From:               o.from,
		Contacts:           contacts,
		MaxConcurrentCalls: 5,
		Retry: &voiceagent.CampaignRetry{
			Enabled:       true,
			OnStatuses:    []voiceagent.CallStatus{voiceagent.CallNoAnswer, voiceagent.CallVoicemail},
			IntervalValue: 1, IntervalUnit: "minutes", MaxRetries: 1,
		},
	})
	if err != nil {
		return fmt.Errorf("starting the campaign: %w", err)
	}
	o.campaign = campaign.ID
	fmt.Printf("campaign  %s, %d contacts\n\n", campaign.ID, campaign.Contacts())
	return nil
}

// outcome is what came of the contacts that ended in the same state.
type outcome struct {
	contacts, calls int
	talk            time.Duration
	cost            float64
}

// collect adds up the calls. The API has no documented way to list those of one campaign, so it takes the agent's calls since the campaign
// was made, to its contacts. A contact's outcome is that of its last call.
func collect(ctx context.Context, client *voiceagent.Client, campaign *voiceagent.Campaign, contacts []voiceagent.Contact,
) (map[voiceagent.CallStatus]outcome, error) {
	type contact struct {
		last  *voiceagent.Call
		total outcome
	}
	byNumber := make(map[string]*contact, len(contacts))
	for _, c := range contacts {
		byNumber[fmt.Sprint(c["phone"])] = &contact{}
	}
	calls := client.Calls.All(ctx, voiceagent.CallListParams{AgentID: campaign.AgentID, Since: campaign.CreatedAt.Time})
	for call, err := range calls {
		if err != nil {
			return nil, err
		}
		c := byNumber[call.PhoneNumber]
		if c == nil {
			continue
		}
		if c.last == nil || call.StartedAt.After(c.last.StartedAt.Time) {
			c.last = call
		}
		c.total.calls++
		c.total.talk += call.Duration()
		if call.TotalCost != nil { // nil where the API doesn't say
			c.total.cost += *call.TotalCost
		}
	}
	outcomes := make(map[voiceagent.CallStatus]outcome)
	for _, c := range byNumber {
		status := voiceagent.CallStatus("not called")
		if c.last != nil {
			status = c.last.Status
		}
		sum := outcomes[status]
		sum.add(c.total)
		sum.contacts++
		outcomes[status] = sum
	}
	return outcomes, nil
}

func (o *outcome) add(other outcome) {
	o.contacts += other.contacts
	o.calls += other.calls
	o.talk += other.talk
	o.cost += other.cost
}

func printOutcomes(outcomes map[voiceagent.CallStatus]outcome, campaign *voiceagent.Campaign) {
	var statuses []voiceagent.CallStatus
	for status := range outcomes {
		statuses = append(statuses, status)
	}
	slices.SortFunc(statuses, func(a, b voiceagent.CallStatus) int { return outcomes[b].contacts - outcomes[a].contacts })

	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, o outcome) {
		fmt.Fprintf(table, "%s\t%d\t%d\t%v\t%.4f\t\n", name, o.contacts, o.calls, o.talk, o.cost)
	}
	fmt.Fprintln(table, "outcome\tcontacts\tcalls\ttime\tcost\t")
	var total outcome
	for _, status := range statuses {
		row(string(status), outcomes[status])
		total.add(outcomes[status])
	}
	row("total", total)
	_ = table.Flush()
	if campaign.TotalCost != nil {
		fmt.Printf("\nThe campaign itself reports a cost of %.4f. The unit isn't documented.\n", *campaign.TotalCost)
	}
}

// howToGoOn is for whoever pressed Ctrl-C. A campaign doesn't need this program to run.
func howToGoOn(o *options) {
	switch {
	case o.campaign == "":
		fmt.Fprintln(os.Stderr, "\nInterrupted before a campaign was started. If a request was under way, look at the account before you start again.")
	case o.simulated:
		fmt.Fprintln(os.Stderr, "\nInterrupted. The simulated campaign ended with this program: run it again.")
	default:
		fmt.Fprintf(os.Stderr, "\nInterrupted, but the campaign goes on calling. To follow it again:\n"+
			"  go run ./examples/quickstart -contacts %s -campaign %s\n"+
			"To end it for good, call client.Campaigns.Stop, or use the vendor's Studio.\n", strconv.Quote(o.contacts), o.campaign)
	}
}

// report prints an error. Its text has the request id and, where one is known, what to do about it.
func report(err error) {
	fmt.Fprintln(os.Stderr, "quickstart:", err)
	if refused, ok := errors.AsType[*voiceagent.APIError](err); ok {
		for _, field := range refused.Fields {
			fmt.Fprintf(os.Stderr, "  %s: %s\n", field.Field, field.Message)
		}
	}
	if errors.Is(err, voiceagent.ErrOutcomeUnknown) {
		fmt.Fprintln(os.Stderr, "  Look in the vendor's Studio if it is there before you start again, or people may be called twice.")
	}
}
