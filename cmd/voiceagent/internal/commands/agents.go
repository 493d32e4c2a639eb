package commands

import (
	"cmp"
	"fmt"
	"iter"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
)

var agentColumns = []cli.Column[*voiceagent.Agent]{
	{Name: "id", Value: func(a *voiceagent.Agent) string { return a.ID }, ID: true},
	{Name: "name", Value: func(a *voiceagent.Agent) string { return a.Name }},
	{Name: "type", Value: func(a *voiceagent.Agent) string { return a.AgentType }},
	{Name: "language", Value: func(a *voiceagent.Agent) string { return a.Language }},
	{Name: "voice", Value: func(a *voiceagent.Agent) string { return a.Voice }},
	{Name: "created", Value: func(a *voiceagent.Agent) string { return a.CreatedAt.String() }, Time: true},
	{Name: "updated", Value: func(a *voiceagent.Agent) string { return a.UpdatedAt.String() }, Long: true, Time: true},
	{Name: "start_flow", Value: func(a *voiceagent.Agent) string { return a.StartFlow }, Long: true},
	{Name: "end_flow", Value: func(a *voiceagent.Agent) string { return a.EndFlow }, Long: true},
	{Name: "custom_description", Value: func(a *voiceagent.Agent) string { return a.CustomDescription }, Long: true},
	{Name: "sector", Value: func(a *voiceagent.Agent) string { return a.Sector }, Long: true},
	{Name: "brand", Value: func(a *voiceagent.Agent) string { return a.BrandName }, Long: true},
	{Name: "description", Value: func(a *voiceagent.Agent) string { return a.Description }, Long: true},
	{Name: "webhook", Value: func(a *voiceagent.Agent) string { return cmp.Or(a.Webhook, &voiceagent.WebhookConfig{}).URL }, Long: true},
}

func agents(p *cli.Program) *cobra.Command {
	cmd := &cobra.Command{Use: "agents", Short: "Configured voices that make and take calls"}
	cmd.AddCommand(agentsList(p), agentsGet(p), agentsCreate(p), agentsUpdate(p), agentsDelete(p))
	return cmd
}

func agentsList(p *cli.Program) *cobra.Command {
	var flags cli.ListFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List the agents", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listOf(p, &flags, "", agentColumns, func(c *voiceagent.Client, page cli.Page) iter.Seq2[*voiceagent.Agent, error] {
				return c.Agents.All(cmd.Context(), voiceagent.AgentListParams{PageSize: page.Size, Extra: page.Query})
			})
		},
	}
	flags.Add(cmd)
	return cmd
}

func agentsGet(p *cli.Program) *cobra.Command {
	return &cobra.Command{
		Use: "get AGENT", Short: "Show an agent", Args: cli.OneArg("an agent's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := p.Client(args[0])
			if err != nil {
				return err
			}
			return cli.Show(p, agentColumns)(client.Agents.Get(cmd.Context(), args[0]))
		},
	}
}

func agentsCreate(p *cli.Program) *cobra.Command {
	var flags agentFlags
	var write cli.WriteFlags
	cmd := &cobra.Command{
		Use: "create", Short: "Make an agent", Args: cli.NoArgs,
		Long: `Make an agent. A name, a start flow and an end flow are required.

A text can come from a file: --start-flow @flow.txt, or @- for stdin. --from-json takes the whole agent, as agents get
-o json writes it, without what the API sets itself; what other flags say comes on top of it.`,
		Example: `  voiceagent agents create --name "Acme Sales" --start-flow @start.txt --end-flow "Thank you. Goodbye."
  voiceagent agents get AGENT -o json | jq '.name = "Copy"' | voiceagent agents create --from-json -`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			given, err := flags.read(p, cmd)
			if err != nil {
				return err
			}
			params, err := given.create()
			if err != nil {
				return err
			}
			client, opts, err := write.Client(p, "")
			if err != nil {
				return err
			}
			flags.warnOfUnknown(p, params.Extra, nil)
			agent, err := client.Agents.Create(cmd.Context(), params, opts...)
			write.Replayed(p, "agent was made")
			return cli.Show(p, agentColumns)(agent, err)
		},
	}
	flags.add(cmd)
	write.Add(cmd)
	return cmd
}

func agentsUpdate(p *cli.Program) *cobra.Command {
	var flags agentFlags
	cmd := &cobra.Command{
		Use: "update AGENT", Short: "Change an agent", Args: cli.OneArg("an agent's id"),
		Long: `Change an agent. What isn't given stays as it is.

--from-json takes what agents get -o json writes, whole or in part. The agent is fetched, and only what differs is sent:
what the API sets itself is left out, and so are keys that this program doesn't know, unless they were changed. With
--dry-run nothing is fetched, and all that the file has is shown.`,
		Example: `  voiceagent agents update AGENT --webhook-url https://example.com/calls --webhook-secret-file secret.txt
  voiceagent agents get AGENT -o json | jq '.voice = "male"' | voiceagent agents update AGENT --from-json -`,
		RunE: func(cmd *cobra.Command, args []string) error {
			given, err := flags.read(p, cmd)
			if err != nil {
				return err
			}
			params, err := given.update() // what is wrong in it is known before anything is sent
			if err != nil {
				return err
			}
			client, err := p.Client(args[0])
			if err != nil {
				return err
			}
			if flags.json != "" && !p.DryRun {
				agent, err := client.Agents.Get(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if err := given.leaveOut(agent); err != nil {
					return err
				}
				if len(given) == 0 {
					p.Notice(cli.Note{Text: "The agent is like that already: nothing was changed."})
					return cli.Show(p, agentColumns)(agent, nil)
				}
				if params, err = given.update(); err != nil {
					return err
				}
				flags.warnOfUnknown(p, params.Extra, agent.Extra)
			}
			if hook := params.Webhook; hook != nil && hook.Secret == "" && flags.json != "" {
				p.Notice(cli.Note{Warning: "webhook_config is sent without a secret, as agents get never shows one; whether the API keeps the old one is unknown: " +
					"--webhook-url with --webhook-secret-file sends it"})
			}
			return cli.Show(p, agentColumns)(client.Agents.Update(cmd.Context(), args[0], params))
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

func agentsDelete(p *cli.Program) *cobra.Command {
	columns := []cli.Column[deleted]{
		{Name: "id", Value: func(d deleted) string { return d.ID }},
		{Name: "deleted", Value: func(d deleted) string { return fmt.Sprint(d.Deleted) }},
	}
	return &cobra.Command{
		Use: "delete AGENT", Short: "Remove an agent (asks first)", Args: cli.OneArg("an agent's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := p.Client(args[0])
			if err != nil {
				return err
			}
			if err := p.Confirm(cmd.Context(), fmt.Sprintf("Remove agent %s for good?", args[0])); err != nil {
				return err
			}
			return cli.Show(p, columns)(deleted{args[0], true}, client.Agents.Delete(cmd.Context(), args[0]))
		},
	}
}
