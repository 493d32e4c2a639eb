package commands

import (
	"context"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
)

func campaigns(p *cli.Program) *cobra.Command {
	cmd := &cobra.Command{Use: "campaigns", Short: "Campaigns: lists of contacts that are called"}
	cmd.AddCommand(campaignsList(p), campaignsGet(p), campaignsCreate(p), campaignsRun(p), campaignsWatch(p))
	addCampaignActions(p, cmd)
	return cmd
}

var campaignStatuses = []string{"pending", "in_progress", "paused", "scheduled", "completed", "stopped", "cancelled", "failed"}

func campaignsList(p *cli.Program) *cobra.Command {
	var flags cli.ListFlags
	var status string
	cmd := &cobra.Command{
		Use: "list", Short: "List the campaigns", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p.Known("status", status, campaignStatuses...)
			return listOf(p, &flags, "", campaignColumns, func(c *voiceagent.Client, page cli.Page) iter.Seq2[campaign, error] {
				return allShown(c.Campaigns.All(cmd.Context(), voiceagent.CampaignListParams{
					PageSize: page.Size, Status: voiceagent.CampaignStatus(status), Extra: page.Query,
				}))
			})
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "only campaigns in this state: in_progress, paused, completed and so on")
	cli.Complete(cmd, "status", campaignStatuses...)
	flags.Add(cmd)
	return cmd
}

func campaignsGet(p *cli.Program) *cobra.Command {
	return &cobra.Command{
		Use: "get CAMPAIGN", Short: "Show a campaign and its progress", Args: cli.OneArg("a campaign's id"),
		RunE: withClient(p, func(ctx context.Context, c *voiceagent.Client, args []string) error {
			return showCampaign(p)(c.Campaigns.Get(ctx, args[0]))
		}),
	}
}

func campaignsWatch(p *cli.Program) *cobra.Command {
	var flags cli.WatchFlags
	cmd := &cobra.Command{
		Use: "watch CAMPAIGN", Short: "Follow a campaign until it has ended", Args: cli.OneArg("a campaign's id"),
		Long: "Follow a campaign until it has ended. Ctrl-C ends the watching; the campaign goes on.",
		RunE: withClient(p, func(ctx context.Context, c *voiceagent.Client, args []string) error {
			return watchCampaign(ctx, p, c, args[0], flags)
		}),
	}
	flags.Add(cmd)
	return cmd
}

func watchCampaign(ctx context.Context, p *cli.Program, client *voiceagent.Client, id string, flags cli.WatchFlags) error {
	line := func(c campaign) string {
		contacts := ""
		if c.All > 0 {
			contacts = fmt.Sprintf("%d contacts: ", c.All)
		}
		return fmt.Sprintf("%s  %s  %s%d completed, %d no answer, %d voicemail, %d failed", cli.Printable(c.ID),
			p.Cell(string(c.Status), cli.StatusColour), contacts, c.Completed, c.NoAnswer, c.Voicemail, c.Failed)
	}
	err := cli.Follow(p, allShown(client.Campaigns.Watch(ctx, id, flags.Params(p))), line, campaignColumns)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("the campaign goes on, and voiceagent campaigns watch %s follows it again: %w", id, err)
	}
	return err
}

// acted is the answer to an action.
type acted struct {
	ID        string    `json:"id"`
	Message   string    `json:"message"`
	Campaign  *campaign `json:"campaign,omitempty"` // only if the API sent it
	RequestID string    `json:"request_id"`
}

var actedColumns = []cli.Column[acted]{
	{Name: "id", Value: func(a acted) string { return a.ID }, ID: true},
	{Name: "message", Value: func(a acted) string { return a.Message }},
	{Name: "status", Value: func(a acted) string {
		if a.Campaign == nil {
			return ""
		}
		return string(a.Campaign.Status)
	}, Paint: cli.StatusColour},
	{Name: "request_id", Value: func(a acted) string { return a.RequestID }},
}

// campaignActions are the commands that change a campaign. One with a question asks it first.
var campaignActions = []struct {
	verb, short, question string
	do                    func(*voiceagent.CampaignsService, context.Context, string, ...voiceagent.RequestOption) (*voiceagent.CampaignAction, error)
}{
	{"pause", "Place no more calls until it is resumed", "", (*voiceagent.CampaignsService).Pause},
	{"resume", "Go on with a paused campaign: phones ring (asks first)", "Campaign %s goes on: phones ring. Resume it?", (*voiceagent.CampaignsService).Resume},
	{"stop", "End a campaign for good (asks first)", "Campaign %s can't be resumed after this. Stop it?", (*voiceagent.CampaignsService).Stop},
	{"cancel", "Call off a scheduled campaign that hasn't begun (asks first)", "Campaign %s won't begin. Cancel it?", (*voiceagent.CampaignsService).Cancel},
}

func addCampaignActions(p *cli.Program, cmd *cobra.Command) {
	for _, action := range campaignActions {
		cmd.AddCommand(&cobra.Command{
			Use: action.verb + " CAMPAIGN", Short: action.short, Args: cli.OneArg("a campaign's id"),
			RunE: withClient(p, func(ctx context.Context, c *voiceagent.Client, args []string) error {
				if action.question != "" {
					if err := p.Confirm(ctx, fmt.Sprintf(action.question, args[0])); err != nil {
						return err
					}
				}
				answer, err := action.do(c.Campaigns, ctx, args[0])
				if err != nil {
					return err
				}
				done := acted{ID: args[0], Message: answer.Message, RequestID: answer.RequestID}
				if answer.Campaign != nil {
					done.Campaign = new(shown(answer.Campaign))
				}
				return cli.Show(p, actedColumns)(done, nil)
			}),
		})
	}
}
