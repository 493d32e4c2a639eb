package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
)

// acted is the answer to an action.
type acted struct {
	ID        string               `json:"id"`
	Message   string               `json:"message"`
	Campaign  *voiceagent.Campaign `json:"campaign,omitempty"` // only if the API sent it
	RequestID string               `json:"request_id"`
}

var actedColumns = []column[acted]{
	{name: "id", value: func(a acted) string { return a.ID }},
	{name: "message", value: func(a acted) string { return a.Message }},
	{name: "status", value: func(a acted) string {
		if a.Campaign == nil {
			return ""
		}
		return string(a.Campaign.Status)
	}, paint: statusColour},
	{name: "request_id", value: func(a acted) string { return a.RequestID }},
}

type campaignAction func(*voiceagent.CampaignsService, context.Context, string, ...voiceagent.RequestOption) (*voiceagent.CampaignAction, error)

func (p *program) campaignsPause() *cobra.Command {
	return p.campaignAction("pause", "Place no more calls until it is resumed", "", (*voiceagent.CampaignsService).Pause)
}

func (p *program) campaignsResume() *cobra.Command {
	return p.campaignAction("resume", "Go on with a paused campaign: phones ring (asks first)", "Campaign %s goes on: phones ring. Resume it?",
		(*voiceagent.CampaignsService).Resume)
}

func (p *program) campaignsStop() *cobra.Command {
	return p.campaignAction("stop", "End a campaign for good (asks first)", "Campaign %s can't be resumed after this. Stop it?",
		(*voiceagent.CampaignsService).Stop)
}

func (p *program) campaignsCancel() *cobra.Command {
	return p.campaignAction("cancel", "Call off a scheduled campaign that hasn't begun (asks first)", "Campaign %s won't begin. Cancel it?",
		(*voiceagent.CampaignsService).Cancel)
}

// campaignAction makes a command of an action, which asks first if there is a question.
func (p *program) campaignAction(verb, short, question string, act campaignAction) *cobra.Command {
	return &cobra.Command{
		Use: verb + " CAMPAIGN", Short: short, Args: oneArg("a campaign's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := p.client("")
			if err != nil {
				return err
			}
			if question != "" {
				if err := p.confirm(cmd.Context(), fmt.Sprintf(question, args[0])); err != nil {
					return err
				}
			}
			answer, err := act(client.Campaigns, cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return show(p, actedColumns)(acted{args[0], answer.Message, answer.Campaign, answer.RequestID}, nil)
		},
	}
}
