package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
)

var agentColumns = []column[*voiceagent.Agent]{
	{name: "id", value: func(a *voiceagent.Agent) string { return a.ID }},
	{name: "name", value: func(a *voiceagent.Agent) string { return a.Name }},
	{name: "type", value: func(a *voiceagent.Agent) string { return a.AgentType }},
	{name: "language", value: func(a *voiceagent.Agent) string { return a.Language }},
	{name: "voice", value: func(a *voiceagent.Agent) string { return a.Voice }},
	{name: "created", value: func(a *voiceagent.Agent) string { return a.CreatedAt.String() }},
	{name: "updated", value: func(a *voiceagent.Agent) string { return a.UpdatedAt.String() }, long: true},
	{name: "start_flow", value: func(a *voiceagent.Agent) string { return a.StartFlow }, long: true},
	{name: "end_flow", value: func(a *voiceagent.Agent) string { return a.EndFlow }, long: true},
	{name: "custom_description", value: func(a *voiceagent.Agent) string { return a.CustomDescription }, long: true},
	{name: "sector", value: func(a *voiceagent.Agent) string { return a.Sector }, long: true},
	{name: "brand", value: func(a *voiceagent.Agent) string { return a.BrandName }, long: true},
	{name: "description", value: func(a *voiceagent.Agent) string { return a.Description }, long: true},
	{name: "webhook", value: func(a *voiceagent.Agent) string { return cmp.Or(a.Webhook, &voiceagent.WebhookConfig{}).URL }, long: true},
}

func (p *program) agents() *cobra.Command {
	cmd := &cobra.Command{Use: "agents", Short: "Configured voices that make and take calls"}
	cmd.AddCommand(p.agentsList(), p.agentsGet(), p.agentsCreate(), p.agentsUpdate(), p.agentsDelete())
	return cmd
}

func (p *program) agentsList() *cobra.Command {
	var flags listFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List the agents", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			limit, size, query, err := flags.page(p)
			if err != nil {
				return err
			}
			client, err := p.client("")
			if err != nil {
				return err
			}
			return list(p, client.Agents.All(cmd.Context(), voiceagent.AgentListParams{PageSize: size, Extra: query}), limit, agentColumns)
		},
	}
	flags.add(cmd)
	return cmd
}

func (p *program) agentsGet() *cobra.Command {
	return &cobra.Command{
		Use: "get AGENT", Short: "Show an agent", Args: oneArg("an agent's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := p.client(args[0])
			if err != nil {
				return err
			}
			return show(p, agentColumns)(client.Agents.Get(cmd.Context(), args[0]))
		},
	}
}

func (p *program) agentsCreate() *cobra.Command {
	var flags agentFlags
	var write writeFlags
	cmd := &cobra.Command{
		Use: "create", Short: "Make an agent", Args: noArgs,
		Long: `Make an agent. A name, a start flow and an end flow are required.

A text can come from a file: --start-flow @flow.txt, or @- for stdin. --from-json takes the whole agent, as the
API has it; what other flags say comes on top of it.`,
		Example: `  voiceagent agents create --name "Acme Sales" --start-flow @start.txt --end-flow "Thank you. Goodbye."
  voiceagent agents get AGENT -o json | jq '.name = "Copy" | del(.id, .created_at, .updated_at)' | voiceagent agents create --from-json -`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var params voiceagent.AgentCreateParams
			if err := flags.into(p, cmd, &params); err != nil {
				return err
			}
			client, opts, err := write.client(p, "")
			if err != nil {
				return err
			}
			return show(p, agentColumns)(client.Agents.Create(cmd.Context(), params, opts...))
		},
	}
	flags.add(cmd)
	write.add(cmd)
	return cmd
}

func (p *program) agentsUpdate() *cobra.Command {
	var flags agentFlags
	cmd := &cobra.Command{
		Use: "update AGENT", Short: "Change an agent", Args: oneArg("an agent's id"),
		Long:    "Change an agent. What isn't given stays as it is.",
		Example: `  voiceagent agents update AGENT --webhook-url https://example.com/calls --webhook-secret-file secret.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var params voiceagent.AgentUpdateParams
			if err := flags.into(p, cmd, &params); err != nil {
				return err
			}
			client, err := p.client(args[0])
			if err != nil {
				return err
			}
			return show(p, agentColumns)(client.Agents.Update(cmd.Context(), args[0], params))
		},
	}
	flags.add(cmd)
	return cmd
}

// deleted is what is left of an agent.
type deleted struct {
	ID      string `json:"id"`
	Deleted bool   `json:"deleted"`
}

func (p *program) agentsDelete() *cobra.Command {
	columns := []column[deleted]{
		{name: "id", value: func(d deleted) string { return d.ID }},
		{name: "deleted", value: func(d deleted) string { return fmt.Sprint(d.Deleted) }},
	}
	return &cobra.Command{
		Use: "delete AGENT", Short: "Remove an agent (asks first)", Args: oneArg("an agent's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := p.client(args[0])
			if err != nil {
				return err
			}
			if err := p.confirm(cmd.Context(), fmt.Sprintf("Remove agent %s for good?", args[0])); err != nil {
				return err
			}
			return show(p, columns)(deleted{args[0], true}, client.Agents.Delete(cmd.Context(), args[0]))
		},
	}
}
