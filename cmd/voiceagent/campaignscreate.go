package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
)

func (p *program) campaignsCreate() *cobra.Command {
	var (
		flags  campaignFlags
		write  writeFlags
		watch  watchFlags
		name   string
		file   string
		extra  []string
		follow bool
	)
	cmd := &cobra.Command{
		Use: "create", Short: "Make one campaign of a CSV file: phones ring (asks first)", Args: noArgs,
		Long: `Make one campaign of up to 2,000 contacts, which begins at once unless it is scheduled. The first line of the CSV
file names the columns; what is in them the agent can use. A file with a line that can't be used is refused.

For longer lists, and to get a file with what became of each contact, see voiceagent campaigns run.`,
		Example: `  voiceagent campaigns create --name "January reminders" --agent AGENT --from +15550100000 --contacts contacts.csv --watch`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			params := voiceagent.CampaignCreateParams{
				Name: name, AgentID: flags.agent, From: flags.from, PhoneColumn: flags.phoneColumn, MaxConcurrentCalls: flags.concurrency,
			}
			if params.Extra, err = extraKeys(extra); err != nil {
				return err
			}
			if params.Retry, err = flags.retry(); err != nil {
				return err
			}
			if params.CallingHours, params.Blackouts, params.ScheduleAt, err = flags.times(); err != nil {
				return err
			}
			if params.Contacts, err = p.contacts(file, flags.phoneColumn); err != nil {
				return err
			}
			client, opts, err := write.client(p, flags.agent)
			if err != nil {
				return err
			}
			question := fmt.Sprintf("This rings %d people, from %s. Call them?", len(params.Contacts), params.From)
			if err := p.confirm(cmd.Context(), question); err != nil {
				return err
			}
			campaign, err := client.Campaigns.Create(cmd.Context(), params, opts...)
			if err != nil || !follow {
				return show(p, campaignColumns)(campaign, err)
			}
			return p.watchCampaign(cmd.Context(), client, campaign.ID, watch)
		},
	}
	cmd.Flags().StringVar(&name, "name", "", "at most 100 characters (required)")
	cmd.Flags().StringVar(&file, "contacts", "", "the CSV file, or - for stdin (required)")
	flags.add(cmd)
	cmd.Flags().BoolVar(&follow, "watch", false, "follow the campaign until it has ended")
	cmd.Flags().StringArrayVar(&extra, "extra", nil, "a key that this program doesn't know, as `name=json`; may be repeated")
	watch.add(cmd)
	write.add(cmd)
	required(cmd, "name", "contacts")
	return cmd
}

// contacts reads them all, so that a campaign isn't made of half a list.
func (p *program) contacts(file, phoneColumn string) ([]voiceagent.Contact, error) {
	content, err := p.read(file)
	if err != nil {
		return nil, usagef("--contacts: %w", err)
	}
	var contacts []voiceagent.Contact
	var bad []error
	for contact, err := range voiceagent.ContactsFromCSV(bytes.NewReader(content), voiceagent.CSVParams{PhoneColumn: phoneColumn}) {
		if err != nil {
			bad = append(bad, err)
			continue
		}
		contacts = append(contacts, contact)
	}
	if len(bad) > 0 {
		return nil, usagef("--contacts %s: %d lines can't be used, so nothing was sent:\n%w", file, len(bad), errors.Join(bad...))
	}
	return contacts, nil
}
