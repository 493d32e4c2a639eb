package commands

import (
	"cmp"
	"fmt"
	"iter"
	"maps"

	"github.com/go-json-experiment/json"
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

A text can come from a file: --start-flow @flow.txt, or @- for stdin. --from-json takes the whole agent, as the
API has it; what other flags say comes on top of it.`,
		Example: `  voiceagent agents create --name "Acme Sales" --start-flow @start.txt --end-flow "Thank you. Goodbye."
  voiceagent agents get AGENT -o json | jq '.name = "Copy" | del(.id, .created_at, .updated_at)' | voiceagent agents create --from-json -`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var params voiceagent.AgentCreateParams
			if err := flags.into(p, cmd, &params); err != nil {
				return err
			}
			client, opts, err := write.Client(p, "")
			if err != nil {
				return err
			}
			return cli.Show(p, agentColumns)(client.Agents.Create(cmd.Context(), params, opts...))
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
		Long:    "Change an agent. What isn't given stays as it is.",
		Example: `  voiceagent agents update AGENT --webhook-url https://example.com/calls --webhook-secret-file secret.txt`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var params voiceagent.AgentUpdateParams
			if err := flags.into(p, cmd, &params); err != nil {
				return err
			}
			client, err := p.Client(args[0])
			if err != nil {
				return err
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

// agentTexts are the flags for an agent's texts, and the API's names for them.
var agentTexts = []struct{ flag, key, usage string }{
	{"name", "name", "unique in the account, at most 100 characters"},
	{"start-flow", "start_flow", "the opening message, or @file"},
	{"end-flow", "end_flow", "the closing message, or @file"},
	{"type", "agent_type", "sales, support, collection and so on; see voiceagent industries INDUSTRY"},
	{"custom-description", "custom_description", "what an agent of type custom does, or @file"},
	{"sector", "sector", "the industry"},
	{"language", "language", "see voiceagent languages"},
	{"voice", "voice", "see voiceagent voices"},
	{"brand", "brand_name", "the name that the agent speaks for"},
	{"description", "description", "for yourself"},
}

// agentFlags are the flags of agents create and agents update.
type agentFlags struct {
	texts             map[string]*string
	json              string
	webhookURL        string
	webhookSecretFile string
	extra             []string
}

func (f *agentFlags) add(cmd *cobra.Command) {
	f.texts = make(map[string]*string)
	for _, t := range agentTexts {
		f.texts[t.flag] = cmd.Flags().String(t.flag, "", t.usage)
	}
	cmd.Flags().StringVar(&f.webhookURL, "webhook-url", "", "where the end of each call is reported")
	cmd.Flags().StringVar(&f.webhookSecretFile, "webhook-secret-file", "", "the file with the secret that reports are signed with, or - for stdin; its mode must be 0600")
	cmd.Flags().StringVar(&f.json, "from-json", "", "a file with the agent as JSON, or - for stdin")
	cmd.Flags().StringArrayVar(&f.extra, "extra", nil, "a key that this program doesn't know, as `name=json`; may be repeated")
}

// into fills params by the API's names, first from the JSON, then from the flags that were given.
func (f *agentFlags) into(p *cli.Program, cmd *cobra.Command, params any) error {
	agent := make(map[string]any)
	if f.json != "" {
		content, err := p.ReadText(f.json)
		if err != nil {
			return cli.Usagef("--from-json: %w", err)
		}
		if err := json.Unmarshal([]byte(content), &agent); err != nil {
			return cli.Usagef("--from-json %s: %w", f.json, err)
		}
	}
	for _, t := range agentTexts {
		if !cmd.Flags().Changed(t.flag) {
			continue
		}
		text, err := p.Text(t.flag, *f.texts[t.flag])
		if err != nil {
			return err
		}
		agent[t.key] = text
	}
	if err := f.webhook(p, agent); err != nil {
		return err
	}
	unknown, err := cli.ExtraKeys(f.extra)
	if err != nil {
		return err
	}
	maps.Copy(agent, unknown)
	if len(agent) == 0 {
		return cli.Usagef("nothing is given; see %s --help", cmd.CommandPath())
	}
	encoded, err := json.Marshal(agent)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(encoded, params); err != nil {
		return cli.Usagef("the agent: %w", err)
	}
	return nil
}

func (f *agentFlags) webhook(p *cli.Program, agent map[string]any) error {
	if f.webhookURL == "" {
		if f.webhookSecretFile != "" {
			return cli.Usagef("--webhook-secret-file needs --webhook-url")
		}
		return nil
	}
	webhook := map[string]any{"url": f.webhookURL, "events": []string{voiceagent.EventCallEnded}}
	if f.webhookSecretFile != "" {
		secret, err := p.Secret("webhook-secret-file", f.webhookSecretFile)
		if err != nil {
			return err
		}
		webhook["secret"] = secret
		p.Hide(secret)
	}
	agent["webhook_config"] = webhook
	return nil
}
