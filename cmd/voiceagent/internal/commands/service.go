package commands

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/voiceagent-go/voiceagent"
	"github.com/voiceagent-go/voiceagent/cmd/voiceagent/internal/cli"
)

func health(p *cli.Program) *cobra.Command {
	columns := []cli.Column[*voiceagent.Health]{
		{Name: "status", Value: func(h *voiceagent.Health) string { return h.Status }},
		{Name: "more", Value: func(h *voiceagent.Health) string { return cli.Compact(h.Extra) }},
	}
	return &cobra.Command{
		Use: "health", Short: "Ask if the service is up (needs no key)", Args: cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			client, err := p.PublicClient()
			if err != nil {
				return err
			}
			return cli.Show(p, columns)(client.Health(cmd.Context()))
		},
	}
}

// rateLimit is what is left of the current window.
type rateLimit struct {
	Limit     int       `json:"limit"`
	Remaining int       `json:"remaining"`
	Reset     time.Time `json:"reset,omitzero"`
	RequestID string    `json:"request_id"`
}

func limits(p *cli.Program) *cobra.Command {
	columns := []cli.Column[rateLimit]{
		{Name: "limit", Value: func(r rateLimit) string { return strconv.Itoa(r.Limit) }},
		{Name: "remaining", Value: func(r rateLimit) string { return strconv.Itoa(r.Remaining) }},
		{Name: "reset", Value: func(r rateLimit) string {
			if r.Reset.IsZero() {
				return ""
			}
			return r.Reset.Format(time.RFC3339)
		}, Time: true},
		{Name: "request_id", Value: func(r rateLimit) string { return r.RequestID }, Long: true},
	}
	return &cobra.Command{
		Use: "limits", Short: "Show what is left of the rate limit (costs a request)", Args: cli.NoArgs,
		Long: "Show the account's rate limit and what is left of it. The API tells with every answer, so this sends a small request.",
		RunE: withClient(p, func(ctx context.Context, c *voiceagent.Client, _ []string) error {
			var response voiceagent.Response
			if _, err := c.Agents.List(ctx, voiceagent.AgentListParams{PageSize: 1}, voiceagent.WithResponse(&response)); err != nil {
				return err
			}
			r := response.RateLimit
			if r == (voiceagent.RateLimit{}) {
				return fmt.Errorf("the answer doesn't say what is left of the rate limit (request_id %s): the service may say it only when little is left, "+
					"or something between has taken the headers X-RateLimit-* out; other commands work all the same", response.RequestID)
			}
			return cli.Show(p, columns)(rateLimit{r.Limit, r.Remaining, r.Reset, response.RequestID}, nil)
		}),
	}
}
