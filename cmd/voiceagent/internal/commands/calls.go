package commands

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
)

var callColumns = []cli.Column[*voiceagent.Call]{
	{Name: "id", Value: (*voiceagent.Call).Ref, ID: true},
	{Name: "status", Value: func(c *voiceagent.Call) string { return string(c.Status) }, Paint: cli.StatusColour},
	{Name: "to", Value: (*voiceagent.Call).To},
	{Name: "started", Value: func(c *voiceagent.Call) string { return cmp.Or(c.StartedAt, c.CreatedAt).String() }, Time: true},
	{Name: "seconds", Value: func(c *voiceagent.Call) string { return cli.Number(c.DurationSeconds) }},
	{Name: "direction", Value: func(c *voiceagent.Call) string { return string(c.Direction) }},
	{Name: "from", Value: (*voiceagent.Call).From},
	{Name: "sentiment", Value: func(c *voiceagent.Call) string { return c.Sentiment }},
	{Name: "agent", Value: func(c *voiceagent.Call) string { return c.AgentID }, Long: true},
	{Name: "session_id", Value: func(c *voiceagent.Call) string { return c.SessionID }, Long: true},
	{Name: "ended", Value: func(c *voiceagent.Call) string { return c.EndedAt.String() }, Long: true, Time: true},
	{Name: "end_reason", Value: func(c *voiceagent.Call) string { return c.EndReason }, Long: true},
	{Name: "ended_by", Value: func(c *voiceagent.Call) string { return c.EndedBy }, Long: true},
	{Name: "summary", Value: func(c *voiceagent.Call) string { return c.Summary }, Long: true},
	{Name: "collected", Value: func(c *voiceagent.Call) string {
		return cli.Compact(cmp.Or(c.Details, &voiceagent.DetailsCollection{}).CollectedValues)
	}, Long: true},
	{Name: "metadata", Value: func(c *voiceagent.Call) string { return cli.Compact(c.Metadata) }, Long: true},
	{Name: "total_cost", Value: func(c *voiceagent.Call) string { return cli.Number(c.TotalCost) }, Long: true},
	{Name: "recording", Value: func(c *voiceagent.Call) string { return c.RecordingURL }, Long: true},
	{Name: "transcript", Value: transcript(" | "), Detail: transcript("\n"), Long: true},
}

// transcript is a conversation in one text.
func transcript(between string) func(*voiceagent.Call) string {
	return func(c *voiceagent.Call) string {
		lines := make([]string, len(c.Transcript))
		for i, entry := range c.Transcript {
			lines[i] = cli.Printable(entry.Role + ": " + entry.Content)
		}
		return strings.Join(lines, between)
	}
}

func calls(p *cli.Program) *cobra.Command {
	cmd := &cobra.Command{Use: "calls", Short: "Phone calls: place one, and look at them"}
	cmd.AddCommand(callsList(p), callsGet(p), callsCreate(p), callsWatch(p))
	return cmd
}

// What calls can be listed by, as far as is known.
var (
	callStatuses = []string{"completed", "no_answer", "voicemail", "failed", "busy", "cancelled", "initiated", "ringing", "in_progress"}
	directions   = []string{"outbound", "inbound", "web"}
)

func callsList(p *cli.Program) *cobra.Command {
	var (
		flags             cli.ListFlags
		status, direction string
		agent             string
		since, until      cli.Moment
	)
	cmd := &cobra.Command{
		Use: "list", Short: "List calls", Args: cli.NoArgs,
		Example: `  voiceagent calls list --since 24h --status no_answer
  voiceagent calls list --since 2025-01-01 -o csv > calls.csv`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p.Known("status", status, callStatuses...)
			p.Known("direction", direction, directions...)
			return listOf(p, &flags, agent, callColumns, func(c *voiceagent.Client, page cli.Page) iter.Seq2[*voiceagent.Call, error] {
				return c.Calls.All(cmd.Context(), voiceagent.CallListParams{
					PageSize: page.Size, Status: voiceagent.CallStatus(status), Direction: voiceagent.CallDirection(direction), AgentID: agent,
					Since: since.Time, Until: until.Time, Extra: page.Query,
				})
			})
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "only calls in this state: completed, no_answer, voicemail, failed and so on")
	cmd.Flags().StringVar(&direction, "direction", "", "only outbound, inbound or web calls")
	cmd.Flags().StringVar(&agent, "agent", "", "only this agent's calls, by its id")
	cmd.Flags().Var(&since, "since", "only calls from this time on: 2025-01-31, 2025-01-31T15:04:05+05:30, or 24h for a day ago")
	cmd.Flags().Var(&until, "until", "only calls up to this time")
	cli.Complete(cmd, "status", callStatuses...)
	cli.Complete(cmd, "direction", directions...)
	flags.Add(cmd)
	return cmd
}

