package commands

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/dial"
	"github.com/voiceagent-go/voiceagent/internal/contactfile"
)

func campaignsCreate(p *cli.Program) *cobra.Command {
	var (
		flags  campaignFlags
		write  cli.WriteFlags
		watch  cli.WatchFlags
		file   string
		extra  []string
		follow bool
	)
	cmd := &cobra.Command{
		Use: "create [FILE]", Short: "Make one campaign of a CSV file: phones ring (asks first)",
		Long: `Make one campaign of up to 2,000 contacts, which begins at once unless it is scheduled. The first line of the CSV
file names the columns; what is in them the agent can use. A file with a line that can't be used is refused. A number
that comes twice is called once.

For longer lists, and to get a file with what became of each contact, see voiceagent campaigns run.`,
		Example: `  voiceagent campaigns create contacts.csv --name "January reminders" --agent AGENT --from +15550100000 --watch`,
		Args: func(cmd *cobra.Command, args []string) error {
			if file != "" {
				return cli.NoArgs(cmd, args)
			}
			return cli.OneArg("a CSV file")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			params, err := flags.params()
			if err != nil {
				return err
			}
			if params.Extra, err = cli.ExtraKeys(extra); err != nil {
				return err
			}
			terms := dial.Terms{File: strings.Join(args, ""), Params: &params, Campaigns: 1}
			if file != "" {
				terms.File = file
			}
			excluded, err := flags.contacts(cmd.Context(), p, &terms)
			if err != nil {
				return err
			}
			params.PhoneColumn = contactfile.Key(params.PhoneColumn) // as the contacts have it
			client, opts, err := write.Client(p, params.AgentID)
			if err != nil {
				return err
			}
			terms.Account = p.Account(client)
			checked := params
			if write.Known() { // then it may only be shown
				checked.ScheduleAt = time.Time{}
			}
			if err := checkCampaign(cmd.Context(), checked); err != nil {
				return err
			}
			if err := agree(cmd.Context(), p, terms); err != nil {
				return err
			}
			if err := excluded.Unchanged(); err != nil {
				return ended(err)
			}
			campaign, err := client.Campaigns.Create(cmd.Context(), params, opts...)
			write.Replayed(p, "campaign was made")
			if err != nil || !follow {
				return showCampaign(p)(campaign, err)
			}
			return watchCampaign(cmd.Context(), p, client, campaign.ID, watch)
		},
	}
	cmd.ValidArgsFunction = cobra.FixedCompletions([]string{"csv"}, cobra.ShellCompDirectiveFilterFileExt)
	cmd.Flags().StringVar(&flags.campaign.Name, "name", "", "at most 100 characters (required)")
	cmd.Flags().StringVar(&file, "contacts", "", "the CSV file, in place of FILE, or - for stdin")
	flags.add(cmd, "calls at a time, 1 to 50; 0 leaves it to the API, which takes 1")
	cmd.Flags().BoolVar(&follow, "watch", false, "follow the campaign until it has ended")
	cmd.Flags().StringArrayVar(&extra, "extra", nil, "a key that this program doesn't know, as `name=json`; may be repeated")
	watch.Add(cmd)
	write.Add(cmd)
	cli.Required(cmd, "name")
	return cmd
}

// agree shows the terms and asks for a yes. A dry run only shows them. With --yes there is a line
// for what nobody may have thought of.
func agree(ctx context.Context, p *cli.Program, terms dial.Terms) error {
	switch {
	case p.Simulate:
	case p.DryRun && p.Output == cli.Table:
		fmt.Fprint(p.Err, terms)
	case p.Yes && terms.OwnTime.Outside > 0:
		p.Logger().Warn(strings.TrimSpace(terms.OwnTime.String()))
	}
	return p.Confirm(ctx, terms.String()+terms.Question())
}

// contacts reads them all into the terms, so that a campaign isn't made of half a list. It returns
// who was left out of them.
func (f *campaignFlags) contacts(ctx context.Context, p *cli.Program, terms *dial.Terms) (*dial.Excluded, error) {
	numbers, err := dial.NewNumbers(f.region, f.campaign.From, f.anyRange)
	if err != nil {
		return nil, cli.As(cli.Usage, err)
	}
	comma, err := separator(f.comma)
	if err != nil {
		return nil, err
	}
	excluded, err := dial.ReadExcluded(ctx, f.exclude, numbers, f.campaign.PhoneColumn)
	if err != nil {
		return nil, ended(err)
	}
	content, err := p.Read(terms.File)
	if err != nil {
		return nil, cli.Usagef("the contacts: %w", err)
	}
	terms.Listed = excluded.Len()
	terms.OwnTime = dial.NewOwnTime(terms.Params, time.Now())
	key := cmp.Or(contactfile.Key(f.campaign.PhoneColumn), "phone")
	var bad []error
	params := voiceagent.CSVParams{PhoneColumn: f.campaign.PhoneColumn, Comma: comma, Normalize: numbers.Normalize}
	for contact, err := range voiceagent.ContactsFromCSV(bytes.NewReader(content), params) {
		terms.Rows++
		switch number, _ := contact[key].(string); {
		case errors.As(err, new(*voiceagent.RepeatedContactError)):
			terms.Repeated++
			p.Logger().Warn("a contact is left out", "reason", err)
		case err != nil:
			bad = append(bad, err)
		case excluded.Reason(number) != "":
			terms.Excluded++
			p.Logger().Warn("a contact is left out", "reason", excluded.Reason(number))
		default:
			terms.Params.Contacts = append(terms.Params.Contacts, contact)
			terms.Contacts++
			terms.OwnTime.Add(number)
		}
	}
	if len(bad) > 0 {
		return nil, cli.Usagef("%s: nothing was sent, as this can't be used:\n%w\n%s", terms.File, errors.Join(bad...), numbers.ReadAs())
	}
	if terms.File = filepath.Base(terms.File); terms.File == "-" {
		terms.File = "standard input"
	}
	if terms.Contacts == 0 {
		return nil, cli.Usagef("%s: nobody is left to call: the numbers of all %d rows are excluded or come again. Nothing was sent", terms.File, terms.Rows)
	}
	return excluded, nil
}
