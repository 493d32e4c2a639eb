package commands

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
)

// catalogItem is a [voiceagent.CatalogItem] as -o json shows it.
type catalogItem struct {
	ID          string                    `json:"id"`
	Name        string                    `json:"name"`
	Description string                    `json:"description"`
	Extra       map[string]jsontext.Value `json:",embed"`
}

var catalogColumns = []cli.Column[catalogItem]{
	{Name: "id", Value: func(i catalogItem) string { return i.ID }},
	{Name: "name", Value: func(i catalogItem) string { return i.Name }},
	{Name: "description", Value: func(i catalogItem) string { return i.Description }},
	{Name: "more", Value: func(i catalogItem) string { return cli.Compact(i.Extra) }, Long: true},
}

func voices(p *cli.Program) *cobra.Command {
	return catalog(p, &cobra.Command{Use: "voices", Short: "List the voices (needs no key)"},
		func(ctx context.Context, c *voiceagent.Client, _ []string) ([]voiceagent.CatalogItem, error) {
			return c.Catalog.Voices(ctx)
		})
}

func languages(p *cli.Program) *cobra.Command {
	return catalog(p, &cobra.Command{Use: "languages", Short: "List the languages (needs no key)"},
		func(ctx context.Context, c *voiceagent.Client, _ []string) ([]voiceagent.CatalogItem, error) {
			return c.Catalog.Languages(ctx)
		})
}

func industries(p *cli.Program) *cobra.Command {
	cmd := &cobra.Command{
		Use: "industries [INDUSTRY]", Short: "List the industries, or the types of agents for one (needs no key)", Args: cobra.MaximumNArgs(1),
	}
	return catalog(p, cmd, func(ctx context.Context, c *voiceagent.Client, args []string) ([]voiceagent.CatalogItem, error) {
		if len(args) == 1 {
			return c.Catalog.AgentTypes(ctx, args[0])
		}
		return c.Catalog.Industries(ctx)
	})
}

// catalog makes a command of a list that needs no key and comes whole.
func catalog(p *cli.Program, cmd *cobra.Command, get func(context.Context, *voiceagent.Client, []string) ([]voiceagent.CatalogItem, error)) *cobra.Command {
	if cmd.Args == nil {
		cmd.Args = cli.NoArgs
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		client, err := p.PublicClient()
		if err != nil {
			return err
		}
		items, err := get(cmd.Context(), client, args)
		if err != nil {
			return err
		}
		shown := make([]catalogItem, len(items))
		for i, item := range items {
			shown[i] = catalogItem{ID: item.ID, Name: item.Name, Description: item.Description, Extra: make(map[string]jsontext.Value)}
			for key, value := range item.Extra {
				shown[i].Extra[key] = jsontext.Value(value)
			}
		}
		return cli.List(p, cli.Each(shown), 0, catalogColumns)
	}
	return cmd
}