func callsGet(p *cli.Program) *cobra.Command {
	return &cobra.Command{
		Use: "get CALL", Short: "Show a call", Args: cli.OneArg("a call's id"),
		RunE: withClient(p, func(ctx context.Context, c *voiceagent.Client, args []string) error {
			return cli.Show(p, callColumns)(c.Calls.Get(ctx, args[0]))
		}),
	}
}

func callsCreate(p *cli.Program) *cobra.Command {
	var (
		write            cli.WriteFlags
		watch            cli.WatchFlags
		params           voiceagent.CallCreateParams
		metadatas, extra []string
		follow           bool
	)
	cmd := &cobra.Command{
		Use: "create", Short: "Place a call: the phone rings (asks first)", Args: cli.NoArgs,
		Example: `  voiceagent calls create --agent AGENT --from +15550100000 --to +919876543210 --metadata customer_name=Rahul --watch`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if params.Metadata, err = cli.Metadata(metadatas); err != nil {
				return err
			}
			if params.Extra, err = cli.ExtraKeys(extra); err != nil {
				return err
			}
			client, opts, err := write.Client(p, params.AgentID)
			if err != nil {
				return err
			}
			err = cli.Preflight(func(c *voiceagent.Client) error {
				_, err := c.Calls.Create(cmd.Context(), params)
				return err
			})
			if err != nil {
				return err
			}
			question := fmt.Sprintf("This rings %s, from %s (account: %s). Call now?", params.To, params.From, p.Account(client))
			if err := p.Confirm(cmd.Context(), question); err != nil {
				return err
			}
			call, err := client.Calls.Create(cmd.Context(), params, opts...)
			write.Replayed(p, "call was placed")
			if err != nil || !follow {
				return cli.Show(p, callColumns)(call, err)
			}
			return watchCall(cmd.Context(), p, client, call.Ref(), watch)
		},
	}
	cmd.Flags().StringVar(&params.AgentID, "agent", "", "the id of the agent that talks (required)")
	cmd.Flags().StringVar(&params.From, "from", "", "the number to call from (required)")
	cmd.Flags().StringVar(&params.To, "to", "", "the number to call, like +919876543210 (required)")
	cmd.Flags().StringArrayVar(&metadatas, "metadata", nil, "something for the agent to use, as `name=value`; may be repeated")
	cmd.Flags().StringArrayVar(&extra, "extra", nil, "a key that this program doesn't know, as `name=json`; may be repeated")
	cmd.Flags().BoolVar(&follow, "watch", false, "follow the call until it has ended")
	cli.Required(cmd, "agent", "from", "to")
	watch.Add(cmd)
	write.Add(cmd)
	return cmd
}

func callsWatch(p *cli.Program) *cobra.Command {
	var flags cli.WatchFlags
	cmd := &cobra.Command{
		Use: "watch CALL", Short: "Follow a call until it has ended", Args: cli.OneArg("a call's id"),
		RunE: withClient(p, func(ctx context.Context, c *voiceagent.Client, args []string) error {
			return watchCall(ctx, p, c, args[0], flags)
		}),
	}
	flags.Add(cmd)
	return cmd
}

func watchCall(ctx context.Context, p *cli.Program, client *voiceagent.Client, ref string, flags cli.WatchFlags) error {
	line := func(c *voiceagent.Call) string {
		text := fmt.Sprintf("%s  %s", cli.Printable(c.Ref()), p.Cell(string(c.Status), cli.StatusColour))
		if c.DurationSeconds != nil {
			text += "  " + c.Duration().String()
		}
		return text
	}
	return cli.Follow(p, client.Calls.Watch(ctx, ref, flags.Params(p)), line, callColumns)
}
