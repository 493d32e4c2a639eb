package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
)

var campaignColumns = []column[*voiceagent.Campaign]{
	{name: "id", value: func(c *voiceagent.Campaign) string { return c.ID }},
	{name: "name", value: func(c *voiceagent.Campaign) string { return c.Name }},
	{name: "status", value: func(c *voiceagent.Campaign) string { return string(c.Status) }, paint: statusColour},
	{name: "contacts", value: func(c *voiceagent.Campaign) string { return strconv.Itoa(c.Contacts()) }},
	{name: "completed", value: func(c *voiceagent.Campaign) string { return strconv.Itoa(c.Completed) }},
	{name: "no_answer", value: func(c *voiceagent.Campaign) string { return strconv.Itoa(c.NoAnswer) }},
	{name: "voicemail", value: func(c *voiceagent.Campaign) string { return strconv.Itoa(c.Voicemail) }, long: true},
	{name: "failed", value: func(c *voiceagent.Campaign) string { return strconv.Itoa(c.Failed) }},
	{name: "skipped", value: func(c *voiceagent.Campaign) string { return count(c.SkippedContacts) }, long: true},
	{name: "pending_retries", value: func(c *voiceagent.Campaign) string { return count(c.PendingRetries) }, long: true},
	{name: "pickup_rate", value: func(c *voiceagent.Campaign) string { return number(c.PickupRate) }, long: true},
	{name: "created", value: func(c *voiceagent.Campaign) string { return c.CreatedAt.String() }},
	{name: "started", value: func(c *voiceagent.Campaign) string { return c.StartTime.String() }, long: true},
	{name: "ended", value: func(c *voiceagent.Campaign) string { return c.EndTime.String() }, long: true},
	{name: "agent", value: func(c *voiceagent.Campaign) string { return c.AgentID }, long: true},
	{name: "from", value: func(c *voiceagent.Campaign) string { return c.From }, long: true},
	{name: "concurrency", value: func(c *voiceagent.Campaign) string { return count(c.MaxConcurrentCalls) }, long: true},
	{name: "total_cost", value: func(c *voiceagent.Campaign) string { return number(c.TotalCost) }, long: true},
}

func (p *program) campaigns() *cobra.Command {
	cmd := &cobra.Command{Use: "campaigns", Short: "Campaigns: lists of contacts that are called"}
	cmd.AddCommand(p.campaignsList(), p.campaignsGet(), p.campaignsCreate(), p.campaignsRun(), p.campaignsWatch(),
		p.campaignsPause(), p.campaignsResume(), p.campaignsStop(), p.campaignsCancel())
	return cmd
}

func (p *program) campaignsList() *cobra.Command {
	var flags listFlags
	var status string
	cmd := &cobra.Command{
		Use: "list", Short: "List the campaigns", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			limit, size, query, err := flags.page(p)
			if err != nil {
				return err
			}
			client, err := p.client("")
			if err != nil {
				return err
			}
			params := voiceagent.CampaignListParams{PageSize: size, Status: voiceagent.CampaignStatus(status), Extra: query}
			return list(p, client.Campaigns.All(cmd.Context(), params), limit, campaignColumns)
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "only campaigns in this state: in_progress, paused, completed and so on")
	complete(cmd, "status", "pending", "in_progress", "paused", "scheduled", "completed", "stopped", "cancelled", "failed")
	flags.add(cmd)
	return cmd
}

func (p *program) campaignsGet() *cobra.Command {
	return &cobra.Command{
		Use: "get CAMPAIGN", Short: "Show a campaign and its progress", Args: oneArg("a campaign's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := p.client("")
			if err != nil {
				return err
			}
			return show(p, campaignColumns)(client.Campaigns.Get(cmd.Context(), args[0]))
		},
	}
}

func (p *program) campaignsWatch() *cobra.Command {
	var flags watchFlags
	cmd := &cobra.Command{
		Use: "watch CAMPAIGN", Short: "Follow a campaign until it has ended", Args: oneArg("a campaign's id"),
		Long: "Follow a campaign until it has ended. Ctrl-C ends the watching; the campaign goes on.",
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := p.client("")
			if err != nil {
				return err
			}
			return p.watchCampaign(cmd.Context(), client, args[0], flags)
		},
	}
	flags.add(cmd)
	return cmd
}

func (p *program) watchCampaign(ctx context.Context, client *voiceagent.Client, id string, flags watchFlags) error {
	line := func(c *voiceagent.Campaign) string {
		return fmt.Sprintf("%s  %s  %s  %d contacts: %d completed, %d no answer, %d voicemail, %d failed", p.clock(), printable(c.ID),
			p.cell(string(c.Status), statusColour), c.Contacts(), c.Completed, c.NoAnswer, c.Voicemail, c.Failed)
	}
	err := follow(p, client.Campaigns.Watch(ctx, id, flags.params(p)), line, campaignColumns)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("the campaign goes on, and voiceagent campaigns watch %s follows it again: %w", id, err)
	}
	return err
}
