package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
)

var callColumns = []column[*voiceagent.Call]{
	{name: "id", value: (*voiceagent.Call).Ref},
	{name: "status", value: func(c *voiceagent.Call) string { return string(c.Status) }, paint: statusColour},
	{name: "to", value: func(c *voiceagent.Call) string { return c.PhoneNumber }},
	{name: "started", value: func(c *voiceagent.Call) string { return cmp.Or(c.StartedAt, c.CreatedAt).String() }},
	{name: "seconds", value: func(c *voiceagent.Call) string { return number(c.DurationSeconds) }},
	{name: "direction", value: func(c *voiceagent.Call) string { return string(c.Direction) }},
	{name: "from", value: func(c *voiceagent.Call) string { return c.SourceNumber }},
	{name: "sentiment", value: func(c *voiceagent.Call) string { return c.Sentiment }},
	{name: "agent", value: func(c *voiceagent.Call) string { return c.AgentID }, long: true},
	{name: "session_id", value: func(c *voiceagent.Call) string { return c.SessionID }, long: true},
	{name: "ended", value: func(c *voiceagent.Call) string { return c.EndedAt.String() }, long: true},
	{name: "end_reason", value: func(c *voiceagent.Call) string { return c.EndReason }, long: true},
	{name: "ended_by", value: func(c *voiceagent.Call) string { return c.EndedBy }, long: true},
	{name: "summary", value: func(c *voiceagent.Call) string { return c.Summary }, long: true},
	{name: "collected", value: func(c *voiceagent.Call) string {
		return compact(cmp.Or(c.Details, &voiceagent.DetailsCollection{}).CollectedValues)
	}, long: true},
	{name: "metadata", value: func(c *voiceagent.Call) string { return compact(c.Metadata) }, long: true},
	{name: "total_cost", value: func(c *voiceagent.Call) string { return number(c.TotalCost) }, long: true},
	{name: "recording", value: func(c *voiceagent.Call) string { return c.RecordingURL }, long: true},
	{name: "transcript", value: transcript, long: true},
}

// transcript is a conversation in one text.
func transcript(c *voiceagent.Call) string {
	lines := make([]string, len(c.Transcript))
	for i, entry := range c.Transcript {
		lines[i] = entry.Role + ": " + entry.Content
	}
	return strings.Join(lines, " | ")
}

func (p *program) calls() *cobra.Command {
	cmd := &cobra.Command{Use: "calls", Short: "Phone calls: place one, and look at them"}
	cmd.AddCommand(p.callsList(), p.callsGet(), p.callsCreate(), p.callsWatch())
	return cmd
}

func (p *program) callsList() *cobra.Command {
	var (
		flags             listFlags
		status, direction string
		agent             string
		since, until      moment
	)
	cmd := &cobra.Command{
		Use: "list", Short: "List calls", Args: noArgs,
		Example: `  voiceagent calls list --since 24h --status no_answer
  voiceagent calls list --since 2025-01-01 -o csv > calls.csv`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			limit, size, query, err := flags.page(p)
			if err != nil {
				return err
			}
			client, err := p.client(agent)
			if err != nil {
				return err
			}
			return list(p, client.Calls.All(cmd.Context(), voiceagent.CallListParams{
				PageSize: size, Status: voiceagent.CallStatus(status), Direction: voiceagent.CallDirection(direction), AgentID: agent,
				Since: since.Time, Until: until.Time, Extra: query,
			}), limit, callColumns)
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "only calls in this state: completed, no_answer, voicemail, failed and so on")
	cmd.Flags().StringVar(&direction, "direction", "", "only outbound, inbound or web calls")
	cmd.Flags().StringVar(&agent, "agent", "", "only this agent's calls, by its id")
	cmd.Flags().Var(&since, "since", "only calls from this time on: 2025-01-31, 2025-01-31T15:04:05+05:30, or 24h for a day ago")
	cmd.Flags().Var(&until, "until", "only calls up to this time")
	complete(cmd, "status", "completed", "no_answer", "voicemail", "failed")
	complete(cmd, "direction", "outbound", "inbound", "web")
	flags.add(cmd)
	return cmd
}

func (p *program) callsGet() *cobra.Command {
	return &cobra.Command{
		Use: "get CALL", Short: "Show a call", Args: oneArg("a call's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := p.client("")
			if err != nil {
				return err
			}
			return show(p, callColumns)(client.Calls.Get(cmd.Context(), args[0]))
		},
	}
}

func (p *program) callsCreate() *cobra.Command {
	var (
		write            writeFlags
		watch            watchFlags
		params           voiceagent.CallCreateParams
		metadatas, extra []string
		follow           bool
	)
	cmd := &cobra.Command{
		Use: "create", Short: "Place a call: the phone rings (asks first)", Args: noArgs,
		Example: `  voiceagent calls create --agent AGENT --from +15550100000 --to +919876543210 --metadata customer_name=Rahul --watch`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if params.Metadata, err = metadata(metadatas); err != nil {
				return err
			}
			if params.Extra, err = extraKeys(extra); err != nil {
				return err
			}
			client, opts, err := write.client(p, params.AgentID)
			if err != nil {
				return err
			}
			question := fmt.Sprintf("This rings %s, from %s. Call now?", params.To, params.From)
			if err := p.confirm(cmd.Context(), question); err != nil {
				return err
			}
			call, err := client.Calls.Create(cmd.Context(), params, opts...)
			if err != nil || !follow {
				return show(p, callColumns)(call, err)
			}
			return p.watchCall(cmd.Context(), client, call.Ref(), watch)
		},
	}
	cmd.Flags().StringVar(&params.AgentID, "agent", "", "the id of the agent that talks (required)")
	cmd.Flags().StringVar(&params.From, "from", "", "the number to call from (required)")
	cmd.Flags().StringVar(&params.To, "to", "", "the number to call, like +919876543210 (required)")
	cmd.Flags().StringArrayVar(&metadatas, "metadata", nil, "something for the agent to use, as `name=value`; may be repeated")
	cmd.Flags().StringArrayVar(&extra, "extra", nil, "a key that this program doesn't know, as `name=json`; may be repeated")
	cmd.Flags().BoolVar(&follow, "watch", false, "follow the call until it has ended")
	required(cmd, "agent", "from", "to")
	watch.add(cmd)
	write.add(cmd)
	return cmd
}

func (p *program) callsWatch() *cobra.Command {
	var flags watchFlags
	cmd := &cobra.Command{
		Use: "watch CALL", Short: "Follow a call until it has ended", Args: oneArg("a call's id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := p.client("")
			if err != nil {
				return err
			}
			return p.watchCall(cmd.Context(), client, args[0], flags)
		},
	}
	flags.add(cmd)
	return cmd
}

func (p *program) watchCall(ctx context.Context, client *voiceagent.Client, ref string, flags watchFlags) error {
	line := func(c *voiceagent.Call) string {
		text := fmt.Sprintf("%s  %s  %s", p.clock(), printable(c.Ref()), p.cell(string(c.Status), statusColour))
		if c.DurationSeconds != nil {
			text += "  " + c.Duration().String()
		}
		return text
	}
	return follow(p, client.Calls.Watch(ctx, ref, flags.params(p)), line, callColumns)
}
