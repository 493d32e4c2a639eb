package commands

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
)

var partColumns = []cli.Column[dial.Part]{
	{Name: "part", Value: func(c dial.Part) string { return strconv.Itoa(c.Number) }},
	{Name: "id", Value: func(c dial.Part) string { return c.ID }},
	{Name: "name", Value: func(c dial.Part) string { return c.Name }},
	{Name: "contacts", Value: func(c dial.Part) string { return strconv.Itoa(c.Contacts) }},
	{Name: "status", Value: func(c dial.Part) string { return string(c.Status) }},
	{Name: "unknown", Value: func(c dial.Part) string { return strconv.FormatBool(c.Unknown) }},
}

func campaignsRun(p *cli.Program) *cobra.Command {
	var flags campaignFlags
	var o dial.Options
	cmd := &cobra.Command{
		Use: "run FILE", Short: "Call everybody in a CSV file, and write what became of each: phones ring (asks first)", Args: cli.OneArg("a CSV file"),
		Long: `Check a CSV file, call everybody in it, follow the calls, and write what became of each row, and what the agent
collected, to a file beside it: for contacts.csv that is contacts.results.csv.

The first line names the columns; what is in them the agent can use. Nobody is called while a row can't be used, and no
number twice. A long list becomes several campaigns of up to 2,000 contacts.

The run is recorded under your configuration directory. When it was broken off, by Ctrl-C or a lost connection, the
same command goes on where it stopped and calls nobody a second time. A file that was called and has changed since is
refused: keep out those who were called with --exclude and those results, or call everybody again with --again.

With --dry-run the file is checked, rows that would be left out are written down, and the plan is shown.`,
		Example: `  voiceagent campaigns run contacts.csv --agent AGENT --from +15550100000 --concurrency 5
  voiceagent campaigns run contacts.csv --agent AGENT --from +15550100000 --simulate`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			o.File = args[0]
			if o.Campaign, err = flags.params(); err != nil {
				return err
			}
			if o.Comma, err = separator(flags.comma); err != nil {
				return err
			}
			o.Region, o.AnyRange, o.Exclude = flags.region, flags.anyRange, flags.exclude
			if err := ready(p, &o); err != nil {
				return err
			}
			o.Check = func(params voiceagent.CampaignCreateParams) error { return checkCampaign(cmd.Context(), params) }
			o.Ask = func(question string) error { return p.Confirm(cmd.Context(), question) }
			summary, err := dial.Run(cmd.Context(), o)
			return errors.Join(ended(err), summarize(p, summary, err))
		},
	}
	cmd.ValidArgsFunction = cobra.FixedCompletions([]string{"csv"}, cobra.ShellCompDirectiveFilterFileExt)
	flags.add(cmd, "calls at a time of the whole run, which its campaigns divide, each at least 1 and at most 50; 0 leaves it to the API, which takes 1 for each")
	cmd.Flags().StringVar(&flags.campaign.Name, "name", "", "of the campaigns, at most 70 characters; what tells the contacts follows it (default: the file's name)")
	cmd.Flags().BoolVar(&o.SkipBad, "skip-bad", false, "go on without the rows that can't be used")
	cmd.Flags().BoolVar(&o.Force, "force", false, "overwrite the file with the results, and any file that --rejects names; write --transcripts beside other files")
	cmd.Flags().BoolVar(&o.Again, "again", false, "call people again whom another run called: the file has changed since, or the parameters have")
	cmd.Flags().StringVar(&o.Results, "results", "", "the file for what became of each row (default contacts.results.csv, if FILE is contacts.csv; with --simulate contacts.simulated.csv)")
	cmd.Flags().StringVar(&o.Rejects, "rejects", "", "the file for rows that can't be used (default contacts.rejects.csv, if FILE is contacts.csv)")
	cmd.Flags().StringVar(&o.Transcripts, "transcripts", "", "a new or empty `DIR` for the transcripts: a file for each call, named by the line and the call's id")
	cmd.Flags().IntSliceVar(&o.NotMade, "not-made", nil, "parts whose outcome was unknown and that you have checked not to exist: make them again")
	return cmd
}

// ready fills in the options that come from the rest of the program. An unusable key should be
// reported before the question.
func ready(p *cli.Program, o *dial.Options) error {
	o.Yes, o.DryRun, o.Out = p.Yes || p.Simulate, p.DryRun, p.Err
	o.Terminal = cli.IsTerminal(p.Err) && !p.Verbose // a log and what is drawn over itself don't go together
	o.Width, o.Words = func() int { return cli.WidthOf(p.Err) }, p.Plain
	o.Command = "voiceagent"
	for _, word := range p.Args {
		o.Command += " " + cli.Quoted(word)
	}
	o.Client = func(opts ...voiceagent.ClientOption) (*voiceagent.Client, error) {
		return p.Client(o.Campaign.AgentID, opts...)
	}
	if p.Simulate { // it forgets its campaigns, and so must the ledger
		dir, err := os.MkdirTemp("", "voiceagent-simulate-")
		if err != nil {
			return err
		}
		o.StateDir, o.Server, o.Account = dir, "simulator", p.Account(nil)
		if o.Results == "" { // what is invented must not pass for results, nor be kept from being invented anew
			o.Results, o.Invented = strings.TrimSuffix(o.File, filepath.Ext(o.File))+".simulated.csv", true
		}
		p.AtEnd(func() error { return os.RemoveAll(dir) })
		return nil
	}
	client, err := p.PublicClient()
	if err != nil {
		return err
	}
	o.Server = client.Describe().Get("base URL") // the same run, whether the default is given or not
	o.Account = p.Account(client)
	if !p.DryRun {
		_, err = p.Key()
	}
	return err
}

// ended gives an error of a run, which knows nothing of exit codes, its kind.
func ended(err error) error {
	switch {
	case errors.As(err, new(*dial.Interrupted)) && errors.Is(err, context.DeadlineExceeded):
		return cli.As(cli.Timeout, err)
	case errors.As(err, new(*dial.Interrupted)):
		return cli.As(cli.Interrupted, err)
	case errors.As(err, new(*dial.Incomplete)):
		return cli.As(cli.Incomplete, err)
	case errors.As(err, new(*dial.BadInput)):
		return cli.As(cli.Usage, err)
	}
	return err
}

// summarize writes what programs want to know of a run; people have seen it.
func summarize(p *cli.Program, s *dial.Summary, err error) error {
	switch {
	case p.Output == cli.Table, err != nil && len(s.Campaigns) == 0:
		return nil
	case p.Output == cli.JSON:
		return cli.WriteJSON(p.Out, s)
	}
	return cli.List(p, cli.Each(s.Campaigns), 0, partColumns)
}
